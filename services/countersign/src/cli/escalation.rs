//! `countersign escalation`: policies, tracks, leadership's decisions, the register.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use countersign_kernel::TrackId;
use jiff::Timestamp;

use super::{AsCsv, Asking, Changing, Deciding};

/// `countersign escalation`
#[derive(Debug, Args)]
pub struct Escalation {
    /// What to do.
    #[command(subcommand)]
    pub action: EscalationAction,
}

/// What to do about escalation.
#[derive(Debug, Subcommand)]
pub enum EscalationAction {
    /// Look at escalation policies, and take one from draft to publication.
    Policies {
        /// What to do.
        #[command(subcommand)]
        action: PoliciesAction,
    },
    /// Tell who would have been notified, warned and suspended when on the recorded history.
    Simulate(SimulatePolicy),
    /// List tracks: one for every provider in a facility of whom something is owed.
    Tracks(ListTracks),
    /// Show one track: what is owed, what was decided, what was sent.
    Track {
        /// Its id, as `countersign escalation tracks` shows it.
        track: TrackId,
        #[command(flatten)]
        asking: Asking,
    },
    /// Tell why something did or did not happen to a provider, what comes next, and what would stop it.
    Why(Why),
    /// List what waits for leadership or HIM.
    Inbox {
        #[command(flatten)]
        asking: Asking,
    },
    /// Show what a proposed suspension rests on: items, notices with their delivery, steps, policy, hash.
    Packet {
        /// The track.
        track: TrackId,
        /// Number of the proposal.
        proposal: u32,
        /// Print the text of the policy too.
        #[arg(long)]
        policy_text: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// The register of suspensions, for the committee.
    Suspensions(Suspensions),
    /// List published runs of the weekly cycle; or look at held runs, and at what a run would do.
    #[command(args_conflicts_with_subcommands = true)]
    Runs {
        /// What to do.
        #[command(subcommand)]
        action: Option<RunsAction>,
        /// Only this facility.
        #[arg(long, value_name = "CODE")]
        facility: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Charts that come near the regulatory limit of 30 days, whatever stands still for their people.
    Limits {
        /// Only this facility.
        #[arg(long, value_name = "CODE")]
        facility: Option<String>,
        /// Those that were completed since, too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// Whether the wall clock can be trusted, and how the timers do.
    #[command(args_conflicts_with_subcommands = true)]
    Clock {
        /// What to do.
        #[command(subcommand)]
        action: Option<ClockAction>,
        #[command(flatten)]
        asking: Asking,
    },
    /// What the independent auditor checked, and what it found.
    Audit {
        #[command(flatten)]
        asking: Asking,
    },
    /// Confirm a proposed suspension. Without --packet it only shows what it rests on, and the hash to confirm.
    Confirm {
        #[command(flatten)]
        proposal: Proposal,
        /// Exempt this on top of the policy; may be repeated.
        #[arg(long = "exempt", value_name = "WHAT")]
        exempt: Vec<String>,
        /// Override a guard, e.g. `coverage`: only the chief medical officer may.
        #[arg(long = "override", value_name = "GUARD")]
        overrides: Option<String>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Reject a proposed suspension. Without --packet it only shows what it rests on, and the hash to reject.
    Reject {
        #[command(flatten)]
        proposal: Proposal,
        /// Propose nothing again before this instant (RFC 3339); left out, not in this cycle.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// End a suspension.
    Reinstate {
        /// The track.
        track: TrackId,
        /// Number of the proposal that the suspension rests on.
        proposal: u32,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Grant more time: no step before.
    Extend {
        /// The track.
        track: TrackId,
        /// Until when (RFC 3339).
        #[arg(long, value_name = "TIME")]
        until: Timestamp,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Exempt a provider from all steps.
    Exempt {
        /// The track.
        track: TrackId,
        /// Until when (RFC 3339); left out, until it is taken back.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// End an exemption or extension.
    EndGrant {
        /// The track.
        track: TrackId,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Say that something was seen. It stops nothing.
    Acknowledge {
        /// The track.
        track: TrackId,
        /// The matter, e.g. `committee_review`; left out, the track as a whole. For `npdb_question`, --why is the
        /// answer.
        #[arg(long, value_name = "MATTER")]
        matter: Option<String>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Leave a note for those who come after: --why is the note.
    Note {
        /// The track.
        track: TrackId,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Say that a correction is done: a step that would not have happened on what became known later.
    CorrectionDone {
        /// The track.
        track: TrackId,
        /// Place of the step on the ladder, as the inbox tells it.
        #[arg(long)]
        rung: u32,
        /// Its cycle, as the inbox tells it.
        #[arg(long)]
        cycle: u32,
        #[command(flatten)]
        deciding: Deciding,
    },
}

/// What to do about escalation policies.
#[derive(Debug, Subcommand)]
pub enum PoliciesAction {
    /// List all versions with what became of them, and when which is in force.
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// Show one version: who did what, its ladder and its settings.
    Show {
        /// Its number.
        version: u32,
        /// Print the policy file instead, as it was drafted.
        #[arg(long, conflicts_with = "json")]
        text: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// Tell what differs between two versions, step by step and field by field.
    Diff {
        /// The version that is looked at.
        version: u32,
        /// The version that it is compared with; left out, the one it was based on.
        #[arg(long, value_name = "VERSION")]
        against: Option<u32>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Look at a policy file: whether it can be used, or what is wrong in which line.
    Lint {
        /// Policy file (TOML); - is standard input.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The JSON schema of policy files, for editors.
    Schema,
    /// Propose a policy. Nobody is escalated by it until somebody else has checked and published it.
    Draft {
        /// Policy file (TOML); - is standard input.
        #[arg(required_unless_present = "shipped", conflicts_with = "shipped")]
        file: Option<PathBuf>,
        /// Propose the policy that this program brings.
        #[arg(long)]
        shipped: bool,
        /// Its name for people; left out, the one in the file.
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Confirm that a draft is right: --why says what was looked at. Its author cannot.
    Check {
        /// Its number.
        version: u32,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Put a checked policy in force. Its author cannot. Cycles under way keep the policy that they began with.
    Publish {
        /// Its number.
        version: u32,
        /// Cycles that begin from this instant on keep to it (RFC 3339); left out, from now on. Never one that is
        /// past.
        #[arg(long, value_name = "TIME")]
        effective_from: Option<Timestamp>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Take a policy back. If it was in force, the one before it is in force again.
    Withdraw {
        /// Its number.
        version: u32,
        #[command(flatten)]
        deciding: Deciding,
    },
}

/// `countersign escalation simulate`
#[derive(Debug, Args)]
pub struct SimulatePolicy {
    /// Policy file (TOML); - is standard input. Left out, the policy in force.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Tell what differs from this published or drafted version; left out, a policy file is compared with the policy in
    /// force.
    #[arg(long, value_name = "VERSION")]
    pub against: Option<u32>,
    /// Compare with nothing.
    #[arg(long, conflicts_with = "against")]
    pub alone: bool,
    /// Take the facts when the hospital's systems recorded them, as if the feeds had been live: for a history that was
    /// loaded afterwards. Left out, they count from when they were received here.
    #[arg(long)]
    pub as_if_live: bool,
    /// Take steps from this instant on (RFC 3339); left out, from the first event.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Let time pass until this instant (RFC 3339); left out, until the last event.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// A notice is delivered after so many minutes; left out, 60.
    #[arg(long, value_name = "MINUTES")]
    pub delivered_after: Option<u32>,
    /// Leadership confirms a proposal after so many hours; left out, nobody ever does.
    #[arg(long, value_name = "HOURS")]
    pub confirmed_after: Option<u32>,
    /// Tell everything about this provider, by identifier, and nothing else.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Write summary.csv, counts.csv (by step), groups.csv (by facility, department and week), steps.csv (who would have
    /// got which step when), charts.csv and, where policies are compared, difference.csv to this folder.
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub asking: Asking,
}

/// Where a track stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrackState {
    /// Nothing is owed that the policy is about.
    Idle,
    /// Something is owed.
    Open,
    /// Leadership decides about a suspension.
    Proposed,
    /// Suspended.
    Suspended,
}

impl TrackState {
    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Suspended => "suspended",
        }
    }
}

/// `countersign escalation tracks`
#[derive(Debug, Args)]
pub struct ListTracks {
    /// Only this facility.
    #[arg(long, value_name = "CODE")]
    pub facility: Option<String>,
    /// Only those that stand there; left out, all but idle ones.
    #[arg(long, value_enum, value_name = "STATE")]
    pub state: Option<TrackState>,
    /// Only those of this provider.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only those of which nothing followed last for this reason, e.g. `notice_not_delivered`.
    #[arg(long, value_name = "REASON")]
    pub held: Option<String>,
    #[command(flatten)]
    pub csv: AsCsv,
    #[command(flatten)]
    pub asking: Asking,
}

/// `countersign escalation why`
#[derive(Debug, Args)]
pub struct Why {
    /// The track; or say --provider.
    #[arg(required_unless_present = "provider", conflicts_with = "provider")]
    pub track: Option<TrackId>,
    /// The provider, by identifier.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// In which facility; may be left out where there is only one.
    #[arg(long, value_name = "CODE", requires = "provider")]
    pub facility: Option<String>,
    #[command(flatten)]
    pub asking: Asking,
}

/// `countersign escalation suspensions`
#[derive(Debug, Args)]
pub struct Suspensions {
    /// Only this facility.
    #[arg(long, value_name = "CODE")]
    pub facility: Option<String>,
    /// Only those of this provider.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only those in force.
    #[arg(long)]
    pub in_force: bool,
    /// Only those in force at this instant or later (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only those that began before this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    #[command(flatten)]
    pub csv: AsCsv,
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do about runs.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// Show who is on a published list.
    Show {
        /// Facility code.
        facility: String,
        /// When it was published (RFC 3339), as the list of runs tells it.
        published_at: Timestamp,
        #[command(flatten)]
        csv: AsCsv,
        #[command(flatten)]
        asking: Asking,
    },
    /// Show who is due by the next run, and what holds whom now.
    Dry {
        /// Facility code.
        facility: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// List runs that wait for a human, because so many tracks would move at once.
    Held {
        #[command(flatten)]
        asking: Asking,
    },
    /// Let a held run go on.
    Release {
        /// Facility code.
        facility: String,
        #[command(flatten)]
        deciding: Deciding,
    },
}

/// What to do about the clock.
#[derive(Debug, Subcommand)]
pub enum ClockAction {
    /// Say that the wall clock is right as it is. What waited for that goes on.
    Trust {
        /// Why: it goes on record.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        changing: Changing,
    },
}

/// Which proposal is decided about.
#[derive(Debug, Args)]
pub struct Proposal {
    /// The track.
    pub track: TrackId,
    /// Number of the proposal, as the inbox tells it.
    #[arg(value_name = "PROPOSAL")]
    pub number: u32,
    /// SHA-256 of the packet that you have looked at.
    #[arg(long, value_name = "SHA256")]
    pub packet: Option<String>,
}
