//! What a track's stream holds: `track-<track id>`, one per provider and facility. A track goes through cycles: each
//! begins when something is owed, keeps to one version of the policy, and ends when nothing is owed and no suspension
//! is left.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers; a golden file in
//! `tests/golden` keeps every released form.

use countersign_contracts::notice::{Channel, NoticeRequested, NoticeWithdrawn, Outcome, PolicyReference};
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{DeficiencyId, NoticeId, ProviderId, Role, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::standing::Standing;

/// Category of track streams.
pub const TRACK: &str = "track";

/// An event of a track. Stored format: version with care.
#[derive(Debug, Clone, PartialEq)]
pub enum TrackEvent {
    /// A cycle began.
    Opened(TrackOpened),
    /// A step of the ladder was taken.
    StepTaken(StepTaken),
    /// A step was due and was not taken.
    StepWithheld(StepWithheld),
    /// Somebody is to be told.
    NoticeRequested(Box<NoticeRequested>),
    /// A notice is no longer wanted.
    NoticeWithdrawn(NoticeWithdrawn),
    /// Something became of a notice.
    NoticeAnswered(NoticeAnswered),
    /// Privileges are to be suspended, if a named human confirms it.
    SuspensionProposed(Box<SuspensionProposed>),
    /// A named human decided about a proposal.
    ProposalDecided(ProposalDecided),
    /// A suspension is in force.
    Suspended(Suspended),
    /// The last item that it was about is done; a human has to confirm, where the policy asks for that.
    ReinstatementProposed(ReinstatementProposed),
    /// A suspension ended.
    Reinstated(Reinstated),
    /// Something about a suspension needs leadership's eye.
    LeadershipAsked(LeadershipAsked),
    /// What was known when a step was taken has turned out otherwise: it would not have been taken.
    StepSuperseded(StepSuperseded),
    /// Somebody decided something about the track.
    Act(Box<ActRecorded>),
    /// A cycle ended.
    Closed(TrackClosed),
    /// A timer.
    Timer(TimerEvent),
}

impl TrackEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "track-opened",
            Self::StepTaken(_) => "step-taken",
            Self::StepWithheld(_) => "step-withheld",
            Self::NoticeRequested(_) => "notice-requested",
            Self::NoticeWithdrawn(_) => "notice-withdrawn",
            Self::NoticeAnswered(_) => "notice-answered",
            Self::SuspensionProposed(_) => "suspension-proposed",
            Self::ProposalDecided(_) => "proposal-decided",
            Self::Suspended(_) => "suspended",
            Self::ReinstatementProposed(_) => "reinstatement-proposed",
            Self::Reinstated(_) => "reinstated",
            Self::LeadershipAsked(_) => "leadership-asked",
            Self::StepSuperseded(_) => "step-superseded",
            Self::Act(_) => "act-recorded",
            Self::Closed(_) => "track-closed",
            Self::Timer(event) => event.kind(),
        }
    }

    /// Decodes by the stored type name; `None` for what only a newer program knows.
    pub fn decode(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        use serde_json::from_slice;
        Some(match kind {
            "track-opened" => from_slice(data).map(Self::Opened),
            "step-taken" => from_slice(data).map(Self::StepTaken),
            "step-withheld" => from_slice(data).map(Self::StepWithheld),
            "notice-requested" => from_slice(data).map(Self::NoticeRequested),
            "notice-withdrawn" => from_slice(data).map(Self::NoticeWithdrawn),
            "notice-answered" => from_slice(data).map(Self::NoticeAnswered),
            "suspension-proposed" => from_slice(data).map(Self::SuspensionProposed),
            "proposal-decided" => from_slice(data).map(Self::ProposalDecided),
            "suspended" => from_slice(data).map(Self::Suspended),
            "reinstatement-proposed" => from_slice(data).map(Self::ReinstatementProposed),
            "reinstated" => from_slice(data).map(Self::Reinstated),
            "leadership-asked" => from_slice(data).map(Self::LeadershipAsked),
            "step-superseded" => from_slice(data).map(Self::StepSuperseded),
            "act-recorded" => from_slice(data).map(Self::Act),
            "track-closed" => from_slice(data).map(Self::Closed),
            _ => return TimerEvent::decode(kind, data).map(|event| event.map(Self::Timer)),
        })
    }
}

impl Serialize for TrackEvent {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Opened(event) => event.serialize(to),
            Self::StepTaken(event) => event.serialize(to),
            Self::StepWithheld(event) => event.serialize(to),
            Self::NoticeRequested(event) => event.serialize(to),
            Self::NoticeWithdrawn(event) => event.serialize(to),
            Self::NoticeAnswered(event) => event.serialize(to),
            Self::SuspensionProposed(event) => event.serialize(to),
            Self::ProposalDecided(event) => event.serialize(to),
            Self::Suspended(event) => event.serialize(to),
            Self::ReinstatementProposed(event) => event.serialize(to),
            Self::Reinstated(event) => event.serialize(to),
            Self::LeadershipAsked(event) => event.serialize(to),
            Self::StepSuperseded(event) => event.serialize(to),
            Self::Act(event) => event.serialize(to),
            Self::Closed(event) => event.serialize(to),
            Self::Timer(event) => event.serialize(to),
        }
    }
}

/// A cycle began. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackOpened {
    /// Whose.
    pub provider: ProviderId,
    /// Key of the provider's record in the directory.
    pub provider_key: Uuid,
    /// Facility code.
    pub facility: String,
    /// Which cycle of this track, from 1.
    pub cycle: u32,
    /// The policy in force when it began: the cycle keeps to it.
    pub policy: PolicyReference,
    /// When.
    pub at: Timestamp,
}

/// A step of the ladder was taken. At most once per cycle and rung. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    /// Which cycle.
    pub cycle: u32,
    /// Place of the step on the policy's ladder, from 0.
    pub rung: u32,
    /// Its name in the policy, e.g. `notice-1`.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// When its conditions were first met, as it turned out.
    pub due_at: Timestamp,
    /// Notices of this step, one per recipient.
    pub notices: Vec<NoticeId>,
    /// Lower steps that were due as well and are not taken any more: an outage lay in between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// The facts that it saw.
    pub seen: Standing,
}

/// A step was due and was not taken: recorded when the reason is a new one. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepWithheld {
    /// Which cycle.
    pub cycle: u32,
    /// Place of the step on the policy's ladder.
    pub rung: u32,
    /// Its name.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub because: Withheld,
    /// The facts that it saw.
    pub seen: Standing,
}

/// Why a step was not taken. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Withheld {
    /// Nothing counts any more at the re-check.
    NothingCounts,
    /// The previous notice has not been delivered: its outcome, if one is known.
    NoticeNotDelivered {
        /// Which notice.
        notice: NoticeId,
        /// What became of it last.
        outcome: Option<Outcome>,
    },
    /// The notice was delivered too short a time ago.
    NoticePeriodRuns {
        /// Which notice.
        notice: NoticeId,
        /// When it was delivered.
        delivered_at: Timestamp,
        /// Until when nothing follows.
        until: Timestamp,
    },
    /// The next run of the weekly cycle has not come.
    WaitsForRun {
        /// When it comes.
        until: Timestamp,
    },
    /// The clock was set, and no operator has confirmed it.
    ClockDoubted,
    /// The services were away for a while: messages may still be on their way.
    SettlesAfterOutage {
        /// Until when.
        until: Timestamp,
    },
    /// So many tracks would move at once that a human has to look first.
    ManyWouldMove {
        /// How many.
        tracks: u32,
    },
    /// The provider is away.
    OnLeave,
    /// Somebody granted more time, or exempted the track.
    Granted {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// The policy suspends nobody.
    PolicyDoesNotSuspend,
}

/// Something became of a notice. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswered {
    /// Which.
    pub notice: NoticeId,
    /// On which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Hash of the exact bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A suspension is proposed. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspensionProposed {
    /// Which cycle.
    pub cycle: u32,
    /// Number of the proposal in the track's life, from 1.
    pub proposal: u32,
    /// When.
    pub at: Timestamp,
    /// The day that the notice named.
    pub named_date: Date,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not.
    pub exempt: Vec<String>,
    /// Everything that the decision rests on.
    pub packet: EvidencePacket,
    /// The items that carry it: named in the delivered notice, and owed as long as the ladder asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried_by: Vec<DeficiencyId>,
    /// Services that would have nobody left (guard e): a proposal like that needs an override with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
}

/// Everything that a decision about a suspension rests on, in one piece. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidencePacket {
    /// The items, re-checked in the journal.
    pub items: Standing,
    /// Every notice of this cycle with what became of it.
    pub notices: Vec<NoticeProof>,
    /// The steps of this cycle.
    pub steps: Vec<StepProof>,
    /// The policy, with the hash of its text.
    pub policy: PolicyReference,
    /// SHA-256 of all of the above as canonical JSON, hexadecimal.
    pub sha256: String,
}

/// A notice and what became of it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeProof {
    /// Which.
    pub notice: NoticeId,
    /// Its number in the track.
    pub number: u32,
    /// Its kind.
    pub kind: String,
    /// In which part its recipient was told.
    pub recipient: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was delivered, as the policy defines delivery; nothing when it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// The day that it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names_date: Option<Date>,
    /// What became of it, in order.
    pub answers: Vec<NoticeAnswered>,
}

/// A step, as an evidence packet names it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProof {
    /// Its name.
    pub step: String,
    /// When it was taken.
    pub at: Timestamp,
    /// The items that counted then.
    pub items: Vec<DeficiencyId>,
}

/// A named human decided about a proposal. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalDecided {
    /// Which.
    pub proposal: u32,
    /// How.
    pub decision: Decision,
    /// Who, when, why.
    pub by: ByWhom,
    /// The proposal's hash that the person saw.
    pub packet_sha256: String,
}

/// How somebody decided about a proposal. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Confirmed; where the policy asks for two people, the first or the second of them.
    Confirmed {
        /// Exemptions on top of the policy's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exempt: Vec<String>,
        /// A guard that was overridden, with the reason in `by.why`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<String>,
    },
    /// Rejected: the cycle goes on without a suspension until the given instant.
    Rejected {
        /// Nothing is proposed again before; nothing: not in this cycle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Taken back by the software: at the re-check nothing justifies it any more, or nobody decided in time.
    Lapsed,
}

/// Who decided, when and why. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByWhom {
    /// The account.
    pub name: String,
    /// In which roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// When.
    pub at: Timestamp,
    /// The reason given.
    pub why: String,
    /// The act that it was: derived from the caller's idempotency key. Nothing where the software decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Uuid>,
}

/// A suspension is in force. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspended {
    /// Which cycle.
    pub cycle: u32,
    /// The proposal that it rests on.
    pub proposal: u32,
    /// Since when.
    pub from: Timestamp,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not.
    pub exempt: Vec<String>,
    /// The items that end it when they are done.
    pub items: Vec<DeficiencyId>,
    /// Who confirmed it, the second person too where one was asked for.
    pub authority: Vec<ByWhom>,
    /// How many suspensions began within the rolling year that ends now, this one among them.
    pub within_year: u32,
    /// The policy that it came into force under; nothing: before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReference>,
}

/// A suspension could end. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReinstatementProposed {
    /// Which suspension, by its proposal.
    pub proposal: u32,
    /// When.
    pub at: Timestamp,
    /// When the last of its items was done, as the journal says.
    pub since: Timestamp,
    /// Why it could end, in words.
    pub because: String,
}

/// A suspension ended. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinstated {
    /// Which suspension, by its proposal.
    pub proposal: u32,
    /// Its last instant.
    pub until: Timestamp,
    /// Why.
    pub because: String,
    /// Who confirmed it; nothing when the policy lets it end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ByWhom>,
}

/// Something about a suspension needs leadership's eye. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadershipAsked {
    /// What about.
    pub matter: Matter,
    /// Which suspension, by its proposal, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u32>,
    /// Which notice, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeId>,
    /// When.
    pub at: Timestamp,
    /// In words, for people.
    pub text: String,
}

/// What leadership has to look at. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// So many days in force that the executive committee reviews it.
    CommitteeReview,
    /// Before day 31: is it a professional review action, to be reported to the NPDB?
    NpdbQuestion,
    /// So many suspensions within the rolling year.
    Repeated,
    /// A late fact: a step would not have been taken. Correct what came of it.
    Correction,
    /// A notice cannot be delivered on any channel.
    Undeliverable,
    /// Nobody is there to be told: no chair, no address.
    NoRecipient,
}

/// A step would not have been taken on what is known now. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepSuperseded {
    /// Which cycle.
    pub cycle: u32,
    /// Which rung.
    pub rung: u32,
    /// Its name.
    pub step: String,
    /// When that became known.
    pub at: Timestamp,
    /// Why, in words.
    pub because: String,
    /// The items that counted then and would not now.
    pub items: Vec<DeficiencyId>,
}

/// Somebody decided something about a track. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActRecorded {
    /// Derived from the caller's idempotency key.
    pub id: Uuid,
    /// Who, when, why.
    pub by: ByWhom,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
}

/// What somebody decided about a track. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// Seen; stops nothing.
    Acknowledged {
        /// The matter, where it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matter: Option<Matter>,
    },
    /// More time: no step before.
    Extended {
        /// Until when.
        until: Timestamp,
    },
    /// No steps at all, until then or until it is taken back.
    Exempted {
        /// Until when, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// An exemption or extension ends.
    GrantEnded,
    /// A note for those who come after.
    Noted,
    /// A correction task is done.
    CorrectionDone {
        /// Which rung's step it was about.
        rung: u32,
        /// In which cycle.
        cycle: u32,
    },
}

/// A cycle ended. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackClosed {
    /// Which.
    pub cycle: u32,
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub because: String,
}
