//! The guide for operators names everything that the program can say.

use countersign_intake::domain::{FindingCode, Reason};

const GUIDE: &str = include_str!("../../../../docs/feeds.md");

#[test]
fn every_reason_and_every_finding_stands_in_the_guide() {
    let codes = Reason::ALL.iter().map(|reason| reason.code());
    for code in codes.chain(FindingCode::ALL.iter().map(|finding| finding.code())) {
        assert!(GUIDE.contains(&format!("`{code}`")), "docs/feeds.md says nothing of `{code}`");
    }
}
