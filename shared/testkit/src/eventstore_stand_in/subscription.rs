//! Catch-up subscriptions on `$all`.

use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::mpsc;
use tonic::Status;

use super::{
    faults::{Fault, locked},
    service::{Answers, Server, event, unavailable},
    wire::{
        AllSource, FilterExpression, FilterOptions, FilterSubject, FilterWindow, FromPosition, LogPosition,
        ReadContent, ReadFilter, ReadOptions, ReadResp, ReadSource, SubscriptionConfirmation,
    },
};

/// What clients send for "no system streams".
const NO_SYSTEM_STREAMS: &str = r"^[^\$].*";

struct Wanted {
    prefixes: Vec<String>,
    without_system_streams: bool,
    /// After so many records without a message there is a checkpoint.
    interval: usize,
}

impl Wanted {
    fn read(filter: Option<&ReadFilter>) -> Result<Self, Status> {
        let Some(ReadFilter::Filter(FilterOptions { subject, window, checkpoint_interval_multiplier })) =
            filter
        else {
            return Ok(Self { prefixes: Vec::new(), without_system_streams: false, interval: usize::MAX });
        };
        let Some(FilterSubject::StreamName(FilterExpression { regex, prefixes })) = subject else {
            return Err(Status::unimplemented("the stand-in filters by stream name only"));
        };
        if !regex.is_empty() && regex != NO_SYSTEM_STREAMS {
            return Err(Status::unimplemented("the stand-in knows one regular expression only"));
        }
        let window = if let Some(FilterWindow::Max(window)) = window { *window } else { 32 };
        Ok(Self {
            prefixes: prefixes.clone(),
            without_system_streams: !regex.is_empty(),
            interval: (window * checkpoint_interval_multiplier) as usize,
        })
    }

    fn admits(&self, stream: &str) -> bool {
        if self.without_system_streams {
            return !stream.starts_with('$');
        }
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| stream.starts_with(prefix))
    }
}

pub(super) fn answer(
    server: &Arc<Server>,
    options: &ReadOptions,
    fault: Option<&Fault>,
) -> Result<Answers, Status> {
    let Some(ReadSource::All(AllSource { from })) = &options.source else {
        return Err(Status::unimplemented("the stand-in subscribes to $all only"));
    };
    let next = {
        let store = locked(&server.store);
        match from {
            // As the real server does: whatever record starts there is taken to have been seen.
            Some(FromPosition::Position(at)) => {
                let index = store
                    .index_at(at.commit)
                    .ok_or_else(|| Status::unknown("no record starts at this position"))?;
                (index + 1).min(store.log().len())
            }
            Some(FromPosition::End(())) => store.log().len(),
            Some(FromPosition::Start(())) | None => 0,
        }
    };
    let next = next.saturating_sub(if let Some(Fault::Repeating(records)) = fault { *records } else { 0 });
    let left = if let Some(Fault::CutAfter(messages)) = fault { *messages } else { usize::MAX };
    let wanted = Wanted::read(options.filter.as_ref())?;
    let (messages, answers) = mpsc::channel(16);
    tokio::spawn(deliver(server.clone(), wanted, next, Sending { messages, left }));
    Ok(futures::stream::unfold(answers, |mut answers| async move {
        answers.recv().await.map(|answer| (answer, answers))
    })
    .boxed())
}

struct Sending {
    messages: mpsc::Sender<Result<ReadResp, Status>>,
    left: usize,
}

/// The subscription is over: cut, or nobody listens any more.
struct Over;

impl Sending {
    async fn send(&mut self, content: ReadContent) -> Result<(), Over> {
        if self.left == 0 {
            return self.cut().await;
        }
        self.left -= 1;
        self.messages.send(Ok(content.into())).await.map_err(|_| Over)
    }

    async fn cut(&self) -> Result<(), Over> {
        let _ = self.messages.send(Err(unavailable())).await;
        Err(Over)
    }
}

async fn deliver(server: Arc<Server>, wanted: Wanted, mut next: usize, mut sending: Sending) {
    let mut pulses = server.pulse.subscribe();
    let first = *pulses.borrow_and_update();
    let confirmation = SubscriptionConfirmation { subscription_id: "stand-in".to_owned() };
    let mut caught_up = false;
    let mut skipped = 0;
    let outcome: Result<(), Over> = async {
        sending.send(ReadContent::Confirmation(confirmation)).await?;
        loop {
            let pulse = *pulses.borrow_and_update();
            if pulse.ends != first.ends {
                return Ok(());
            }
            if pulse.cuts != first.cuts {
                return sending.cut().await;
            }
            let (record, following) = {
                let store = locked(&server.store);
                let following = store.log().get(next + 1).map_or(store.end(), |record| record.position);
                (store.log().get(next).cloned(), following)
            };
            match record {
                _ if pulse.muted => {}
                Some(record) => {
                    next += 1;
                    if wanted.admits(&record.stream) {
                        skipped = 0;
                        sending.send(event(&record)).await?;
                    } else {
                        skipped += 1;
                    }
                    if skipped >= wanted.interval {
                        skipped = 0;
                        // The worst that released servers did: the position of a record that was not
                        // looked at yet, and no prepare position.
                        let checkpoint = LogPosition { commit: following, prepare: 0 };
                        sending.send(ReadContent::Checkpoint(checkpoint)).await?;
                    }
                    continue;
                }
                None if !caught_up => {
                    caught_up = true;
                    if !pulse.tells_no_catching_up {
                        sending.send(ReadContent::CaughtUp(())).await?;
                    }
                    continue;
                }
                None => {}
            }
            tokio::select! {
                changed = pulses.changed() => if changed.is_err() { return Ok(()) },
                () = sending.messages.closed() => return Err(Over),
            }
        }
    }
    .await;
    // Both ends are an end: whoever listens sees it, whoever does not needs no answer.
    drop(outcome);
}
