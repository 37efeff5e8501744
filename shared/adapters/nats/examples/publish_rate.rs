//! How fast a NATS server takes messages: the line that the relay is measured against.
//!
//! `publish_rate [bytes of a message] [messages] [most that wait for their acknowledgement] [server URL]`
//!
//! Prints one JSON object. Without a URL it starts a server of its own, on an empty store, which acknowledges
//! before it syncs (the server's default).

use std::{collections::VecDeque, time::Instant};

use async_nats::jetstream::{self, context::PublishAckFuture, stream::Config};
use countersign_testkit::nats_server::NatsServer;

const STREAM: &str = "PUBLISH_RATE";

#[tokio::main]
async fn main() -> Result<(), async_nats::Error> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |or: usize| arguments.next().map_or(Ok(or), |text| text.parse());
    let (bytes, messages, window) = (number(512)?, number(100_000)?, number(512)?);
    let (url, _server) = if let Some(url) = arguments.next() {
        (url, None)
    } else {
        let server = NatsServer::start();
        (server.url(), Some(server))
    };
    let jetstream = jetstream::new(async_nats::connect(url).await?);
    let config = Config { name: STREAM.to_owned(), subjects: vec!["rate.>".to_owned()], ..Config::default() };
    jetstream.create_stream(config).await?;

    let payload = bytes::Bytes::from(vec![b'x'; bytes]);
    let began = Instant::now();
    let mut waiting: VecDeque<PublishAckFuture> = VecDeque::with_capacity(window);
    for message in 0..messages {
        if waiting.len() >= window.max(1)
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.await?;
        }
        waiting.push_back(jetstream.publish(format!("rate.{:02}", message % 64), payload.clone()).await?);
    }
    for acknowledgement in waiting {
        acknowledgement.await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    jetstream.delete_stream(STREAM).await?;

    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
    let rate = messages as f64 / seconds;
    println!(
        "{}",
        serde_json::json!({
            "messages_per_second": rate.round(),
            "seconds": seconds,
            "messages": messages,
            "bytes": bytes,
            "window": window,
        })
    );
    Ok(())
}
