//! Signals reach a whole process: so this stands in a process of its own.
#![cfg(unix)]

use std::{process::Command, time::Duration};

use countersign_runtime::{Life, LifeError};

fn send(signal: &str) {
    let status =
        Command::new("kill").args([signal, &std::process::id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

#[tokio::test]
async fn a_signal_asks_for_an_orderly_stop_and_a_second_one_ends_at_once() {
    // given a process with an obedient loop
    let life = Life::new();
    let (started, running) = tokio::sync::oneshot::channel();
    life.spawn("obedient", |stop| async move {
        started.send(()).expect("the test listens");
        stop.cancelled().await;
        anyhow::Ok(())
    });
    running.await.expect("started");
    let waiting = life.wait(Duration::from_secs(30));
    tokio::pin!(waiting);
    // when SIGTERM comes while it waits (the first poll installs the handlers)
    assert!(poll_once(waiting.as_mut()).await.is_none());
    send("-TERM");
    // then it stops in order
    waiting.await.expect("an orderly stop");

    // given one that does not obey
    let life = Life::new();
    life.spawn("deaf", |_| std::future::pending::<anyhow::Result<()>>());
    let stopping = life.stopping();
    let waiting = life.wait(Duration::from_secs(30));
    tokio::pin!(waiting);
    assert!(poll_once(waiting.as_mut()).await.is_none());
    // when SIGINT comes twice
    send("-INT");
    tokio::select! {
        _ = waiting.as_mut() => panic!("the first signal only asks"),
        () = stopping.cancelled() => {}
    }
    send("-INT");
    // then the second one ends the wait long before the limit
    let reason = waiting.await.expect_err("not in order");
    assert!(matches!(&reason, LifeError::Interrupted { running } if running == &["deaf"]), "{reason}");
}

async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
