//! The service on a real journal, with a clock that the test moves.

#[path = "service/hospital.rs"]
mod hospital;

#[path = "service/career.rs"]
mod career;
#[path = "service/twice.rs"]
mod twice;
