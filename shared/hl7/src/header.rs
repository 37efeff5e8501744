//! The header of a message, as far as routing and answering need it.

use crate::composites::{Composite, Hd};
use crate::reader::{Field, Message};

/// MSH. Everything is optional, because real headers lack any of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// MSH-3.
    pub sending_application: Option<Hd>,
    /// MSH-4.
    pub sending_facility: Option<Hd>,
    /// MSH-5.
    pub receiving_application: Option<Hd>,
    /// MSH-6.
    pub receiving_facility: Option<Hd>,
    /// MSH-7 as sent; see [`crate::HlTime::parse`].
    pub time: Option<String>,
    /// MSH-9.1 (table 0076): `ADT`, `MDM`, `ACK`, …
    pub message_code: Option<String>,
    /// MSH-9.2 (table 0003): `A01`, …
    pub trigger: Option<String>,
    /// MSH-9.3 (table 0354): `ADT_A01`, …
    pub structure: Option<String>,
    /// MSH-10. Reused freely by real senders: no key by itself.
    pub control_id: Option<String>,
    /// MSH-11.1 (table 0103): `P`, `T` or `D`.
    pub processing_id: Option<String>,
    /// MSH-12.1 (table 0104).
    pub version: Option<String>,
    /// MSH-15 (table 0155): when the sender wants an accept acknowledgement.
    pub accept_ack: Option<String>,
    /// MSH-16 (table 0155): when the sender wants an application acknowledgement.
    pub application_ack: Option<String>,
    /// MSH-18 as sent, first repetition; [`Message::charset`] is what the text is read as.
    pub charset: Option<String>,
}

impl Header {
    /// Reads MSH.
    pub fn of(message: &Message<'_>) -> Self {
        let Some(header) = message.segment("MSH") else { return Self::default() };
        // One pass; asking field by field would walk the segment fourteen times.
        let mut read = Self::default();
        for (number, field) in header.fields() {
            match number {
                3 => read.sending_application = Hd::first(field),
                4 => read.sending_facility = Hd::first(field),
                5 => read.receiving_application = Hd::first(field),
                6 => read.receiving_facility = Hd::first(field),
                7 => read.time = text(field),
                9 => {
                    read.message_code = text(field);
                    read.trigger = field.component(2).value().to_owned_text();
                    read.structure = field.component(3).value().to_owned_text();
                }
                10 => read.control_id = text(field),
                11 => read.processing_id = text(field),
                12 => read.version = text(field),
                15 => read.accept_ack = text(field),
                16 => read.application_ack = text(field),
                18 => read.charset = field.repetitions().find_map(|one| one.value().to_owned_text()),
                _ => {}
            }
        }
        read
    }

    /// Name of the sending application and facility, for choosing a feed profile.
    pub fn sender(&self) -> (Option<&str>, Option<&str>) {
        (
            self.sending_application.as_ref().and_then(Hd::name),
            self.sending_facility.as_ref().and_then(Hd::name),
        )
    }

    /// Version as numbers: `2.5.1` is `[2, 5, 1]`; nothing when MSH-12 is empty or no version.
    pub fn version_numbers(&self) -> Option<[u16; 3]> {
        let mut numbers = [0; 3];
        for (number, digits) in numbers.iter_mut().zip(self.version.as_deref()?.split('.')) {
            *number = digits.parse().ok()?;
        }
        Some(numbers)
    }
}

fn text(field: Field<'_>) -> Option<String> {
    field.value().to_owned_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(msh: &str) -> Header {
        Header::of(&Message::parse(msh.as_bytes()).expect("message"))
    }

    #[test]
    fn all_parts() {
        let header = header(
            "MSH|^~\\&|EHR^1.2^ISO|&|PORTAL|SOUTH|20260301||MDM^T02^MDM_T02|42|P^T|2.5.1|||AL|NE||~8859/1",
        );

        assert_eq!(header.sender(), (Some("EHR"), None));
        assert_eq!(header.receiving_application.and_then(|hd| hd.namespace).as_deref(), Some("PORTAL"));
        assert_eq!(header.receiving_facility.and_then(|hd| hd.namespace).as_deref(), Some("SOUTH"));
        assert_eq!(header.time.as_deref(), Some("20260301"));
        assert_eq!(
            (header.message_code.as_deref(), header.trigger.as_deref(), header.structure.as_deref()),
            (Some("MDM"), Some("T02"), Some("MDM_T02"))
        );
        assert_eq!((header.control_id.as_deref(), header.processing_id.as_deref()), (Some("42"), Some("P")));
        assert_eq!(
            (header.accept_ack.as_deref(), header.application_ack.as_deref()),
            (Some("AL"), Some("NE"))
        );
        assert_eq!(header.charset.as_deref(), Some("8859/1"));
    }

    #[test]
    fn the_message_type_in_all_its_forms() {
        for (field, code, trigger) in [
            ("ADT^A01", Some("ADT"), Some("A01")),
            ("ADT^A01&&", Some("ADT"), Some("A01")),
            ("ACK", Some("ACK"), None),
            ("^A01", None, Some("A01")),
            ("", None, None),
        ] {
            let header = header(&format!("MSH|^~\\&|||||||{field}|1"));
            assert_eq!(
                (header.message_code.as_deref(), header.trigger.as_deref()),
                (code, trigger),
                "{field}"
            );
        }
    }

    #[test]
    fn a_header_that_ends_early_has_nothing_behind_its_end() {
        assert_eq!(header("MSH|^~\\&"), Header::default());
    }

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| header(&format!("MSH|^~\\&||||||||||{text}")).version_numbers();

        assert_eq!(version("2.5.1"), Some([2, 5, 1]));
        assert_eq!(version("2.3"), Some([2, 3, 0]));
        assert_eq!(version("2.5^USA"), Some([2, 5, 0]));
        assert_eq!(version("2.5+"), None);
        assert_eq!(version(""), None);
    }
}
