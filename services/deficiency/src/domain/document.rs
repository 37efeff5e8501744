//! Documents of a chart and their signatures.

use std::collections::BTreeMap;

use countersign_contracts::chart::{CompletionStatus, DocumentAction, DocumentFact, DocumentType, Signature};
use countersign_kernel::{Person, Timestamp};

use super::chart::{Known, Source};

/// A document as it stood after the facts taken so far.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its number (TXA-12).
    pub number: String,
    /// Its type.
    pub document_type: DocumentType,
    /// An addendum stands in for nothing.
    pub addendum: bool,
    /// Originator (TXA-9).
    pub originator: Option<Person>,
    /// Assigned authenticators (TXA-10).
    pub authenticators: Vec<Person>,
    /// The profile says that this author needs a cosigner.
    pub trainee_author: bool,
    /// What it is about, when the message said so.
    pub activity_at: Option<Timestamp>,
    /// When it was first heard of.
    pub originated_at: Timestamp,
    /// Dictated or written. Never taken back by a lower status: HL7 2.5.1, figure 9-1 allows forward moves
    /// only, so a backward one is a message that came out of order.
    pub present: Option<Known<Timestamp>>,
    /// Could be signed.
    pub available: Option<Known<Timestamp>>,
    /// Signatures that stand.
    pub signatures: Vec<Known<Signature>>,
    /// Legally authenticated, which is final.
    pub legal: Option<Known<Timestamp>>,
    /// Taken back, or another one took its place.
    pub gone: bool,
}

/// Takes one fact about a document, the one at place `number` in the order of facts.
pub fn take(
    documents: &mut BTreeMap<String, Document>,
    fact: &DocumentFact,
    number: usize,
    occurred_at: Timestamp,
) {
    if fact.action == DocumentAction::AddendumAdded
        && documents.get(&fact.number).is_some_and(|known| !known.addendum)
    {
        // An addendum sent under its parent's number says nothing about the parent.
        return;
    }
    let mut stands_since = None;
    if fact.action == DocumentAction::Replaced
        && let Some(parent) = fact.parent.as_ref().filter(|parent| **parent != fact.number)
    {
        let parent =
            documents.entry(parent.clone()).or_insert_with(|| Document::begin(parent, fact, occurred_at));
        if !parent.gone {
            stands_since.clone_from(&parent.present);
        }
        parent.gone = true;
    }
    documents
        .entry(fact.number.clone())
        .or_insert_with(|| Document::begin(&fact.number, fact, occurred_at))
        .take(fact, number, occurred_at, stands_since);
}

impl Document {
    fn begin(number: &str, fact: &DocumentFact, occurred_at: Timestamp) -> Self {
        Self {
            number: number.to_owned(),
            document_type: fact.document_type.clone(),
            addendum: fact.action == DocumentAction::AddendumAdded,
            originator: None,
            authenticators: Vec::new(),
            trainee_author: false,
            activity_at: None,
            originated_at: occurred_at,
            present: None,
            available: None,
            signatures: Vec::new(),
            legal: None,
            gone: false,
        }
    }

    /// `stands_since`: when the document that this one replaces was present; it never ceased to be.
    fn take(
        &mut self,
        fact: &DocumentFact,
        number: usize,
        occurred_at: Timestamp,
        stands_since: Option<Known<Timestamp>>,
    ) {
        if fact.action == DocumentAction::Cancelled {
            self.gone = true;
            return;
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
        let mut status = fact.status;
        let mut signatures: Vec<&Signature> = fact.signatures.iter().collect();
        if matches!(fact.action, DocumentAction::Edited | DocumentAction::Replaced) {
            // Whoever signed has not signed this text.
            let before = std::mem::take(&mut self.signatures);
            self.legal = None;
            signatures.retain(|signature| !before.iter().any(|known| known.value == **signature));
            // One that arrives signed is signed again only if it names a signature that was not there before.
            if fact.action == DocumentAction::Edited && signatures.iter().all(|signature| signature.inferred)
            {
                status = status.min(CompletionStatus::Documented);
            }
        }
        if !matches!(status, CompletionStatus::InProgress | CompletionStatus::Incomplete) {
            let dictated = status == CompletionStatus::Dictated;
            self.present.get_or_insert_with(|| {
                let says = if dictated { "dictated" } else { "document present" };
                stands_since.unwrap_or(Known { value: occurred_at, from: Source::new(number, says) })
            });
            if !dictated {
                let from = Source::new(number, "available for signing");
                self.available.get_or_insert(Known { value: occurred_at, from });
            }
        }
        if status.is_signed() {
            self.sign(status, &signatures, number, occurred_at);
        }
    }

    fn sign(
        &mut self,
        status: CompletionStatus,
        signatures: &[&Signature],
        number: usize,
        occurred_at: Timestamp,
    ) {
        for signature in signatures {
            if !self.signatures.iter().any(|known| known.value == **signature) {
                let says = if signature.inferred { "signed (signer or time inferred)" } else { "signed" };
                self.signatures.push(Known { value: (*signature).clone(), from: Source::new(number, says) });
            }
        }
        if signatures.is_empty() {
            let signature = Signature { by: None, at: occurred_at, inferred: true };
            self.signatures
                .push(Known { value: signature, from: Source::new(number, "signed (by status alone)") });
        }
        if status == CompletionStatus::LegallyAuthenticated && self.legal.is_none() {
            let at = signatures.iter().map(|signature| signature.at).max().unwrap_or(occurred_at);
            self.legal = Some(Known { value: at, from: Source::new(number, "legally authenticated") });
        }
    }

    /// Whether it counts: neither taken back nor replaced, and not an addendum.
    pub fn counts(&self) -> bool {
        !self.gone && !self.addendum
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

    /// When a cosigner signed: named in a signature, or by legal authentication.
    pub fn cosigned(&self, is_cosigner: impl Fn(&Person) -> bool) -> Option<Known<Timestamp>> {
        let named = self
            .signatures
            .iter()
            .filter(|known| !known.value.inferred)
            .find(|known| known.value.by.as_ref().is_some_and(&is_cosigner))
            .map(|known| Known { value: known.value.at, from: known.from.clone() });
        named.or_else(|| self.legal.clone())
    }
}
