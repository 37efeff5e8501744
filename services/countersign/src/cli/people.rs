//! `countersign people`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use countersign_kernel::ProviderId;

use super::{Changing, Source};

/// `countersign people`
#[derive(Debug, Args)]
pub struct People {
    /// What to do.
    #[command(subcommand)]
    pub action: PeopleAction,
}

/// An identifier: `1001`, or `1001^NORTH` with its authority.
pub fn identifier(text: &str) -> Result<ProviderId, String> {
    let (id, authority) = text.split_once('^').unwrap_or((text, ""));
    if id.trim().is_empty() {
        return Err(
            "write the identifier as messages name the provider, such as 1001 or 1001^NORTH".to_owned()
        );
    }
    Ok(ProviderId { id: id.trim().to_owned(), authority: authority.trim().to_owned() })
}

/// What to do about the directory of providers.
#[derive(Debug, Subcommand)]
pub enum PeopleAction {
    /// List providers with identifiers, departments and leaves that are not over.
    List {
        /// Part of the name, or an identifier.
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        /// Only members of this department, by code.
        #[arg(long, value_name = "CODE")]
        department: Option<String>,
        /// Only those who work at this facility, by code.
        #[arg(long, value_name = "CODE")]
        facility: Option<String>,
        /// Only those who are active now (`true`), or are not (`false`).
        #[arg(long, value_name = "BOOL")]
        active: Option<bool>,
        /// Only those who are away now (`true`), or are not (`false`).
        #[arg(long, value_name = "BOOL")]
        on_leave: Option<bool>,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one provider with everything that is known.
    Show {
        /// An identifier: 1001, or 1001^NORTH with its authority.
        #[arg(value_parser = identifier)]
        id: ProviderId,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Import providers from a CSV file; docs/directory.md lists the columns. The same file again changes nothing.
    Import {
        /// The file.
        file: PathBuf,
        /// Tell what would become of every line, and change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        change: Change,
    },
    /// Make one provider of two records. It can be undone.
    Merge {
        /// The record that is to be no longer one of its own.
        #[arg(value_parser = identifier)]
        retired: ProviderId,
        /// The record that remains.
        #[arg(value_parser = identifier)]
        survivor: ProviderId,
        #[command(flatten)]
        change: Change,
    },
    /// Take a merge back.
    Unmerge {
        /// The record that was merged.
        #[arg(value_parser = identifier)]
        retired: ProviderId,
        #[command(flatten)]
        change: Change,
    },
    /// Record, change, approve, refuse or cancel leaves of absence.
    Leave {
        /// What to do.
        #[command(subcommand)]
        action: LeaveAction,
    },
}

/// Why somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Known before.
    Planned,
    /// Illness.
    Sick,
    /// Anything else.
    Other,
}

impl Kind {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sick => "sick",
            Self::Other => "other",
        }
    }
}

/// A period: two days, or two instants (RFC 3339).
#[derive(Debug, Args)]
pub struct Span {
    /// Its beginning: a day (its first moment) or an instant with its offset.
    #[arg(long, value_name = "TIME")]
    pub from: String,
    /// Its end: a day (its last moment) or the first instant after it; left out when not known yet.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// IANA name of the zone in which days are meant; that of the configuration when left out.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// What to do about leaves.
#[derive(Debug, Subcommand)]
pub enum LeaveAction {
    /// Record a leave.
    Record {
        /// Who is away: 1001, or 1001^NORTH with its authority.
        #[arg(value_parser = identifier)]
        provider: ProviderId,
        /// What kind of absence.
        #[arg(long, value_enum, default_value = "planned")]
        kind: Kind,
        #[command(flatten)]
        span: Span,
        #[command(flatten)]
        change: Change,
    },
    /// Change kind and period of a leave.
    #[command(name = "change")]
    Amend {
        /// Its id, as `people show` prints it.
        leave: uuid::Uuid,
        /// What kind of absence.
        #[arg(long, value_enum, default_value = "planned")]
        kind: Kind,
        #[command(flatten)]
        span: Span,
        #[command(flatten)]
        change: Change,
    },
    /// Approve a leave that waits for it.
    Approve {
        /// Its id.
        leave: uuid::Uuid,
        #[command(flatten)]
        change: Change,
    },
    /// Refuse a leave that waits for approval.
    Refuse {
        /// Its id.
        leave: uuid::Uuid,
        #[command(flatten)]
        change: Change,
    },
    /// Cancel a leave: there is none.
    Cancel {
        /// Its id.
        leave: uuid::Uuid,
        #[command(flatten)]
        change: Change,
    },
}

/// A change: where, by whom, why.
#[derive(Debug, Args)]
pub struct Change {
    /// Why: goes on record.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
    #[command(flatten)]
    pub changing: Changing,
}
