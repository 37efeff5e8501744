//! Figures for `/metrics`.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_eventsourcing::{
    journal::Position,
    read_model::ReadModel,
    timer::{FiringLoop, firing::Counts},
};
use countersign_kernel::{Clock, Timestamp};
use jiff::SignedDuration;
use opentelemetry::{KeyValue, metrics::Meter};

use crate::{
    dispatch::Dispatcher,
    domain::notice::Mode,
    projections::{self, Figures},
    service::Notification,
};

/// One look at the tables serves every figure of one reading.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

/// The names of modes, as the API has them.
const MODES: [&str; 3] = ["live", "shadow", "redirect"];

pub(crate) const fn name_of(mode: &Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Shadow => "shadow",
        Mode::Redirect(_) => "redirect",
    }
}

/// What was read last, at which position and when.
struct Gauges {
    model: Arc<ReadModel>,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Position, Timestamp, Figures)>>,
}

impl Gauges {
    /// The figures, and now. Nothing while the tables cannot be read.
    fn read(&self) -> Option<(Figures, Timestamp)> {
        let (position, now) = (self.model.position(), self.clock.now());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, when, figures)) = &*last
            && *at == position
            && now.duration_since(*when).abs() < FRESH
        {
            return Some((figures.clone(), now));
        }
        let figures = self.model.query_blocking(|sql| projections::figures(sql, now)).ok()?;
        *last = Some((position, now, figures.clone()));
        Some((figures, now))
    }
}

impl Notification {
    /// Figures for `/metrics`: timers, notices by state, the queue and for how long the first of it waits, dead letters,
    /// tasks, whether anything leaves.
    #[must_use]
    pub fn measured(self, meter: &Meter) -> Self {
        measure_timers(meter, self.firing());
        measure_mode(meter, self.dispatcher());
        let gauges = Arc::new(Gauges {
            model: Arc::clone(self.read_model()),
            clock: Arc::clone(&self.store.clock),
            last: Mutex::default(),
        });
        measure_notices(meter, &gauges);
        measure_work(meter, &gauges);
        self
    }
}

fn measure_timers(meter: &Meter, timers: &Arc<FiringLoop>) {
    let gauge = |name: &'static str, what: &'static str, of: fn(Counts) -> u64| {
        let timers = Arc::clone(timers);
        let _gauge = meter
            .u64_observable_gauge(name)
            .with_description(what)
            .with_callback(move |to| to.observe(of(timers.counts()), &[]))
            .build();
    };
    gauge("countersign.notification.timers.armed", "Timers that are armed", |counts| counts.armed);
    gauge("countersign.notification.timers.due", "Timers that are due", |counts| counts.due);
    gauge("countersign.notification.timers.late", "Timers that are late by more than a second", |counts| {
        counts.late
    });
    gauge("countersign.notification.timers.set_aside", "Timers that are set aside", |counts| {
        counts.set_aside
    });
    let timers = Arc::clone(timers);
    let _fired = meter
        .u64_observable_counter("countersign.notification.timers.fired")
        .with_description("Timers that this process let fire")
        .with_callback(move |to| to.observe(timers.counts().fired, &[]))
        .build();
}

fn measure_mode(meter: &Meter, dispatcher: &Arc<Dispatcher>) {
    let dispatcher = Arc::clone(dispatcher);
    let _mode = meter
        .u64_observable_gauge("countersign.notification.mode")
        .with_description("1 for the mode in force: whether anything leaves the installation")
        .with_callback(move |to| {
            let now = dispatcher.mode_seen();
            for mode in MODES {
                to.observe(u64::from(mode == now), &[KeyValue::new("mode", mode)]);
            }
        })
        .build();
}

fn measure_notices(meter: &Meter, gauges: &Arc<Gauges>) {
    let of = Arc::clone(gauges);
    let _notices = meter
        .u64_observable_gauge("countersign.notification.notices")
        .with_description("Notices by where they stand")
        .with_callback(move |to| {
            for (state, count) in of.read().map(|(figures, _)| figures.notices).unwrap_or_default() {
                to.observe(count, &[KeyValue::new("state", state)]);
            }
        })
        .build();
    let of = Arc::clone(gauges);
    let _legs = meter
        .u64_observable_gauge("countersign.notification.legs")
        .with_description("Ways that notices take, by channel and state")
        .with_callback(move |to| {
            for (channel, state, count) in of.read().map(|(figures, _)| figures.legs).unwrap_or_default() {
                to.observe(count, &[KeyValue::new("channel", channel), KeyValue::new("state", state)]);
            }
        })
        .build();
}

fn measure_work(meter: &Meter, gauges: &Arc<Gauges>) {
    let gauge = |name: &'static str, what: &'static str, of: fn(&Figures, Timestamp) -> u64| {
        let gauges = Arc::clone(gauges);
        let _gauge = meter
            .u64_observable_gauge(name)
            .with_description(what)
            .with_callback(move |to| {
                if let Some((figures, now)) = gauges.read() {
                    to.observe(of(&figures, now), &[]);
                }
            })
            .build();
    };
    gauge("countersign.notification.queue.length", "Legs whose time has come", |figures, _| figures.queue.0);
    gauge(
        "countersign.notification.queue.age",
        "Seconds since the first of them may be sent",
        |figures, now| {
            let since = figures.queue.1.map(|first| now.duration_since(first).as_secs());
            since.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0)
        },
    );
    gauge(
        "countersign.notification.dead_letters",
        "Notices that failed and wait for a person",
        |figures, _| figures.dead_letters,
    );
    gauge(
        "countersign.notification.tasks.open",
        "Tasks about addresses that nobody has settled",
        |figures, _| figures.open_tasks,
    );
}
