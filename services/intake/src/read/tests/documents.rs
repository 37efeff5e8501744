//! Documents.

use super::*;

const NOTE: [(usize, &str); 5] =
    [(2, "DS"), (4, "20260308"), (9, "11^Writer^Will^^^^MD"), (12, "D1^NOTES"), (17, "DI")];

fn note(change: &[(usize, &'static str)]) -> Vec<(usize, &'static str)> {
    NOTE.iter().chain(change).copied().collect()
}

#[test]
fn triggers_are_actions() {
    for (triggers, action) in [
        (["T01", "T02"], DocumentAction::Originated),
        (["T03", "T04"], DocumentAction::StatusChanged),
        (["T05", "T06"], DocumentAction::AddendumAdded),
        (["T07", "T08"], DocumentAction::Edited),
        (["T09", "T10"], DocumentAction::Replaced),
        (["T11", "T11"], DocumentAction::Cancelled),
    ] {
        for trigger in triggers {
            assert_eq!(document(&read_mdm(trigger, &NOTE)).action, action, "{trigger}");
        }
    }
}

#[test]
fn carry_their_fields() {
    let reading = read_mdm("T02", &note(&[(10, "21^Boss^Bea~22^Boss^Bob"), (13, "D0")]));
    let document = document(&reading);
    assert_eq!(document.number, "D1^NOTES");
    assert_eq!(document.parent.as_deref(), Some("D0"));
    assert_eq!(document.document_type, DocumentType::DischargeSummary);
    assert_eq!(document.status, CompletionStatus::Dictated);
    assert_eq!(document.originator.as_ref().and_then(|person| person.id.as_deref()), Some("11"));
    assert_eq!(document.authenticators.len(), 2);
    assert_eq!(document.activity_at, Some(at("2026-03-08T05:00:00Z")));
    assert!(document.signatures.is_empty());
    assert!(!document.trainee_author);
}

#[test]
fn without_a_visit_number_are_quarantined() {
    let mut message = mdm("T02", &NOTE);
    message.remove(3);
    assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoVisitNumber));
}

#[test]
fn without_txa_are_quarantined() {
    let mut message = mdm("T02", &NOTE);
    message.remove(4);
    assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoDocument));
}

#[test]
fn are_numbered_by_the_whole_of_txa_12() {
    let number = |sent: &'static str| document(&read_mdm("T02", &note(&[(12, sent)]))).number.clone();
    assert_eq!(number("912513^^3745.1^SHA-1"), "912513^^3745.1^SHA-1");
    assert_eq!(number("^^dpg121160_7"), "^^dpg121160_7");
    assert_eq!(number(" D1^ "), "D1");
}

#[test]
fn without_txa_12_take_file_name_or_filler_number() {
    let file = read_mdm("T02", &note(&[(12, ""), (16, "note.rtf")]));
    assert_eq!(document(&file).number, "note.rtf");
    let filler = read_mdm("T02", &note(&[(12, ""), (15, "F1^LAB")]));
    assert_eq!(document(&filler).number, "F1^LAB");
    assert!(has(&filler, FindingCode::DocumentNumberElsewhere));
}

#[test]
fn without_any_number_get_one_that_the_next_message_finds_again() {
    let number = |trigger: &str, change: &[(usize, &'static str)]| {
        document(&read_mdm(trigger, &note(&[(12, "")].iter().chain(change).copied().collect::<Vec<_>>())))
            .number
            .clone()
    };
    let first = number("T02", &[]);
    assert!(first.starts_with("unnumbered-"), "{first}");
    assert_eq!(first, number("T04", &[(17, "AU")]));
    assert_ne!(first, number("T02", &[(2, "OP")]));
}

#[test]
fn a_status_in_the_wrong_column_is_neither_a_status_nor_a_number() {
    // given TXA shifted by one: the status stands in TXA-16
    let reading =
        read_mdm("T02", &[(2, "HP"), (4, "20260308"), (11, "D12345"), (16, "AU"), (21, "SMITH^R^MD")]);
    let document = document(&reading);
    assert_eq!(document.status, CompletionStatus::Unknown);
    assert!(document.number.starts_with("unnumbered-"), "{}", document.number);
    assert!(has(&reading, FindingCode::ColumnsShifted));
}

#[test]
fn types_go_through_the_table_by_code_then_alternate_code() {
    for (sent, expected) in [
        ("HP", DocumentType::HistoryAndPhysical),
        ("34117-2^H&P^LN", DocumentType::HistoryAndPhysical),
        ("op", DocumentType::OperativeReport),
        ("surgeryReport", DocumentType::OperativeReport),
        ("DS^Discharge Summary^HL70270", DocumentType::DischargeSummary),
        ("X9^Abschluss^L^18842-5^Discharge summary^LN", DocumentType::DischargeSummary),
        ("PN", DocumentType::Other("PN".to_owned())),
        ("18748-4", DocumentType::Other("18748-4".to_owned())),
    ] {
        let reading = read_mdm("T02", &[(2, sent), (12, "D1")]);
        assert_eq!(document(&reading).document_type, expected, "{sent}");
        let unmapped = matches!(expected, DocumentType::Other(_));
        assert_eq!(has(&reading, FindingCode::DocumentTypeUnmapped), unmapped, "{sent}");
    }
    assert!(has(&read_mdm("T02", &[(12, "D1")]), FindingCode::DocumentTypeMissing));
}

#[test]
fn a_title_counts_only_where_the_profile_says_so() {
    let fields = [(2, "PN"), (12, "D1"), (25, "Discharge Summary")];
    assert_eq!(document(&read_mdm("T02", &fields)).document_type, DocumentType::Other("PN".to_owned()));
    let profile = "[default.document_titles]\ndischarge_summary = [\"discharge summary\"]";
    let reading = read_by(profile, &lines(&mdm("T02", &fields)));
    assert_eq!(document(&reading).document_type, DocumentType::DischargeSummary);
}

#[test]
fn only_codes_of_table_0271_are_a_status() {
    for (sent, expected) in [
        ("AU", CompletionStatus::Authenticated),
        ("AU^Authenticated^HL70271", CompletionStatus::Authenticated),
        ("la", CompletionStatus::LegallyAuthenticated),
        ("PA", CompletionStatus::PreAuthenticated),
        ("DO", CompletionStatus::Documented),
        ("IN", CompletionStatus::Incomplete),
        ("IP", CompletionStatus::InProgress),
        ("VALIDATED", CompletionStatus::Unknown),
        ("CA", CompletionStatus::Unknown),
        ("PR", CompletionStatus::Unknown),
        ("", CompletionStatus::Unknown),
    ] {
        let reading = read_mdm("T02", &[(2, "DS"), (12, "D1"), (17, sent)]);
        assert_eq!(document(&reading).status, expected, "{sent}");
    }
    assert!(has(&read_mdm("T02", &[(12, "D1"), (17, "VALIDATED")]), FindingCode::StatusUnknown));
    assert!(has(&read_mdm("T02", &[(12, "D1")]), FindingCode::StatusMissing));
}

#[test]
fn an_addendum_may_lack_its_parent() {
    let reading = read_mdm("T06", &NOTE);
    assert_eq!(document(&reading).parent, None);
    assert!(has(&reading, FindingCode::ParentMissing));
}

#[test]
fn taken_back_is_taken_back_whatever_the_status_says() {
    let reading = read_mdm("T11", &note(&[(17, "AU"), (22, "11^W^W^^^^^^^^^^^^20260309")]));
    assert_eq!(document(&reading).action, DocumentAction::Cancelled);
    assert!(document(&reading).signatures.is_empty());
    assert!(has(&reading, FindingCode::CancelledThoughSigned));
}

#[test]
fn a_french_feed_takes_a_document_back_by_t04() {
    let message = mdm("T04", &note(&[(12, "D2"), (13, "D1")]));
    let standard = read(&lines(&message));
    assert_eq!(document(&standard).action, DocumentAction::StatusChanged);
    assert_eq!(document(&standard).number, "D2");
    let reading = read_by("[default]\nstatus_change_with_parent = \"cancelled\"", &lines(&message));
    assert_eq!(document(&reading).action, DocumentAction::Cancelled);
    assert_eq!(document(&reading).number, "D1");
    assert!(has(&reading, FindingCode::DocumentEventVariant));
}

#[test]
fn a_trainee_is_known_by_credential_or_by_identifier() {
    let trainee = |author: &'static str, profile: &str| {
        let reading = read_by(profile, &lines(&mdm("T02", &note(&[(9, author)]))));
        document(&reading).trainee_author
    };
    assert!(trainee("5^Young^Yara^^^^MD RES", ""));
    assert!(trainee("5^Young^Yara^^PGY-2^^", ""));
    assert!(trainee("5^Young^Yara^^^^PA-C", ""));
    assert!(trainee("5^Young^Yara^^^^P.A.", ""));
    assert!(!trainee("5^Old^Otto^^^^MD", ""));
    assert!(trainee("5^Old^Otto^^^^MD", "[default]\ntrainees = [\"5\"]"));
}
