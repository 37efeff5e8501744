//! What was asked for, what was sent and what became of it: pure, and free of patient data.

pub mod act;
pub mod contact;
pub mod digest;
pub mod notice;
pub mod operator;
pub mod throttle;
pub mod window;
