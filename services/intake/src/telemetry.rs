//! What the intake measures. No name here depends on a message's content: feeds are named by their profiles.

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
};

/// Tells the trace context of the current span as a W3C `traceparent`, if there is one.
pub type TraceParentOf = fn() -> Option<String>;

/// The instruments; silent until they are put on a meter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measures(Option<Instruments>);

#[derive(Debug, Clone)]
struct Instruments {
    messages: Counter<u64>,
    append: Histogram<f64>,
    connections: UpDownCounter<i64>,
}

impl Measures {
    pub(crate) fn on(meter: &Meter) -> Self {
        Self(Some(Instruments {
            messages: meter
                .u64_counter("intake.messages")
                .with_description("Messages received, by feed profile and outcome")
                .build(),
            append: meter
                .f64_histogram("intake.append.duration")
                .with_description("Time from handing a message to the journal to its durable answer")
                .with_unit("s")
                .build(),
            connections: meter
                .i64_up_down_counter("intake.connections")
                .with_description("Open MLLP connections")
                .build(),
        }))
    }

    pub(crate) fn received(&self, feed: &str, outcome: &'static str) {
        if let Some(instruments) = &self.0 {
            let labels = [KeyValue::new("feed", feed.to_owned()), KeyValue::new("outcome", outcome)];
            instruments.messages.add(1, &labels);
        }
    }

    pub(crate) fn appended(&self, took: Duration) {
        if let Some(instruments) = &self.0 {
            instruments.append.record(took.as_secs_f64(), &[]);
        }
    }

    pub(crate) fn connected(&self, change: i64) {
        if let Some(instruments) = &self.0 {
            instruments.connections.add(change, &[]);
        }
    }
}
