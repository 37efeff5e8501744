//! What people decide about charts and their items: disputes, holds, waivers and the like.

use countersign_kernel::{DeficiencyId, EncounterId, EventId, Role, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A provider, by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderRef {
    /// The identifier.
    pub id: String,
    /// Who assigned it; left out, the directory must know only one provider with this identifier, or none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
}

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Allowance {
    /// That many hours, to the second.
    Hours(u16),
    /// To the end of that many local calendar days later.
    Days(u16),
    /// To the end of that many days of business later.
    BusinessDays(u16),
}

/// A decision about one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum ItemAct {
    /// The responsible provider says that it is not owed.
    Dispute {
        /// `not_mine`, `not_required`, `already_done`, `wrong_patient`, `chart_unavailable` or `other`.
        reason: String,
    },
    /// HIM rejects the open dispute: the item stays as it was.
    RejectDispute,
    /// HIM upholds the open dispute: somebody else owes it.
    UpholdDisputeReassign {
        /// Who; nothing = HIM's queue "unassigned".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ProviderRef>,
    },
    /// HIM upholds the open dispute: it never was a requirement.
    UpholdDisputeVoid,
    /// Somebody else owes it. Its age stays.
    Reassign {
        /// Who; nothing = HIM's queue "unassigned".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ProviderRef>,
    },
    /// Its accountability clock stands. By the responsible provider it is a request, which HIM approves.
    Hold {
        /// `physician_leave`, `chart_unavailable`, `pending_transcription`, `other_signer`, `legal_hold` and
        /// the like.
        cause: String,
        /// From when: may lie in the past; left out, from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        from: Option<Timestamp>,
        /// Until when, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
        /// Who approved it, where policy asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
    },
    /// More time.
    Extend {
        /// The new limit.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    /// It never was a requirement.
    Void,
    /// Closed by authority without being done.
    Waive {
        /// By whose authority, e.g. the committee and the date of its decision.
        authority: String,
    },
    /// It was done in a place that no message tells of.
    AnswerElsewhere {
        /// Where it can be seen.
        reference: String,
        /// When it was done.
        #[schema(value_type = String, format = DateTime)]
        done_at: Timestamp,
    },
    /// A query was answered.
    AnswerQuery {
        /// By whom; left out, by the provider who tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered_by: Option<ProviderRef>,
        /// When; left out, now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        done_at: Option<Timestamp>,
    },
}

/// A decision about a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChartAct {
    /// Something is missing or inadequate that no rule sees.
    Raise {
        /// What is asked for. No patient data.
        title: String,
        /// The type of document that it is about.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        document_type: String,
        /// Who owes it; nothing = HIM's queue "unassigned".
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ProviderRef>,
        /// How long it may take; left out, 7 days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Allowance>,
        /// Whether the bill waits for it; left out, no.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holds_bill: Option<bool>,
    },
    /// A question to a provider about the documentation (coding, CDI).
    AskQuery {
        /// What is asked. No patient data.
        title: String,
        /// The type of document that it is about.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        document_type: String,
        /// Who is asked.
        to: ProviderRef,
        /// How long the answer may take; left out, as the rule for queries says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Allowance>,
        /// Whether the bill waits for it; left out, as the rule for queries says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holds_bill: Option<bool>,
    },
    /// The accountability clocks of the whole visit stand.
    Hold {
        /// `visit_hold`, `chart_unavailable`, `legal_hold` and the like.
        cause: String,
        /// From when: may lie in the past; left out, from now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        from: Option<Timestamp>,
        /// Until when, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
        /// Who approved it, where policy asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
    },
    /// A hold that was asked for is approved.
    ApproveHold {
        /// The act that asked for it.
        #[schema(value_type = String, format = Uuid)]
        hold: EventId,
    },
    /// A hold ends.
    Release {
        /// The act that began it.
        #[schema(value_type = String, format = Uuid)]
        hold: EventId,
        /// When it ends; left out, now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// The chart is judged by this version of the rules from now on.
    ApplyRules {
        /// The version.
        version: u32,
    },
    /// An earlier decision is taken back, as if it had not been made.
    TakeBack {
        /// The decision.
        #[schema(value_type = String, format = Uuid)]
        earlier: EventId,
    },
}

/// A decision about one item, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemActRequest {
    /// The decision.
    pub decision: ItemAct,
    /// Why: it goes on record.
    pub why: String,
}

/// A decision about a chart, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartActRequest {
    /// The decision.
    pub decision: ChartAct,
    /// Why: it goes on record.
    pub why: String,
}

/// The same decision about many items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkActRequest {
    /// The decision.
    pub decision: ItemAct,
    /// Why: it goes on record.
    pub why: String,
    /// The items.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub items: Vec<DeficiencyId>,
    /// Every item of these charts that is owed; for providers and delegates, every one of theirs.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub charts: Vec<EncounterId>,
    /// Only say what would become of each item.
    #[serde(default)]
    pub preview: bool,
}

/// A decision that is on record. The same request under the same key gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActedView {
    /// The decision's id: holds are released by it, decisions taken back.
    #[schema(value_type = String, format = Uuid)]
    pub id: EventId,
    /// What was decided: `raised`, `disputed`, `waived` and the like.
    pub deed: String,
    /// The chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// The item that it is about, or that was raised; nothing for the whole chart.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub deficiency: Option<DeficiencyId>,
    /// Who decided.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Revision of the chart after it: the next decision may ask (`If-Match`) that nobody was quicker.
    pub revision: u64,
    /// Journal position after it: an answer with this `Min-Position` shows what follows from it.
    pub position: u64,
}

/// What became, or would become, of each item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkActReport {
    /// Nothing was recorded: this says what would be.
    pub preview: bool,
    /// Items for which it was done, or would be.
    pub done: usize,
    /// Items for which it was refused, or would be.
    pub refused: usize,
    /// Every item, in the order in which they were named.
    pub items: Vec<BulkActItem>,
    /// Journal position after the last decision; nothing when there was none.
    pub position: Option<u64>,
}

/// What became, or would become, of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkActItem {
    /// The item.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeficiencyId,
    /// Whether it was done, or would be.
    pub ok: bool,
    /// Why not, and what would be allowed.
    pub refusal: Option<String>,
    /// Changes of the chart that follow, in words.
    pub effects: Vec<String>,
    /// The decision, when it is on record.
    pub acted: Option<ActedView>,
}

/// A decision on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: EventId,
    /// What was decided.
    pub deed: String,
    /// The item that it is about, or that was raised; nothing for the whole chart.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub deficiency: Option<DeficiencyId>,
    /// Rule of that item.
    pub rule: Option<String>,
    /// Who decided.
    pub by: String,
    /// In which roles.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub why: String,
    /// It stands: it was not taken back.
    pub stands: bool,
}
