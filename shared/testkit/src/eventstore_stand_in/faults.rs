//! What a test can make go wrong.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A kind of request to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `Streams.Append`.
    Append,
    /// `Streams.Read` of a stream or of `$all`, with an end.
    Read,
    /// `Streams.Read` as a subscription.
    Subscribe,
    /// `ServerFeatures.GetSupportedMethods`, the first thing that a client asks.
    Features,
}

/// What happens to one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is refused as unavailable and has no effect.
    Unavailable,
    /// It waits this long and is then served.
    Late(Duration),
    /// An append takes effect, but its answer is lost: the client is told "unavailable".
    AnswerLost,
    /// An append takes effect, but its answer comes this much later.
    AnswerLate(Duration),
    /// Another writer appends one event to the same stream just before.
    Overtaken,
    /// A subscription is cut after this many messages.
    CutAfter(usize),
    /// A subscription begins this many records before what it asked for.
    Repeating(usize),
}

/// Faults waiting for their requests, and how many requests there were.
#[derive(Default)]
pub(super) struct Faults {
    waiting: Mutex<HashMap<Call, VecDeque<Fault>>>,
    seen: Mutex<HashMap<Call, usize>>,
}

impl Faults {
    pub(super) fn add(&self, call: Call, fault: Fault) {
        locked(&self.waiting).entry(call).or_default().push_back(fault);
    }

    /// Counts a request and says what shall happen to it.
    pub(super) fn meet(&self, call: Call) -> Option<Fault> {
        *locked(&self.seen).entry(call).or_default() += 1;
        locked(&self.waiting).get_mut(&call).and_then(VecDeque::pop_front)
    }

    pub(super) fn seen(&self, call: Call) -> usize {
        locked(&self.seen).get(&call).copied().unwrap_or(0)
    }
}

/// A test that panicked while holding a lock must not hide its own message behind a poisoned lock.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
