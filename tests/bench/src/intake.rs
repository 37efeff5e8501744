//! Message to durable acknowledgement, beside what the journal and JetStream do with the same bytes.

use std::{path::Path, time::Instant};

use countersign_testkit::nats_server::NatsServer;

use crate::{
    Effort,
    hospital::{FACILITIES, Load, by_connection},
    nats, raw_journal,
    report::{Figure, Section},
    saturate::{self, WINDOW},
    server::Server,
};

pub(crate) async fn measure(program: &Path, effort: Effort) -> anyhow::Result<Section> {
    let under_way = usize::from(FACILITIES) * WINDOW;
    let mut section = Section::new(
        "Intake: message to durable acknowledgement",
        format!(
            "`countersign serve intake` on an empty folder each round, {FACILITIES} connections with {WINDOW} \
             messages under way each, {} messages a round; the load runs on the same cores. Beside it: what was \
             stored, appended again to a bare journal (both events of a message in one append), and published to \
             JetStream (as one message), {under_way} under way.",
            effort.messages
        ),
    );
    eprintln!("intake");
    let server = NatsServer::start();
    let mut load = Load::new()?;
    let (mut intake, mut journal, mut jetstream) = (Vec::new(), Vec::new(), Vec::new());
    let (mut processor, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let messages = load.take(effort.messages)?;
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let count = messages.len() as f64;
        let folder = tempfile::tempdir()?;
        let measured = Server::intake(program, folder.path())?;
        let queues = by_connection(messages);
        let before = measured.processor_seconds()?;
        let began = Instant::now();
        saturate::send(measured.mllp, queues).await?;
        intake.push(count / began.elapsed().as_secs_f64());
        processor.push((measured.processor_seconds()? - before) * 1e6 / count);
        memory.push(measured.peak_mebibytes()?);
        measured.stop()?;
        let stored = {
            let journal = raw_journal::open(folder.path())?;
            raw_journal::appends(&journal).await?
        };
        let contents = stored.iter().map(raw_journal::Append::contents).collect();
        journal.push(raw_journal::rate(stored, under_way).await?);
        jetstream.push(nats::rate(&server.url(), contents, under_way).await?);
    }
    let intake = Figure::new("intake", "messages/s", intake);
    let journal = Figure::new("journal alone: append, durable", "appends/s", journal);
    let jetstream =
        Figure::new("JetStream alone: publish, acknowledged before it syncs", "messages/s", jetstream);
    let of_journal = intake.over(&journal, "intake / journal alone");
    let of_jetstream = intake.over(&jetstream, "intake / JetStream alone");
    for figure in [
        intake,
        journal,
        jetstream,
        of_journal,
        of_jetstream,
        Figure::new("processor time of the intake for a message", "µs", processor),
        Figure::new("peak memory of the intake", "MiB", memory),
    ] {
        section.add(figure);
    }
    Ok(section)
}
