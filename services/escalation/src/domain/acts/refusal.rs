//! Why an act is refused: the rule, and what to do instead.

use countersign_kernel::Role;

/// Why an act is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Every decision has a reason.
    #[error("a decision needs a reason: say why")]
    NoReason,
    /// Nobody decides about himself.
    #[error("nobody decides about their own track: ask somebody else who may")]
    OwnTrack,
    /// The policy names other roles.
    #[error("the policy lets {} decide this: ask one of them", names(.roles))]
    NotPermitted {
        /// Which.
        roles: Vec<Role>,
    },
    /// The track keeps to another version of the policy.
    #[error("the track keeps to another version of the policy: read it again and decide on that")]
    OtherPolicy,
    /// There is no such open proposal.
    #[error(
        "proposal {proposal} is not open: somebody has decided about it, or it has lapsed; read the track again"
    )]
    NotProposed {
        /// Which.
        proposal: u32,
    },
    /// The person saw other evidence.
    #[error("the evidence is another one than you saw: read the packet again and decide on that")]
    OtherPacket,
    /// The facts were not read from the journal.
    #[error("what is owed was not re-checked in the journal: try again in a moment")]
    NotRechecked,
    /// The clock was set.
    #[error("the clock was set, and no operator has confirmed it: nobody is suspended until then")]
    ClockDoubted,
    /// At the re-check nothing justifies it.
    #[error("nobody is suspended now: {because}")]
    NothingJustifies {
        /// Why.
        because: &'static str,
    },
    /// The same person twice.
    #[error(
        "the policy asks for two different people, and you have confirmed already: the second has to be somebody else"
    )]
    SecondPerson,
    /// Services would have nobody left.
    #[error(
        "{} would have nobody left (guard of coverage): only the chief medical officer may override that, with the reason",
        services.join(", ")
    )]
    Uncovered {
        /// Which.
        services: Vec<String>,
    },
    /// Only the chief medical officer overrides the guard of coverage.
    #[error("only the chief medical officer may override the guard of coverage: ask them to confirm")]
    OverrideByChief,
    /// There is no such suspension in force.
    #[error("suspension {proposal} is not in force: read the track again")]
    NotInForce {
        /// Which.
        proposal: u32,
    },
    /// Nothing of the kind was asked.
    #[error("leadership was asked nothing of the kind, or somebody has acknowledged it already")]
    NothingAsked,
    /// There is no grant.
    #[error("there is neither an extension nor an exemption to end")]
    NothingGranted,
    /// The step is not superseded.
    #[error("this step was not superseded: there is nothing to correct")]
    NotSuperseded,
    /// A limit in the past.
    #[error("the instant has passed: give one in the future")]
    InThePast,
}

impl Refusal {
    /// The rule's name, for programs.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NoReason => "no-reason",
            Self::OwnTrack => "own-track",
            Self::NotPermitted { .. } => "not-permitted",
            Self::OtherPolicy => "other-policy",
            Self::NotProposed { .. } => "not-proposed",
            Self::OtherPacket => "other-packet",
            Self::NotRechecked => "not-rechecked",
            Self::ClockDoubted => "clock-doubted",
            Self::NothingJustifies { .. } => "nothing-justifies",
            Self::SecondPerson => "second-person",
            Self::Uncovered { .. } => "uncovered",
            Self::OverrideByChief => "override-by-chief",
            Self::NotInForce { .. } => "not-in-force",
            Self::NothingAsked => "nothing-asked",
            Self::NothingGranted => "nothing-granted",
            Self::NotSuperseded => "not-superseded",
            Self::InThePast => "in-the-past",
        }
    }
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name().replace('_', " ")).collect::<Vec<_>>().join(" or ")
}
