//! What a rule requires, and what the thing is that one deficiency is about.

use countersign_contracts::chart::DocumentType;

/// What must be there. Where several types are named, a document of any of them will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// A signed document: once per encounter.
    EncounterDocumentSigned(Vec<DocumentType>),
    /// A document, dictated or written: once per encounter.
    EncounterDocumentPresent(Vec<DocumentType>),
    /// A document, dictated or written: once per procedure, and each document for one procedure only.
    DocumentPerProcedure(Vec<DocumentType>),
    /// A document that is there when the procedure begins; the same one may serve several procedures.
    DocumentBeforeProcedure(Vec<DocumentType>),
    /// A signed document: once per consultation that was held.
    DocumentPerConsultation(Vec<DocumentType>),
    /// A document, dictated or written: once per move to another place.
    DocumentPerTransfer(Vec<DocumentType>),
    /// A document, dictated or written: once per calendar day in the hospital.
    DocumentPerDay(Vec<DocumentType>),
    /// The author's signature: once per document of the type.
    DocumentSigned(Vec<DocumentType>),
    /// The cosigner's signature: once per document of the type.
    DocumentCosigned(Vec<DocumentType>),
    /// The provider's authentication of a spoken order.
    OrderAuthenticated,
    /// Every other item of the chart is closed.
    ChartComplete,
}

impl Requirement {
    /// The document type asked for first; `order` and `chart` where none is.
    pub fn document_type(&self) -> &str {
        match self {
            Self::OrderAuthenticated => "order",
            _ => self.documents().first().map_or("chart", DocumentType::name),
        }
    }

    /// The types of documents that it looks at.
    pub fn documents(&self) -> &[DocumentType] {
        match self {
            Self::EncounterDocumentSigned(kinds)
            | Self::EncounterDocumentPresent(kinds)
            | Self::DocumentPerProcedure(kinds)
            | Self::DocumentBeforeProcedure(kinds)
            | Self::DocumentPerConsultation(kinds)
            | Self::DocumentPerTransfer(kinds)
            | Self::DocumentPerDay(kinds)
            | Self::DocumentSigned(kinds)
            | Self::DocumentCosigned(kinds) => kinds,
            Self::OrderAuthenticated | Self::ChartComplete => &[],
        }
    }

    /// What closes a deficiency of this kind, in plain words.
    pub fn closed_by(&self) -> String {
        let kinds: Vec<String> =
            self.documents().iter().map(|kind| article(&kind.name().replace('_', " "))).collect();
        let any = kinds.join(" or ");
        match self {
            Self::EncounterDocumentSigned(_) | Self::DocumentPerConsultation(_) => {
                format!("{any} with completion status AU or LA")
            }
            Self::EncounterDocumentPresent(_) => format!("{any}, dictated or written"),
            Self::DocumentPerProcedure(_) => format!("{any}, dictated or written, for this procedure"),
            Self::DocumentBeforeProcedure(_) => {
                format!("{any}, dictated or written; on time when it is there before the procedure begins")
            }
            Self::DocumentPerTransfer(_) => format!("{any}, dictated or written, for this transfer"),
            Self::DocumentPerDay(_) => format!("{any}, dictated or written, about this day"),
            Self::DocumentSigned(_) => "the author's signature on this document (status AU or LA)".to_owned(),
            Self::DocumentCosigned(_) => {
                "the cosigner's signature on this document (named in TXA-22, or status LA)".to_owned()
            }
            Self::OrderAuthenticated => "the ordering or a covering provider's authentication".to_owned(),
            Self::ChartComplete => "the last open item of this chart".to_owned(),
        }
    }
}

fn article(name: &str) -> String {
    let an = name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {name}", if an { "an" } else { "a" })
}
