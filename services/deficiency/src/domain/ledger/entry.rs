//! A requirement as it has gone so far.

use std::borrow::Cow;

use countersign_contracts::deficiency::DeficiencyStatus;
use countersign_kernel::{Person, Timestamp};

use super::required::Required;
use crate::domain::{
    chart::{Known, Source},
    events::{Stretch, Waits},
};

pub(super) struct Entry {
    pub(super) subject: Option<String>,
    /// What the limit counts from; nothing while it waits.
    pub(super) anchor: Option<Known<Timestamp>>,
    pub(super) opened_at: Timestamp,
    /// Since when it was visible without a clock, if it ever waited.
    pub(super) dormant_since: Option<Timestamp>,
    pub(super) waits_for: Option<Waits>,
    pub(super) responsible: Option<Person>,
    pub(super) because: Cow<'static, str>,
    pub(super) status: DeficiencyStatus,
    pub(super) closed: Option<Known<Timestamp>>,
    /// Stretches in which it was open before it was reopened, and when that was the last time.
    pub(super) open_before: Vec<Stretch>,
    pub(super) reopened_at: Option<Timestamp>,
    /// The rule still asks for it.
    pub(super) required: bool,
    /// At which look at the chart it was last asked for.
    pub(super) last_required: usize,
    /// Another version of the rules has taken over by decision, and does not ask for it.
    pub(super) retired: bool,
}

impl Entry {
    pub(super) fn open(item: Required<'_>) -> Self {
        let mut entry = Self {
            subject: item.subject.as_deref().map(str::to_owned),
            anchor: None,
            opened_at: item.arose_at,
            dormant_since: None,
            waits_for: None,
            responsible: item.responsible.as_deref().cloned(),
            because: item.because.clone(),
            status: DeficiencyStatus::Open,
            closed: None,
            open_before: Vec::new(),
            reopened_at: None,
            required: true,
            last_required: 0,
            retired: false,
        };
        entry.update(item);
        entry
    }

    pub(super) fn is_about(&self, subject: Option<&str>) -> bool {
        self.subject.as_deref() == subject
    }

    /// Open, or waiting to be.
    pub(super) fn owed(&self) -> bool {
        matches!(self.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant)
    }

    /// Whether it ends when the rule asks for it no more.
    pub(super) fn falls_away(&self, undone: bool) -> bool {
        match self.status {
            DeficiencyStatus::Open => true,
            DeficiencyStatus::Satisfied | DeficiencyStatus::Waived => undone,
            DeficiencyStatus::Voided | DeficiencyStatus::Dormant => false,
        }
    }

    pub(super) fn void(&mut self, because: Known<Timestamp>) {
        self.status = DeficiencyStatus::Voided;
        self.closed = Some(because);
    }

    pub(super) fn anchor_source(&self) -> Source {
        self.anchor.as_ref().map_or_else(|| Source::new(0, ""), |anchor| anchor.from.clone())
    }

    /// Before an update: one that was closed and is owed again was open from its opening until it closed.
    pub(super) fn note_reopening(&mut self, item: &Required<'_>, at: Timestamp) {
        if item.met.is_some() {
            return;
        }
        if let Some(closed) = &self.closed {
            let from = self.reopened_at.map_or(self.opened_at, |reopened| reopened.max(self.opened_at));
            self.open_before.push(Stretch { from, until: closed.value });
            self.reopened_at = Some(at);
        }
    }

    pub(super) fn update(&mut self, item: Required<'_>) {
        let status = match (&item.met, &item.anchor) {
            (Some(_), _) => DeficiencyStatus::Satisfied,
            (None, Some(_)) => DeficiencyStatus::Open,
            (None, None) => DeficiencyStatus::Dormant,
        };
        // Who owed it when it was done stays so. While it is owed the present answer counts; so it does where
        // nobody was known, or where it turns out to have been done before it was asked for.
        let done_early = item.met.as_ref().is_some_and(|met| met.value <= item.arose_at);
        let stays = match self.status {
            DeficiencyStatus::Open => status == DeficiencyStatus::Satisfied && !done_early,
            DeficiencyStatus::Dormant => false,
            _ => status == self.status,
        };
        if !stays || self.responsible.is_none() {
            if self.responsible.as_ref() != item.responsible.as_deref() {
                self.responsible = item.responsible.as_deref().cloned();
            }
            self.because = item.because;
        }
        self.dormant_since =
            (item.known_since < item.arose_at || item.anchor.is_none()).then_some(item.known_since);
        self.waits_for = item.waits_for.or(self.waits_for);
        self.anchor = item.anchor;
        self.opened_at = item.arose_at;
        self.status = status;
        // Done early is done when it was asked for.
        self.closed = item.met.map(|met| Known { value: met.value.max(item.arose_at), ..met });
        self.required = true;
    }
}
