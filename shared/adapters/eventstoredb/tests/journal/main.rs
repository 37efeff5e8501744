//! The adapter over the stand-in: the whole contract of the port, and what the wire can do to it.

mod appending;
mod connecting;
mod contract;
mod following;
mod given;
mod namespaced;
