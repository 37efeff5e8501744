//! One message over one connection, with account of how far it came.

use std::{
    error::Error as _,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
        response::{Response, Severity},
    },
};
use tokio::{net::TcpStream, time::timeout};

use super::settings::{Server, Tls};
use crate::channels::Sent;

/// Bytes that are written at a time. What is asked of the iterator tells how far the message came.
const CHUNK: usize = 16 * 1024;

/// Most characters of a server's answer that are kept.
const DETAIL: usize = 200;

/// How an attempt on a connection ended.
pub(super) enum Attempt {
    /// With an outcome; the connection may be used again.
    Done(Sent),
    /// With an outcome; the connection is of no use any more.
    Broken(Sent),
    /// Before anything of this message was taken: the connection was dead already.
    Stale(Sent),
}

/// A connection that has greeted, is private as the settings ask, and signed in.
///
/// Whatever fails here says nothing about the message or its recipient, not even a 5yz: a wrong password would
/// otherwise turn every notice into a bounced one. So the failure is always an outcome to be tried again.
pub(super) async fn connect(server: &Server) -> Result<AsyncSmtpConnection, Sent> {
    match timeout(server.connect, open(server)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(detail)) => Err(later(format!("no connection: {detail}"))),
        Err(_) => Err(later("no connection: the mail server did not answer in time".to_owned())),
    }
}

async fn open(server: &Server) -> Result<AsyncSmtpConnection, String> {
    let hello = ClientId::Domain(server.hello.clone());
    let mut connection = greet(server, &hello).await?;
    if let Some(parameters) = &server.parameters {
        let wanted = match server.tls {
            Tls::Required => true,
            Tls::Opportunistic => connection.can_starttls(),
            Tls::Implicit | Tls::None => false,
        };
        // With `required`, a server without STARTTLS is an error of the library here, and nothing is sent.
        if wanted {
            connection.starttls(parameters.clone(), &hello).await.map_err(|error| said(&error))?;
        }
    }
    if let Some((user, password)) = &server.account {
        let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
        connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| said(&error))?;
    }
    Ok(connection)
}

async fn greet(server: &Server, hello: &ClientId) -> Result<AsyncSmtpConnection, String> {
    let address = (server.host.as_str(), server.port);
    let connection = if server.tls == Tls::Implicit {
        let parameters = server.parameters.clone();
        AsyncSmtpConnection::connect_tokio1(address, Some(server.connect), hello, parameters, None).await
    } else {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        // The library writes a message and its final dot apart. Without this the dot waits for the other side to say
        // that it has the message, and that waits some 40 ms (200 ms on some systems) for something to say it with.
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await
    };
    connection.map_err(|error| said(&error))
}

/// Hands over one message.
pub(super) async fn attempt(
    connection: &mut AsyncSmtpConnection,
    server: &Server,
    from: &Address,
    to: &Address,
    bytes: &[u8],
) -> Attempt {
    let mut options = Vec::new();
    if !bytes.is_ascii() {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    if !to.to_string().is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let detail = "the mail server cannot take an address with letters outside ASCII".to_owned();
            return Attempt::Done(Sent::Refused { detail });
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    match command(connection, Mail::new(Some(from.clone()), options), server.command).await {
        Ok(_) => {}
        Err(Fault::Refused { detail }) => {
            return reset(connection, server, Sent::Refused { detail }).await;
        }
        Err(Fault::Later { detail }) => return reset(connection, server, later(detail)).await,
        Err(Fault::Lost { detail } | Fault::Closing { detail }) => return Attempt::Stale(later(detail)),
    }
    match command(connection, Rcpt::new(to.clone(), Vec::new()), server.command).await {
        Ok(_) => {}
        Err(Fault::Refused { detail }) => return reset(connection, server, Sent::Refused { detail }).await,
        Err(Fault::Later { detail }) => return reset(connection, server, later(detail)).await,
        Err(Fault::Lost { detail } | Fault::Closing { detail }) => return Attempt::Broken(later(detail)),
    }
    match command(connection, Data, server.command).await {
        Ok(answer) if answer.has_code(354) => {}
        Ok(answer) => return Attempt::Broken(later(format!("no 354 to DATA, but {}", shown(&answer)))),
        Err(Fault::Refused { detail }) => return reset(connection, server, Sent::Refused { detail }).await,
        Err(Fault::Later { detail }) => return reset(connection, server, later(detail)).await,
        Err(Fault::Lost { detail } | Fault::Closing { detail }) => return Attempt::Broken(later(detail)),
    }
    // The library writes the final dot only after the iterator has said that there is no more.
    let handed_over = AtomicBool::new(false);
    let mut chunks = bytes.strip_suffix(b"\r\n").unwrap_or(bytes).chunks(CHUNK);
    let body = std::iter::from_fn(|| {
        let chunk = chunks.next();
        handed_over.store(chunk.is_none(), Ordering::Relaxed);
        chunk
    });
    let answered = timeout(server.message, connection.message_iter(body)).await;
    let lost = |detail: String| {
        if handed_over.load(Ordering::Relaxed) { Sent::Unknown { detail } } else { later(detail) }
    };
    match answered {
        Ok(Ok(answer)) => Attempt::Done(Sent::Accepted { detail: shown(&answer) }),
        Ok(Err(error)) => match fault(&error) {
            Fault::Refused { detail } => Attempt::Done(Sent::Refused { detail }),
            Fault::Later { detail } => Attempt::Done(later(detail)),
            Fault::Closing { detail } => Attempt::Broken(later(detail)),
            Fault::Lost { detail } => Attempt::Broken(lost(format!("the connection broke: {detail}"))),
        },
        Err(_) => Attempt::Broken(lost("the mail server did not answer in time".to_owned())),
    }
}

/// Takes back what was begun, so that the connection can be used for the next message.
async fn reset(connection: &mut AsyncSmtpConnection, server: &Server, outcome: Sent) -> Attempt {
    match command(connection, Rset, server.command).await {
        Ok(_) => Attempt::Done(outcome),
        Err(_) => Attempt::Broken(outcome),
    }
}

/// Why a command did not succeed.
enum Fault {
    /// 5yz.
    Refused { detail: String },
    /// 4yz.
    Later { detail: String },
    /// 421: not taken, and the server closes the connection (RFC 5321 section 3.8).
    Closing { detail: String },
    /// No answer: the connection is of no use any more.
    Lost { detail: String },
}

async fn command<C: std::fmt::Display>(
    connection: &mut AsyncSmtpConnection,
    command: C,
    within: Duration,
) -> Result<Response, Fault> {
    match timeout(within, connection.command(command)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(Fault::Lost { detail: "the mail server did not answer in time".to_owned() }),
    }
}

fn fault(error: &lettre::transport::smtp::Error) -> Fault {
    let detail = said(error);
    match error.status() {
        Some(code) if u16::from(code) == 421 => Fault::Closing { detail },
        Some(code) if code.severity == Severity::TransientNegativeCompletion => Fault::Later { detail },
        Some(_) => Fault::Refused { detail },
        None => Fault::Lost { detail },
    }
}

fn later(detail: String) -> Sent {
    Sent::Later { detail, after: None }
}

fn said(error: &lettre::transport::smtp::Error) -> String {
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    match error.status() {
        Some(code) => scrubbed(&format!("{code} {reason}")),
        None => scrubbed(&reason),
    }
}

fn shown(answer: &Response) -> String {
    scrubbed(&format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
}

/// A server's words without addresses, on one line, of bounded length: they go into timelines and logs.
fn scrubbed(text: &str) -> String {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| if word.contains('@') { "(address)" } else { word }).collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_server_hold_no_address() {
        assert_eq!(
            scrubbed("550 5.1.1 <ana@example.org>:\r\nno such\u{7} mailbox"),
            "550 5.1.1 (address) no such mailbox"
        );
        assert_eq!(scrubbed(&"x".repeat(900)).len(), DETAIL);
    }
}
