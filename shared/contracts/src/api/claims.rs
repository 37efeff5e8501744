//! Claim holds: which bills wait for documentation. All money is in whole cents. Definitions are written at
//! `countersign_deficiency::domain::claims` and in `docs/claims.md`.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One account and its documentation hold. Names no patient: the chart does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimView {
    /// Id of the chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// Visit number as the feed sent it.
    pub encounter: String,
    /// Encounter class.
    pub class: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Payer as sent.
    pub payer: Option<String>,
    /// Discharge.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub discharged_at: Option<Timestamp>,
    /// When final coding was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub coded_at: Option<Timestamp>,
    /// When the final bill went out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub billed_at: Option<Timestamp>,
    /// Where it stands: `held`, `pending` (items are open, the minimum days still run) or `released`.
    pub state: String,
    /// Beginning of the present or latest hold; of a pending one, when it will begin if nothing changes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// End of the latest hold.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub released_at: Option<Timestamp>,
    /// What ended it: `documented`, `discharge_taken_back` or `billed`.
    pub ended_by: Option<String>,
    /// Seconds from the beginning of the latest hold to its release by documentation.
    pub seconds_to_release: Option<i64>,
    /// Local days at whose end the account was held.
    pub days_held: u32,
    /// Gross charges in cents. Nothing = unknown, because none were ever sent: that is not zero.
    pub charges_cents: Option<i64>,
    /// What waits now, in cents: the charges while it is held, zero while it is not, nothing when unknown.
    pub dollars_held_cents: Option<i64>,
    /// Charges in cents, once for every day held; nothing when unknown.
    pub dollar_days_cents: Option<i64>,
    /// How many items that hold the bill are open.
    pub open_items: u32,
    /// The only open item of a held account: closing it releases the bill.
    pub sole_blocker: Option<ClaimItemView>,
    /// The item that closed last and so released the account.
    pub attributed_to: Option<ClaimItemView>,
    /// IANA time zone of the facility.
    pub time_zone: String,
}

/// An item that holds the bill while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimItemView {
    /// Id of the deficiency.
    #[schema(value_type = String, format = Uuid)]
    pub deficiency: DeficiencyId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// What it asks for.
    pub document_type: String,
    /// The responsible provider's identifier; nothing = HIM's queue "unassigned".
    pub responsible: Option<String>,
    /// Name of the responsible provider.
    pub responsible_name: Option<String>,
    /// It is open now.
    pub open: bool,
    /// When it opened first.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When it closed, unless it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
}

/// One period in which an account was or is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimPeriodView {
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The first instant after it; nothing while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// What ended it: `documented`, `discharge_taken_back` or `billed`.
    pub ended_by: Option<String>,
    /// The item that closed last, when documentation ended it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub released_by: Option<DeficiencyId>,
    /// Local days at whose end the account was held in this period, so far.
    pub days: u32,
}

/// One account with everything that held it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimDetail {
    /// The account.
    #[serde(flatten)]
    pub claim: ClaimView,
    /// Minimum bill-hold days, in local calendar days after the day of the discharge.
    pub minimum_bill_hold_days: u16,
    /// Every item that holds the bill, past and present, the open ones first.
    pub items: Vec<ClaimItemView>,
    /// Every period, in order.
    pub periods: Vec<ClaimPeriodView>,
}

/// Sums over accounts, by one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimSummary {
    /// `document_type`, `provider`, `facility`, `class` or `day`.
    pub by: String,
    /// Minimum bill-hold days.
    pub minimum_bill_hold_days: u16,
    /// First local day that counts for releases and dollar-days.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// Last local day that counts.
    #[schema(value_type = String, format = Date)]
    pub to: Date,
    /// The rows: most dollars held first; days in order.
    pub rows: Vec<ClaimSummaryRow>,
    /// Every account once. More than one row may hold the same account, so rows need not add up to it, except in what
    /// is attributed.
    pub total: ClaimSummaryRow,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// One row of a summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClaimSummaryRow {
    /// Document type, provider's identifier (empty = unassigned), facility, class or day.
    pub key: String,
    /// Name of the provider.
    pub name: Option<String>,
    /// Accounts that are held now and for which something of this row is open; of a day, accounts held at its end.
    pub held_accounts: u64,
    /// Their charges, in cents.
    pub dollars_held_cents: i64,
    /// How many of them have unknown charges: what they hold is in no sum.
    pub charges_unknown: u64,
    /// Of the held accounts: those that only one item of this row holds.
    pub sole_blocker_accounts: u64,
    /// Their charges, in cents: what closing those items would release.
    pub sole_blocker_cents: i64,
    /// Accounts that documentation released within the days, charged to the row of the item that closed last.
    pub released_accounts: u64,
    /// Days held within the days, of released accounts (charged to the item that closed last), and of held ones (to
    /// the sole blocker).
    pub days_held: u64,
    /// The same with the charges of every day, in cents.
    pub dollar_days_cents: i64,
}
