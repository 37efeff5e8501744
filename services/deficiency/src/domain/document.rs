//! Documents of a chart and their signatures.

use std::collections::BTreeMap;

use countersign_contracts::chart::{CompletionStatus, DocumentAction, DocumentFact, DocumentType, Signature};
use countersign_kernel::{Person, Timestamp};

use super::{chart::Known, events::FactRef};

/// A document as it stood after the facts taken so far.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its number (TXA-12).
    pub number: String,
    /// Its type.
    pub document_type: DocumentType,
    /// An addendum stands in for nothing.
    pub addendum: bool,
    /// The highest completion status reached (HL7 2.5.1, figure 9-1 allows forward moves only; a backward
    /// one is a message that came out of order).
    pub status: CompletionStatus,
    /// Originator (TXA-9).
    pub originator: Option<Person>,
    /// Assigned authenticators (TXA-10).
    pub authenticators: Vec<Person>,
    /// The profile says that this author needs a cosigner.
    pub trainee_author: bool,
    /// What it is about, when the message said so.
    pub activity_at: Option<Timestamp>,
    /// First known.
    pub originated: Known<Timestamp>,
    /// Dictated or written.
    pub present: Option<Known<Timestamp>>,
    /// Could be signed.
    pub available: Option<Known<Timestamp>>,
    /// Signatures that stand.
    pub signatures: Vec<Known<Signature>>,
    /// Legally authenticated, which is final.
    pub legal: Option<Known<Timestamp>>,
    /// Taken back, or another one took its place.
    pub gone: Option<FactRef>,
}

/// Takes one fact about a document.
pub fn take(
    documents: &mut BTreeMap<String, Document>,
    fact: &DocumentFact,
    occurred_at: Timestamp,
    reference: &dyn Fn(&str) -> FactRef,
) {
    if fact.action == DocumentAction::Replaced
        && let Some(parent) = &fact.parent
    {
        documents
            .entry(parent.clone())
            .or_insert_with(|| Document::begin(parent, fact, occurred_at, reference("replaced")))
            .gone = Some(reference("replaced by another document"));
    }
    let document = documents
        .entry(fact.number.clone())
        .or_insert_with(|| Document::begin(&fact.number, fact, occurred_at, reference("document originated")));
    document.take(fact, occurred_at, reference);
}

impl Document {
    fn begin(number: &str, fact: &DocumentFact, occurred_at: Timestamp, from: FactRef) -> Self {
        Self {
            number: number.to_owned(),
            document_type: fact.document_type.clone(),
            addendum: false,
            status: CompletionStatus::Unknown,
            originator: None,
            authenticators: Vec::new(),
            trainee_author: false,
            activity_at: None,
            originated: Known { value: occurred_at, from },
            present: None,
            available: None,
            signatures: Vec::new(),
            legal: None,
            gone: None,
        }
    }

    fn take(&mut self, fact: &DocumentFact, occurred_at: Timestamp, reference: &dyn Fn(&str) -> FactRef) {
        match fact.action {
            DocumentAction::Cancelled => {
                self.gone = Some(reference("document cancelled"));
                return;
            }
            DocumentAction::AddendumAdded => self.addendum = true,
            DocumentAction::Edited => {
                // Whoever signed has not signed this text.
                self.signatures.clear();
                self.legal = None;
                self.status = self.status.min(CompletionStatus::Documented);
            }
            DocumentAction::Originated | DocumentAction::StatusChanged | DocumentAction::Replaced => {}
        }
        self.document_type = fact.document_type.clone();
        if fact.originator.is_some() {
            self.originator.clone_from(&fact.originator);
        }
        if !fact.authenticators.is_empty() {
            self.authenticators.clone_from(&fact.authenticators);
        }
        if fact.activity_at.is_some() {
            self.activity_at = fact.activity_at;
        }
        self.trainee_author |= fact.trainee_author;
        // An edit that arrives signed counts as signed again only when it names the new signature.
        let signs_anew = fact.signatures.iter().any(|signature| !signature.inferred);
        let status = if fact.action == DocumentAction::Edited && fact.status.is_signed() && !signs_anew {
            CompletionStatus::Documented
        } else {
            fact.status
        };
        self.status = self.status.max(status);
        if !matches!(status, CompletionStatus::InProgress | CompletionStatus::Incomplete) {
            let says = if status == CompletionStatus::Dictated { "dictated" } else { "document present" };
            self.present.get_or_insert_with(|| Known { value: occurred_at, from: reference(says) });
            if status != CompletionStatus::Dictated {
                self.available
                    .get_or_insert_with(|| Known { value: occurred_at, from: reference("available for signing") });
            }
        }
        if status.is_signed() {
            self.sign(fact, occurred_at, reference);
        }
    }

    fn sign(&mut self, fact: &DocumentFact, occurred_at: Timestamp, reference: &dyn Fn(&str) -> FactRef) {
        for signature in &fact.signatures {
            let known = self.signatures.iter().any(|known| known.value == *signature);
            if !known {
                let says = if signature.inferred { "signed (signer or time inferred)" } else { "signed" };
                self.signatures.push(Known { value: signature.clone(), from: reference(says) });
            }
        }
        if fact.signatures.is_empty() {
            let signature = Signature { by: None, at: occurred_at, inferred: true };
            self.signatures.push(Known { value: signature, from: reference("signed (by status alone)") });
        }
        if fact.status == CompletionStatus::LegallyAuthenticated && self.legal.is_none() {
            let at = fact.signatures.iter().map(|signature| signature.at).max().unwrap_or(occurred_at);
            self.legal = Some(Known { value: at, from: reference("legally authenticated") });
        }
    }

    /// Whether it counts: neither taken back nor replaced, and not an addendum.
    pub fn counts(&self) -> bool {
        self.gone.is_none() && !self.addendum
    }

    /// Begun, not finished: in progress or incomplete, and never present so far.
    pub fn unfinished(&self) -> bool {
        self.counts() && self.present.is_none()
    }

    /// The assigned authenticator who is not the author, if one is assigned.
    pub fn assigned_cosigner(&self) -> Option<&Person> {
        let author = self.originator.as_ref().filter(|author| author.id.is_some())?;
        self.authenticators.iter().find(|person| person.id.is_some() && !person.same_id(author))
    }

    /// Whether a second person must sign.
    pub fn needs_cosigner(&self) -> bool {
        self.trainee_author || self.assigned_cosigner().is_some()
    }

    /// The first signature that stands: the author's, or one that takes its place.
    pub fn signed(&self) -> Option<&Known<Signature>> {
        self.signatures.iter().min_by_key(|known| known.value.at)
    }

    /// When the cosigner signed: named in a signature, or by legal authentication.
    pub fn cosigned(&self, cosigner: Option<&Person>) -> Option<Known<Timestamp>> {
        let named = cosigner.and_then(|cosigner| {
            self.signatures
                .iter()
                .filter(|known| !known.value.inferred)
                .find(|known| known.value.by.as_ref().is_some_and(|by| by.same_id(cosigner)))
                .map(|known| Known { value: known.value.at, from: known.from.clone() })
        });
        named.or_else(|| self.legal.clone())
    }
}
