//! `countersign claims`: what is asked of claim holds.

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::Source;

/// `countersign claims`
#[derive(Debug, Args)]
pub struct Claims {
    /// What to show.
    #[command(subcommand)]
    pub action: ClaimsAction,
}

/// What to show of claim holds.
#[derive(Debug, Subcommand)]
pub enum ClaimsAction {
    /// List accounts: those that one item alone holds first, then the most dollars, then the most days.
    List(ListClaims),
    /// Show one account with everything that held it.
    Show(ShowClaim),
    /// Sum dollars held, dollar-days and what single items block.
    Summary(SummarizeClaims),
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClaimState {
    /// Held now.
    Held,
    /// Items are open, and the minimum bill-hold days still run.
    Pending,
    /// Held before, and no longer.
    Released,
}

/// `countersign claims list`
#[derive(Debug, Args)]
pub struct ListClaims {
    #[command(flatten)]
    pub source: Source,
    /// Where they stand.
    #[arg(long, value_enum, value_name = "STATE", default_value = "held")]
    pub state: ClaimState,
    /// Only this facility.
    #[arg(long, value_name = "CODE")]
    pub facility: Option<String>,
    /// Only accounts that an item of this document type holds, or released.
    #[arg(long, value_name = "TYPE")]
    pub document_type: Option<String>,
    /// The same by the responsible provider's identifier.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV.
    #[arg(long)]
    pub csv: bool,
}

/// `countersign claims show`
#[derive(Debug, Args)]
pub struct ShowClaim {
    /// Id of the chart.
    pub chart: String,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// By what sums are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SummaryKey {
    /// What the open items ask for.
    DocumentType,
    /// Who owes them.
    Provider,
    /// Facility code.
    Facility,
    /// Encounter class.
    Class,
    /// Local day.
    Day,
}

/// `countersign claims summary`
#[derive(Debug, Args)]
pub struct SummarizeClaims {
    #[command(flatten)]
    pub source: Source,
    /// By what.
    #[arg(long, value_enum, value_name = "KEY", default_value = "document_type")]
    pub by: SummaryKey,
    /// Only this facility.
    #[arg(long, value_name = "CODE")]
    pub facility: Option<String>,
    /// First local day that counts for releases and dollar-days; without it the last thirty count.
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Last local day that counts; today when not given.
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV.
    #[arg(long)]
    pub csv: bool,
}
