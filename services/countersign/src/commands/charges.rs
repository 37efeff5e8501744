//! `countersign charges`

use anyhow::Context;
use countersign_intake::import::{ImportReport, ImportedRow, Lines, without_mark};

use crate::{
    cli::{Charges, ChargesAction, ImportCharges},
    client::Client,
    print,
};

/// Rows that are sent at a time: some hundred kilobytes.
const PART: usize = 2000;

pub async fn run(args: Charges) -> anyhow::Result<()> {
    match args.action {
        ChargesAction::Import(args) => import(args).await,
    }
}

async fn import(args: ImportCharges) -> anyhow::Result<()> {
    let file = std::fs::read(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let report = if let Some(client) = args.source.client() {
        over_http(&client, &file, args.dry_run).await?
    } else {
        let ground = args.source.open("countersign charges import").await?;
        ground
            .intake()?
            .import_charges(&file, 0, args.dry_run)
            .await
            .with_context(|| args.file.display().to_string())?
    };
    if args.json {
        return print::json(&report);
    }
    show(&report)
}

fn show(report: &ImportReport) -> anyhow::Result<()> {
    let wanted = |row: &&ImportedRow| report.dry_run || !row.problems.is_empty();
    for row in report.rows.iter().filter(wanted) {
        if row.problems.is_empty() {
            print::line(&format!("line {}: {}", row.line, row.outcome))?;
        }
        for problem in &row.problems {
            print::line(&format!("line {}, column {}: {}", row.line, problem.column, problem.message))?;
        }
    }
    let ImportReport { read, accepted, duplicate, quarantined, .. } = report;
    print::line(&format!(
        "read {read}: accepted {accepted}, duplicate {duplicate}, quarantined {quarantined}{}",
        if report.dry_run { " (dry run: nothing was changed)" } else { "" }
    ))?;
    if *quarantined > 0 {
        print::line("Correct these rows and import the file again: what was taken is recognised.")?;
    }
    Ok(())
}

/// The file in parts, each under its header, so that none is larger than a request may be.
async fn over_http(client: &Client, file: &[u8], dry_run: bool) -> anyhow::Result<ImportReport> {
    let file = without_mark(file);
    let mut lines = Lines::of(file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader.byte_headers().context("the file cannot be read as CSV")?.clone();
    let mut report = ImportReport { dry_run, ..ImportReport::default() };
    let mut records = reader.byte_records().peekable();
    let mut first = true;
    while first || records.peek().is_some() {
        first = false;
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_byte_record(&header)?;
        let mut lines_before = None;
        for record in records.by_ref().take(PART) {
            let record = record.context("the file cannot be read as CSV")?;
            // In the part it will stand in line 2.
            let line = lines.at(record.position().map_or(0, csv::Position::byte));
            lines_before.get_or_insert(line.saturating_sub(2));
            writer.write_byte_record(&record)?;
        }
        let part = writer.into_inner().context("a part of the file")?;
        let query =
            [("dry_run", dry_run.to_string()), ("lines_before", lines_before.unwrap_or(0).to_string())];
        let more: ImportReport = client.post_text("/api/v1/charges/import", &query, "text/csv", part).await?;
        report.extend(more);
    }
    Ok(report)
}
