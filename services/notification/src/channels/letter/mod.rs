//! Printed letters: a PDF in a queue that somebody prints, mails or hands over, and says so.

mod document;
mod proof;
mod typeface;

use std::sync::Arc;

use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;
use countersign_runtime::config::Paper;

use super::{Address, Outgoing, RenderError, Rendered, Sent, Transport};
use crate::{
    domain::contact::destination::names_a_place,
    outbound::{Kind, Message, OneLine},
    templates::{ITEMS, TemplateSet, long_day},
};

use document::{Column, Document, Look};
pub use proof::{Proof, ProofLine, proof_of_notice};

/// The letter channel.
pub struct Letter {
    paper: Paper,
    templates: Arc<TemplateSet>,
}

impl Letter {
    /// A channel that writes letters for a paper.
    pub fn new(paper: Paper, templates: Arc<TemplateSet>) -> Self {
        Self { paper, templates }
    }
}

impl Transport for Letter {
    fn channel(&self) -> Channel {
        Channel::Letter
    }

    fn render(
        &self,
        message: &Message,
        address: &Address,
        _message_id: &str,
    ) -> Result<Rendered, RenderError> {
        let Address::Letter { lines } = address else {
            return Err(RenderError::Address {
                channel: Channel::Letter,
                problem: "it belongs to another channel",
            });
        };
        if !names_a_place(lines, message.addressee().as_str()) {
            return Err(RenderError::Address {
                channel: Channel::Letter,
                problem: "there is no postal address or pigeonhole, only a name",
            });
        }
        let texts = self.templates.render(message)?;
        let title = format!(
            "{} no. {}",
            if message.kind() == Kind::Digest { "Summary" } else { "Notice" },
            message.number()
        );
        let foot = format!("{title}, reference {}", message.reference());
        let mut page = Document::new(self.paper, message.letterhead(), &foot)?;

        page.line(&long_day(message.date()), Look::Plain);
        page.space(14.0);
        page.line(message.addressee().as_str(), Look::Plain);
        for line in lines {
            let line = OneLine::new(line);
            if line.as_str() != message.addressee().as_str() {
                page.line(line.as_str(), Look::Plain);
            }
        }
        page.space(14.0);
        if let Some(about) = message.about().filter(|_| !message.is_to_subject()) {
            page.line(&format!("About: {}", about.as_str()), Look::Plain);
        }
        page.line(&foot, Look::Plain);
        page.space(10.0);
        page.line(&texts.subject, Look::Strong);
        page.space(8.0);
        for paragraph in &texts.letter {
            if paragraph == ITEMS {
                page.table(&COLUMNS, &message.rows());
            } else {
                page.paragraph(paragraph);
            }
        }
        page.signature(message.letterhead().signature.as_str());
        let bytes = page.finish(&texts.subject, message.at())?;
        Ok(Rendered::new(bytes, "application/pdf", texts.template))
    }

    fn longest(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    /// In the queue: who prints and mails it says when.
    fn send<'a>(&'a self, _outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        Box::pin(async { Sent::Accepted { detail: "in the print queue".to_owned() } })
    }
}

/// Shares of the width.
const COLUMNS: [Column; 4] = [
    Column { title: "No.", share: 0.07 },
    Column { title: "Item", share: 0.48 },
    Column { title: "Due", share: 0.25 },
    Column { title: "Open for", share: 0.20 },
];
