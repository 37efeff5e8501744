//! `countersign simulate`

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use jiff::Timestamp;

/// `countersign simulate`
#[derive(Debug, Args)]
pub struct Simulate {
    /// Discharges a month that carry rules, over all facilities.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub discharges_per_month: u32,
    /// Length of the run in months.
    #[arg(long, value_name = "M", default_value_t = 3)]
    pub months: u32,
    /// Seed: the same seed gives the same messages.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Number of facilities.
    #[arg(long, value_name = "F", default_value_t = 1)]
    pub facilities: u16,
    /// First instant of the run (RFC 3339).
    #[arg(long, value_name = "TIME", default_value = "2026-01-01T00:00:00Z")]
    pub start: Timestamp,
    /// Send clean messages only: nothing late, shuffled, repeated or incomplete.
    #[arg(long)]
    pub clean: bool,
    /// Send charges (DFT) at discharge too, and coding and billing (BAR) after it.
    #[arg(long)]
    pub charges: bool,
    /// Send orders that were spoken (ORM) too, most of them signed later.
    #[arg(long)]
    pub orders: bool,
    /// Folder for the messages and `truth.json`.
    #[arg(long, value_name = "DIR", required_unless_present = "mllp", conflicts_with = "mllp")]
    pub out: Option<PathBuf>,
    /// Send to a running intake instead.
    #[arg(long, value_name = "ADDR")]
    pub mllp: Option<SocketAddr>,
}
