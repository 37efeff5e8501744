//! `countersign item` and `countersign chart`

use clap::{Args, Subcommand};
use countersign_kernel::{DeficiencyId, EncounterId, EventId};
use jiff::Timestamp;

use super::{Acting, Source};

/// `countersign item`
#[derive(Debug, Args)]
pub struct Item {
    /// What to decide.
    #[command(subcommand)]
    pub decision: ItemDecision,
}

/// About which items, why, and who decides.
#[derive(Debug, Args)]
pub struct Items {
    /// Items, by the ids that `countersign deficiencies` shows.
    #[arg(value_name = "ID", required_unless_present = "charts")]
    pub ids: Vec<DeficiencyId>,
    /// Every owed item of this chart; may be repeated.
    #[arg(long = "chart", value_name = "CHART")]
    pub charts: Vec<EncounterId>,
    /// Why: it goes on record.
    #[arg(long)]
    pub why: String,
    /// Only say what would become of each item.
    #[arg(long)]
    pub preview: bool,
    #[command(flatten)]
    pub acting: Acting,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// When a clock stands.
#[derive(Debug, Args)]
pub struct Stand {
    /// Why the clock stands: `chart_unavailable`, `pending_transcription`, `legal_hold` and the like.
    #[arg(long)]
    pub cause: String,
    /// From when (RFC 3339); may lie in the past. Left out, from now.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Until when (RFC 3339), if that is known.
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,
    /// Who approved it, where policy asks for that.
    #[arg(long, value_name = "NAME")]
    pub approved_by: Option<String>,
}

/// What to decide about items.
#[derive(Debug, Subcommand)]
pub enum ItemDecision {
    /// Say that it is not owed; HIM answers.
    Dispute {
        /// `not_mine`, `not_required`, `already_done`, `wrong_patient`, `chart_unavailable` or `other`.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        items: Items,
    },
    /// Answer a dispute: the item stays as it was.
    RejectDispute {
        #[command(flatten)]
        items: Items,
    },
    /// Answer a dispute: somebody else owes it, or nobody.
    UpholdDispute {
        /// It never was a requirement.
        #[arg(long, conflicts_with = "to")]
        void: bool,
        /// Who owes it: ID or ID^AUTHORITY. Left out, HIM's queue "unassigned".
        #[arg(long, value_name = "PROVIDER")]
        to: Option<String>,
        #[command(flatten)]
        items: Items,
    },
    /// Give it to somebody else. Its age stays.
    Reassign {
        /// Who owes it: ID or ID^AUTHORITY. Left out, HIM's queue "unassigned".
        #[arg(long, value_name = "PROVIDER")]
        to: Option<String>,
        #[command(flatten)]
        items: Items,
    },
    /// Stop its accountability clock.
    Hold {
        #[command(flatten)]
        stand: Stand,
        #[command(flatten)]
        items: Items,
    },
    /// Allow more time, as far as policy goes.
    Extend {
        /// The new limit (RFC 3339).
        #[arg(long = "to", value_name = "TIME")]
        until: Timestamp,
        #[command(flatten)]
        items: Items,
    },
    /// Close it: it never was a requirement.
    Void {
        #[command(flatten)]
        items: Items,
    },
    /// Close it by authority, without being done.
    Waive {
        /// By whose authority, e.g. the committee and the date of its decision.
        #[arg(long)]
        authority: String,
        #[command(flatten)]
        items: Items,
    },
    /// Close it: it was done in a place that no message tells of.
    AnsweredElsewhere {
        /// Where it can be seen.
        #[arg(long)]
        reference: String,
        /// When it was done (RFC 3339).
        #[arg(long, value_name = "TIME")]
        done_at: Timestamp,
        #[command(flatten)]
        items: Items,
    },
    /// Record the answer to a query.
    AnswerQuery {
        /// Who answered: ID or ID^AUTHORITY. Left out, the provider who records it.
        #[arg(long, value_name = "PROVIDER")]
        answered_by: Option<String>,
        /// When (RFC 3339); left out, now.
        #[arg(long, value_name = "TIME")]
        done_at: Option<Timestamp>,
        #[command(flatten)]
        items: Items,
    },
}

/// `countersign chart`
#[derive(Debug, Args)]
pub struct Chart {
    /// What to decide.
    #[command(subcommand)]
    pub decision: ChartDecision,
}

/// About which chart, why, and who decides.
#[derive(Debug, Args)]
pub struct OneChart {
    /// The chart, by its id.
    #[arg(value_name = "CHART")]
    pub chart: EncounterId,
    /// Why: it goes on record.
    #[arg(long)]
    pub why: String,
    #[command(flatten)]
    pub acting: Acting,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is asked for.
#[derive(Debug, Args)]
pub struct Asked {
    /// What is asked for, without patient data.
    #[arg(long)]
    pub title: String,
    /// The type of document that it is about.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub document_type: String,
    /// How many days it may take.
    #[arg(long, value_name = "DAYS")]
    pub due_days: Option<u16>,
    /// Whether the bill waits for it.
    #[arg(long, value_name = "true|false")]
    pub holds_bill: Option<bool>,
}

/// What to decide about a chart.
#[derive(Debug, Subcommand)]
pub enum ChartDecision {
    /// List what people decided about it.
    Decisions {
        /// The chart, by its id.
        chart: EncounterId,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Raise an item by hand: something is missing or inadequate that no rule sees.
    Raise {
        #[command(flatten)]
        asked: Asked,
        /// Who owes it: ID or ID^AUTHORITY. Left out, HIM's queue "unassigned".
        #[arg(long, value_name = "PROVIDER")]
        to: Option<String>,
        #[command(flatten)]
        chart: OneChart,
    },
    /// Ask a provider about the documentation.
    AskQuery {
        #[command(flatten)]
        asked: Asked,
        /// Who is asked: ID or ID^AUTHORITY.
        #[arg(long, value_name = "PROVIDER")]
        to: String,
        #[command(flatten)]
        chart: OneChart,
    },
    /// Stop the accountability clocks of the whole visit.
    Hold {
        #[command(flatten)]
        stand: Stand,
        #[command(flatten)]
        chart: OneChart,
    },
    /// Approve a hold that somebody else asked for.
    ApproveHold {
        /// The decision that asked for it.
        #[arg(long, value_name = "DECISION")]
        hold: EventId,
        #[command(flatten)]
        chart: OneChart,
    },
    /// End a hold, of an item or of the visit.
    Release {
        /// The decision that began it.
        #[arg(long, value_name = "DECISION")]
        hold: EventId,
        /// When it ends (RFC 3339); left out, now.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
        #[command(flatten)]
        chart: OneChart,
    },
    /// Judge it by a version of the rules from now on.
    ApplyRules {
        /// The version.
        #[arg(long)]
        version: u32,
        #[command(flatten)]
        chart: OneChart,
    },
    /// Take an earlier decision back, as if it had not been made.
    TakeBack {
        /// The decision.
        #[arg(long, value_name = "DECISION")]
        decision: EventId,
        #[command(flatten)]
        chart: OneChart,
    },
}
