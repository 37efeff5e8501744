//! `countersign doctor`

use std::process::ExitCode;

use countersign_kernel::Clock;
use countersign_runtime::{
    SystemClock,
    doctor::{Finding, Verdict, examine},
};

use super::{configure, data_override};
use crate::{cli::Doctor, compose, print};

pub async fn run(args: Doctor) -> anyhow::Result<ExitCode> {
    let overrides = [data_override(args.data.as_deref())];
    let findings = match configure(args.config.config.as_deref(), &overrides) {
        Err(error) => vec![Finding::bad(
            "configuration",
            format!("{error:#}"),
            "correct the settings named; docs/configuration.md describes each",
        )],
        Ok(config) => {
            let mut findings = examine(&config, SystemClock.now()).await;
            findings.push(Finding::good("countersign", format!("version {}", env!("CARGO_PKG_VERSION"))));
            findings.push(match compose::rules(&config) {
                Ok(rules) => Finding::good(
                    "rules",
                    format!("{}, version {}, {} rules", rules.title, rules.version, rules.rules.len()),
                ),
                Err(error) => Finding::bad("rules", format!("{error:#}"), "correct the rule file"),
            });
            findings.push(match compose::profiles(&config) {
                Ok(profiles) => {
                    Finding::good("feed profiles", profiles.current().names().collect::<Vec<_>>().join(", "))
                }
                Err(error) => Finding::bad(
                    "feed profiles",
                    format!("{error:#}"),
                    "correct the profiles file; docs/feeds.md describes it",
                ),
            });
            findings
        }
    };
    let bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    if args.json {
        print::json(&findings)?;
    } else {
        for finding in &findings {
            print::line(&finding.to_string())?;
        }
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
