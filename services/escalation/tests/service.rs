//! The service on a real journal, with a clock that the test moves.

#[path = "service/hospital.rs"]
mod hospital;

#[path = "service/audited.rs"]
mod audited;
#[path = "service/career.rs"]
mod career;
#[path = "service/changed.rs"]
mod changed;
#[path = "service/fenced.rs"]
mod fenced;
#[path = "service/golden.rs"]
mod golden;
#[path = "service/limits.rs"]
mod limits;
#[path = "service/lived.rs"]
mod lived;
#[path = "service/simulated.rs"]
mod simulated;
#[path = "service/stopped.rs"]
mod stopped;
#[path = "service/twice.rs"]
mod twice;
#[path = "service/weekly.rs"]
mod weekly;
#[path = "service/year.rs"]
mod year;
