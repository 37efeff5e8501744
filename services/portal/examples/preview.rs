//! The pages over a made-up hospital, for people who work on their looks:
//! `cargo run -p countersign-portal --example preview`, then open the address that it prints.
//! `--empty` shows them before anything has arrived.

#[path = "../tests/it/hospital.rs"]
#[expect(dead_code, reason = "the tests also ask what was asked")]
mod hospital;

use axum::http::{HeaderValue, header};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let now = "2026-03-05T18:20:00Z".parse().expect("an instant");
    let empty = std::env::args().any(|argument| argument == "--empty");
    let hospital = if empty { hospital::Hospital::empty(now) } else { hospital::Hospital::busy(now) };
    let (portal, _) = hospital::portal(hospital);
    // as the real site does: a page that needs more than this must fail here too
    let policy = HeaderValue::from_static(
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    );
    let portal = portal
        .layer(CompressionLayer::new())
        .layer(SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, policy));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, portal).await
}
