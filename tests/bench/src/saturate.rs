//! As many messages as the intake takes: every connection keeps a window of them under way.

use std::net::SocketAddr;

use anyhow::ensure;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::frames::{Acknowledged, frame};

/// Messages that a connection sends before it waits for an answer.
pub(crate) const WINDOW: usize = 32;

/// Sends each queue over a connection of its own, in order, and returns when all is acknowledged.
pub(crate) async fn send(to: SocketAddr, queues: Vec<Vec<Vec<u8>>>) -> anyhow::Result<()> {
    let mut connections = JoinSet::new();
    for queue in queues.into_iter().filter(|queue| !queue.is_empty()) {
        connections.spawn(connection(to, queue));
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok(())
}

async fn connection(to: SocketAddr, queue: Vec<Vec<u8>>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let mut acknowledged = Acknowledged::default();
    let mut waiting = queue.iter();
    let mut room = WINDOW;
    let mut buffer = vec![0; 16 * 1024];
    while acknowledged.count < queue.len() {
        let out: Vec<u8> = waiting.by_ref().take(room).flat_map(|message| frame(message)).collect();
        stream.write_all(&out).await?;
        let read = stream.read(&mut buffer).await?;
        ensure!(read > 0, "the intake closed a connection");
        room = acknowledged.take(&buffer[..read]);
    }
    acknowledged.check()
}
