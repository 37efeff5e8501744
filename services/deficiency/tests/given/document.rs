//! Documents in words.

use countersign_contracts::chart::{CompletionStatus, DocumentAction, DocumentFact, DocumentType, Signature};
use countersign_kernel::Person;

use super::at;

/// A document under way.
#[derive(Debug, Clone)]
pub(crate) struct DocumentBuilder(DocumentFact);

fn document(number: &str, document_type: DocumentType) -> DocumentBuilder {
    DocumentBuilder(DocumentFact {
        action: DocumentAction::Originated,
        number: number.to_owned(),
        parent: None,
        document_type,
        status: CompletionStatus::Documented,
        originator: None,
        authenticators: Vec::new(),
        trainee_author: false,
        activity_at: None,
        signatures: Vec::new(),
    })
}

/// A discharge summary.
pub(crate) fn summary(number: &str) -> DocumentBuilder {
    document(number, DocumentType::DischargeSummary)
}

/// A history and physical.
pub(crate) fn history(number: &str) -> DocumentBuilder {
    document(number, DocumentType::HistoryAndPhysical)
}

/// An operative report.
pub(crate) fn report(number: &str) -> DocumentBuilder {
    document(number, DocumentType::OperativeReport)
}

/// A note that no rule asks for.
pub(crate) fn note(number: &str) -> DocumentBuilder {
    document(number, DocumentType::Other("PN".to_owned()))
}

/// Somebody with an identifier.
pub(crate) fn person(id: &str) -> Person {
    Person { id: Some(id.to_owned()), family: format!("Family of {id}"), ..Person::default() }
}

impl DocumentBuilder {
    /// TXA-9.
    pub(crate) fn by(mut self, id: &str) -> Self {
        self.0.originator = Some(person(id));
        self
    }

    /// TXA-9 with a name but no identifier.
    pub(crate) fn by_name_only(mut self, family: &str) -> Self {
        self.0.originator = Some(Person { family: family.to_owned(), ..Person::default() });
        self
    }

    /// TXA-10.
    pub(crate) fn for_signature_of(mut self, id: &str) -> Self {
        self.0.authenticators.push(person(id));
        self
    }

    /// The profile knows the author as a trainee.
    pub(crate) fn of_a_trainee(mut self) -> Self {
        self.0.trainee_author = true;
        self
    }

    /// TXA-4.
    pub(crate) fn about(mut self, activity_at: &str) -> Self {
        self.0.activity_at = Some(at(activity_at));
        self
    }

    pub(crate) fn status(mut self, status: CompletionStatus) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn action(mut self, action: DocumentAction) -> Self {
        self.0.action = action;
        self
    }

    pub(crate) fn parent(mut self, number: &str) -> Self {
        self.0.parent = Some(number.to_owned());
        self
    }

    /// TXA-22 with person and time.
    pub(crate) fn signed_by(mut self, id: &str, signed_at: &str) -> Self {
        self.0.signatures.push(Signature { by: Some(person(id)), at: at(signed_at), inferred: false });
        self
    }

    /// What intake makes of an empty TXA-22: the event time, and a claimed person if there is one.
    pub(crate) fn signed_by_nobody_named(mut self, event_time: &str) -> Self {
        let by = match self.0.authenticators.as_slice() {
            [only] => Some(only.clone()),
            _ => self.0.originator.clone(),
        };
        self.0.signatures.push(Signature { by, at: at(event_time), inferred: true });
        self
    }

    pub(crate) fn into_fact(self) -> DocumentFact {
        self.0
    }
}
