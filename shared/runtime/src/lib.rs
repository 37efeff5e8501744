//! What every process of Countersign stands on: configuration, life cycle, HTTP scaffolding, logs, traces,
//! metrics, the real clock and random ids. The only shared crate that may read the environment and the
//! machine's time.

pub mod access;
pub mod authority;
mod clock;
pub mod config;
pub mod doctor;
pub mod http;
mod ids;
pub mod lifecycle;
pub mod telemetry;

pub use clock::SystemClock;
pub use config::{Config, ConfigError, LoopbackAddr};
pub use ids::new_id;
pub use lifecycle::{Life, LifeError};
