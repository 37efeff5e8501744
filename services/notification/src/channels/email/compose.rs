//! The exact bytes of an e-mail. The same message gives the same bytes: no clock, no random boundary.

use lettre::message::{
    Mailbox, MultiPart, SinglePart,
    header::{HeaderName, HeaderValue},
};
use sha2::{Digest, Sha256};

use countersign_contracts::notice::NoticeClass;

use crate::{
    channels::{RenderError, Rendered, hash::hexadecimal},
    outbound::Message,
    templates::Texts,
};

pub(super) fn compose(
    message: &Message,
    texts: &Texts,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
    to: Mailbox,
    message_id: &str,
) -> Result<Rendered, RenderError> {
    let fault = |problem: String| RenderError::Document { problem };
    if message_id.is_empty() || !message_id.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')) {
        return Err(fault("the Message-ID has characters that do not belong into one".to_owned()));
    }
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .to(to)
        .subject(texts.subject.clone())
        .date(message.at().into())
        .message_id(Some(format!("<{message_id}>")));
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    // RFC 3834 section 5: no vacation answers; the second one says the same to Exchange.
    builder = builder
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    // Nobody can leave the list of formal notices: only what is optional offers it.
    if message.class() == NoticeClass::Reminder {
        builder = builder.raw_header(header("List-Unsubscribe", &format!("<{}>", message.link().as_str())));
    }
    let parts = MultiPart::alternative()
        .boundary(boundary(message_id, texts))
        .singlepart(SinglePart::plain(crlf(&texts.text)))
        .singlepart(SinglePart::html(crlf(&texts.html)));
    let email = builder.multipart(parts).map_err(|error| fault(error.to_string()))?;
    let mut bytes = email.formatted();
    // The end of DATA brings its own line break: with one here, too, the other side would store one more than was
    // kept and hashed.
    while bytes.ends_with(b"\r\n\r\n") {
        bytes.truncate(bytes.len() - 2);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    Ok(Rendered::new(bytes, "message/rfc822", texts.template.clone()))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// A boundary that stands in neither text: it is made of a hash over both.
fn boundary(message_id: &str, texts: &Texts) -> String {
    let mut hash = Sha256::new();
    for part in [message_id, &texts.text, &texts.html] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("=_countersign_{}", hexadecimal(&hash.finalize()[..16]))
}

fn crlf(text: &str) -> String {
    text.lines().flat_map(|line| [line, "\r\n"]).collect()
}
