//! What the post office does with a notice.

use countersign_contracts::notice::{Channel, Outcome};
use countersign_escalation::domain::events::NoticeAnswered;
use countersign_kernel::{NoticeId, Timestamp};
use jiff::SignedDuration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// The mail server takes it after five minutes, and it does not come back.
    Arrives,
    /// It takes it, and it comes back an hour later.
    Bounces,
    /// Nobody answers.
    Silent,
    /// The outcome is unknown.
    Unknown,
    /// The provider opens it after two hours.
    Read,
    /// It is put into the inbox, and nobody opens it.
    Unopened,
}

impl Post {
    /// What is told of a notice that is sent now, and when.
    pub(crate) fn answers(self, notice: NoticeId, now: Timestamp) -> Vec<(Timestamp, NoticeAnswered)> {
        let minutes = |count: i64| now.saturating_add(SignedDuration::from_mins(count)).expect("an instant");
        let answer = |channel, outcome, at| {
            (at, NoticeAnswered { notice, channel: Some(channel), outcome, at, sha256: None, detail: None })
        };
        let accepted = answer(Channel::Email, Outcome::Accepted, minutes(5));
        match self {
            Self::Arrives => vec![accepted],
            Self::Bounces => {
                let mut back = answer(Channel::Email, Outcome::Bounced, minutes(65));
                let mut whole = answer(Channel::Email, Outcome::Failed, minutes(66));
                back.1.detail = Some("550 no such mailbox".to_owned());
                whole.1.channel = None;
                vec![accepted, back, whole]
            }
            Self::Silent => Vec::new(),
            Self::Unknown => vec![answer(Channel::Email, Outcome::Unknown, minutes(5))],
            Self::Read => vec![accepted, answer(Channel::Inbox, Outcome::Read, minutes(120))],
            Self::Unopened => {
                let taken = answer(Channel::Inbox, Outcome::Accepted, minutes(1));
                vec![taken, answer(Channel::Inbox, Outcome::Delivered, minutes(1))]
            }
        }
    }
}
