//! Who asks or acts, and where, for commands that work over the API: on a running Countersign, or on a data folder
//! that the command opens.

use std::path::PathBuf;

use clap::Args;

use super::{Acting, Source};

/// Who asks, whom, and how the answer is printed.
#[derive(Debug, Args)]
pub struct Asking {
    /// Who asks, of a data folder: a name of the access file.
    #[arg(long = "as", value_name = "NAME", conflicts_with = "url")]
    pub name: Option<String>,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Who changes something, where, and how the answer is printed.
#[derive(Debug, Args)]
pub struct Changing {
    #[command(flatten)]
    pub acting: Acting,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// The same, with the reason.
#[derive(Debug, Args)]
pub struct Deciding {
    /// Why: it goes on record. No patient data.
    #[arg(long)]
    pub why: String,
    #[command(flatten)]
    pub changing: Changing,
}

/// A list as a file.
#[derive(Debug, Args)]
pub struct AsCsv {
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// Where bytes go.
#[derive(Debug, Args)]
pub struct Into {
    /// Write it to this file; left out, it is printed.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
