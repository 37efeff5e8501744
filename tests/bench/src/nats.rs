//! JetStream alone, given the bytes that the intake stored: the other baseline of the intake.

use std::{collections::VecDeque, time::Instant};

use anyhow::anyhow;
use async_nats::jetstream::{self, context::PublishAckFuture, stream::Config};
use bytes::Bytes;

const STREAM: &str = "BENCH";

/// Messages a second that a server takes and acknowledges (from memory: it syncs later, by default).
pub(crate) async fn rate(url: &str, messages: Vec<Vec<u8>>, under_way: usize) -> anyhow::Result<f64> {
    publish(url, messages, under_way).await.map_err(|error| anyhow!("nats-server: {error}"))
}

async fn publish(url: &str, messages: Vec<Vec<u8>>, under_way: usize) -> Result<f64, async_nats::Error> {
    let jetstream = jetstream::new(async_nats::connect(url).await?);
    let config =
        Config { name: STREAM.to_owned(), subjects: vec!["bench.>".to_owned()], ..Config::default() };
    jetstream.create_stream(config).await?;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let count = messages.len() as f64;
    let began = Instant::now();
    let mut waiting: VecDeque<PublishAckFuture> = VecDeque::with_capacity(under_way);
    for (number, message) in messages.into_iter().enumerate() {
        if waiting.len() >= under_way
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.await?;
        }
        waiting
            .push_back(jetstream.publish(format!("bench.{:02}", number % 64), Bytes::from(message)).await?);
    }
    for acknowledgement in waiting {
        acknowledgement.await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    jetstream.delete_stream(STREAM).await?;
    Ok(count / seconds)
}
