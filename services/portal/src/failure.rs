//! What a reader sees when a page cannot be made: what happened and what to do, in the layout of every page.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::{
    pages::sign_in,
    show::{Layout, Section, html},
    visitor,
};

/// Why a page cannot be made. Texts come from the API's problem details, which hold no patient data.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There is no such thing.
    NotFound(Option<String>),
    /// The request cannot be understood.
    Invalid(Option<String>),
    /// The browser says that another site sent the form.
    Foreign,
    /// The address exists, for another method.
    Method,
    /// Nobody is signed in, or not with a token that is known.
    Stranger(Option<String>),
    /// A rule refuses it: not permitted, against the present state, or a value that does not fit.
    Refused(StatusCode, Option<String>),
    /// Services do not answer, or have not caught up.
    Unavailable(Option<String>),
    /// A fault of ours; the log has it.
    Fault,
}

/// A problem detail (RFC 9457), as far as a page shows it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<ProblemPart>,
}

#[derive(Debug, Deserialize)]
struct ProblemPart {
    at: String,
    detail: String,
}

impl Problem {
    /// Everything it says, in one line.
    pub(crate) fn text(self) -> Option<String> {
        // a refusal names the field, and says the same once more
        let parts = self.errors.into_iter().filter(|part| Some(&part.detail) != self.detail.as_ref());
        let parts: Vec<String> = parts.map(|part| format!("{}: {}", part.at, part.detail)).collect();
        let said: Vec<String> = self.detail.into_iter().chain(parts).collect();
        (!said.is_empty()).then(|| said.join(" · "))
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    layout: Layout,
    heading: &'static str,
    explanation: &'static str,
    said: Option<String>,
    steps: &'static [&'static str],
    /// Where to sign in, and come back, when that would help.
    sign_in: Option<String>,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Stranger(_) => StatusCode::UNAUTHORIZED,
            Self::Refused(status, _) => *status,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn words(&self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::NotFound(_) => (
                "There is nothing here",
                "The address is not known, or what it showed is not there any more: a requirement that turns \
                 out never to have existed is taken back, and a message leaves the quarantine once it can be read.",
                &["Look for it in the worklist.", "If a link brought you here, the link is out of date."],
            ),
            Self::Invalid(_) => (
                "This request cannot be understood",
                "Something in the address or in the filter is not as it should be.",
                &["Go back and change the filter, or clear it."],
            ),
            Self::Foreign => (
                "This was not sent from here",
                "The form seems to come from another site, so nothing was done.",
                &["Open the page here and send the form from it."],
            ),
            Self::Method => (
                "This address cannot do that",
                "The page exists, but not for this kind of request. Nothing was done.",
                &["Open the page with a link and go on from there."],
            ),
            Self::Stranger(_) => (
                "Sign in to do this",
                "Charts may be read by everybody here. Who reads what concerns people’s privileges, and who changes \
                 something, must be known. Nothing was changed.",
                &[
                    "Sign in (at the top of the page) with your access token.",
                    "An administrator makes one with `countersign access add NAME --role him_analyst`.",
                ],
            ),
            Self::Refused(StatusCode::FORBIDDEN, _) => (
                "This is not yours to do",
                "Your roles do not permit it. Nothing was changed.",
                &["Ask somebody who may, as named above."],
            ),
            Self::Refused(..) => (
                "This cannot be done now",
                "It contradicts how things stand at the moment. Nothing was changed.",
                &["Put right what is named above, then try again."],
            ),
            Self::Unavailable(_) => (
                "Countersign is catching up",
                "The part that answers this is not ready yet: it is starting, or still working through messages. \
                 Nothing is lost.",
                &[
                    "Wait a moment and load the page again.",
                    "If it stays like this, /readyz says which part is not ready, and `countersign doctor` says what to do.",
                ],
            ),
            Self::Fault => (
                "Something went wrong here",
                "This is a fault in Countersign, not in what you did. Your charts are safe: this page only shows them.",
                &[
                    "Load the page again.",
                    "If it happens again, the server's log says what went wrong and when.",
                ],
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let (heading, explanation, steps) = self.words();
        let retry = matches!(self, Self::Unavailable(_));
        let sign_in = matches!(self, Self::Stranger(_)).then(|| match visitor::present().page {
            Some(page) => sign_in::and_back_to(&page),
            None => "/sign-in".to_owned(),
        });
        let said = match self {
            Self::NotFound(said)
            | Self::Invalid(said)
            | Self::Stranger(said)
            | Self::Refused(_, said)
            | Self::Unavailable(said) => said,
            Self::Foreign | Self::Method | Self::Fault => None,
        };
        let page = FailurePage {
            layout: Layout::new(heading, Section::None),
            heading,
            explanation,
            said,
            steps,
            sign_in,
        };
        let mut response = match html(&page) {
            Ok(response) => response,
            // only the template itself can fail, and then it would fail again
            Err(_) => heading.into_response(),
        };
        *response.status_mut() = status;
        if retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
