//! One file per subject. Tests that stand for an entry of the edge-case catalogue (domain brief, section 10)
//! carry its number: `case_01_...`.

mod classes;
mod complete_chart;
mod discharge;
mod documents;
mod history;
mod limits;
mod messages;
mod numbers;
mod operations;
mod responsible;
mod signatures;
