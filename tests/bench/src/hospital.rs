//! The load: messages of simulated hospitals, and visits of our own that are watched.

use std::collections::VecDeque;

use anyhow::Context;
use countersign_contracts::{Partition, chart::EncounterKey};
use countersign_hospital::{Hospital, Messages, Settings};
use countersign_kernel::EncounterId;

/// Facilities, each with a connection of its own: order is kept within a facility.
pub(crate) const FACILITIES: u16 = 32;

/// A message of the load on its way to a connection.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) connection: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A country's hospitals, in the order of time, one after the other.
pub(crate) struct Load {
    messages: Messages,
}

impl Load {
    /// As many hospitals as there are connections, with dirt at its usual rates.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let settings = Settings {
            discharges_per_month: 20_000,
            months: 24,
            facilities: FACILITIES,
            ..Settings::default()
        };
        Ok(Self { messages: Hospital::new(settings)?.messages() })
    }

    /// The next messages of all hospitals, in the order in which they are sent.
    pub(crate) fn take(&mut self, count: usize) -> anyhow::Result<Vec<Sent>> {
        (0..count)
            .map(|_| {
                let message = self.messages.next().context("the simulated hospitals have no more to say")?;
                Ok(Sent { connection: connection_of(&message.bytes), bytes: message.bytes })
            })
            .collect()
    }
}

/// By the facility in MSH-4, `SIMHOSP<n>`; what has none goes over the first connection.
fn connection_of(message: &[u8]) -> usize {
    let facility = message.split(|byte| *byte == b'|').nth(3).unwrap_or_default();
    let number = facility.strip_prefix(b"SIMHOSP").and_then(|n| std::str::from_utf8(n).ok()?.parse().ok());
    number.unwrap_or(1_usize).saturating_sub(1) % usize::from(FACILITIES)
}

/// Messages by connection.
pub(crate) fn by_connection(messages: Vec<Sent>) -> Vec<Vec<Vec<u8>>> {
    let mut queues = vec![Vec::new(); usize::from(FACILITIES)];
    for Sent { connection, bytes } in messages {
        queues[connection].push(bytes);
    }
    queues
}

/// A visit whose discharge opens a deficiency (R13, discharge summary missing).
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    visit: String,
}

const FACILITY: &str = "BENCH";

impl Watched {
    /// The visit with this number. A number is used once in a data folder.
    pub(crate) fn number(number: usize) -> Self {
        Self { visit: format!("W{number:08}") }
    }

    /// One visit in each of the feed's partitions.
    pub(crate) fn in_every_partition(first_number: usize) -> Vec<Self> {
        let mut missing: Vec<Partition> = Partition::all().collect();
        let mut visits = VecDeque::new();
        for number in first_number.. {
            if missing.is_empty() {
                break;
            }
            let visit = Self::number(number);
            let partition = Partition::of(visit.id().0);
            if let Some(at) = missing.iter().position(|wanted| *wanted == partition) {
                missing.swap_remove(at);
                visits.push_back(visit);
            }
        }
        visits.into()
    }

    /// The id of its chart.
    pub(crate) fn id(&self) -> EncounterId {
        let key = EncounterKey {
            facility: FACILITY.to_owned(),
            authority: FACILITY.to_owned(),
            visit: self.visit.clone(),
        };
        key.id()
    }

    /// A01.
    pub(crate) fn admission(&self) -> Vec<u8> {
        self.message("A01", "20260105080000", "")
    }

    /// A03.
    pub(crate) fn discharge(&self) -> Vec<u8> {
        self.message("A03", "20260107150000", "20260107150000")
    }

    fn message(&self, trigger: &str, at: &str, discharged: &str) -> Vec<u8> {
        let Self { visit } = self;
        let doctor = format!("4711^BENCH^DOCTOR^^^^^^{FACILITY}");
        let mut pv1 = vec![String::new(); 46];
        for (field, value) in [
            (0, "PV1"),
            (1, "1"),
            (2, "I"),
            (3, &format!("WARD1^101^A^{FACILITY}")),
            (7, &doctor),
            (10, "MED"),
            (17, &doctor),
            (19, &format!("{visit}^^^{FACILITY}")),
            (44, "20260105080000"),
            (45, discharged),
        ] {
            value.clone_into(&mut pv1[field]);
        }
        format!(
            "MSH|^~\\&|BENCHEHR|{FACILITY}|COUNTERSIGN|HIM|{at}||ADT^{trigger}^ADT_{trigger}|{visit}{trigger}|P|2.5.1\r\
             EVN|{trigger}|{at}\r\
             PID|1||P{visit}^^^{FACILITY}^MR||BENCH^PATIENT||19600101|F\r\
             {}\r",
            pv1.join("|")
        )
        .into_bytes()
    }
}
