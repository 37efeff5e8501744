//! Who may do what with messages and files of charges.
//!
//! | Act | Who |
//! |---|---|
//! | import charges | HIM manager, revenue cycle, administrator |
//! | read messages again (quarantine, reinterpretation) | HIM analyst and manager, administrator |
//! | read a message in quarantine | HIM analyst and manager, administrator, auditor |
//!
//! The text of a message holds patient data. Counts of feeds and the list of the quarantine hold none: whoever
//! may read at all may read them.

use countersign_kernel::Role;
use countersign_runtime::authority::{self, Rights};

/// Something that a person may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Read account charges from a file.
    ImportCharges,
    /// Read stored messages again.
    ReadAgain,
    /// See the text of a message in quarantine.
    ReadMessages,
}

impl authority::Act for Act {
    fn words(self) -> &'static str {
        match self {
            Self::ImportCharges => "import charges",
            Self::ReadAgain => "have messages read again",
            Self::ReadMessages => "read messages in quarantine",
        }
    }

    /// The module's table says the same in words.
    fn rights(self) -> Rights {
        use Role::{Administrator, Auditor, HimAnalyst, HimManager, RevenueCycle};
        match self {
            Self::ImportCharges => Rights::of(&[HimManager, RevenueCycle, Administrator]),
            Self::ReadAgain => Rights::of(&[HimAnalyst, HimManager, Administrator]),
            Self::ReadMessages => Rights::of(&[HimAnalyst, HimManager, Administrator, Auditor]),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::Actor;
    use countersign_runtime::authority::{About, permit};

    use super::*;

    /// One line an act, one letter a role in the order of [`Role::ALL`]: `+` may, `.` may not.
    const TABLE: [(Act, &str); 3] = [
        (Act::ImportCharges, "...+....++."),
        (Act::ReadAgain, "..++.....+."),
        (Act::ReadMessages, "..++.....++"),
    ];

    #[test]
    fn every_role_may_do_what_the_table_says_and_nothing_else() {
        for (act, line) in TABLE {
            assert_eq!(line.len(), Role::ALL.len(), "{act:?}");
            for (role, cell) in Role::ALL.into_iter().zip(line.chars()) {
                let may = permit(&Actor::new("kim", [role]), act, &About::everything()).is_ok();
                assert_eq!(may, cell == '+', "{act:?} by {role:?}");
            }
        }
    }
}
