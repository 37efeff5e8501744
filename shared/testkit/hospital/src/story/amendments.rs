//! What befalls a document after it was written: addendum, edit, replacement, withdrawal.

use jiff::Timestamp;

use super::{
    Act, Completion, Document, DocumentKind, Signatures,
    documents::Hands,
    lags::{self, Course},
    telling::Telling,
};
use crate::calendar::{DAY, HOUR, MINUTE, between, plus};

/// Whether a document may be amended, or how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amendment {
    /// Never: it is an amendment itself, or a note that nobody asked for.
    Never,
    /// To be drawn.
    Possible,
    /// T06 after the signature.
    Addendum(Timestamp),
    /// T08 before the signature: the status stays.
    EditedUnsigned(Timestamp),
    /// T08 after the signature: it has to be signed again.
    EditedSigned(Timestamp),
    /// T10 before or after the signature.
    Replaced(Timestamp),
    /// T11 before or after the signature.
    Cancelled(Timestamp),
}

impl Amendment {
    /// From when on no step of the document itself is told any more.
    pub(super) fn cuts_off(self) -> Option<Timestamp> {
        match self {
            Self::Replaced(at) | Self::Cancelled(at) => Some(at),
            _ => None,
        }
    }
}

/// Draws the fate of a document.
pub(super) fn choose(
    telling: &mut Telling<'_>,
    document: usize,
    hands: Hands,
    course: Course,
    at_once: bool,
    allowed: Amendment,
) -> Amendment {
    if allowed == Amendment::Never {
        return Amendment::Never;
    }
    let kind = telling.story.documents[document].kind;
    let fate = telling.dice.unit();
    let share = telling.dice.unit();
    let later = telling.dice.between(4 * DAY, 8 * DAY);
    // Late enough for a signature that was reported days after it was given.
    let after = course.cosigned.or(course.signed).map(|last| telling.expressible(plus(last, later)));
    let before = course.signed.filter(|_| !at_once).and_then(|signed| {
        let room = between(course.available, signed) - 2 * MINUTE;
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "seconds of a lag")]
        let wait = (room as f64 * share) as i64;
        (room > 30 * MINUTE).then(|| telling.expressible(plus(course.available, wait + MINUTE)))
    });
    let single = hands.cosigner.is_none();
    let chosen = match fate {
        f if f < 0.020 => after.map(Amendment::Addendum),
        f if f < 0.035 => before.map(Amendment::EditedUnsigned),
        f if f < 0.047 => after.filter(|_| single).map(Amendment::EditedSigned),
        f if f < 0.054 => before.map(Amendment::Replaced),
        // Whether a signed history and physical stays signed when it is replaced is open to dispute.
        f if f < 0.061 => after.filter(|_| kind != DocumentKind::HistoryAndPhysical).map(Amendment::Replaced),
        f if f < 0.066 => before.map(Amendment::Cancelled),
        f if f < 0.072 => after.map(Amendment::Cancelled),
        _ => None,
    };
    chosen.unwrap_or(Amendment::Never)
}

/// Tells the fate of a document after its own steps.
pub(super) fn tell(telling: &mut Telling<'_>, document: usize, hands: Hands, amendment: Amendment) {
    let habits = telling.habits(hands);
    match amendment {
        Amendment::Never | Amendment::Possible => {}
        Amendment::Addendum(at) => {
            let addendum = successor(telling, document, at, true);
            telling.story.tags.push("addendum");
            let author = Some((hands.signer, at));
            let signatures = Signatures { author, cosigner: None };
            telling.step(addendum, Act::AddendumMade, at, Completion::Authenticated, signatures);
        }
        Amendment::EditedUnsigned(at) => {
            telling.story.tags.push("edited-unsigned");
            telling.step(document, Act::Edited, at, Completion::Documented, Signatures::default());
        }
        Amendment::EditedSigned(at) => {
            telling.story.tags.push("edited-after-signature");
            telling.step(document, Act::Edited, at, Completion::Documented, Signatures::default());
            let from = plus(at, HOUR);
            if let Some(again) = lags::resigned(&mut telling.dice, from, habits.author) {
                let again = telling.expressible(again);
                telling.sign(document, Act::StatusChanged, again, hands, false);
            }
        }
        Amendment::Replaced(at) => {
            telling.story.tags.push("replaced");
            let replacement = successor(telling, document, at, false);
            let course = lags::rewritten(&mut telling.dice, at, habits);
            telling.write(replacement, hands, course, Act::Replaced, Amendment::Never);
        }
        Amendment::Cancelled(at) => {
            telling.story.tags.push("document-cancelled");
            let last = last_completion(telling, document);
            telling.step(document, Act::Cancelled, at, last, Signatures::default());
            if telling.dice.chance(0.75) {
                let course = lags::substitute(&mut telling.dice, plus(at, HOUR), habits);
                let begun = telling.expressible(course.begun);
                let substitute = Document { begun, parent: None, ..telling.story.documents[document] };
                telling.story.documents.push(substitute);
                let substitute = telling.story.documents.len() - 1;
                telling.write(substitute, hands, course, Act::Originated, Amendment::Never);
            }
        }
    }
}

/// A new document with `document` as its parent.
fn successor(telling: &mut Telling<'_>, document: usize, begun: Timestamp, addendum: bool) -> usize {
    let parent = Some(document);
    let next = Document { begun, parent, addendum, ..telling.story.documents[document] };
    telling.story.documents.push(next);
    telling.story.documents.len() - 1
}

/// TXA-17 of the last message about a document: senders repeat it in the T11.
fn last_completion(telling: &Telling<'_>, document: usize) -> Completion {
    let last = telling.story.events.iter().rev().find_map(|event| match event.what {
        super::What::Document { document: of, completion, .. } if of == document => Some(completion),
        _ => None,
    });
    last.unwrap_or(Completion::Documented)
}
