//! `countersign access`, and how other commands are told who acts.

use std::path::PathBuf;

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use countersign_kernel::Role;

use super::ConfigFile;

/// Who acts, for commands that change something.
#[derive(Debug, Args)]
pub struct Acting {
    /// Who acts on the data folder: a name of the access file.
    #[arg(long = "as", value_name = "NAME", conflicts_with = "url")]
    pub name: Option<String>,
    /// Name of this change: the same again changes nothing and answers the same. Left out, a new one.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
}

/// `countersign access`
#[derive(Debug, Args)]
pub struct Access {
    /// What to do.
    #[command(subcommand)]
    pub action: AccessAction,
}

/// Where the access file is: `access.people_file` of the configuration, else `access.toml` in the data folder.
#[derive(Debug, Args)]
pub struct AccessFile {
    /// Data folder. A running Countersign knows changes at once.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub config: ConfigFile,
}

/// On what somebody may act.
#[derive(Debug, Args)]
pub struct Scope {
    /// Whose own items these are, for a physician: identifier, or IDENTIFIER^AUTHORITY.
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// Provider whose list a delegate looks after; may be repeated.
    #[arg(long = "for-provider", value_name = "ID")]
    pub for_providers: Vec<String>,
    /// Facility the person works for; may be repeated. Left out: all of them.
    #[arg(long = "facility", value_name = "FACILITY")]
    pub facilities: Vec<String>,
}

/// What to do about who may act.
#[derive(Debug, Subcommand)]
pub enum AccessAction {
    /// Add somebody. Prints the person's token, once.
    Add {
        /// The name under which acts go on record.
        name: String,
        /// A role; may be repeated.
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role())]
        roles: Vec<Role>,
        #[command(flatten)]
        scope: Scope,
        /// Make no token: the person acts on the data folder only.
        #[arg(long)]
        no_token: bool,
        #[command(flatten)]
        file: AccessFile,
    },
    /// List who may act.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        file: AccessFile,
    },
    /// Give somebody other roles, in place of those of before.
    Roles {
        /// Whom.
        name: String,
        /// A role; may be repeated.
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role())]
        roles: Vec<Role>,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        file: AccessFile,
    },
    /// Give somebody a new token; the one of before is worth nothing from then on.
    Token {
        /// Whom.
        name: String,
        #[command(flatten)]
        file: AccessFile,
    },
    /// Switch somebody's access off.
    Disable {
        /// Whose.
        name: String,
        #[command(flatten)]
        file: AccessFile,
    },
    /// Switch it on again.
    Enable {
        /// Whose.
        name: String,
        #[command(flatten)]
        file: AccessFile,
    },
    /// Take somebody out. The record keeps the name.
    Remove {
        /// Whom.
        name: String,
        #[command(flatten)]
        file: AccessFile,
    },
}

/// Roles by their names.
fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name))
        .try_map(|name| Role::from_name(&name).ok_or("no such role"))
}
