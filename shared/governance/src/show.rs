//! What a book shows: the answers of the API that are the same for all governed texts.

use countersign_contracts::api::governed::{StepAct, StepView, VersionView, VersionsView, WindowView};
use countersign_eventsourcing::journal::Position;
use countersign_kernel::Timestamp;

use crate::{Book, Event, Governed, Step, Version, office::Taken};

pub(crate) fn versions<T: Governed>(book: &Book<T>, position: Position, now: Timestamp) -> VersionsView {
    let windows = book.windows().iter();
    VersionsView {
        items: book.versions().map(|version| self::version(book, version, now)).collect(),
        windows: windows
            .map(|window| WindowView { version: window.version, from: window.from, until: window.until })
            .collect(),
        in_force: book.window_at(now).map(|window| window.version),
        position: position.0,
    }
}

/// One version and its life, as it stands at an instant.
pub(crate) fn version<T: Governed>(book: &Book<T>, version: &Version<T>, now: Timestamp) -> VersionView {
    let act = |step: &Step| StepAct { by: step.by.clone(), at: step.at, why: step.why.clone() };
    VersionView {
        version: version.version,
        title: version.title.clone(),
        status: book.status(version, now).name().to_owned(),
        sha256: version.sha256.clone(),
        based_on: version.based_on,
        effective_from: version.published.as_ref().map(|(_, from)| *from),
        drafted: act(&version.drafted),
        checked: version.checked.as_ref().map(act),
        published: version.published.as_ref().map(|(step, _)| act(step)),
        withdrawn: version.withdrawn.as_ref().map(act),
    }
}

pub(crate) fn step(taken: &Taken) -> StepView {
    let effective_from = match &*taken.event {
        Event::Published(published) => Some(published.effective_from),
        Event::Drafted(_) | Event::Checked(_) | Event::Withdrawn(_) => None,
    };
    StepView {
        version: taken.event.version(),
        step: taken.event.step().to_owned(),
        by: taken.event.by().to_owned(),
        at: taken.at,
        effective_from,
        position: taken.position.0,
    }
}
