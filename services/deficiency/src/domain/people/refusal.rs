//! Why a command about people is refused, and what would be allowed.

use countersign_kernel::ProviderId;

use super::leave::LeaveId;

/// A command is refused. The text says what would be allowed; [`Refusal::rule`] names the rule for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Whoever recorded a leave or takes it does not approve it.
    #[error("whoever takes or recorded a leave does not decide about it: a second person does")]
    OwnLeave,
    /// No reason was given.
    #[error("say why: the reason goes on record")]
    NoReason,
    /// An identifier is empty.
    #[error("a provider is named by an identifier: give one that is not empty")]
    NoIdentifier,
    /// Nobody known under this identifier.
    #[error(
        "the directory knows nobody as `{0}`: check identifier and authority, or enter the provider first"
    )]
    UnknownProvider(ProviderId),
    /// An identifier belongs to another record.
    #[error("`{identifier}` is an identifier of `{owner}`: merge the two if they are one person")]
    IdentifierTaken {
        /// The identifier.
        identifier: ProviderId,
        /// Main identifier of the record that has it.
        owner: ProviderId,
    },
    /// The main identifier cannot be taken away.
    #[error(
        "`{0}` is the identifier under which the record is kept and stays: enter a new record and merge this one into it"
    )]
    MainIdentifier(ProviderId),
    /// The time zone is unknown.
    #[error("`{0}` is no IANA time zone: take one such as `America/Chicago`")]
    UnknownZone(String),
    /// A record cannot be merged into itself.
    #[error("both identifiers are one provider already: merge two different ones")]
    SamePerson,
    /// The record was merged before.
    #[error("`{retired}` was merged into `{survivor}` already: undo that merge first")]
    AlreadyMerged {
        /// The record.
        retired: ProviderId,
        /// What it was merged into.
        survivor: ProviderId,
    },
    /// The record was not merged.
    #[error("`{0}` is not merged into another record: there is no merge to undo")]
    NotMerged(ProviderId),
    /// The period has no length.
    #[error("a leave ends after it begins: give an end later than the beginning, or none")]
    EmptyPeriod,
    /// No such leave.
    #[error("there is no leave {0}, or it is cancelled: the provider's page lists those that are")]
    NoLeave(LeaveId),
    /// Nothing to approve.
    #[error("leave {0} does not wait for approval: change or cancel it instead")]
    NotAwaited(LeaveId),
}

impl Refusal {
    /// The rule that refused, for programs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::OwnLeave => "leave-second-person",
            Self::NoReason => "reason-needed",
            Self::NoIdentifier => "identifier-needed",
            Self::UnknownProvider(_) => "provider-unknown",
            Self::IdentifierTaken { .. } => "identifier-taken",
            Self::MainIdentifier(_) => "identifier-main",
            Self::UnknownZone(_) => "time-zone-unknown",
            Self::SamePerson => "merge-same-person",
            Self::AlreadyMerged { .. } => "merge-already",
            Self::NotMerged(_) => "merge-missing",
            Self::EmptyPeriod => "period-empty",
            Self::NoLeave(_) => "leave-unknown",
            Self::NotAwaited(_) => "leave-not-awaited",
        }
    }

    /// Whether it is about something that does not exist.
    pub const fn is_about_absence(&self) -> bool {
        matches!(self, Self::UnknownProvider(_) | Self::NoLeave(_))
    }
}
