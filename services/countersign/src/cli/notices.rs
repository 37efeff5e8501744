//! `countersign notices`, `letters`, `contacts`, `inbox`, `mode` and `templates`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use countersign_kernel::{NoticeId, TrackId};
use jiff::{Timestamp, civil::Date, civil::Time};
use uuid::Uuid;

use super::{Asking, Changing, Deciding, Into};

/// `countersign notices`
#[derive(Debug, Args)]
pub struct Notices {
    /// What to do.
    #[command(subcommand)]
    pub action: NoticesAction,
}

/// What to do about notices.
#[derive(Debug, Subcommand)]
pub enum NoticesAction {
    /// List notices, the latest first.
    List(ListNotices),
    /// Show one: its legs, its items, everything that happened to it.
    Show {
        /// Its id.
        notice: NoticeId,
        #[command(flatten)]
        asking: Asking,
    },
    /// The exact bytes of one leg, as they were sent or would have been.
    Content {
        /// The notice.
        notice: NoticeId,
        /// Which leg, as `countersign notices show` numbers them.
        leg: u32,
        #[command(flatten)]
        into: Into,
        #[command(flatten)]
        asking: Asking,
    },
    /// Prove a notice: everything about it, with the hash of its record.
    Proof {
        /// The notice.
        notice: NoticeId,
        /// Write the document (PDF) to this file.
        #[arg(long, value_name = "FILE")]
        pdf: Option<PathBuf>,
        #[command(flatten)]
        asking: Asking,
    },
    /// List notices of which a leg failed, or of which nothing is left to try.
    DeadLetters {
        #[command(flatten)]
        asking: Asking,
    },
    /// Take a formal notice over: a human tells its recipient, and no leg is tried any more.
    TakeOver {
        /// The notice.
        notice: NoticeId,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Have a failed leg sent again, to the same address or another one.
    Requeue {
        /// The notice.
        notice: NoticeId,
        /// Which leg.
        #[arg(long)]
        leg: u32,
        /// To this mailbox instead.
        #[arg(long, value_name = "ADDRESS", group = "to")]
        email: Option<String>,
        /// To this endpoint of the outlets file instead.
        #[arg(long, value_name = "ENDPOINT", group = "to")]
        webhook: Option<String>,
        /// To this postal address instead, line by line; repeat it.
        #[arg(long = "letter", value_name = "LINE", group = "to")]
        letter: Vec<String>,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Have everything sent again that failed since an instant, e.g. after the mail server was down.
    Resend {
        /// Since when (RFC 3339).
        #[arg(long, value_name = "TIME")]
        since: Timestamp,
        /// Only on this channel.
        #[arg(long, value_enum, value_name = "CHANNEL")]
        channel: Option<ChannelName>,
        /// Only tell how many would be sent.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        deciding: Deciding,
    },
}

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChannelName {
    /// Messages behind sign-in.
    Inbox,
    /// SMTP.
    Email,
    /// A signed HTTP call.
    Webhook,
    /// Paper.
    Letter,
}

impl ChannelName {
    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Letter => "letter",
        }
    }
}

/// What a notice promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoticeClass {
    /// Sent again until it is delivered, comes back, or a human takes it over.
    Formal,
    /// Not sent again when its outcome is unknown.
    Reminder,
}

/// `countersign notices list`
#[derive(Debug, Args)]
pub struct ListNotices {
    /// Only those about this provider.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Only those to this contact: `provider-KEY` or `office-NAME`.
    #[arg(long, value_name = "CONTACT")]
    pub recipient: Option<String>,
    /// Only those of this escalation track.
    #[arg(long)]
    pub track: Option<TrackId>,
    /// Only of this kind, e.g. `pre-suspension`.
    #[arg(long)]
    pub kind: Option<String>,
    /// Only of this class.
    #[arg(long, value_enum, value_name = "CLASS")]
    pub class: Option<NoticeClass>,
    /// Only those asked for from this instant on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub since: Option<Timestamp>,
    #[command(flatten)]
    pub csv: super::AsCsv,
    #[command(flatten)]
    pub asking: Asking,
}

/// `countersign letters`
#[derive(Debug, Args)]
pub struct Letters {
    /// What to do.
    #[command(subcommand)]
    pub action: LettersAction,
}

/// Where a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LetterState {
    /// To be printed.
    Waiting,
    /// Printed, and not known to have left.
    Printed,
    /// Mailed or handed over.
    Left,
}

impl LetterState {
    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Printed => "printed",
            Self::Left => "left",
        }
    }
}

/// How a letter left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum LetterWay {
    /// By post.
    Mailed,
    /// By hand.
    HandedOver,
}

/// What to do about letters.
#[derive(Debug, Subcommand)]
pub enum LettersAction {
    /// List the queue, the oldest first.
    List {
        /// Where they are.
        #[arg(long, value_enum, value_name = "STATE", default_value = "waiting")]
        state: LetterState,
        #[command(flatten)]
        asking: Asking,
    },
    /// Write a letter to a file (PDF) and record that it was printed. It counts as sent once it is confirmed.
    Print {
        /// The notice.
        notice: NoticeId,
        /// Which leg of it.
        leg: u32,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        changing: Changing,
    },
    /// Say that a letter left: how, and on which day.
    Confirm {
        /// The notice.
        notice: NoticeId,
        /// Which leg of it.
        leg: u32,
        /// How.
        #[arg(long, value_enum, value_name = "HOW")]
        how: LetterWay,
        /// On which day, in the facility's zone.
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Who did it; left out, you.
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by_whom: String,
        /// A word on it.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
        #[command(flatten)]
        changing: Changing,
    },
}

/// `countersign contacts`
#[derive(Debug, Args)]
pub struct Contacts {
    /// What to do.
    #[command(subcommand)]
    pub action: ContactsAction,
}

/// What to do about contacts. A contact is an identifier of a provider (`1001`), `provider-KEY`, or `office-NAME`.
#[derive(Debug, Subcommand)]
pub enum ContactsAction {
    /// List everybody who can be told something: providers of the directory, offices, and whoever has settings.
    List {
        /// Only those whose name, key or identifier has this in it.
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
        /// Only those of which an address came back.
        #[arg(long)]
        bounced: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// Show how somebody is reached, and what they want to be told.
    Show {
        /// Identifier of a provider, `provider-KEY` or `office-NAME`.
        contact: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Set the addresses of a contact: all of them, in place of those of before.
    Addresses {
        /// Identifier of a provider, `provider-KEY` or `office-NAME`.
        contact: String,
        /// A mailbox; may be repeated.
        #[arg(long = "email", value_name = "ADDRESS")]
        email: Vec<String>,
        /// An endpoint of the outlets file; may be repeated.
        #[arg(long = "webhook", value_name = "ENDPOINT")]
        webhook: Vec<String>,
        /// A line of the postal address; repeat it.
        #[arg(long = "letter", value_name = "LINE")]
        letter: Vec<String>,
        /// They were checked with their owner: what bounced before counts again.
        #[arg(long)]
        verified: bool,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Change what somebody wants to be told, how and when. What is left out stays.
    Preferences(SetPreferences),
    /// List addresses that came back or are missing: HIM looks after them.
    Tasks {
        /// Those that were settled, instead.
        #[arg(long)]
        settled: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say that a task is done.
    Settle {
        /// Its id.
        task: Uuid,
        #[command(flatten)]
        deciding: Deciding,
    },
    /// Show the digest as it would go out now.
    Digest {
        /// Identifier of a provider, or `provider-KEY`.
        contact: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Send the digest now.
    SendDigest {
        /// Identifier of a provider, or `provider-KEY`.
        contact: String,
        #[command(flatten)]
        changing: Changing,
    },
}

/// How often a digest goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DigestEvery {
    /// Once a week.
    Weekly,
    /// Every day.
    Daily,
    /// Never: formal notices come all the same.
    Never,
}

/// `countersign contacts preferences`
#[derive(Debug, Args)]
pub struct SetPreferences {
    /// Identifier of a provider, `provider-KEY` or `office-NAME`.
    pub contact: String,
    /// Channels, the preferred one first, e.g. `email,inbox`; an empty text: as the policy says.
    #[arg(long, value_name = "LIST")]
    pub channels: Option<String>,
    /// Topics that are muted, e.g. `digest`; an empty text: none.
    #[arg(long, value_name = "LIST")]
    pub mute: Option<String>,
    /// The delegate gets copies.
    #[arg(long, value_name = "true|false")]
    pub copy_to_delegate: Option<bool>,
    /// IANA name of the time zone; an empty text: that of the facility.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Quiet hours, e.g. `20:00-07:00`; an empty text: none.
    #[arg(long, value_name = "FROM-UNTIL")]
    pub quiet: Option<String>,
    /// How often a digest goes out.
    #[arg(long, value_enum, value_name = "HOW OFTEN")]
    pub digest: Option<DigestEvery>,
    /// On which day of the week, for a weekly one.
    #[arg(long, value_name = "DAY", default_value = "monday", requires = "digest")]
    pub digest_day: String,
    /// At which time of day.
    #[arg(long, value_name = "TIME", default_value = "07:00", requires = "digest")]
    pub digest_at: Time,
    #[command(flatten)]
    pub deciding: Deciding,
}

/// `countersign inbox`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Inbox {
    /// What to do.
    #[command(subcommand)]
    pub action: Option<InboxAction>,
    /// Only what nobody has opened.
    #[arg(long)]
    pub unread: bool,
    #[command(flatten)]
    pub asking: Asking,
}

/// What to do about messages.
#[derive(Debug, Subcommand)]
pub enum InboxAction {
    /// Show a message, and record that it was read.
    Read {
        /// Its id.
        notice: NoticeId,
        #[command(flatten)]
        changing: Changing,
    },
}

/// `countersign mode`
#[derive(Debug, Args)]
pub struct Mode {
    /// What to do.
    #[command(subcommand)]
    pub action: ModeAction,
}

/// Whether anything leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeName {
    /// Everything leaves.
    Live,
    /// Nothing leaves: what would have been sent is recorded.
    Shadow,
    /// Everything goes to one address.
    Redirect,
    /// As the configuration says.
    Configured,
}

impl ModeName {
    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Redirect => "redirect",
            Self::Configured => "configured",
        }
    }
}

/// What to do about the mode.
#[derive(Debug, Subcommand)]
pub enum ModeAction {
    /// Show whether anything leaves, and whose decision that is.
    Show {
        #[command(flatten)]
        asking: Asking,
    },
    /// Decide whether anything leaves. It counts before the configuration, at once.
    Set {
        /// How.
        #[arg(value_enum)]
        mode: ModeName,
        /// With `redirect`: the mailbox that gets everything.
        #[arg(long, value_name = "ADDRESS", required_if_eq("mode", "redirect"))]
        to: Option<String>,
        #[command(flatten)]
        deciding: Deciding,
    },
}

/// `countersign templates`
#[derive(Debug, Args)]
pub struct Templates {
    /// What to do.
    #[command(subcommand)]
    pub action: TemplatesAction,
}

/// What to do about templates.
#[derive(Debug, Subcommand)]
pub enum TemplatesAction {
    /// List kinds and versions.
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// Show a template with invented data.
    Preview {
        /// Which kind, e.g. `pre-suspension`.
        kind: String,
        /// Which version; left out, the one in use.
        #[arg(long)]
        version: Option<u32>,
        /// Print the HTML part.
        #[arg(long)]
        html: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// Show what one version says otherwise than another.
    Diff {
        /// Which kind, e.g. `pre-suspension`.
        kind: String,
        /// Number of the older version.
        old: u32,
        /// Number of the newer version.
        new: u32,
        #[command(flatten)]
        asking: Asking,
    },
    /// Look at a folder of templates: whether they can be used, or what is wrong in which. Needs no server.
    Lint {
        /// The folder; left out, the templates of this program.
        folder: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
