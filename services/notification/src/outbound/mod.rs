//! What may leave the installation. A [`Message`] can only be made of values without patient data: codes that the
//! wording turns into labels, dates, counts, staff, an opaque link. There is no way to put a text of a hospital's
//! message into it, so no template and no channel can let one out (product brief 2.3; 45 CFR 164.502(b)).

mod kind;
mod line;
mod link;
mod message;
mod names;
mod synthetic;
mod wording;

pub use kind::Kind;
pub use line::OneLine;
pub use link::{Link, LinkError, PublicUrl};
pub use message::{Counts, Digest, DigestItem, Entry, List, Message, MessageError, Standing};
pub use names::{Addressee, FacilityName, Letterhead, Names, OfficeName, StaffName};
pub use synthetic::synthetic;
pub use wording::Wording;
