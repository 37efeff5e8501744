//! Logs, traces and metrics of a process.
//!
//! Logs go to standard error. Metrics are always counted (OpenTelemetry API) and shown by `/metrics`; with
//! `telemetry.otlp_endpoint` set they are pushed as well, and traces are recorded and sent. Without it spans
//! cost next to nothing. None of it may hold patient data: whoever writes a log line, a span field or a
//! metric attribute keeps to ids that we made ourselves, counts and codes.

mod json;
mod metrics;
mod panics;
mod propagation;

use std::{io::IsTerminal, time::Duration};

use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{ExporterBuildError, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::PeriodicReader,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Dispatch, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{ParseError, filter_fn},
    fmt::writer::BoxMakeWriter,
    layer::SubscriberExt,
    registry::LookupSpan,
};

use crate::config::{self, LogFormat};

pub use metrics::Metrics;
pub use propagation::{TraceIds, continue_trace, current_traceparent, span_from_traceparent, trace_ids};

/// Longest wait for the last spans and metrics to leave at the end of the process.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter.
    #[error("telemetry.log: {0}")]
    Filter(#[from] ParseError),
    /// The exporter does not take its settings.
    #[error("telemetry.otlp_endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// `/metrics` cannot be filled.
    #[error("metrics registry: {0}")]
    Registry(String),
    /// Something else in this process receives logs already.
    #[error("telemetry was started twice in one process")]
    Twice,
}

/// Keeps telemetry going. Dropping it sends what is still held; so it lives as long as `main`.
#[derive(Debug)]
#[must_use = "dropping it ends telemetry"]
pub struct Guard {
    metrics: Metrics,
    tracer: Option<SdkTracerProvider>,
}

impl Guard {
    /// The metrics of this process.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    /// Whether traces are recorded.
    pub fn traces(&self) -> bool {
        self.tracer.is_some()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (metrics, tracer) = (self.metrics.clone(), self.tracer.take());
        // On a thread of its own: the exporters block, and must not do so on an asynchronous worker.
        let flushing = std::thread::spawn(move || {
            let spans = tracer.map_or(Ok(()), |tracer| tracer.shutdown_with_timeout(FLUSH_LIMIT));
            (spans, metrics.shutdown(FLUSH_LIMIT))
        });
        match flushing.join() {
            Ok((Ok(()), Ok(()))) => {}
            Ok((spans, numbers)) => {
                for error in [spans.err(), numbers.err()].into_iter().flatten() {
                    tracing::warn!(%error, "the last traces or metrics were not sent");
                }
            }
            Err(_) => tracing::warn!("the last traces or metrics were not sent"),
        }
    }
}

/// Starts telemetry for this process. Call it first in `main`, before services make their instruments
/// (`opentelemetry::global::meter("countersign.<service>")`). `version` is the program's.
///
/// # Errors
/// Settings that do not fit, or a second call.
pub fn init(config: &config::Telemetry, version: &str) -> Result<Guard, TelemetryError> {
    let on_terminal = std::io::stderr().is_terminal();
    let (dispatch, guard) = build(config, version, BoxMakeWriter::new(std::io::stderr), on_terminal)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::Twice)?;
    opentelemetry::global::set_meter_provider(guard.metrics.provider());
    panics::log_panics();
    Ok(guard)
}

/// The same without touching the process: logs go to `writer`; the result is given to whom it concerns
/// (`tracing::dispatcher::with_default`). `on_terminal` decides what `format = "auto"` means.
///
/// # Errors
/// Settings that do not fit.
pub fn build(
    config: &config::Telemetry,
    version: &str,
    writer: BoxMakeWriter,
    on_terminal: bool,
) -> Result<(Dispatch, Guard), TelemetryError> {
    let resource = Resource::builder_empty()
        .with_service_name(config.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", version.to_owned()),
            KeyValue::new("service.instance.id", crate::new_id().to_string()),
        ])
        .build();
    let tracer = traces(config, &resource)?;
    let metrics = Metrics::new(resource, pushed_metrics(config)?)?;

    let json = match config.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !on_terminal,
    };
    let log = if json {
        tracing_subscriber::fmt::layer()
            .fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
            .event_format(json::Json::default())
            .with_writer(writer)
            .boxed()
    } else {
        tracing_subscriber::fmt::layer().with_ansi(on_terminal).with_writer(writer).boxed()
    };
    let log = log.with_filter(log_filter(&config.log)?);
    let spans = tracer.as_ref().map(|provider| span_layer(provider.tracer("countersign")));
    let dispatch = Dispatch::new(Registry::default().with(spans).with(log));
    Ok((dispatch, Guard { metrics, tracer }))
}

/// Our own spans only: those of HTTP clients would trace the sending of traces.
fn span_layer<S>(tracer: opentelemetry_sdk::trace::SdkTracer) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        // file, line and thread say little and cost much
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|metadata| {
            metadata.target().starts_with("countersign") && *metadata.level() <= LevelFilter::INFO
        }))
}

fn log_filter(setting: &str) -> Result<EnvFilter, ParseError> {
    let mut filter = EnvFilter::try_new(setting)?;
    // libraries that talk about themselves; said otherwise in the setting, the setting counts
    for quiet in
        ["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "opentelemetry-otlp", "hyper", "reqwest"]
    {
        if !setting.contains(quiet) {
            filter = filter.add_directive(format!("{quiet}=warn").parse()?);
        }
    }
    Ok(filter)
}

fn traces(
    config: &config::Telemetry,
    resource: &Resource,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(signal(endpoint, "traces"))
        .build()?;
    // room for a second of full load (5,000 messages, a few spans each): what does not fit is dropped and told
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(32_768)
        .with_max_export_batch_size(4_096)
        .with_scheduled_delay(Duration::from_secs(1))
        .build();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.trace_sample_ratio)));
    Ok(Some(
        SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(sampler)
            .with_resource(resource.clone())
            .build(),
    ))
}

fn pushed_metrics(
    config: &config::Telemetry,
) -> Result<Option<PeriodicReader<opentelemetry_otlp::MetricExporter>>, TelemetryError> {
    let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = opentelemetry_otlp::MetricExporter::builder()
        .with_http()
        .with_endpoint(signal(endpoint, "metrics"))
        .build()?;
    Ok(Some(PeriodicReader::builder(exporter).build()))
}

/// The address of one signal below the collector's base address (OTLP/HTTP specification, "Endpoint URLs").
fn signal(base: &str, name: &str) -> String {
    format!("{}/v1/{name}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signals_stand_below_the_base_address() {
        assert_eq!(signal("http://127.0.0.1:4318", "traces"), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(signal("http://127.0.0.1:4318/otlp/", "metrics"), "http://127.0.0.1:4318/otlp/v1/metrics");
    }
}
