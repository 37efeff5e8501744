//! The command line.

mod access;
mod acts;
mod asking;
mod claims;
mod escalation;
mod notices;
mod people;
mod rules;
mod simulate;
mod site;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;

pub use access::{Access, AccessAction, AccessFile, Acting, Scope};
pub use acts::{Asked, Chart, ChartDecision, Item, ItemDecision, Items, OneChart, Stand};
pub use asking::{AsCsv, Asking, Changing, Deciding, Into};
pub use claims::{ClaimState, Claims, ClaimsAction, ListClaims, ShowClaim, SummarizeClaims, SummaryKey};
pub use escalation::{
    ClockAction, Escalation, EscalationAction, ListTracks, PoliciesAction, Proposal, RunsAction,
    SimulatePolicy, Suspensions, Why,
};
pub use notices::{
    Contacts, ContactsAction, DigestEvery, Inbox, InboxAction, LetterState, LetterWay, Letters,
    LettersAction, ListNotices, Mode, ModeAction, ModeName, NoticeClass, Notices, NoticesAction,
    SetPreferences, Templates, TemplatesAction,
};
pub use people::{Change, LeaveAction, People, PeopleAction, Span};
pub use rules::{Rules, RulesAction};
pub use simulate::Simulate;
pub use site::{DowntimeAction, HolidaysAction, Site, SiteAction};

/// Gets medical charts completed: HL7 messages in, explained deficiencies out.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process: journal, feeds and services on this machine, no server needed.
    Up(Up),
    /// Run some services of a distributed system, over NATS JetStream and the configured journal.
    Serve(Serve),
    /// Send HL7 v2 files to the intake: single messages, batches, whole folders.
    Ingest(Ingest),
    /// List deficiencies.
    Deficiencies(Deficiencies),
    /// Show which bills wait for documentation, how long, and how much money with them.
    Claims(Claims),
    /// Import charges and coding status from a file.
    Charges(Charges),
    /// Explain one deficiency: the facts, the rule, the person, what would close it.
    Explain(Explain),
    /// Tell what a candidate rule set would have made of the recorded history, beside the published one.
    WhatIf(WhatIf),
    /// Compute the numbers of other systems (VistA IRT and TIU, RPMS) on the same charts, beside ours.
    ComparePeers(ComparePeers),
    /// Show what every feed sent, and what became of it.
    Feeds(Feeds),
    /// Look at messages that could not be processed, and try them again.
    Quarantine(Quarantine),
    /// Read stored messages again with the present feed profiles.
    Reinterpret(Reinterpret),
    /// Look at parts of a running Countersign's feed that stand still, and let them go on.
    Partitions(Partitions),
    /// Decide about items: dispute, reassign, hold, extend, void, waive and the like.
    Item(Item),
    /// Decide about a chart: raise an item, ask a query, hold, release, take a decision back.
    Chart(Chart),
    /// Look at rule sets, and take one from draft to publication.
    Rules(Rules),
    /// Escalation: policies, who stands where and why, suspensions and leadership's decisions.
    Escalation(Escalation),
    /// Notices: what was sent to whom, what became of it, and its proof.
    Notices(Notices),
    /// The queue of letters: print them, and say when they left.
    Letters(Letters),
    /// How people and offices are reached, and what they want to be told.
    Contacts(Contacts),
    /// Your messages.
    Inbox(Inbox),
    /// Whether messages leave: live, shadow, or all to one address.
    Mode(Mode),
    /// Templates of messages.
    Templates(Templates),
    /// The directory of providers: who is who, who is active, who is away.
    People(People),
    /// Facilities, departments, holidays and downtimes.
    Site(Site),
    /// Say who may change something, and in which roles.
    Access(Access),
    /// Build the read models anew from the journal.
    Rebuild(Rebuild),
    /// Prove that every read model is what the journal says.
    Verify(Verify),
    /// Check configuration, disk, clock, ports and servers, with a remedy for every fault.
    Doctor(Doctor),
    /// Write the HL7 messages of a simulated hospital, and the truth about who owes what.
    Simulate(Simulate),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// Configuration file (TOML). Settings that it leaves out have defaults; see docs/configuration.md.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// A data folder that no process has open, or a running Countersign.
#[derive(Debug, Args)]
pub struct Source {
    /// Data folder that no process has open.
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
    /// Address of a running Countersign.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// File with your token, for a running Countersign that wants to know who asks or acts.
    #[arg(long, value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `countersign up`
#[derive(Debug, Args)]
pub struct Up {
    /// Data folder; made when it does not exist.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of pages and API.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<String>,
    /// Address for HL7 messages (MLLP).
    #[arg(long, value_name = "ADDR")]
    pub mllp: Option<String>,
    /// Load a synthetic hospital's messages through the intake. Only into an empty data folder.
    #[arg(long)]
    pub demo: bool,
    /// Let the clock begin at this instant and run on from there: for demonstrations and rehearsals of what takes
    /// weeks. Only on an empty data folder, or on one that was begun like this.
    #[arg(long, value_name = "INSTANT", hide = true)]
    pub clock_from: Option<countersign_kernel::Timestamp>,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// A service that can run in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum ServiceName {
    /// HL7 messages in, chart facts out.
    Intake,
    /// Charts, rules and deficiencies.
    Deficiency,
    /// Steps from notice to suspension and back.
    Escalation,
    /// Digests, notices, letters.
    Notification,
    /// Publishes the journal to NATS. One at a time works; others stand by.
    Relay,
    /// Pages.
    Portal,
}

/// `countersign serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Services to run in this process.
    #[arg(required = true, value_enum)]
    pub services: Vec<ServiceName>,
    /// Data folder, for an embedded journal shared on one host and for this process's read models.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of this process's pages and API.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<String>,
    /// Address for HL7 messages (MLLP).
    #[arg(long, value_name = "ADDR")]
    pub mllp: Option<String>,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `countersign ingest`
#[derive(Debug, Args)]
pub struct Ingest {
    /// Files and folders. Folders are read in order of their names, with everything below them.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Address of a running intake.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2575", conflicts_with = "data")]
    pub mllp: SocketAddr,
    /// Ingest straight into a data folder that no process has open.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Status of a deficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Known, and waiting for somebody else: no clock runs.
    Dormant,
    /// Owed.
    Open,
    /// Done.
    Satisfied,
    /// The requirement fell away.
    Voided,
    /// Closed by authority.
    Waived,
}

/// `countersign deficiencies`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Deficiencies {
    #[command(flatten)]
    pub source: Source,
    /// Only those of this provider.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only those in this status.
    #[arg(long, value_enum, value_name = "STATUS")]
    pub status: Option<Status>,
    /// Only those of this rule, e.g. R13.
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those at this facility.
    #[arg(long, value_name = "CODE")]
    pub facility: Option<String>,
    /// Only HIM's queue: what nobody is responsible for.
    #[arg(long)]
    pub unassigned: bool,
    /// Only open ones past due.
    #[arg(long)]
    pub overdue: bool,
    /// Only open ones that are delinquent.
    #[arg(long)]
    pub delinquent: bool,
    /// Only those whose dispute waits for an answer.
    #[arg(long)]
    pub disputed: bool,
    /// What was owed at this instant (RFC 3339), by the facts that had happened by then.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// Only what was known here by this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub known_at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign charges`
#[derive(Debug, Args)]
pub struct Charges {
    /// What to do.
    #[command(subcommand)]
    pub action: ChargesAction,
}

/// What to do with charges.
#[derive(Debug, Subcommand)]
pub enum ChargesAction {
    /// Import charges and coding status from a CSV file. Its first line names its columns: `facility`,
    /// `visit_authority`, `visit`, `transaction`, `amount`, `posted_at`, `coded_at`, `billed_at`, `payer`, `total`.
    Import(ImportCharges),
}

/// `countersign charges import`
#[derive(Debug, Args)]
pub struct ImportCharges {
    /// The file, CSV in UTF-8.
    pub file: PathBuf,
    #[command(flatten)]
    pub source: Source,
    /// Only tell what would happen, row by row.
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// Id of the deficiency.
    pub id: String,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign what-if`
#[derive(Debug, Args)]
pub struct WhatIf {
    /// The candidate: a rule file (TOML).
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,
    /// The candidate is taken as in force from this instant (RFC 3339); default: the whole history.
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Charts are judged as they stood at this instant (RFC 3339); default: when the last message was received.
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// List the deficiencies behind the numbers, e.g. `rule=R13,change=due`. Columns: rule, service, facility,
    /// provider, change (created, avoided, unchanged, changed, due, responsible, status, closed). An empty text
    /// lists all of them.
    #[arg(long, value_name = "FILTER")]
    pub list: Option<String>,
    /// Write rows.csv (every deficiency with both verdicts), accounts.csv (every bill that was held) and summary.csv (the
    /// numbers) to this folder.
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign compare-peers`
#[derive(Debug, Args)]
pub struct ComparePeers {
    /// Charts as they stood at this instant (RFC 3339); default: when the last message was received.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// IRT: days for dictation.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub days_dictation: u16,
    /// IRT: days for signature.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub days_signature: u16,
    /// IRT: days for review; left out, reports are not reviewed.
    #[arg(long, value_name = "N")]
    pub days_review: Option<u16>,
    /// TIU: grace period for signature, days.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub grace: u16,
    /// RPMS: days to delinquency.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub delinquent_after: u16,
    /// Data folder that no process has open.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print the list as CSV, a line for each report.
    #[arg(long)]
    pub csv: bool,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `countersign feeds`
#[derive(Debug, Args)]
pub struct Feeds {
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign quarantine`
#[derive(Debug, Args)]
pub struct Quarantine {
    /// What to do with it.
    #[command(subcommand)]
    pub action: QuarantineAction,
}

/// What to do with quarantined messages.
#[derive(Debug, Subcommand)]
pub enum QuarantineAction {
    /// List them with their reasons.
    List {
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one, with its text. The text holds patient data.
    Show {
        /// Id of the message.
        id: String,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read one or all of them again with the present feed profiles.
    Replay {
        /// Id of the message.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// All of them.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        source: Source,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `countersign reinterpret`
#[derive(Debug, Args)]
pub struct Reinterpret {
    /// Messages received at or after this instant (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub since: Timestamp,
    #[command(flatten)]
    pub source: Source,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `countersign partitions`
#[derive(Debug, Args)]
pub struct Partitions {
    /// Address of a running Countersign.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", global = true)]
    pub url: String,
    /// File with your token, once people are registered there.
    #[arg(long, value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub action: PartitionsAction,
}

/// A service that works through a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Feeding {
    /// Charts and what is owed.
    Deficiency,
    /// Tracks and suspensions.
    Escalation,
    /// Notices.
    Notification,
}

impl Feeding {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Deficiency, Self::Escalation, Self::Notification];
}

/// What to do about partitions that stand still.
#[derive(Debug, Subcommand)]
pub enum PartitionsAction {
    /// List them, with the event each stands before and the reason.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let all of them try again, after whatever was wrong has been put right.
    Retry,
    /// Pass over the event at which one stands. Who and why is recorded for ever.
    Skip {
        /// Number of the partition, 0 to 63.
        partition: u8,
        /// Whose feed, where a partition of this number stands in several.
        #[arg(long, value_enum)]
        service: Option<Feeding>,
        /// Who decides, where nobody is registered yet; else the token says it.
        #[arg(long)]
        actor: Option<String>,
        /// Why.
        #[arg(long)]
        why: String,
    },
}

/// A read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// Messages, feeds, quarantine.
    Intake,
    /// Worklists, charts, providers.
    Deficiency,
    /// Tracks, suspensions, runs.
    Escalation,
    /// Notices, messages, letters, contacts.
    Notification,
}

impl Model {
    /// Every read model.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Deficiency, Self::Escalation, Self::Notification];
}

/// `countersign rebuild`
#[derive(Debug, Args)]
pub struct Rebuild {
    /// Only this service's read model.
    #[arg(value_enum)]
    pub service: Option<Model>,
    /// Data folder that no process has open.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `countersign verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Data folder that no process has open.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `countersign doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Data folder to look at.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub config: ConfigFile,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn no_two_arguments_of_a_command_are_in_each_others_way() {
        Cli::command().debug_assert();
    }
}
