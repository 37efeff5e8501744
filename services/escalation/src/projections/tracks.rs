//! One row per track, with what waits for leadership and the register of suspensions.

use countersign_contracts::notice::Outcome;
use countersign_eventsourcing::{journal::RecordedEvent, projection::ProjectionError};
use countersign_kernel::{NoticeId, TrackId, derive_uuid};
use rusqlite::{Transaction, params};

use super::{json, time};
use crate::domain::{
    events::{
        ActRecorded, Decision, Deed, LeadershipAsked, Matter, ProposalDecided, Reinstated, StepSuperseded,
        StepTaken, StepWithheld, Suspended, SuspensionProposed, TrackEvent, TrackOpened,
    },
    standing::Standing,
};

/// The id of what waits in the inbox.
fn inbox_id(stream: &str, kind: &str, parts: &[u32]) -> String {
    let numbers: Vec<String> = parts.iter().map(ToString::to_string).collect();
    let parts: Vec<&str> = [stream, kind].into_iter().chain(numbers.iter().map(String::as_str)).collect();
    derive_uuid("inbox", &parts).to_string()
}

/// The id of the task about a notice that cannot be delivered.
fn undeliverable_id(stream: &str, notice: NoticeId) -> String {
    derive_uuid("inbox", &[stream, "undeliverable", &notice.to_string()]).to_string()
}

/// The serde name of a value that is a tag or a word.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(fields)) => ["why", "because", "deed", "decision"]
            .iter()
            .find_map(|tag| fields.get(*tag)?.as_str())
            .unwrap_or_default()
            .to_owned(),
        _ => String::new(),
    }
}

pub(super) fn apply(
    tables: &Transaction<'_>,
    id: &str,
    event: &RecordedEvent,
    decoded: &TrackEvent,
) -> Result<(), ProjectionError> {
    let row = Row { tables, id, stream: event.stream.as_str(), revision: event.revision };
    match decoded {
        TrackEvent::Opened(opened) => row.opened(opened)?,
        TrackEvent::StepTaken(step) => row.step(step)?,
        TrackEvent::StepWithheld(withheld) => row.withheld(withheld)?,
        TrackEvent::SuspensionProposed(proposed) => row.proposed(proposed)?,
        TrackEvent::ProposalDecided(decided) => row.decided(decided)?,
        TrackEvent::Suspended(suspended) => row.suspended(suspended)?,
        TrackEvent::ReinstatementProposed(proposed) => {
            let id = inbox_id(row.stream, "reinstatement", &[proposed.proposal]);
            row.asks(
                &id,
                "reinstatement",
                Some(proposed.proposal),
                None,
                proposed.at,
                &proposed.because,
                None,
            )?;
        }
        TrackEvent::Reinstated(reinstated) => row.reinstated(reinstated)?,
        TrackEvent::LeadershipAsked(asked) => row.asked(asked)?,
        TrackEvent::StepSuperseded(superseded) => row.superseded(superseded)?,
        TrackEvent::Act(act) => row.act(act)?,
        TrackEvent::Closed(closed) => {
            tables
                .prepare_cached("UPDATE track SET closed_at = ?2, held = NULL, held_at = NULL WHERE id = ?1")?
                .execute(params![id, time::store(closed.at)])?;
            // Nobody waits for its notices any more, and the next cycle asks anew for a chair.
            tables
                .prepare_cached(
                    "UPDATE inbox SET closed_at = ?2
                     WHERE stream = ?1 AND kind IN ('undeliverable', 'no_recipient') AND closed_at IS NULL",
                )?
                .execute(params![row.stream, time::store(closed.at)])?;
        }
        TrackEvent::NoticeAnswered(answered) => {
            if matches!(answered.outcome, Outcome::Delivered | Outcome::Read | Outcome::TakenOver) {
                row.close(&undeliverable_id(row.stream, answered.notice), answered.at)?;
            }
        }
        // Notices have a table of their own, timers theirs.
        TrackEvent::NoticeRequested(_) | TrackEvent::NoticeWithdrawn(_) | TrackEvent::Timer(_) => {}
    }
    Ok(())
}

/// A newer program's events move the revision, too.
pub(super) fn revise(tables: &Transaction<'_>, id: &str, revision: u64) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("UPDATE track SET revision = ?2 WHERE id = ?1")?.execute(params![id, revision])?;
    Ok(())
}

struct Row<'a> {
    tables: &'a Transaction<'a>,
    id: &'a str,
    stream: &'a str,
    revision: u64,
}

impl Row<'_> {
    fn opened(&self, opened: &TrackOpened) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached(
                "INSERT INTO track (id, provider_key, provider, authority, facility, revision, cycle, opened_at, policy,
                                    counting, oldest_days)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0)
                 ON CONFLICT (id) DO UPDATE SET
                    provider_key = excluded.provider_key, provider = excluded.provider, authority = excluded.authority,
                    revision = excluded.revision, cycle = excluded.cycle, opened_at = excluded.opened_at,
                    closed_at = NULL, policy = excluded.policy, step = NULL, rung = NULL, step_at = NULL, counting = 0,
                    oldest_days = 0, held = NULL, held_at = NULL",
            )?
            .execute(params![
                self.id,
                opened.provider_key.to_string(),
                opened.provider.id,
                opened.provider.authority,
                opened.facility,
                self.revision,
                opened.cycle,
                time::store(opened.at),
                json::store(&opened.policy)?,
            ])?;
        Ok(())
    }

    fn seen(&self, seen: &Standing) -> Result<(), rusqlite::Error> {
        let oldest = seen.counting().map(|item| item.age_days).max().unwrap_or(0);
        self.tables
            .prepare_cached("UPDATE track SET counting = ?2, oldest_days = ?3 WHERE id = ?1")?
            .execute(params![self.id, seen.counting().count() as u64, oldest])?;
        Ok(())
    }

    fn step(&self, step: &StepTaken) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached(
                "UPDATE track SET step = ?2, rung = ?3, step_at = ?4, held = NULL, held_at = NULL WHERE id = ?1",
            )?
            .execute(params![self.id, step.step, step.rung, time::store(step.at)])?;
        self.seen(&step.seen)
    }

    fn withheld(&self, withheld: &StepWithheld) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached("UPDATE track SET held = ?2, held_at = ?3 WHERE id = ?1")?
            .execute(params![self.id, word(&withheld.because), time::store(withheld.at)])?;
        self.seen(&withheld.seen)
    }

    fn proposed(&self, proposed: &SuspensionProposed) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached("UPDATE track SET proposed = ?2, held = NULL, held_at = NULL WHERE id = ?1")?
            .execute(params![self.id, proposed.proposal])?;
        self.seen(&proposed.packet.items)?;
        let words = format!("A suspension is proposed: the notice named {}.", proposed.named_date);
        let id = inbox_id(self.stream, "suspension", &[proposed.proposal]);
        let body = json::store(proposed)?;
        self.asks(&id, "suspension", Some(proposed.proposal), None, proposed.at, &words, Some(&body))
    }

    fn decided(&self, decided: &ProposalDecided) -> Result<(), rusqlite::Error> {
        let id = inbox_id(self.stream, "suspension", &[decided.proposal]);
        if let Decision::Confirmed { .. } = decided.decision {
            // It is closed by the suspension: with two people, this may have been the first.
            self.tables
                .prepare_cached("UPDATE inbox SET confirmed = coalesce(confirmed, ?2) WHERE id = ?1")?
                .execute(params![id, json::store(&decided.by)?])?;
            return Ok(());
        }
        self.no_longer_proposed(decided.proposal)?;
        self.close(&id, decided.by.at)
    }

    fn no_longer_proposed(&self, proposal: u32) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached("UPDATE track SET proposed = NULL WHERE id = ?1 AND proposed = ?2")?
            .execute(params![self.id, proposal])?;
        Ok(())
    }

    fn suspended(&self, suspended: &Suspended) -> Result<(), rusqlite::Error> {
        self.no_longer_proposed(suspended.proposal)?;
        self.tables
            .prepare_cached(
                "UPDATE track SET suspended = ?2, suspended_from = ?3, held = NULL, held_at = NULL WHERE id = ?1",
            )?
            .execute(params![self.id, suspended.proposal, time::store(suspended.from)])?;
        self.tables
            .prepare_cached(
                "INSERT OR REPLACE INTO suspension (track, proposal, since, body, superseded, cycle)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5)",
            )?
            .execute(params![
                self.id,
                suspended.proposal,
                time::store(suspended.from),
                json::store(suspended)?,
                suspended.cycle,
            ])?;
        for item in &suspended.items {
            self.tables
                .prepare_cached("INSERT OR IGNORE INTO suspension_item VALUES (?1, ?2, ?3)")?
                .execute(params![item.to_string(), self.id, suspended.proposal])?;
        }
        self.close(&inbox_id(self.stream, "suspension", &[suspended.proposal]), suspended.from)
    }

    fn reinstated(&self, reinstated: &Reinstated) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached(
                "UPDATE track SET suspended = NULL, suspended_from = NULL WHERE id = ?1 AND suspended = ?2",
            )?
            .execute(params![self.id, reinstated.proposal])?;
        self.tables
            .prepare_cached(
                "UPDATE suspension SET until = ?3, ended_because = ?4, ended_by = ?5
                 WHERE track = ?1 AND proposal = ?2",
            )?
            .execute(params![
                self.id,
                reinstated.proposal,
                time::store(reinstated.until),
                reinstated.because,
                reinstated.by.as_ref().map(json::store).transpose()?,
            ])?;
        self.tables
            .prepare_cached("DELETE FROM suspension_item WHERE track = ?1 AND proposal = ?2")?
            .execute(params![self.id, reinstated.proposal])?;
        // Whether it stays in force is no question any more.
        self.close(&inbox_id(self.stream, "correction", &[reinstated.proposal]), reinstated.until)?;
        self.close(&inbox_id(self.stream, "reinstatement", &[reinstated.proposal]), reinstated.until)
    }

    fn asked(&self, asked: &LeadershipAsked) -> Result<(), rusqlite::Error> {
        let kind = word(&asked.matter);
        if asked.matter == Matter::Correction {
            // The task of a step that is superseded came with it; here are its words. Without such a step it is about
            // the suspension in force.
            let worded = self
                .tables
                .prepare_cached(
                    "UPDATE inbox SET words = ?2 WHERE rowid = (
                        SELECT max(rowid) FROM inbox
                        WHERE stream = ?1 AND kind = 'correction' AND closed_at IS NULL AND since = ?3)",
                )?
                .execute(params![self.stream, asked.text, time::store(asked.at)])?;
            if worded > 0 {
                return Ok(());
            }
        }
        if asked.matter == Matter::NpdbQuestion {
            self.tables
                .prepare_cached(
                    "UPDATE suspension SET npdb_asked_at = ?3 WHERE track = ?1 AND proposal = ?2",
                )?
                .execute(params![self.id, asked.proposal, time::store(asked.at)])?;
        }
        // What is asked again in the same matter is the same task, once more open; each notice is a matter of its own.
        let id = match asked.notice {
            Some(notice) => undeliverable_id(self.stream, notice),
            None => inbox_id(self.stream, &kind, &[asked.proposal.unwrap_or(0)]),
        };
        self.asks(&id, &kind, asked.proposal, None, asked.at, &asked.text, None)
    }

    fn superseded(&self, superseded: &StepSuperseded) -> Result<(), rusqlite::Error> {
        let place = (superseded.cycle, superseded.rung);
        let id = inbox_id(self.stream, "correction", &[place.0, place.1]);
        self.tables
            .prepare_cached("UPDATE suspension SET superseded = 1 WHERE track = ?1 AND cycle = ?2")?
            .execute(params![self.id, superseded.cycle])?;
        self.asks(&id, "correction", None, Some(place), superseded.at, &superseded.because, None)
    }

    fn act(&self, act: &ActRecorded) -> Result<(), rusqlite::Error> {
        let granted = |kind: &str, until| -> Result<(), rusqlite::Error> {
            self.tables
                .prepare_cached(
                    "UPDATE track SET granted = ?2, granted_until = ?3, granted_by = ?4 WHERE id = ?1",
                )?
                .execute(params![self.id, kind, time::store_some(until), json::store(&act.by)?])?;
            Ok(())
        };
        match &act.deed {
            Deed::Extended { until } => granted("extended", Some(*until)),
            Deed::Exempted { until } => granted("exempted", *until),
            Deed::GrantEnded => {
                self.tables
                    .prepare_cached(
                        "UPDATE track SET granted = NULL, granted_until = NULL, granted_by = NULL WHERE id = ?1",
                    )?
                    .execute([self.id])?;
                Ok(())
            }
            Deed::CorrectionDone { rung, cycle } => {
                self.close(&inbox_id(self.stream, "correction", &[*cycle, *rung]), act.by.at)
            }
            Deed::Acknowledged { matter: Some(matter) } => self.acknowledged(*matter, act),
            Deed::Acknowledged { matter: None } | Deed::Noted => Ok(()),
        }
    }

    /// Corrections of a step are done, not acknowledged: they stay. Whether a suspension stays in force is answered.
    fn acknowledged(&self, matter: Matter, act: &ActRecorded) -> Result<(), rusqlite::Error> {
        let (kind, by) = (word(&matter), json::store(&act.by)?);
        if matter == Matter::NpdbQuestion {
            self.tables
                .prepare_cached(
                    "UPDATE suspension SET npdb_answer = ?2
                     WHERE track = ?1 AND npdb_asked_at IS NOT NULL AND npdb_answer IS NULL",
                )?
                .execute(params![self.id, by])?;
        }
        self.tables
            .prepare_cached(
                "UPDATE inbox SET acknowledged = ?3, closed_at = CASE WHEN cycle IS NULL THEN ?4 END
                 WHERE stream = ?1 AND kind = ?2 AND closed_at IS NULL",
            )?
            .execute(params![self.stream, kind, by, time::store(act.by.at)])?;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    fn asks(
        &self,
        id: &str,
        kind: &str,
        proposal: Option<u32>,
        place: Option<(u32, u32)>,
        since: countersign_kernel::Timestamp,
        words: &str,
        body: Option<&str>,
    ) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached(
                "INSERT OR REPLACE INTO inbox (id, stream, kind, proposal, cycle, rung, since, words, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                id,
                self.stream,
                kind,
                proposal,
                place.map(|place| place.0),
                place.map(|place| place.1),
                time::store(since),
                words,
                body,
            ])?;
        Ok(())
    }

    fn close(&self, id: &str, at: countersign_kernel::Timestamp) -> Result<(), rusqlite::Error> {
        self.tables
            .prepare_cached("UPDATE inbox SET closed_at = ?2 WHERE id = ?1 AND closed_at IS NULL")?
            .execute(params![id, time::store(at)])?;
        Ok(())
    }
}

/// The id of a track, as its stream names it.
pub(crate) fn track_id(stored: &str) -> Result<TrackId, rusqlite::Error> {
    stored.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}
