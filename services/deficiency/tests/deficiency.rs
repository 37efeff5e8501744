//! The deficiency service, seen from outside: specs of every rule and edge case, the laws that hold for all
//! charts, the stored format, and the read model against the record.

mod claims;
mod given;
mod golden;
mod laws;
mod lifecycle;
mod peers;
mod read_model;
mod specs;
mod what_if;
