//! Log lines as JSON, each with the ids of the trace it belongs to.

use opentelemetry::{Context, trace::TraceContextExt};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Json as Lines, Writer},
    },
    registry::LookupSpan,
};

/// One JSON object a line: `trace_id` and `span_id` when the line is part of a recorded trace, then
/// `timestamp`, `level`, the event's own fields with `message`, `target`, and the innermost span.
pub(super) struct Json(Format<Lines>);

impl Default for Json {
    fn default() -> Self {
        Self(Format::default().json().flatten_event(true).with_current_span(true).with_span_list(false))
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = String::with_capacity(256);
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // the span layer keeps OpenTelemetry's context in step with the entered span
        let trace = Context::current();
        let trace = trace.span().span_context().clone();
        match line.strip_prefix('{') {
            Some(rest) if trace.is_valid() => write!(
                writer,
                "{{\"trace_id\":\"{}\",\"span_id\":\"{}\",{rest}",
                trace.trace_id(),
                trace.span_id()
            ),
            _ => writer.write_str(&line),
        }
    }
}
