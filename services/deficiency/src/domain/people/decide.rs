//! Commands about people: what is asked for, by whom, and what becomes of it. Who may ask at all is decided before
//! ([`crate::authority`]).

use countersign_contracts::staff::StaffReported;
use countersign_kernel::{Actor, ProviderId, Role, Timestamp};
use jiff::tz::TimeZone;

use super::{
    directory::Directory,
    events::{
        Changes, LeaveCancelled, LeaveChanged, LeaveDecided, LeaveRecorded, MergeUndone, PeopleEvent,
        ProviderEdited, ProviderReported, ProvidersMerged,
    },
    leave::{Approval, Leave, LeaveId, LeaveKind},
    provider::Provider,
    refusal::Refusal,
};
use crate::domain::{attribution::Attribution, site::Site};

/// Roles whose word is enough for somebody else's leave.
const APPROVERS: [Role; 3] = [Role::HimAnalyst, Role::HimManager, Role::MedicalStaffOffice];

/// Who asks, when and why.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: &'a str,
}

impl Asked<'_> {
    fn act(&self) -> Attribution {
        Attribution { by: self.actor.name.clone(), at: self.at, why: self.why.trim().to_owned() }
    }

    fn reason(&self) -> Result<(), Refusal> {
        if self.why.trim().is_empty() { Err(Refusal::NoReason) } else { Ok(()) }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Take note of a line of a file.
    Import(Box<StaffReported>),
    /// Change or enter a record by hand.
    Edit {
        /// Any of the provider's identifiers; a new one enters a new record.
        provider: ProviderId,
        /// The changes.
        changes: Box<Changes>,
        /// From when on they hold; from now on when nothing is said.
        effective_at: Option<Timestamp>,
    },
    /// Make one provider of two.
    Merge {
        /// The record that is to be no longer one of its own.
        retired: ProviderId,
        /// The record that remains.
        survivor: ProviderId,
    },
    /// Take a merge back.
    Unmerge {
        /// The record that was merged.
        retired: ProviderId,
    },
    /// Record a leave.
    RecordLeave {
        /// The new leave's id.
        leave: LeaveId,
        /// Any of the provider's identifiers; the provider need not be in the directory.
        provider: ProviderId,
        /// Its period and kind.
        period: Period,
    },
    /// Change a leave.
    ChangeLeave {
        /// Which.
        leave: LeaveId,
        /// Its new period and kind.
        period: Period,
    },
    /// Approve or refuse a leave.
    DecideLeave {
        /// Which.
        leave: LeaveId,
        /// Approve, else refuse.
        approve: bool,
    },
    /// Cancel a leave.
    CancelLeave {
        /// Which.
        leave: LeaveId,
    },
}

impl Command {
    /// Whether this is the command that an event on record came of: the same key for another one is a slip.
    pub fn asked_for(&self, event: &PeopleEvent) -> bool {
        match (self, event) {
            (Self::Import(report), PeopleEvent::Reported(event)) => {
                (&report.id, &report.identifiers) == (&event.report.id, &event.report.identifiers)
            }
            (Self::Edit { changes, effective_at, .. }, PeopleEvent::Edited(event)) => {
                **changes == event.changes && effective_at.is_none_or(|at| at == event.effective_at)
            }
            (Self::Merge { .. }, PeopleEvent::Merged(_)) => true,
            (Self::Unmerge { retired }, PeopleEvent::MergeUndone(event)) => *retired == event.retired,
            (Self::RecordLeave { leave, period, .. }, PeopleEvent::LeaveRecorded(event)) => {
                let recorded = Period { kind: event.kind, from: event.from, until: event.until };
                (*leave, *period) == (event.leave, recorded)
            }
            (Self::ChangeLeave { leave, period }, PeopleEvent::LeaveChanged(event)) => {
                let recorded = Period { kind: event.kind, from: event.from, until: event.until };
                (*leave, *period) == (event.leave, recorded)
            }
            (Self::DecideLeave { leave, approve }, PeopleEvent::LeaveDecided(event)) => {
                (*leave, *approve) == (event.leave, event.approved)
            }
            (Self::CancelLeave { leave }, PeopleEvent::LeaveCancelled(event)) => *leave == event.leave,
            _ => false,
        }
    }
}

/// Kind and period of a leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its kind.
    pub kind: LeaveKind,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; nothing when it is not known yet.
    pub until: Option<Timestamp>,
}

impl Period {
    fn check(&self) -> Result<(), Refusal> {
        if self.until.is_some_and(|until| until <= self.from) { Err(Refusal::EmptyPeriod) } else { Ok(()) }
    }

    fn is_of(&self, leave: &Leave) -> bool {
        (self.kind, self.from, self.until) == (leave.kind, leave.from, leave.until)
    }
}

/// What becomes of a command: the event to record, or nothing when everything is as asked for already.
///
/// # Errors
/// The rule that refuses it, with what would be allowed.
pub fn decide(
    directory: &Directory,
    site: &Site,
    command: Command,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    match command {
        Command::Import(report) => import(directory, *report, asked),
        Command::Edit { provider, changes, effective_at } => {
            edit(directory, &provider, *changes, effective_at.unwrap_or(asked.at), asked)
        }
        Command::Merge { retired, survivor } => merge(directory, &retired, &survivor, asked),
        Command::Unmerge { retired } => unmerge(directory, &retired, asked),
        Command::RecordLeave { leave, provider, period } => {
            check_identifier(&provider)?;
            period.check()?;
            let by_provider = !is_word_enough(directory, &provider, asked.actor);
            let needs_approval = needs_approval(directory, site, &provider, asked.at);
            // Kept with the identity it was recorded for: if a merge is undone, it goes with that one.
            let provider = directory
                .record_with(&provider)
                .or_else(|| directory.find(&provider).map(|known| &known.id))
                .cloned()
                .unwrap_or(provider);
            Ok(Some(PeopleEvent::LeaveRecorded(LeaveRecorded {
                provider,
                leave,
                kind: period.kind,
                from: period.from,
                until: period.until,
                approval_needed: by_provider && needs_approval,
                act: asked.act(),
            })))
        }
        Command::ChangeLeave { leave, period } => {
            let (provider, known) = live(directory, leave)?;
            let by_provider = !is_word_enough(directory, provider, asked.actor);
            let needs_approval = needs_approval(directory, site, provider, asked.at);
            period.check()?;
            asked.reason()?;
            if period.is_of(known) {
                return Ok(None);
            }
            Ok(Some(PeopleEvent::LeaveChanged(LeaveChanged {
                provider: provider.clone(),
                leave,
                kind: period.kind,
                from: period.from,
                until: period.until,
                approval_needed: by_provider && needs_approval,
                act: asked.act(),
            })))
        }
        Command::DecideLeave { leave, approve } => decide_leave(directory, leave, approve, asked),
        Command::CancelLeave { leave } => {
            let (provider, _) = live(directory, leave)?;
            asked.reason()?;
            let (provider, act) = (provider.clone(), asked.act());
            Ok(Some(PeopleEvent::LeaveCancelled(LeaveCancelled { provider, leave, act })))
        }
    }
}

fn import(
    directory: &Directory,
    report: StaffReported,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    check_identifier(&report.id)?;
    check_zone(&report.time_zone)?;
    let provider = record_of(directory, &report);
    for identifier in &report.identifiers {
        check_free(directory, &provider, &identifier.id)?;
    }
    let imported = Some(asked.act());
    let event = PeopleEvent::Reported(Box::new(ProviderReported { provider, report, imported }));
    Ok(changes_something(directory, event))
}

fn edit(
    directory: &Directory,
    provider: &ProviderId,
    changes: Changes,
    effective_at: Timestamp,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    asked.reason()?;
    check_identifier(provider)?;
    check_zone(&changes.time_zone)?;
    let provider = directory.find(provider).map_or_else(|| provider.clone(), |known| known.id.clone());
    for identifier in &changes.identifiers {
        check_identifier(&identifier.id)?;
        check_free(directory, &provider, &identifier.id)?;
    }
    if changes.without_identifiers.contains(&provider) {
        return Err(Refusal::MainIdentifier(provider));
    }
    let event =
        PeopleEvent::Edited(Box::new(ProviderEdited { provider, effective_at, changes, act: asked.act() }));
    Ok(changes_something(directory, event))
}

/// The record that a report is about: the one with its main identifier, else the only one that has any of its
/// identifiers, else a new one. A message and a file may know one person by different main identifiers.
pub fn record_of(directory: &Directory, report: &StaffReported) -> ProviderId {
    if let Some(known) = directory.record_with(&report.id) {
        return known.clone();
    }
    let mut known = report.identifiers.iter().filter_map(|identifier| directory.record_with(&identifier.id));
    match known.next() {
        Some(one) if known.all(|other| other == one) => one.clone(),
        _ => report.id.clone(),
    }
}

/// The event, if it makes anything other than it is: an import of the same file changes nothing.
fn changes_something(directory: &Directory, event: PeopleEvent) -> Option<PeopleEvent> {
    directory.is_changed_by(&event).then_some(event)
}

fn merge(
    directory: &Directory,
    retired: &ProviderId,
    survivor: &ProviderId,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    asked.reason()?;
    let known = |id: &ProviderId| directory.find(id).ok_or_else(|| Refusal::UnknownProvider(id.clone()));
    check_identifier(retired)?;
    check_identifier(survivor)?;
    if let Some(merge) = directory.merge_of(retired) {
        let into =
            directory.provider(merge.survivor).map_or_else(|| survivor.clone(), |into| into.id.clone());
        return Err(Refusal::AlreadyMerged { retired: retired.clone(), survivor: into });
    }
    // Somebody who is only named in messages may be merged into a provider of the directory, not the reverse.
    let survivor = known(survivor)?;
    let retired = directory.find(retired).map_or_else(|| retired.clone(), |known| known.id.clone());
    if survivor.has(&retired) {
        return Err(Refusal::SamePerson);
    }
    let (survivor, act) = (survivor.id.clone(), asked.act());
    Ok(Some(PeopleEvent::Merged(ProvidersMerged { retired, survivor, act })))
}

fn unmerge(
    directory: &Directory,
    retired: &ProviderId,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    asked.reason()?;
    let merged = directory.merge_of(retired).ok_or_else(|| Refusal::NotMerged(retired.clone()))?;
    let survivor = directory.main_id(merged.survivor).ok_or_else(|| Refusal::NotMerged(retired.clone()))?;
    let (retired, survivor, act) = (retired.clone(), survivor.clone(), asked.act());
    Ok(Some(PeopleEvent::MergeUndone(MergeUndone { retired, survivor, act })))
}

fn decide_leave(
    directory: &Directory,
    leave: LeaveId,
    approve: bool,
    asked: &Asked<'_>,
) -> Result<Option<PeopleEvent>, Refusal> {
    let (provider, known) = live(directory, leave)?;
    if is_self(directory, provider, asked.actor) || known.last_act().by == asked.actor.name {
        return Err(Refusal::OwnLeave);
    }
    match (&known.approval, approve) {
        (Approval::NotNeeded, _) => return Err(Refusal::NotAwaited(leave)),
        (Approval::Given { .. }, true) | (Approval::Refused { .. }, false) => return Ok(None),
        _ => {}
    }
    if !approve {
        asked.reason()?;
    }
    let (provider, act) = (provider.clone(), asked.act());
    Ok(Some(PeopleEvent::LeaveDecided(LeaveDecided { provider, leave, approved: approve, act })))
}

fn live(directory: &Directory, leave: LeaveId) -> Result<(&ProviderId, &Leave), Refusal> {
    directory.leave(leave).filter(|(_, known)| known.cancelled.is_none()).ok_or(Refusal::NoLeave(leave))
}

/// Whether one of the provider's facilities demands that leaves of her own recording be approved; of a provider
/// without facilities, whether a facility nobody described does.
fn needs_approval(directory: &Directory, site: &Site, provider: &ProviderId, at: Timestamp) -> bool {
    let facilities = directory
        .find(provider)
        .and_then(|known| known.details_at(at))
        .map_or(&[] as &[String], |details| details.facilities.as_slice());
    match facilities {
        [] => site.own_leave_needs_approval(""),
        _ => facilities.iter().any(|code| site.own_leave_needs_approval(code)),
    }
}

/// Nobody's word is enough for a leave of one's own; for somebody else's that of HIM and the medical staff office is.
fn is_word_enough(directory: &Directory, provider: &ProviderId, actor: &Actor) -> bool {
    actor.has_any(&APPROVERS) && !is_self(directory, provider, actor)
}

/// Whether the actor is this provider, under whatever identifier.
pub fn is_self(directory: &Directory, provider: &ProviderId, actor: &Actor) -> bool {
    let Some(own) = &actor.provider else { return false };
    let key = |id: &ProviderId| directory.find(id).map(|known: &Provider| known.key);
    own == provider || key(own).is_some() && key(own) == key(provider)
}

fn check_identifier(id: &ProviderId) -> Result<(), Refusal> {
    if id.id.trim().is_empty() { Err(Refusal::NoIdentifier) } else { Ok(()) }
}

fn check_zone(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || TimeZone::get(name).is_ok() {
        Ok(())
    } else {
        Err(Refusal::UnknownZone(name.to_owned()))
    }
}

/// By hand and by file an identifier that another record has is refused: it may be a slip, or a duplicate to merge.
fn check_free(directory: &Directory, provider: &ProviderId, identifier: &ProviderId) -> Result<(), Refusal> {
    let own = directory.find(provider).map(|known| known.key);
    match directory.find(identifier) {
        Some(owner) if Some(owner.key) != own => {
            Err(Refusal::IdentifierTaken { identifier: identifier.clone(), owner: owner.id.clone() })
        }
        _ => Ok(()),
    }
}
