//! The list of messages behind sign-in.

use std::sync::Arc;

use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;

use super::{Address, Outgoing, RenderError, Rendered, Sent, Transport};
use crate::{outbound::Message, templates::TemplateSet};

/// The media type of a message in an inbox: its first line is the subject, the others its text.
pub const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The inbox: a message is in it as soon as the journal has it, since the list is a read model of the journal.
pub struct Inbox {
    templates: Arc<TemplateSet>,
}

impl Inbox {
    /// An inbox whose messages say what these templates say.
    pub fn new(templates: Arc<TemplateSet>) -> Self {
        Self { templates }
    }
}

/// Subject and text of a message as it was rendered; nothing where it was not rendered as text.
pub fn parts_of(content_type: &str, bytes: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| content_type == MEDIA_TYPE)?;
    let (subject, text) = text.split_once("\n\n")?;
    Some((subject.to_owned(), text.to_owned()))
}

impl Transport for Inbox {
    fn channel(&self) -> Channel {
        Channel::Inbox
    }

    fn render(
        &self,
        message: &Message,
        address: &Address,
        _message_id: &str,
    ) -> Result<Rendered, RenderError> {
        if *address != Address::Inbox {
            return Err(RenderError::Address {
                channel: Channel::Inbox,
                problem: "it belongs to another channel",
            });
        }
        let texts = self.templates.render(message)?;
        let bytes = format!("{}\n\n{}", texts.subject, texts.text);
        Ok(Rendered::new(bytes, MEDIA_TYPE, texts.template))
    }

    fn longest(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    fn send<'a>(&'a self, _outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        Box::pin(async { Sent::Accepted { detail: "in the inbox".to_owned() } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rendered_as_text_is_read_back_and_nothing_else() {
        let read = parts_of(MEDIA_TYPE, b"Overdue\n\nDear A,\n\nplease sign.\n");
        assert_eq!(read, Some(("Overdue".to_owned(), "Dear A,\n\nplease sign.\n".to_owned())));
        assert_eq!(parts_of("application/json", b"{}\n\n"), None);
    }
}
