//! Message in to worklist row visible: how many, and how soon.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    Effort,
    frames::{Acknowledged, frame},
    hospital::{FACILITIES, Load, Watched, by_connection},
    report::{Figure, Section},
    saturate,
    server::Server,
    visible::{ASK_EVERY, Worklist},
};

/// Visits a second whose way to the worklist is timed, among the messages of the load.
const WATCHED_PER_SECOND: u64 = 20;
/// The throughput that one such machine is meant to sustain.
const AIM: f64 = 5_000.0;

/// What is offered: a share of what was sustained, or so many messages a second.
const SHARES: [f64; 3] = [0.25, 0.5, 0.75];

pub(crate) async fn measure(program: &Path, data: &Path, effort: Effort) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "End to end: message in to worklist row visible",
        format!(
            "`countersign up`, {FACILITIES} connections, the load on the same cores. Sustained: {} messages as \
             quickly as they are acknowledged, then one discharge for each partition of the feed, until the API \
             shows the deficiency of each, which is when everything before has been worked through. Latency: \
             messages at a fixed rate that waits for nobody for {} s a round, among them {WATCHED_PER_SECOND} \
             discharges a second, each timed from the instant at which it was due to be sent until the API shows \
             its deficiency (asked every {} ms).",
            effort.messages,
            effort.seconds,
            ASK_EVERY.as_millis()
        ),
    );
    eprintln!("end to end");
    let server = Server::up(program, data)?;
    let worklist = Worklist::of(server.http)?;
    let mut load = Load::new()?;
    let mut numbers = 0_usize..;
    let (mut sustained, mut acknowledged, mut processor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let messages = load.take(effort.messages)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let count = messages.len() as f64;
        let last = Watched::in_every_partition(numbers.start);
        // More numbers than any search for one visit in each of 64 partitions takes.
        numbers.nth(100_000);
        let queues = by_connection(messages);
        let before = server.processor_seconds()?;
        let began = Instant::now();
        saturate::send(server.mllp, queues).await?;
        acknowledged.push(count / began.elapsed().as_secs_f64());
        let ends = last.iter().flat_map(|visit| [visit.admission(), visit.discharge()]).collect();
        saturate::send(server.mllp, vec![ends]).await?;
        let mut ended = began;
        for visit in &last {
            ended = ended.max(worklist.wait_for(visit).await?);
        }
        sustained.push(count / (ended - began).as_secs_f64());
        processor.push((server.processor_seconds()? - before) * 1e6 / count);
    }
    let sustained = Figure::new("sustained, message in to worklist", "messages/s", sustained);
    let reached = sustained.median();
    section.add(sustained);
    section.add(Figure::new("acknowledged meanwhile", "messages/s", acknowledged));
    section.add(Figure::new("processor time of all services for a message", "µs", processor));
    let mut loads: Vec<(String, f64)> = SHARES
        .iter()
        .map(|share| (format!("at {:.0} % of the sustained rate", share * 100.0), share * reached))
        .collect();
    if reached > AIM {
        loads.push(("at the rate aimed at".to_owned(), AIM));
    }
    for (name, rate) in loads {
        let (mut medians, mut tails) = (Vec::new(), Vec::new());
        for _ in 0..effort.rounds.min(3) {
            let first = numbers.start;
            numbers.nth(100_000);
            let mut waits = offer(&server, &worklist, &mut load, rate, effort.seconds, first).await?;
            waits.sort_unstable();
            medians.push(milliseconds(&waits, 50));
            tails.push(milliseconds(&waits, 99));
        }
        section.add(Figure::new(format!("median wait {name} ({rate:.0}/s)"), "ms", medians));
        section.add(Figure::new(format!("99th percentile {name} ({rate:.0}/s)"), "ms", tails));
    }
    section.add(Figure::new("peak memory of the process", "MiB", vec![server.peak_mebibytes()?]));
    server.stop()?;
    Ok(section)
}

fn milliseconds(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |wait| wait.as_secs_f64() * 1e3)
}

/// Offers messages at a rate, whatever the program does, and times the watched visits among them.
async fn offer(
    server: &Server,
    worklist: &Worklist,
    load: &mut Load,
    rate: f64,
    seconds: u64,
    first_number: usize,
) -> anyhow::Result<Vec<Duration>> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive rate below 2^20")]
    let per_second = rate as usize;
    let each = per_second / usize::try_from(WATCHED_PER_SECOND)?;
    let watched: Vec<Watched> = (0..usize::try_from(WATCHED_PER_SECOND * seconds)?)
        .map(|n| Watched::number(first_number + n))
        .collect();
    let messages = load.take(each.max(1) * watched.len())?;
    saturate::send(server.mllp, vec![watched.iter().map(Watched::admission).collect()]).await?;
    // All is quiet when the clock starts.
    let warm = Watched::number(first_number + watched.len());
    saturate::send(server.mllp, vec![vec![warm.admission(), warm.discharge()]]).await?;
    worklist.wait_for(&warm).await?;
    let mut connections = JoinSet::new();
    let mut ways = Vec::new();
    for _ in 0..=FACILITIES {
        let (way, frames) = mpsc::unbounded_channel();
        ways.push(way);
        connections.spawn(paced(server.mllp, frames));
    }
    let mut asking = JoinSet::new();
    let began = tokio::time::Instant::now();
    let step = Duration::from_secs(1) / u32::try_from(WATCHED_PER_SECOND)?;
    let mut sent = 0_usize;
    // Within a step the messages go out evenly, a few at every tick.
    for (number, (chunk, visit)) in messages.chunks(each.max(1)).zip(watched).enumerate() {
        let starts = began + step * u32::try_from(number)?;
        tokio::time::sleep_until(starts).await;
        ways[usize::from(FACILITIES)].send(frame(&visit.discharge()))?;
        let worklist = worklist.clone();
        asking.spawn(async move {
            let seen = worklist.wait_for(&visit).await?;
            anyhow::Ok(seen.saturating_duration_since(starts.into_std()))
        });
        let ticks = 10;
        for (tick, part) in chunk.chunks(chunk.len().div_ceil(ticks).max(1)).enumerate() {
            tokio::time::sleep_until(starts + step / u32::try_from(ticks)? * u32::try_from(tick)?).await;
            for message in part {
                ways[message.connection].send(frame(&message.bytes))?;
                sent += 1;
            }
        }
    }
    drop(ways);
    let mut waits = Vec::new();
    while let Some(wait) = asking.join_next().await {
        waits.push(wait??);
    }
    let mut answered = 0;
    while let Some(count) = connections.join_next().await {
        answered += count??;
    }
    ensure!(answered == sent + waits.len(), "{answered} answers to {} messages", sent + waits.len());
    Ok(waits)
}

/// Sends what comes down the channel, at once; counts the answers.
async fn paced(
    to: std::net::SocketAddr,
    mut frames: mpsc::UnboundedReceiver<Vec<u8>>,
) -> anyhow::Result<usize> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut read, mut write) = stream.into_split();
    let answers = tokio::spawn(async move {
        let mut acknowledged = Acknowledged::default();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = read.read(&mut buffer).await?;
            if count == 0 {
                acknowledged.check()?;
                return anyhow::Ok(acknowledged.count);
            }
            acknowledged.take(&buffer[..count]);
        }
    });
    let mut out = Vec::new();
    while let Some(frame) = frames.recv().await {
        out.clear();
        out.extend_from_slice(&frame);
        while let Ok(frame) = frames.try_recv() {
            out.extend_from_slice(&frame);
        }
        write.write_all(&out).await?;
    }
    // The intake answers what it has taken, and closes.
    write.shutdown().await?;
    answers.await?
}
