//! The `SQLite` journal against the specification of all journals, and against what is its own: several
//! processes, death, a full or failing disk, immutability.

mod child;
mod contract;
mod crash;
mod disk;
mod file;
mod folder;
mod histories;
mod own;
mod processes;
mod sample;
