//! One trace over several services: W3C Trace Context (`traceparent`), carried in the journal's metadata and
//! in the headers of NATS and HTTP.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, SpanId, TraceContextExt, TraceId},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The ids of the span that is entered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceIds {
    /// The trace.
    pub trace: TraceId,
    /// The span in it.
    pub span: SpanId,
}

/// The ids of the current span; `None` when traces are off or no span is entered.
pub fn trace_ids() -> Option<TraceIds> {
    current().map(|span| TraceIds { trace: span.trace_id(), span: span.span_id() })
}

/// The current span as a `traceparent` value, to be stored or sent with what it causes; `None` when traces
/// are off or no span is entered.
pub fn current_traceparent() -> Option<String> {
    current()
        .map(|span| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}

fn current() -> Option<SpanContext> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// Makes `span` a child of the span that `traceparent` names, which may be in another process. Call it
/// before the span is entered. A missing or malformed value leaves the span as it is: trace context comes
/// from outside and is never a reason to fail.
pub fn continue_trace(span: &Span, traceparent: Option<&str>) {
    struct Carrier<'a>(&'a str);
    impl Extractor for Carrier<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            (key == "traceparent").then_some(self.0)
        }
        fn keys(&self) -> Vec<&str> {
            vec!["traceparent"]
        }
    }
    let Some(traceparent) = traceparent else { return };
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(traceparent));
    if parent.span().span_context().is_valid()
        && let Err(error) = span.set_parent(parent)
    {
        // the usual case: traces are off
        tracing::trace!(%error, "trace not continued");
    }
}

/// A span called `name` that continues the given trace, or starts one of its own. For work that is done
/// because of a stored or received event.
pub fn span_from_traceparent(name: &'static str, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!("work", otel.name = name, otel.status_code = Empty);
    continue_trace(&span, traceparent);
    span
}
