//! `countersign site`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_kernel::ProviderId;

use super::{
    Source,
    people::{Change, Span, identifier},
};

/// `countersign site`
#[derive(Debug, Args)]
pub struct Site {
    /// What to do.
    #[command(subcommand)]
    pub action: SiteAction,
}

/// What to do about facilities and departments.
#[derive(Debug, Subcommand)]
pub enum SiteAction {
    /// List facilities with calendars and downtimes, and their departments.
    List {
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Describe a facility, new or known. What is left out stays as it is.
    Facility {
        /// Its code, as charts carry it.
        code: String,
        /// Its name.
        #[arg(long = "name", value_name = "TEXT")]
        called: Option<String>,
        /// Country and state (ISO 3166-2), such as US-CA: its rules are laid over the others. An empty text for none.
        #[arg(long, value_name = "CODE")]
        jurisdiction: Option<String>,
        /// IANA name of its time zone; needed for a new facility.
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// Days of the week without business, by their English names.
        #[arg(long, value_name = "DAY", value_delimiter = ',')]
        weekend: Option<Vec<String>>,
        /// Days that every account waits before it is billed.
        #[arg(long, value_name = "DAYS")]
        bill_hold_days: Option<u16>,
        /// The directory is complete: whoever is not in it is unknown there.
        #[arg(long, value_name = "BOOL")]
        strict_directory: Option<bool>,
        /// A leave that the provider or a delegate records counts only when approved.
        #[arg(long, value_name = "BOOL")]
        own_leave_needs_approval: Option<bool>,
        #[command(flatten)]
        change: Change,
    },
    /// Describe a department, new or known, from an instant on.
    Department {
        /// Code of its facility.
        facility: String,
        /// Its code.
        code: String,
        /// Its name.
        #[arg(long = "name", value_name = "TEXT")]
        called: Option<String>,
        /// Who heads it: 1001, or 1001^NORTH with its authority.
        #[arg(long, value_name = "ID", value_parser = identifier)]
        chair: Option<ProviderId>,
        /// Nobody heads it.
        #[arg(long, conflicts_with = "chair")]
        no_chair: bool,
        /// There is no such department from then on.
        #[arg(long)]
        closed: bool,
        /// From when on this holds (RFC 3339); now when left out.
        #[arg(long, value_name = "TIME")]
        effective_at: Option<jiff::Timestamp>,
        #[command(flatten)]
        change: Change,
    },
    /// Record, change or cancel a period in which systems were down.
    Downtime {
        /// What to do.
        #[command(subcommand)]
        action: DowntimeAction,
    },
    /// Holidays.
    Holidays {
        /// What to do.
        #[command(subcommand)]
        action: HolidaysAction,
    },
}

/// What to do about downtimes.
#[derive(Debug, Subcommand)]
pub enum DowntimeAction {
    /// Record a downtime, or change the one with `--id`.
    Record {
        /// Code of the facility.
        facility: String,
        /// Id of the downtime to change.
        #[arg(long, value_name = "ID")]
        id: Option<uuid::Uuid>,
        #[command(flatten)]
        span: Span,
        #[command(flatten)]
        change: Change,
    },
    /// Cancel a downtime: no time is credited for it.
    Cancel {
        /// Its id, as `site list` prints it.
        id: uuid::Uuid,
        #[command(flatten)]
        change: Change,
    },
}

/// What to do about holidays.
#[derive(Debug, Subcommand)]
pub enum HolidaysAction {
    /// Add the holidays in a CSV file with the columns `date` (YYYY-MM-DD) and `name`.
    Import {
        /// The file.
        file: PathBuf,
        /// Code of the facility.
        #[arg(long, value_name = "CODE")]
        facility: String,
        /// Tell what would become of every line, and change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        change: Change,
    },
}
