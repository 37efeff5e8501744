//! Small simulated hospitals.

use countersign_hospital::{Dirt, Hospital, Settings};

/// A month of a small hospital, by seed: what `countersign simulate` sends.
pub fn month(seed: u64, discharges: u32, dirt: Dirt) -> Hospital {
    Hospital::new(Settings {
        discharges_per_month: discharges,
        months: 1,
        seed,
        dirt,
        // The shipped rules ask for the cosignature of summaries only.
        histories_cosigned: false,
        ..Settings::default()
    })
    .expect("settings that can be simulated")
}

/// Everything it sends, in order of sending.
pub fn messages(hospital: &Hospital) -> Vec<Vec<u8>> {
    hospital.messages().map(|message| message.bytes).collect()
}
