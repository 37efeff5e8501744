//! Why a command about a notice is refused, and what would be allowed.

/// A command is refused. [`Refusal::rule`] names the rule for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such notice.
    #[error("there is no such notice")]
    NoNotice,
    /// It has no such leg.
    #[error("the notice has no leg {0}: its page lists those that it has")]
    NoLeg(u32),
    /// The leg is not waiting to be sent, or not yet.
    #[error("leg {0} is not due to be sent")]
    NotDue(u32),
    /// What was rendered is too large to keep.
    #[error(
        "what was rendered has {bytes} bytes; at most {limit} are kept as proof, and nothing is sent without"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The notice came to its end.
    #[error("the notice has come to its end: it was dropped or taken over")]
    Ended,
    /// The leg is no letter that waits.
    #[error("leg {0} is no letter that waits to be mailed or handed over")]
    NoWaitingLetter(u32),
    /// The day lies ahead, or before the letter was made.
    #[error("the letter cannot have left on that day: give one from the day it was made up to today")]
    ImpossibleDay,
    /// The leg did not fail.
    #[error(
        "leg {0} did not fail: only what failed, bounced, or of which nobody knows is sent again by hand"
    )]
    NotFailed(u32),
    /// It was accepted there already, by a receiver that would keep both.
    #[error("that address has accepted this notice already: it is not sent there twice")]
    AcceptedThere,
    /// The address does not fit the channel.
    #[error("the address is not one of the channel, or is empty")]
    AddressUnfit,
    /// Only what was accepted can come back.
    #[error("leg {0} was not accepted by anybody, so nothing can come back")]
    NothingCameBack(u32),
    /// The list is being made, or has gone out: the next one takes it.
    #[error("the list is closed: the next one takes what comes now")]
    ListClosed,
    /// The list is as long as one message can be.
    #[error("the list is full: another one takes what comes now")]
    ListFull,
    /// No reason was given.
    #[error("say why: the reason goes on record")]
    NoReason,
}

impl Refusal {
    /// The rule's name, the same each time.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NoNotice => "notice/unknown",
            Self::NoLeg(_) => "notice/no-leg",
            Self::NotDue(_) => "notice/not-due",
            Self::TooLarge { .. } => "notice/too-large",
            Self::Ended => "notice/ended",
            Self::NoWaitingLetter(_) => "notice/no-waiting-letter",
            Self::ImpossibleDay => "notice/impossible-day",
            Self::NotFailed(_) => "notice/not-failed",
            Self::AcceptedThere => "notice/accepted-there",
            Self::AddressUnfit => "notice/address-unfit",
            Self::NothingCameBack(_) => "notice/nothing-came-back",
            Self::ListClosed => "notice/list-closed",
            Self::ListFull => "notice/list-full",
            Self::NoReason => "notice/no-reason",
        }
    }

    /// Whether the thing asked for is not there.
    pub const fn is_about_absence(&self) -> bool {
        matches!(self, Self::NoNotice | Self::NoLeg(_))
    }
}
