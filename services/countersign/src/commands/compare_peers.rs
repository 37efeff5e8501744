//! `countersign compare-peers`

use std::sync::Arc;

use countersign_deficiency::peers::{Comparison, Parameters, comparison::Meaning, csv, rpms};

use crate::{cli::ComparePeers, print};

pub async fn run(args: ComparePeers) -> anyhow::Result<()> {
    let ground =
        super::open_folder(args.config.config.as_deref(), args.data.as_deref(), "countersign compare-peers")
            .await?;
    let service = ground.deficiency().await?;
    // What was received must have become charts before they can be compared.
    service.catch_up().await?;
    let parameters = Parameters {
        days_dictation: args.days_dictation,
        days_signature: args.days_signature,
        days_review: args.days_review,
        grace: args.grace,
        delinquent_after: args.delinquent_after,
    };
    let (asked, runtime) = (Arc::clone(&service), tokio::runtime::Handle::current());
    let comparison =
        tokio::task::spawn_blocking(move || asked.compare_peers(&runtime, parameters, args.as_of)).await??;
    if args.json {
        return print::json(&comparison);
    }
    if args.csv {
        return print::text(&csv::file(&comparison));
    }
    show(&comparison)
}

fn show(comparison: &Comparison) -> anyhow::Result<()> {
    let Comparison { as_of, charts, records, irt, tiu, ours, rpms_inpatient, rpms_other, .. } = comparison;
    print::line(&format!("{charts} charts of patients who have left, {records} reports, as of {as_of}\n"))?;
    let days = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let productivity = &irt.productivity;
    let means = &tiu.means;
    let mut rows: Vec<[String; 3]> = Vec::new();
    let mut add = |system: &str, number: &str, value: String| {
        rows.push([system.to_owned(), number.to_owned(), value]);
    };
    add("Countersign", "reports owed", ours.records_open.to_string());
    add("", "of those overdue", ours.records_overdue.to_string());
    add("", "charts not complete", ours.charts_incomplete.to_string());
    add("", "of those delinquent", ours.charts_delinquent.to_string());
    add("", "days they have been open, median", days(ours.open_age_median_days));
    add("", "charts complete", ours.charts_complete.to_string());
    add("", "days they took, median", days(ours.lag_median_days));
    add("", "days they took, 90th percentile", days(ours.lag_p90_days));
    let listed = [irt.listed_incomplete, irt.listed_dictated, irt.listed_transcribed, irt.listed_signed];
    add("VistA IRT", "listed", listed.iter().sum::<u64>().to_string());
    for (number, count) in
        ["not dictated", "not transcribed", "not signed", "not reviewed"].into_iter().zip(listed)
    {
        add("", &format!("of those {number}"), count.to_string());
    }
    add("", "productivity: unfinished reports", productivity.records.to_string());
    add("", "average days to dictation", days(productivity.event_to_dictation));
    add("", "average days to transcription", days(productivity.dictation_to_transcription));
    add("", "average days to coding", days(productivity.transcription_to_coding));
    add("", "average total days", days(productivity.total));
    add("", "delinquent > 30", productivity.over_30.to_string());
    add("", "% delinquent > 30", days(productivity.over_30_per_cent));
    add("VistA TIU", "unsigned", tiu.unsigned.to_string());
    add("", "of those past the grace period", tiu.unsigned_overdue.to_string());
    add("", "uncosigned", tiu.uncosigned.to_string());
    add("", "of those past the grace period", tiu.uncosigned_overdue.to_string());
    add("", "past it and silent", tiu.silent.to_string());
    add("", "mean days event to dictation", days(means.event_to_dictation));
    add("", "mean days dictation to transcription", days(means.dictation_to_transcription));
    add("", "mean days transcription to signature", days(means.transcription_to_signature));
    add("", "mean days signature to cosignature", days(means.signature_to_cosignature));
    for (system, statistics) in
        [("RPMS, inpatients", rpms_inpatient), ("RPMS, day surgery and observation", rpms_other)]
    {
        let rpms::Statistics { lines, delinquent_lines, vanished_lines, average_days, same_day, .. } =
            statistics;
        add(system, "incomplete charts", statistics.incomplete_charts.to_string());
        add("", "lines in them", lines.to_string());
        add("", "of those delinquent", delinquent_lines.to_string());
        add("", "late lines of completed charts, not counted", vanished_lines.to_string());
        add("", "completed charts", statistics.completed_charts.to_string());
        add(
            "",
            "average days to completion",
            average_days.map_or_else(|| "-".to_owned(), |days| days.to_string()),
        );
        add("", "completed on the day, not in the average", same_day.to_string());
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    print::table(&["SYSTEM", "NUMBER", "VALUE"], &rows)?;
    print::line("\nWhat they mean, and why they differ:")?;
    for Meaning { name, meaning } in &comparison.definitions {
        print::line(&format!("  {name}: {meaning}"))?;
    }
    print::line("\nWhich reports? --csv or --json")
}
