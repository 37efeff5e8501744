//! NATS `JetStream` as the transport of contract events between processes.
//!
//! The journal is the truth; the stream `COUNTERSIGN` may be deleted at any time and is filled again. That
//! rests on few rules, all kept by the [`Relay`] and relied on by [`NatsFeed`]:
//!
//! 1. One storage of the stream (its creation time is the *epoch*) holds events in journal order, without a
//!    gap, from the beginning or from where `republish` was told to start. Every publication states which
//!    sequence number and which event it expects to follow; so two relays cannot interleave, and a message
//!    that is lost or refused stops those behind it. The [`Lease`] only saves the work of trying.
//! 2. The last message of the stream says how far the relay has come. Only for a stream that may drop even
//!    its last message there is a second record, which counts when the first is gone.
//! 3. Every message says which position it follows. So a reader that starts at the stream's first message
//!    can prove that nothing is missing between its own checkpoint and that message.

mod checkpoint;
mod connection;
mod error;
mod feed;
mod lease;
mod message;
mod options;
mod pause;
mod relay;
mod tls;
mod transport;
mod version;

pub use connection::Nats;
pub use error::NatsError;
pub use feed::NatsFeed;
pub use lease::Lease;
pub use options::{Credentials, NatsOptions, TlsFiles};
pub use relay::{Relay, RelayStatus};
