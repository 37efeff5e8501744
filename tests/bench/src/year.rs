//! A year of one large hospital: what it takes of time, disk and memory.

use std::{path::Path, time::Instant};

use anyhow::Context;
use countersign_hospital::{Hospital, Settings};

use crate::{
    hospital::Watched,
    report::{Figure, Section},
    saturate,
    server::Server,
    visible::Worklist,
};

/// 500 beds, five days a stay, three quarters of them taken: about 2,300 discharges a month.
const DISCHARGES_PER_MONTH: u32 = 2_300;
/// Messages handed to the connection at a time.
const CHUNK: usize = 20_000;

pub(crate) async fn measure(program: &Path, data: &Path) -> anyhow::Result<Section> {
    eprintln!("a year of a hospital of 500 beds");
    let hospital = Hospital::new(Settings {
        discharges_per_month: DISCHARGES_PER_MONTH,
        months: 12,
        ..Settings::default()
    })?;
    let server = Server::up(program, data)?;
    let began = Instant::now();
    let mut messages = hospital.messages().map(|message| message.bytes);
    let mut count = 0.0;
    loop {
        let chunk: Vec<Vec<u8>> = messages.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let sent = chunk.len() as f64;
        count += sent;
        saturate::send(server.mllp, vec![chunk]).await?;
    }
    let last = Watched::in_every_partition(0);
    let ends = last.iter().flat_map(|visit| [visit.admission(), visit.discharge()]).collect();
    saturate::send(server.mllp, vec![ends]).await?;
    let worklist = Worklist::of(server.http)?;
    let mut ended = began;
    for visit in &last {
        ended = ended.max(worklist.wait_for(visit).await?);
    }
    let mut section = Section::new(
        "A year of a hospital of 500 beds",
        "`countersign up` on an empty folder; one connection, as one feed has, with 32 messages under way.",
    );
    let peak = server.peak_mebibytes()?;
    server.stop()?;
    section.add(Figure::new("messages", "messages", vec![count]));
    section.add(Figure::new(
        "sustained over the year",
        "messages/s",
        vec![count / (ended - began).as_secs_f64()],
    ));
    section.add(Figure::new("peak memory of the process", "MiB", vec![peak]));
    section.add(Figure::new("journal on disk", "MiB", vec![mebibytes(&data.join("journal.db"))?]));
    Ok(section)
}

fn mebibytes(file: &Path) -> anyhow::Result<f64> {
    let bytes = std::fs::metadata(file).with_context(|| format!("{}", file.display()))?.len();
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    Ok(bytes as f64 / (1024.0 * 1024.0))
}
