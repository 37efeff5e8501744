//! Rule sets as governed data: who may take which step, and what the rule book shows of its rules.

mod show;

use countersign_governance::{Guarded, StepKind};

pub use countersign_governance::GovernanceError;
pub use show::{detail, difference, lint};

use crate::{authority::Act, domain::rules::RuleSet};

/// The rule book in the journal, and the way to take steps in it.
pub type Governance = countersign_governance::Governance<RuleSet>;

impl Guarded for RuleSet {
    type Act = Act;

    fn act(step: StepKind) -> Act {
        match step {
            StepKind::Draft => Act::DraftRules,
            StepKind::Check => Act::CheckRules,
            StepKind::Publish => Act::PublishRules,
            StepKind::Withdraw => Act::WithdrawRules,
        }
    }
}
