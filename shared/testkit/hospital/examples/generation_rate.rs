//! How fast a run is generated: `cargo run --release -p countersign-hospital --example generation_rate`.

use std::time::Instant;

use countersign_hospital::{Hospital, Settings, SettingsError};

fn main() -> Result<(), SettingsError> {
    let hospital =
        Hospital::new(Settings { discharges_per_month: 3_000, months: 12, ..Settings::default() })?;
    let started = Instant::now();
    let mut messages = hospital.messages();
    let (mut sent, mut bytes, mut held) = (0_u32, 0, 0);
    while let Some(message) = messages.next() {
        sent += 1;
        bytes += message.bytes.len();
        held = held.max(messages.encounters_held());
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{sent} messages, {bytes} bytes, {seconds:.1} s: {:.0} messages/s", f64::from(sent) / seconds);
    println!("at most {held} encounters in memory");
    let started = Instant::now();
    let rows = hospital.truth().rows.len();
    println!("{rows} rows of truth in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
