//! Countersign: gets medical charts completed. This crate is the command line and the composition of the
//! services; it decides nothing itself.

#![expect(
    unreachable_pub,
    reason = "a program exports nothing; `pub` says what a module offers its neighbours"
)]

mod cli;
mod client;
mod commands;
mod compose;
mod print;
mod remote;
mod send;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            // A reader that went away (`countersign deficiencies | head`) is no fault.
            let gone = error.chain().any(|cause| {
                cause
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            });
            if gone {
                return ExitCode::SUCCESS;
            }
            eprintln!("countersign: {error:#}");
            ExitCode::FAILURE
        }
    }
}
