//! Pages as a reader gets them, over a hospital in memory that stands behind the port.

mod addresses;
mod claims;
mod decisions;
mod directory;
mod escalation;
mod export;
mod failures;
mod governed;
mod hospital;
mod navigation;
mod notices;
mod pages;
mod partitions;
mod replay;
mod signing_in;
mod site;
