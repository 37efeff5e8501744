//! What `countersign doctor` looks at outside the services: configuration, disk, clock, files, ports,
//! servers. Each finding that is not good names its remedy. Looks only: nothing is changed, but for a probe
//! file in the data folder that is removed again.

mod host;
mod network;

use std::fmt;

use serde::Serialize;

use crate::Config;

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, and may not be what is wanted.
    Doubtful,
    /// Will not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, e.g. `data folder`.
    pub subject: String,
    /// How it is to be taken.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; present unless the verdict is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Good, found: found.into(), remedy: None }
    }

    /// Works, and may not be what is wanted.
    pub fn doubtful(subject: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Doubtful, remedy: Some(remedy.into()), ..Self::good(subject, found) }
    }

    /// Will not work.
    pub fn bad(subject: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, remedy: Some(remedy.into()), ..Self::good(subject, found) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => "ok  ",
            Verdict::Doubtful => "look",
            Verdict::Bad => "FAIL",
        };
        write!(f, "{mark}  {}: {}", self.subject, self.found)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n      → {remedy}"),
            None => Ok(()),
        }
    }
}

/// Looks at everything that a configuration names: data folder, disk, clock, files, limits, ports, servers.
/// Takes a few seconds at most. The services add what only they can tell (schema versions, rule set).
pub async fn examine(config: &Config, now: jiff::Timestamp) -> Vec<Finding> {
    let mut findings = host::examine(config, now);
    findings.extend(network::examine(config).await);
    findings
}
