//! E-mail over SMTP.
//!
//! SMTP has no idempotency: whoever loses the connection between the end of the message and the answer cannot know
//! whether it was taken (RFC 5321 section 4.5.3.2.6, RFC 1047). So the session keeps account of how far it came, and says
//! [`Sent::Unknown`] for that stretch only.

mod compose;
mod pool;
mod session;
mod settings;

use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;
use std::{sync::Arc, time::Duration};

use super::{Address, Outgoing, RenderError, Rendered, Sent, Transport};
use crate::{outbound::Message, templates::TemplateSet};

use pool::Pool;
pub use settings::{EmailSettings, EmailSettingsError, Tls};

/// The e-mail channel.
pub struct Email {
    from: lettre::message::Mailbox,
    reply_to: Option<lettre::message::Mailbox>,
    templates: Arc<TemplateSet>,
    pool: Option<Pool>,
}

/// Why nothing leaves where no server is set up.
const NO_SERVER: &str = "no mail server is set up: [notification.smtp]";

impl Email {
    /// A channel to the mail server of the settings. Connections are made when they are needed.
    pub fn new(settings: &EmailSettings, templates: Arc<TemplateSet>) -> Result<Self, EmailSettingsError> {
        Ok(Self {
            from: settings::mailbox("from", &settings.from)?,
            reply_to: settings
                .reply_to
                .as_deref()
                .map(|text| settings::mailbox("reply_to", text))
                .transpose()?,
            templates,
            pool: Some(Pool::new(settings)?),
        })
    }

    /// A channel without a mail server: it makes the exact mails, so that shadow mode can show them, and sends none.
    /// `host`: the part of the sender's address after the `@`.
    pub fn without_server(host: &str, templates: Arc<TemplateSet>) -> Result<Self, EmailSettingsError> {
        let from = settings::mailbox("from", &format!("Countersign <no-reply@{host}>"))?;
        Ok(Self { from, reply_to: None, templates, pool: None })
    }
}

impl Transport for Email {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn render(
        &self,
        message: &Message,
        address: &Address,
        message_id: &str,
    ) -> Result<Rendered, RenderError> {
        let to = mailbox_of(address)?;
        let texts = self.templates.render(message)?;
        compose::compose(message, &texts, &self.from, self.reply_to.as_ref(), to, message_id)
    }

    fn longest(&self) -> Duration {
        self.pool.as_ref().map_or(Duration::ZERO, Pool::longest)
    }

    fn obstacle(&self) -> Option<&'static str> {
        self.pool.is_none().then_some(NO_SERVER)
    }

    fn send<'a>(&'a self, outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        Box::pin(async move {
            let Some(pool) = &self.pool else { return Sent::Refused { detail: NO_SERVER.to_owned() } };
            match mailbox_of(outgoing.address) {
                Ok(to) => pool.deliver(&self.from.email, &to.email, &outgoing.rendered.bytes).await,
                Err(error) => Sent::Refused { detail: error.to_string() },
            }
        })
    }
}

fn mailbox_of(address: &Address) -> Result<lettre::message::Mailbox, RenderError> {
    let unusable = |problem| RenderError::Address { channel: Channel::Email, problem };
    let Address::Email { address, name } = address else {
        return Err(unusable("it belongs to another channel"));
    };
    let email = address.trim().parse().map_err(|_| unusable("it is no e-mail address"))?;
    let name = crate::outbound::OneLine::new(name);
    Ok(lettre::message::Mailbox::new((!name.is_empty()).then(|| name.to_string()), email))
}
