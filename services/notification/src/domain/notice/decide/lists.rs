//! A notice that goes out in a list, and the list that carries it.

use super::{Carried, Dropped, NoticeEvent, NoticeOutcome, Place, Refusal, Requested, Story};
use crate::domain::notice::events::{Gathered, Listed, Told};

/// Notices that one list carries at the most: what it becomes has to stay small enough to be kept.
pub(super) const LONGEST: usize = 500;

impl Story<'_> {
    /// It is on record, and has no legs of its own: those of its list carry it.
    pub(super) fn request_listed(&mut self, requested: &Requested, place: Place) {
        if self.notice.requested().is_some() {
            return;
        }
        self.record(NoticeEvent::Requested(Box::new(requested.clone())));
        match self.notice.unwanted.clone() {
            Some(because) => {
                let event = Dropped { which: self.notice.which(), because, at: self.now };
                self.record(NoticeEvent::Dropped(event));
            }
            None => self.list(place),
        }
    }

    pub(super) fn list(&mut self, place: Place) {
        if self.notice.listed() != Some(&place) {
            let event = Listed { which: self.notice.which(), place, at: self.now };
            self.record(NoticeEvent::Listed(event));
        }
    }

    /// The first notice that a list carries is what makes it.
    pub(super) fn gather(&mut self, list: &Requested, carried: &Carried) -> Result<(), Refusal> {
        if self.notice.gathered().iter().any(|known| known.notice == carried.notice) {
            return Ok(());
        }
        self.request(list, None);
        if !self.notice.takes_more() {
            return Err(Refusal::ListClosed);
        }
        if self.notice.gathered().len() >= LONGEST {
            return Err(Refusal::ListFull);
        }
        self.record(NoticeEvent::Gathered(Box::new(Gathered { carried: carried.clone(), at: self.now })));
        Ok(())
    }

    /// What became of the list became of the notice.
    pub(super) fn tell(&mut self, outcome: &NoticeOutcome) {
        if self.notice.listed().is_none_or(|place| place.list != outcome.notice) {
            return;
        }
        self.record(NoticeEvent::Told(Box::new(Told {
            which: self.notice.which(),
            list: outcome.notice,
            channel: outcome.channel,
            outcome: outcome.outcome,
            sha256: outcome.sha256.clone(),
            detail: outcome.detail.clone(),
            at: outcome.at,
        })));
    }
}
