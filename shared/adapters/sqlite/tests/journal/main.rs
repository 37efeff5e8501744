//! The SQLite journal against the specification of all journals, and against what is its own: several
//! processes, death, a full disk, immutability.

mod contract;
