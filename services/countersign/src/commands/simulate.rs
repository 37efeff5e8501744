//! `countersign simulate`

use countersign_hospital::{Dirt, Hospital, Settings, write_folder};

use crate::{cli::Simulate, print, send::Sender};

pub async fn run(args: Simulate) -> anyhow::Result<()> {
    let hospital = Hospital::new(Settings {
        discharges_per_month: args.discharges_per_month,
        months: args.months,
        seed: args.seed,
        facilities: args.facilities,
        start: args.start,
        dirt: if args.clean { Dirt::none() } else { Dirt::default() },
        // The shipped rules ask for a cosignature of summaries only.
        histories_cosigned: false,
        charges: args.charges,
        orders: args.orders,
        ..Settings::default()
    })?;
    if let Some(folder) = &args.out {
        let report = write_folder(&hospital, folder)?;
        return print::line(&format!(
            "{} messages in {} files, {} rows of truth: {}",
            report.messages,
            report.files,
            report.truth_rows,
            folder.display()
        ));
    }
    if let Some(address) = args.mllp {
        let mut sender = Sender::connect(address).await?;
        for message in hospital.messages() {
            sender.send(&message.bytes).await?;
        }
        return print::json(&sender.finish().await?);
    }
    Ok(())
}
