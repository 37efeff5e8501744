//! Which acknowledgements a sender wants.

use super::AckCode;
use crate::header::Header;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Durably stored (and by that accepted).
    Accepted,
    /// Durably stored, and not understood: it waits for a human. The sender is told of the error, and not to send it
    /// again: the commit level has succeeded.
    Kept,
    /// Could not be stored now; the same message may succeed later.
    Retry,
    /// Will never be accepted as it is.
    Rejected,
}

/// Acknowledgements to send, in this order. Both empty: the sender wants silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reply {
    /// Accept acknowledgement: CA, CE or CR. Enhanced mode only.
    pub accept: Option<AckCode>,
    /// Application acknowledgement: AA, AE or AR.
    pub application: Option<AckCode>,
}

impl Reply {
    /// Nothing is wanted.
    pub const fn is_silent(self) -> bool {
        self.accept.is_none() && self.application.is_none()
    }

    /// The code for a peer that reads one answer per message on the connection it sends on: the accept
    /// acknowledgement if it is wanted, else the application acknowledgement. In enhanced mode the application
    /// acknowledgement, if wanted as well, is a message exchange of its own.
    pub const fn first(self) -> Option<AckCode> {
        match self.accept {
            Some(code) => Some(code),
            None => self.application,
        }
    }

    /// The codes to send, in order.
    pub fn codes(self) -> impl Iterator<Item = AckCode> {
        self.accept.into_iter().chain(self.application)
    }
}

/// Decides by MSH-15 and MSH-16 (table 0155: AL always, NE never, ER on error or reject, SU on success).
///
/// Both empty is original mode: one application acknowledgement. One of them filled is enhanced mode, in which an
/// empty one means never. A code outside the table is taken as "always": an answer too many does less harm than a
/// sender that waits.
pub fn wanted(header: &Header, outcome: Outcome) -> Reply {
    let application = match outcome {
        Outcome::Accepted => AckCode::ApplicationAccept,
        Outcome::Kept | Outcome::Retry => AckCode::ApplicationError,
        Outcome::Rejected => AckCode::ApplicationReject,
    };
    let accept = match outcome {
        Outcome::Accepted | Outcome::Kept => AckCode::CommitAccept,
        Outcome::Retry => AckCode::CommitError,
        Outcome::Rejected => AckCode::CommitReject,
    };
    match (header.accept_ack.as_deref(), header.application_ack.as_deref()) {
        (None, None) => Reply { accept: None, application: Some(application) },
        (accept_when, application_when) => Reply {
            accept: accept_when.is_some_and(|when| applies(when, accept)).then_some(accept),
            application: application_when
                .is_some_and(|when| applies(when, application))
                .then_some(application),
        },
    }
}

fn applies(condition: &str, code: AckCode) -> bool {
    if condition.eq_ignore_ascii_case("NE") {
        false
    } else if condition.eq_ignore_ascii_case("ER") {
        !code.is_accept()
    } else if condition.eq_ignore_ascii_case("SU") {
        code.is_accept()
    } else {
        true
    }
}
