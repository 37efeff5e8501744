//! `countersign rules`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Acting, Source};

/// `countersign rules`
#[derive(Debug, Args)]
pub struct Rules {
    /// What to do.
    #[command(subcommand)]
    pub action: RulesAction,
}

/// What to do about rule sets.
#[derive(Debug, Subcommand)]
pub enum RulesAction {
    /// List all versions with what became of them, and when which is in force.
    List {
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one version: who did what, and its rules.
    Show {
        /// Its number.
        version: u32,
        /// Print the rule file instead, as it was drafted.
        #[arg(long, conflicts_with = "json")]
        text: bool,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell what differs between two versions, rule by rule and field by field.
    Diff {
        /// The version that is looked at.
        version: u32,
        /// The version that it is compared with; left out, the one it was based on.
        #[arg(long, value_name = "VERSION")]
        against: Option<u32>,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look at a rule file: whether it can be used, or what is wrong in which line.
    Lint {
        /// Rule file (TOML); - is standard input.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Propose a rule set. It is judged by nobody until somebody else has checked and published it.
    Draft {
        /// Rule file (TOML); - is standard input.
        #[arg(required_unless_present = "shipped", conflicts_with = "shipped")]
        file: Option<PathBuf>,
        /// Propose the rules that this program brings.
        #[arg(long)]
        shipped: bool,
        /// Its name for people; left out, the one in the file.
        #[arg(long)]
        title: Option<String>,
        /// Why: it goes on record.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Confirm that a draft is right. Its author cannot.
    Check {
        /// Its number.
        version: u32,
        /// What was looked at: it goes on record.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a checked rule set in force. Its author cannot.
    Publish {
        /// Its number.
        version: u32,
        /// Facts from this instant on are judged by it (RFC 3339); left out, from now on. Never one that is
        /// past.
        #[arg(long, value_name = "TIME")]
        effective_from: Option<Timestamp>,
        /// Why: it goes on record.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Judge open charts by a published version from now on, though they arose under an older one. What is
    /// closed stays as it is. First look with --preview.
    Apply {
        /// Its number.
        version: u32,
        /// Only charts of this facility.
        #[arg(long)]
        facility: Option<String>,
        /// Only say what would become of them.
        #[arg(long)]
        preview: bool,
        /// Why: it goes on record in every chart.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The JSON schema of rule files, for editors.
    Schema,
    /// Take a rule set back. If it was in force, the one before it is in force again.
    Withdraw {
        /// Its number.
        version: u32,
        /// Why: it goes on record.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        acting: Acting,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
