//! Ports of ours and servers of others.

use std::{net::SocketAddr, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::Finding;
use crate::{
    Config,
    config::{FeedKind, JournalKind},
};

/// Longest wait for another server.
const PATIENCE: Duration = Duration::from_secs(3);

/// Oldest NATS server with everything that the feed uses: older ones ignore some of it in silence.
const LEAST_NATS: (u64, u64) = (2, 12);

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        own_port("http.listen", config.http.listen.socket()).await,
        own_port("mllp.listen", config.mllp.listen.0).await,
    ];
    if !config.mllp.listen.0.ip().to_canonical().is_loopback() && config.mllp.tls.is_none() {
        findings.push(Finding::doubtful(
            "mllp.tls",
            "messages with patient data arrive over the network without encryption",
            "set [mllp.tls], or see to it that the network between sender and here is closed",
        ));
    }
    if config.feed.kind == FeedKind::Nats {
        for address in config.nats.url.reveal().split(',') {
            findings.push(nats(&host_and_port(address, 4222)).await);
        }
    }
    if config.journal.kind == JournalKind::EventStoreDb
        && let Some(url) = &config.journal.url
    {
        findings.push(reachable("EventStoreDB", &host_and_port(url.reveal(), 2113)).await);
    }
    if let Some(endpoint) = &config.telemetry.otlp_endpoint {
        findings.push(reachable("OpenTelemetry collector", &host_and_port(endpoint, 4318)).await);
    }
    findings
}

/// `scheme://user:password@host:port/path?query` → `host:port`.
fn host_and_port(url: &str, usual: u16) -> String {
    let rest = url.trim().split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit('@').next().unwrap_or(rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { authority.to_owned() } else { format!("{authority}:{usual}") }
}

async fn own_port(key: &str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::good(key, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::doubtful(
            key,
            format!("{address} is in use"),
            "fine if it is this Countersign that runs; otherwise stop the other program or choose another port",
        ),
        Err(error) => Finding::bad(
            key,
            format!("{address}: {error}"),
            "choose an address that this machine has and may use",
        ),
    }
}

async fn connect(address: &str) -> Result<TcpStream, String> {
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

async fn reachable(subject: &str, address: &str) -> Finding {
    match connect(address).await {
        Ok(_) => Finding::good(subject, format!("{address} accepts connections")),
        Err(error) => Finding::bad(
            subject,
            format!("{address}: {error}"),
            "start it, correct the address, or open the way to it (firewall, DNS)",
        ),
    }
}

/// What a NATS server says of itself before anything else (`INFO`).
#[derive(Deserialize)]
struct Greeting {
    version: String,
    #[serde(default)]
    jetstream: bool,
}

async fn nats(address: &str) -> Finding {
    let subject = "NATS server";
    let stream = match connect(address).await {
        Ok(stream) => stream,
        Err(error) => {
            return Finding::bad(
                subject,
                format!("{address}: {error}"),
                "start it (nats-server -js), correct nats.url, or open the way to it",
            );
        }
    };
    let mut line = String::new();
    let read = timeout(PATIENCE, BufReader::new(stream).read_line(&mut line)).await;
    let greeting = match read {
        Ok(Ok(_)) => line.strip_prefix("INFO ").and_then(|json| serde_json::from_str::<Greeting>(json).ok()),
        _ => None,
    };
    let Some(Greeting { version, jetstream }) = greeting else {
        return Finding::bad(subject, format!("{address} does not speak NATS"), "correct nats.url");
    };
    let mut numbers = version.split('.').map_while(|number| number.parse::<u64>().ok());
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < LEAST_NATS {
        Finding::bad(
            subject,
            format!("{address} is version {version}"),
            "use 2.12 or newer: older ones ignore settings of the streams in silence",
        )
    } else if !jetstream {
        Finding::bad(
            subject,
            format!("{address} (version {version}) has no JetStream"),
            "start it with JetStream: `nats-server -js`, or `jetstream {}` in its configuration",
        )
    } else {
        Finding::good(subject, format!("{address}, version {version}, JetStream"))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_address_is_found_in_an_url() {
        for (url, expected) in [
            ("nats://127.0.0.1:4222", "127.0.0.1:4222"),
            ("tls://user:p@ss@host", "host:4222"),
            ("esdb://admin:changeit@db:2113?tls=true", "db:2113"),
            ("http://[::1]:4318/base", "[::1]:4318"),
            ("http://[::1]", "[::1]:4222"),
        ] {
            assert_eq!(host_and_port(url, 4222), expected, "{url}");
        }
    }

    /// A server that greets with `greeting`.
    async fn server(greeting: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                if stream.write_all(greeting.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_nats_server_is_judged_by_its_greeting() {
        for (greeting, verdict) in [
            ("INFO {\"version\":\"2.15.1\",\"jetstream\":true}\r\n", Verdict::Good),
            ("INFO {\"version\":\"2.12.0-RC.1\",\"jetstream\":true}\r\n", Verdict::Good),
            ("INFO {\"version\":\"2.9.10\",\"jetstream\":true}\r\n", Verdict::Bad),
            ("INFO {\"version\":\"2.15.1\"}\r\n", Verdict::Bad),
            ("SSH-2.0-OpenSSH_9.2\r\n", Verdict::Bad),
        ] {
            let finding = nats(&server(greeting).await).await;
            assert_eq!(finding.verdict, verdict, "{finding}");
            assert_eq!(finding.remedy.is_some(), verdict == Verdict::Bad, "{finding}");
        }
    }

    #[tokio::test]
    async fn a_port_in_use_and_a_server_that_is_not_there_are_told() {
        let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = taken.local_addr().expect("bound");
        assert_eq!(own_port("http.listen", address).await.verdict, Verdict::Doubtful);
        drop(taken);
        assert_eq!(reachable("collector", &address.to_string()).await.verdict, Verdict::Bad);
    }
}
