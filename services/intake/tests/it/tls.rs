//! MLLP in TLS, and with certificates of the senders.

use std::{path::Path, sync::Arc};

use countersign_intake::server::{MllpServer, ServerOptions, TlsFiles};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs},
};

use crate::{
    serving::{Peer, Served},
    support::{Hospital, admission},
};

struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("an authority");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn issue(&self, name: &str) -> (Identity, String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let identity = Identity { certificate: certificate.der().clone(), key: key.serialize_der() };
        (identity, certificate.pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("a root");
        roots
    }
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

async fn serve(folder: &Path, authority: &Authority, senders: Option<&Authority>) -> Served {
    let (_, certificate, key) = authority.issue("localhost");
    let tls = TlsFiles {
        certificate: write(folder, "server.crt", &certificate),
        key: write(folder, "server.key", &key),
        client_ca: senders.map(|senders| write(folder, "senders.crt", &senders.certificate.pem())),
    };
    Served::start(ServerOptions { tls: Some(tls), ..ServerOptions::default() }).await
}

async fn connect(
    served: &Served,
    authority: &Authority,
    identity: Option<&Identity>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(authority.roots());
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::try_from(identity.key.clone()).expect("a key");
            builder.with_client_auth_cert(vec![identity.certificate.clone()], key).expect("an identity")
        }
    };
    let stream = TcpStream::connect(served.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn messages_come_through_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let served = serve(folder.path(), &authority, None).await;
    let mut peer = Peer::new(connect(&served, &authority, None).await.expect("connected"));
    peer.send(&admission("7", "V1")).await;
    assert_eq!(peer.answer().await.expect("an answer").0, "AA");
    drop(peer);
    let hospital = served.stop().await;
    assert_eq!(hospital.feeds().await[0].accepted, 1);
}

#[tokio::test]
async fn mutual_tls_lets_only_certified_senders_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, senders, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let served = serve(folder.path(), &authority, Some(&senders)).await;
    // a sender with a certificate of the right authority is served
    let (known, ..) = senders.issue("ehr");
    let mut peer = Peer::new(connect(&served, &authority, Some(&known)).await.expect("connected"));
    peer.send(&admission("1", "V1")).await;
    assert_eq!(peer.answer().await.expect("an answer").0, "AA");
    drop(peer);
    // others are not: in TLS 1.3 they learn it when they read
    let (stranger, ..) = strangers.issue("ehr");
    for identity in [None, Some(&stranger)] {
        if let Ok(mut stream) = connect(&served, &authority, identity).await {
            let refused = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1]).await;
            assert!(refused.is_err(), "{refused:?}");
        }
    }
    assert_eq!(served.stop().await.feeds().await[0].received, 1);
}

#[tokio::test]
async fn a_plain_sender_on_a_tls_port_gets_nothing_and_hurts_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let served = serve(folder.path(), &authority, None).await;
    let mut plain = TcpStream::connect(served.address).await.expect("connected");
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"\x0bMSH|^~\\&|A\x1c\r").await.expect("sent");
    let mut answer = Vec::new();
    // the server says so in TLS (an alert) or just closes; it never answers in the clear
    let _closed = tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut answer).await;
    assert!(!answer.windows(3).any(|three| three == b"MSA"));
    let mut peer = Peer::new(connect(&served, &authority, None).await.expect("connected"));
    peer.send(&admission("7", "V1")).await;
    assert_eq!(peer.answer().await.expect("an answer").0, "AA");
    drop(peer);
    served.stop().await;
}

#[tokio::test]
async fn certificates_that_cannot_be_used_stop_the_start_with_the_file_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    let (_, certificate, key) = authority.issue("localhost");
    let good = write(folder.path(), "good.crt", &certificate);
    let key = write(folder.path(), "good.key", &key);
    let empty = write(folder.path(), "empty.crt", "");
    let (_, _, other_key) = authority.issue("other");
    let other = write(folder.path(), "other.key", &other_key);
    for (certificate, key, named) in [
        (empty.clone(), key.clone(), "empty.crt"),
        (folder.path().join("missing.crt"), key.clone(), "missing.crt"),
        (good.clone(), empty.clone(), "empty.crt"),
        (good.clone(), other, "TLS"),
    ] {
        let tls = TlsFiles { certificate, key, client_ca: None };
        let options = ServerOptions { tls: Some(tls), ..ServerOptions::default() };
        let intake = Arc::clone(&Hospital::open().intake);
        let any = "127.0.0.1:0".parse().expect("an address");
        match MllpServer::bind(any, intake, options).await {
            Err(error) => assert!(error.to_string().contains(named), "{error}"),
            Ok(_) => panic!("{named} was taken"),
        }
    }
}
