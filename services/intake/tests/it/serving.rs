//! MLLP over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use countersign_eventsourcing::journal::{Filter, Position};
use countersign_hl7::mllp::{Decoder, Frame, FrameLimits, encode};
use countersign_intake::{
    domain::{MessageReceived, Outcome, Reason},
    projections::inbox,
    server::{MllpServer, ServerOptions},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::support::{Hospital, admission, adt, msa, with_wishes};

pub(crate) struct Served {
    pub(crate) hospital: Hospital,
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(options: ServerOptions) -> Self {
        let max = options.max_message_bytes;
        let hospital = Hospital::open_with(|intake| intake.with_max_message_bytes(max));
        Self::start_over(hospital, options).await
    }

    async fn start_over(hospital: Hospital, options: ServerOptions) -> Self {
        let any = "127.0.0.1:0".parse().expect("an address");
        let server = MllpServer::bind(any, Arc::clone(&hospital.intake), options).await.expect("a server");
        let address = server.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.run(stop.clone()));
        Self { hospital, address, stop, task }
    }

    async fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.address).await.expect("connected"))
    }

    pub(crate) async fn stop(self) -> Hospital {
        self.stop.cancel();
        self.task.await.expect("stopped");
        self.hospital
    }
}

/// A sender.
pub(crate) struct Peer<S> {
    stream: S,
    decoder: Decoder,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, decoder: Decoder::new(FrameLimits::default()) }
    }

    async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
        self.stream.flush().await.expect("sent");
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_raw(&encode(text.as_bytes())).await;
    }

    /// The next acknowledgement; nothing when the server closes the connection.
    pub(crate) async fn answer(&mut self) -> Option<(String, String, Option<String>)> {
        loop {
            match self.decoder.next() {
                Some(Ok(Frame::Message { bytes, .. })) => return Some(msa(&bytes)),
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            let mut piece = [0; 4096];
            let count = self.stream.read(&mut piece).await.expect("read");
            if count == 0 {
                return None;
            }
            self.decoder.push(&piece[..count]);
        }
    }

    async fn answers(&mut self, count: usize) -> Vec<(String, String)> {
        let mut answers = Vec::new();
        for _ in 0..count {
            let (code, control_id, _) = self.answer().await.expect("an answer");
            answers.push((code, control_id));
        }
        answers
    }
}

fn small() -> ServerOptions {
    ServerOptions { max_message_bytes: 4096, ..ServerOptions::default() }
}

#[tokio::test]
async fn a_message_is_answered_when_it_is_in_the_journal() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    peer.send(&admission("7", "V1")).await;
    assert_eq!(peer.answer().await, Some(("AA".to_owned(), "7".to_owned(), None)));
    assert_eq!(served.hospital.kinds().await, ["message-received", "message-read"]);
    served.stop().await;
}

#[tokio::test]
async fn pipelined_messages_are_answered_and_kept_in_their_order() {
    let served = Served::start(ServerOptions { window: 16, ..ServerOptions::default() }).await;
    let mut peer = served.connect().await;
    // given a thousand messages in one go, cut into pieces anywhere
    let sent: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let bytes: Vec<u8> =
        sent.iter().flat_map(|number| encode(admission(number, &format!("V{number}")).as_bytes())).collect();
    let (mut read, mut write) = tokio::io::split(peer.stream);
    let writing = tokio::spawn(async move {
        for piece in bytes.chunks(777) {
            write.write_all(piece).await.expect("sent");
        }
        write
    });
    let mut answered = Vec::new();
    let mut piece = [0; 4096];
    while answered.len() < sent.len() {
        let count = read.read(&mut piece).await.expect("read");
        peer.decoder.push(&piece[..count]);
        while let Some(Ok(Frame::Message { bytes, .. })) = peer.decoder.next() {
            answered.push(msa(&bytes).1);
        }
    }
    assert_eq!(answered, sent);
    drop(writing.await.expect("sent"));
    let hospital = served.stop().await;
    let batch = hospital.journal.read_all(Position::START, Filter::All, 10_000).await.expect("events");
    let stored: Vec<String> = batch
        .events
        .iter()
        .filter(|event| &*event.kind == MessageReceived::KIND)
        .map(|event| event.decode::<MessageReceived<'_>>().expect("decoded").control_id.into_owned())
        .collect();
    assert_eq!(stored, sent);
}

#[tokio::test]
async fn many_connections_are_served_at_once() {
    let served = Served::start(ServerOptions::default()).await;
    let address = served.address;
    let senders = (0..20).map(|sender| {
        tokio::spawn(async move {
            let mut peer = Peer::new(TcpStream::connect(address).await.expect("connected"));
            for number in 0..10 {
                peer.send(&admission(&number.to_string(), &format!("V{sender}-{number}"))).await;
            }
            peer.answers(10).await
        })
    });
    for sender in futures::future::join_all(senders).await {
        let answers = sender.expect("served");
        assert!(
            answers.iter().enumerate().all(|(index, (code, id))| code == "AA" && *id == index.to_string())
        );
    }
    assert_eq!(served.stop().await.feeds().await[0].accepted, 200);
}

#[tokio::test]
async fn a_sender_that_says_nothing_more_gets_its_last_answers() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    for number in 0..50 {
        peer.send(&admission(&number.to_string(), &format!("V{number}"))).await;
    }
    peer.stream.shutdown().await.expect("half closed");
    assert_eq!(peer.answers(50).await.len(), 50);
    assert_eq!(peer.answer().await, None);
    served.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_next_is_read() {
    let served = Served::start(small()).await;
    let mut peer = served.connect().await;
    let large = format!("{}\rOBX|1|TX|||{}", admission("BIG", "V1"), "x".repeat(100_000));
    let mut bytes = encode(admission("1", "V1").as_bytes());
    bytes.extend(encode(large.as_bytes()));
    bytes.extend(encode(admission("2", "V2").as_bytes()));
    peer.send_raw(&bytes).await;
    let expected =
        [("AA", "1"), ("AR", "BIG"), ("AA", "2")].map(|(code, id)| (code.to_owned(), id.to_owned()));
    assert_eq!(peer.answers(3).await, expected);
    // its beginning is kept
    let hospital = served.stop().await;
    let page = hospital.inbox().await.query(|sql| inbox::quarantine(sql, 0, 10)).await.expect("a page");
    assert_eq!(page.messages[0].reason, Reason::TooLarge.code());
    let first = hospital.stream(page.messages[0].id).await.remove(0);
    let raw = first.decode::<MessageReceived<'_>>().expect("decoded");
    assert!(raw.bytes > 4096);
    assert!(!raw.raw.is_empty());
}

#[tokio::test]
async fn junk_is_refused_and_does_not_hurt_what_follows() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    peer.send_raw(b"hello?\n").await;
    peer.send_raw(&encode(b"this is no message")).await;
    peer.send_raw(b"\x0b\x1c\r").await;
    peer.send(&admission("7", "V1")).await;
    let codes: Vec<String> = peer.answers(4).await.into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["AR", "AR", "AR", "AA"]);
    served.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_no_mllp_is_closed() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    peer.send_raw(&vec![b'x'; 200_000]).await;
    assert_eq!(peer.answer().await.map(|(code, ..)| code), Some("AR".to_owned()));
    // closed: the peer learns it by the end of the stream, or by a reset when it still had bytes on the way
    let mut rest = Vec::new();
    match peer.stream.read_to_end(&mut rest).await {
        Ok(_) => assert!(rest.is_empty()),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    served.stop().await;
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_kept_and_not_answered() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    let frame = encode(admission("7", "V1").as_bytes());
    peer.send_raw(&frame[..frame.len() - 20]).await;
    peer.stream.shutdown().await.expect("half closed");
    assert_eq!(peer.answer().await, None);
    let hospital = served.stop().await;
    let page = hospital.inbox().await.query(|sql| inbox::quarantine(sql, 0, 10)).await.expect("a page");
    assert_eq!(page.messages[0].reason, Reason::Incomplete.code());
    // and the whole message is new when it comes
    let received = hospital.receive(&admission("7", "V1")).await;
    assert_eq!(crate::support::outcome(&received), Outcome::Used);
}

#[tokio::test]
async fn a_connection_without_messages_is_closed() {
    let served =
        Served::start(ServerOptions { idle_timeout: Duration::from_millis(50), ..ServerOptions::default() })
            .await;
    let mut silent = served.connect().await;
    assert_eq!(silent.answer().await, None);
    // one that begins a message and does not go on is no better
    let mut slow = served.connect().await;
    slow.send_raw(b"\x0bMSH|^~\\&|").await;
    assert_eq!(slow.answer().await, None);
    served.stop().await;
}

#[tokio::test]
async fn enhanced_mode_is_honoured_on_the_wire() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    peer.send(&with_wishes(&admission("silent", "V1"), "NE", "NE")).await;
    peer.send(&with_wishes(&admission("commit", "V2"), "AL", "NE")).await;
    // kept in quarantine is committed: nothing to tell at that level, and nothing to send again
    peer.send(&with_wishes(&adt("A03", "kept", "", ""), "ER", "NE")).await;
    peer.send(&with_wishes(&adt("A03", "error", "", ""), "NE", "ER")).await;
    peer.send(&admission("plain", "V3")).await;
    let expected = [("CA", "commit"), ("AE", "error"), ("AA", "plain")]
        .map(|(code, id)| (code.to_owned(), id.to_owned()));
    assert_eq!(peer.answers(3).await, expected);
    assert_eq!(served.stop().await.feeds().await[0].received, 5);
}

#[tokio::test]
async fn further_connections_wait_for_a_place() {
    let served = Served::start(ServerOptions { max_connections: 1, ..ServerOptions::default() }).await;
    let mut first = served.connect().await;
    first.send(&admission("1", "V1")).await;
    first.answers(1).await;
    let mut second = served.connect().await;
    second.send(&admission("2", "V2")).await;
    // the first still has the only place, and is served
    first.send(&admission("3", "V3")).await;
    assert_eq!(first.answers(1).await[0].1, "3");
    assert_eq!(served.hospital.kinds().await.len(), 4);
    drop(first);
    assert_eq!(second.answers(1).await[0].1, "2");
    served.stop().await;
}

#[tokio::test]
async fn a_stopping_server_answers_what_it_has_read_and_closes() {
    let served = Served::start(ServerOptions::default()).await;
    let mut peer = served.connect().await;
    peer.send(&admission("1", "V1")).await;
    peer.answers(1).await;
    let address = served.address;
    let hospital = served.stop().await;
    assert_eq!(peer.answer().await, None);
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(hospital.feeds().await[0].accepted, 1);
}

#[tokio::test]
async fn a_journal_that_fails_is_told_to_the_sender_who_may_send_again() {
    let (hospital, journal) = Hospital::failing();
    let served = Served::start_over(hospital, ServerOptions::default()).await;
    let mut peer = served.connect().await;
    journal.fail(true);
    peer.send(&admission("1", "V1")).await;
    assert_eq!(peer.answers(1).await[0].0, "AE");
    journal.fail(false);
    peer.send(&admission("1", "V1")).await;
    let (code, _, text) = peer.answer().await.expect("an answer");
    assert_eq!((code.as_str(), text), ("AA", None));
    served.stop().await;
}
