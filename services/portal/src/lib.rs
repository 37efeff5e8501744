//! Pages for physicians, HIM and leadership: rendered on the server, usable without scripts.
//!
//! The portal decides nothing. It asks the services over the public API (the port [`Api`]; [`InProcess`] when
//! they run in the same process) and shows what they answer.
//!
//! ```text
//! api.rs         the port                 ask.rs      its calls, typed
//! in_process.rs  an adapter               failure.rs  what a reader sees when a call fails
//! pages/         one page a file          show/       times and rows, made readable
//! assets.rs      stylesheet, icon         same_origin.rs  who may send a form
//! templates/     HTML (askama)            assets/     the files themselves
//! visitor.rs     who looks at the pages
//! ```

mod api;
mod ask;
mod assets;
mod failure;
mod in_process;
mod pages;
mod same_origin;
mod show;
mod visitor;

pub use api::{Answer, Api, ApiFuture, Bearer, Call, Unreachable};
pub use in_process::InProcess;
pub use pages::routes;
