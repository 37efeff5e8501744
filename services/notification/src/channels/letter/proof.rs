//! Proof of a notice: what was sent, when, by which way, and what became of it, as a document.

use countersign_kernel::Timestamp;
use countersign_runtime::config::Paper;
use jiff::tz::TimeZone;

use super::document::{Column, Document, Look};
use crate::{
    channels::{RenderError, Rendered},
    outbound::{Letterhead, OneLine},
};

/// What a proof of a notice says. Staff data and hashes; no patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Head of the document.
    pub letterhead: Letterhead,
    /// What it proves, e.g. `Proof of notice no. 3, reference FC44616D`.
    pub title: OneLine,
    /// What holds for the whole, in order: recipient, policy and version, SHA-256 of the bytes.
    pub facts: Vec<(OneLine, OneLine)>,
    /// What happened, in order.
    pub timeline: Vec<ProofLine>,
    /// What stands below it: how the hashes can be checked, who recorded this.
    pub remarks: Vec<OneLine>,
    /// When the document was made.
    pub at: Timestamp,
    /// The zone in which instants are shown.
    pub zone: TimeZone,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofLine {
    /// When.
    pub at: Timestamp,
    /// What, e.g. `E-mail, attempt 1: accepted (250 queued as 4XyZ)`.
    pub text: OneLine,
}

const COLUMNS: [Column; 2] = [Column { title: "When", share: 0.34 }, Column { title: "What", share: 0.66 }];

/// The proof as PDF. The same content gives the same bytes.
pub fn proof_of_notice(proof: &Proof, paper: Paper) -> Result<Rendered, RenderError> {
    let mut document = Document::new(paper, &proof.letterhead, proof.title.as_str())?;
    document.line(proof.title.as_str(), Look::Strong);
    document.space(8.0);
    for (name, value) in &proof.facts {
        document.line(&format!("{name}: {value}"), Look::Plain);
    }
    document.space(10.0);
    let rows: Vec<Vec<String>> = proof
        .timeline
        .iter()
        .map(|line| {
            let at = line.at.to_zoned(proof.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
            vec![at, line.text.to_string()]
        })
        .collect();
    document.table(&COLUMNS, &rows);
    for remark in &proof.remarks {
        document.paragraph(remark.as_str());
    }
    let made = proof.at.to_zoned(proof.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    document.line(&format!("Made on {made}."), Look::Small);
    let bytes = document.finish(proof.title.as_str(), proof.at)?;
    Ok(Rendered::new(bytes, "application/pdf", "proof-of-notice@1".to_owned()))
}
