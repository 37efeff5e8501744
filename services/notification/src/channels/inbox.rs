//! The list of messages behind sign-in.

use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;

use super::{Address, Outgoing, RenderError, Rendered, Sent, Transport};
use crate::outbound::Message;

/// The inbox: a message is in it as soon as the journal has it, since the list is a read model of the journal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inbox;

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
        let bytes = serde_json::to_vec(message)
            .map_err(|error| RenderError::Document { problem: error.to_string() })?;
        Ok(Rendered::new(bytes, "application/json", format!("{}@1", message.kind().name())))
    }

    fn longest(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    fn send<'a>(&'a self, _outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        Box::pin(async { Sent::Accepted { detail: "in the inbox".to_owned() } })
    }
}
