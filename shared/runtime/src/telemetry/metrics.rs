//! Metrics: counted through OpenTelemetry's API, shown in the text format of Prometheus, pushed when asked.

use std::{fmt, time::Duration};

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_otlp::MetricExporter;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{Aggregation, Instrument, InstrumentKind, PeriodicReader, SdkMeterProvider, Stream},
};
use prometheus::{Encoder, Registry, TextEncoder};

use super::TelemetryError;

/// Bounds of histograms that count seconds: from a tenth of a millisecond (an append in a group commit) to
/// ten seconds. The aim of 250 ms from message to worklist is one of them.
const SECONDS: [f64; 16] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of a process: a handle, cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    provider: SdkMeterProvider,
    registry: Registry,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(super) fn new(
        resource: Resource,
        pushed: Option<PeriodicReader<MetricExporter>>,
    ) -> Result<Self, TelemetryError> {
        let registry = Registry::new();
        let shown = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .build()
            .map_err(|error| TelemetryError::Registry(error.to_string()))?;
        let mut builder =
            SdkMeterProvider::builder().with_resource(resource).with_reader(shown).with_view(in_seconds);
        if let Some(pushed) = pushed {
            builder = builder.with_reader(pushed);
        }
        Ok(Self { provider: builder.build(), registry })
    }

    /// Metrics that are shown and not pushed: for tests and for tools that run without telemetry.
    ///
    /// # Errors
    /// Never for an empty registry; the registry says so.
    pub fn local() -> Result<Self, TelemetryError> {
        Self::new(Resource::builder_empty().build(), None)
    }

    /// A meter for instruments; `name` is the part of the system, e.g. `countersign.intake`.
    pub fn meter(&self, name: &'static str) -> Meter {
        self.provider.meter(name)
    }

    /// The present numbers in the text format of Prometheus (version 0.0.4).
    ///
    /// # Errors
    /// Two instruments of the same name that contradict each other.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    pub(super) fn provider(&self) -> SdkMeterProvider {
        self.provider.clone()
    }

    pub(super) fn shutdown(&self, limit: Duration) -> OTelSdkResult {
        self.provider.shutdown_with_timeout(limit)
    }
}

fn in_seconds(instrument: &Instrument) -> Option<Stream> {
    (instrument.kind() == InstrumentKind::Histogram && instrument.unit() == "s").then(|| {
        let bounds =
            Aggregation::ExplicitBucketHistogram { boundaries: SECONDS.to_vec(), record_min_max: true };
        Stream::builder().with_aggregation(bounds).build().ok()
    })?
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;

    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::local().expect("metrics");
        let meter = metrics.meter("countersign.test");
        // when
        meter.u64_counter("countersign.messages").build().add(3, &[KeyValue::new("outcome", "accepted")]);
        meter.f64_histogram("countersign.append").with_unit("s").build().record(0.2, &[]);
        // then: a counter, and a histogram whose bounds suit seconds
        let text = metrics.render().expect("text");
        let line = text.lines().find(|line| line.starts_with("countersign_messages_total{")).expect(&text);
        assert!(line.contains("outcome=\"accepted\"") && line.ends_with(" 3"), "{line}");
        let bucket = |bound: &str| {
            text.lines()
                .find(|line| {
                    line.starts_with("countersign_append_seconds_bucket")
                        && line.contains(&format!("le=\"{bound}\""))
                })
                .unwrap_or_else(|| panic!("{text}"))
                .ends_with(" 1")
        };
        assert!(!bucket("0.1") && bucket("0.25"));
    }
}
