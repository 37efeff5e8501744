//! How patient the adapter is.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Deadlines, retries and limits. The defaults suit a server in the same data centre.
#[derive(Debug, Clone)]
pub struct Options {
    /// Longest wait for the answer to one request, before it counts as failed and is tried again.
    pub deadline: Duration,
    /// How often a failed request is tried again before its caller is told. Subscriptions never give up.
    pub retries: usize,
    /// Pause before the first retry; every further pause is twice as long, with jitter.
    pub first_pause: Duration,
    /// Longest pause between retries.
    pub longest_pause: Duration,
    /// A subscription that was silent for so long is compared with the head of the journal: either there was
    /// nothing for it, and it says how far it is, or it stalled, and it is opened anew.
    pub quiet: Duration,
    /// Most bytes of one append (contents, metadata and type names). The server's default is 1 MiB
    /// (its setting `MaxAppendSize`); what is larger is refused here, before it is sent.
    pub append_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            retries: 4,
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(5),
            quiet: Duration::from_secs(1),
            append_limit: 1024 * 1024,
        }
    }
}

impl Options {
    /// The pauses before the retries of one request.
    pub(crate) fn pauses(&self) -> ExponentialBackoff {
        self.growing().with_max_times(self.retries).build()
    }

    /// The pauses between attempts to open a subscription.
    pub(crate) fn endless_pauses(&self) -> ExponentialBackoff {
        self.growing().without_max_times().build()
    }

    fn growing(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_jitter()
    }
}
