use super::*;
use crate::reader::Message;

/// Reads `field` as PID-3 of a message and hands it to `check`.
fn with_field<T>(field: &str, read: impl FnOnce(Field<'_>) -> T) -> T {
    let bytes = format!("MSH|^~\\&|A\rPID|||{field}|\r");
    let message = Message::parse(bytes.as_bytes()).expect("message");
    read(message.field("PID", 3))
}

#[expect(clippy::unnecessary_wraps, reason = "stands next to the optional parts it is compared with")]
fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn an_identifier_has_neither_check_digit_nor_blanks() {
    let cx = with_field(" 12345 ^4^M11^ADT1&1.2.3&ISO^MR^NORTH", Cx::first).expect("id");

    assert_eq!(cx.id, "12345");
    assert_eq!(cx.authority_name(), Some("ADT1"));
    assert_eq!(cx.type_code, owned("MR"));
    assert_eq!(cx.facility.and_then(|facility| facility.namespace), owned("NORTH"));
}

#[test]
fn an_authority_without_a_name_is_called_by_its_universal_id() {
    assert_eq!(with_field("1^^^&1.2.3&ISO", Cx::first).expect("id").authority_name(), Some("1.2.3"));
    assert_eq!(with_field("1^^^&&ISO", Cx::first).expect("id").authority, None);
    assert_eq!(with_field("1", Cx::first).expect("id").authority, None);
}

#[test]
fn identifiers_without_an_id_are_left_out() {
    let ids = with_field("\"\"~^^^A~1^^^A~ ~2^^^\"\"", Cx::all);

    assert_eq!(ids.iter().map(|cx| cx.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(ids[1].authority, None);
}

#[test]
fn a_person_may_lack_the_id_or_the_name() {
    let full = with_field("112^Dot&von^Lou^M^JR^DR^MD^^MAIN&1.9&ISO^L^^^NPI^^^^^^^^PhD", Xcn::first)
        .expect("person");
    assert_eq!(
        (full.id.as_deref(), full.family.as_deref(), full.given.as_deref()),
        (Some("112"), Some("Dot"), Some("Lou"))
    );
    assert_eq!(
        (full.middle, full.suffix, full.prefix, full.degree),
        (owned("M"), owned("JR"), owned("DR"), owned("MD"))
    );
    assert_eq!(full.authority.as_ref().and_then(Hd::name), Some("MAIN"));
    assert_eq!((full.type_code, full.professional_suffix), (owned("NPI"), owned("PhD")));

    assert_eq!(with_field("801234564895", Xcn::first).expect("person").family, None);
    assert_eq!(with_field("^Schwille^Juergen", Xcn::first).expect("person").id, None);
    assert_eq!(with_field("^^^^^", Xcn::first), None);
    assert_eq!(with_field("^^^^^^^^MAIN^L", Xcn::first), None, "an authority alone names nobody");
    assert_eq!(with_field("\"\"^\"\"", Xcn::first), None);
}

#[test]
fn repeated_persons_are_all_there_and_the_first_that_says_anything_is_the_first() {
    let people = "^^^~112^Dot^^^^^^^MAIN~112^Dot^^^^^^^LOCAL";

    assert_eq!(with_field(people, Xcn::all).len(), 2);
    assert_eq!(with_field(people, Xcn::first).expect("person").authority_name(), Some("MAIN"));
}

#[test]
fn the_six_shapes_of_a_signature() {
    let signature = |field: &str| with_field(field, Ppn::first).expect("signature");
    let id = |ppn: &Ppn| ppn.person.as_ref().and_then(|person| person.id.clone());
    let family = |ppn: &Ppn| ppn.person.as_ref().and_then(|person| person.family.clone());

    let full = signature("12^Fam^Giv^^^^^^^^^^^^20260301120000");
    assert_eq!(
        (id(&full), family(&full), full.time.clone()),
        (owned("12"), owned("Fam"), owned("20260301120000"))
    );
    let offset = signature("12^Fam^Giv^^^^^^^^^^^^20260301120000+0215");
    assert_eq!(offset.time, owned("20260301120000+0215"));
    let time_only = signature("^^^^^^^^^^^^^^20070101");
    assert_eq!((time_only.person.clone(), time_only.time), (None, owned("20070101")));
    let no_id = signature("^Schwille^Juergen^^^^^^^^^^^^20070101");
    assert_eq!((id(&no_id), family(&no_id)), (None, owned("Schwille")));
    let id_only = signature("801234564895");
    assert_eq!((id(&id_only), id_only.time), (owned("801234564895"), None));
    let shifted = signature("SMITH^ROBERT^MD");
    assert_eq!((id(&shifted), family(&shifted), shifted.time), (owned("SMITH"), owned("ROBERT"), None));

    assert_eq!(with_field("^^^^^^^^^^^^^^", Ppn::first), None);
    assert_eq!(
        with_field("1^A^^^^^^^^^^^^^2026~2^B^^^^^^^^^^^^^2027", Ppn::all).len(),
        2,
        "author and cosigner"
    );
}

#[test]
fn an_entity_identifier_is_compared_whole() {
    let key = |field: &str| with_field(field, Ei::first).map(|ei| ei.key());

    assert_eq!(key("DOC1^LAB^1.2^ISO"), owned("DOC1^LAB^1.2^ISO"));
    assert_eq!(key(" DOC1 ^^^"), owned("DOC1"));
    assert_eq!(key("^^dpg121160_1"), owned("^^dpg121160_1"));
    assert_eq!(key("DOC1^\"\""), owned("DOC1"));
    assert_eq!(key("^^^"), None);
}

#[test]
fn a_place_has_ward_room_bed_and_facility() {
    let place = with_field("ICU^101^A^NORTH&1.2&ISO^^N^B1^3^near", Pl::first).expect("place");

    assert_eq!((place.point_of_care, place.room, place.bed), (owned("ICU"), owned("101"), owned("A")));
    assert_eq!(place.facility.and_then(|facility| facility.namespace), owned("NORTH"));
    assert_eq!((place.kind, place.building, place.floor), (owned("N"), owned("B1"), owned("3")));
}

#[test]
fn a_code_may_come_alone_or_with_text_and_system() {
    let coded = with_field("AU^Authenticated^HL70271^X^Other^L", Cwe::first).expect("code");
    assert_eq!(
        (coded.code, coded.text, coded.system),
        (owned("AU"), owned("Authenticated"), owned("HL70271"))
    );
    assert_eq!((coded.alternate_code, coded.alternate_system), (owned("X"), owned("L")));

    assert_eq!(with_field("AU", Cwe::first).expect("code").code, owned("AU"));
    assert_eq!(with_field("^Pathology request", Cwe::first).expect("code").code, None);
}
