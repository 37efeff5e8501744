//! Panics in the log.

use std::panic::PanicHookInfo;

/// Logs every panic with its place. The message is logged only when it is a constant of the program: a
/// formatted one may hold what a message from a hospital held.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let message = panic
        .payload()
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("(a formatted message, withheld: it may hold patient data)");
    let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(message, place, thread = thread.name().unwrap_or("unnamed"), "panic");
}
