//! What was sent, what came of it, and what people do about it.

use axum::http::StatusCode;
use serde_json::json;

use crate::{
    hospital::{Hospital, notice_of, post_room::contact_key},
    site::{Site, noon},
};

#[tokio::test]
async fn every_page_of_notices_says_when_nothing_leaves() {
    let told = |mode| async move {
        let site = Site::of(Hospital { mode, ..Hospital::busy(noon()) });
        let mut pages = vec!["/notices".to_owned(), "/letters".to_owned(), "/dead-letters".to_owned()];
        pages.extend(["/contact-tasks".to_owned(), "/messages".to_owned()]);
        pages.push(format!("/notices/{}", notice_of("1001")));
        pages.push(format!("/contacts/{}", contact_key("1001")));
        let mut said = Vec::new();
        for path in pages {
            let page = site.get_as("cst_him", &path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            said.push(page.text.contains("Shadow mode.") || page.text.contains("Everything is redirected."));
        }
        said
    };
    assert!(told(Some("shadow")).await.into_iter().all(|said| said));
    assert!(told(Some("redirect")).await.into_iter().all(|said| said));
    assert!(told(None).await.into_iter().all(|said| !said));
}

#[tokio::test]
async fn the_mode_is_changed_by_name_and_with_a_reason() {
    let site = Site::of(Hospital { mode: Some("shadow"), ..Hospital::busy(noon()) });
    let form = "act=mode&mode=redirect&kind=email&to=pilot%40hospital.example&why=pilot&seen=4711";
    let unticked = site.post_as("cst_admin", "/notices/mode", form).await;
    assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unticked.text.contains("value=\"pilot@hospital.example\""));
    let done = site.post_as("cst_admin", "/notices/mode", &format!("{form}&confirmed=yes")).await;
    assert_eq!(done.header("location"), "/notices/mode?done=mode&position=4712");
    let (.., body) = site.hospital.sent(|path| path.ends_with("/notification/mode")).remove(0);
    assert_eq!(
        body,
        json!({"mode": "redirect", "why": "pilot",
               "redirect_to": {"channel": "email", "address": "pilot@hospital.example"}})
    );
    let seen = site.get_as("cst_alvarez", "/notices/mode").await.text;
    assert!(!seen.contains("name=\"mode\""));
    assert!(seen.contains("Not set up") && seen.contains("[notification.smtp]"), "{seen}");
}

#[tokio::test]
async fn a_notice_shows_the_exact_bytes_as_text_and_gives_them_as_a_file() {
    let site = Site::busy();
    let notice = format!("/notices/{}", notice_of("1001"));
    let page = site.get_as("cst_him", &notice).await;
    assert!(page.text.contains("&#60;b&#62;not markup&#60;/b&#62;") && !page.text.contains("<b>not markup"));
    assert!(page.text.contains(&"ef".repeat(32)) && page.text.contains("Proof of notice"));
    let file = site.get(&format!("{notice}/legs/1")).await;
    assert_eq!(file.text, "Two items are overdue.\n<b>not markup</b>");
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment;"));
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let letter = site.get(&format!("/notices/{}/legs/2", notice_of("1002"))).await;
    assert_eq!(letter.header("content-type"), "application/pdf");
    assert_eq!(site.get(&format!("{notice}/legs/9")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_notice_is_taken_over_or_sent_again() {
    let site = Site::busy();
    let acts = format!("/notices/{}/acts", notice_of("1002"));
    let unread = site.post_as("cst_him", &acts, "act=take_over&why=&seen=x").await;
    assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = site.post_as("cst_him", &acts, "act=take_over&why=will+call&confirmed=yes&seen=x").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    for form in
        ["act=requeue&leg=1&to=new%40hospital.example&why=&seen=x", "act=requeue&leg=2&to=A%0D%0AB&seen=x"]
    {
        assert_eq!(site.post_as("cst_him", &acts, form).await.status, StatusCode::SEE_OTHER, "{form}");
    }
    let sent = site.hospital.sent(|path| path.ends_with("/take-over") || path.ends_with("/requeue"));
    assert_eq!(sent[0].3, json!({"why": "will call"}));
    assert_eq!(
        sent[1].3,
        json!({"leg": 1, "to": {"channel": "email", "address": "new@hospital.example"}, "why": ""})
    );
    assert_eq!(sent[2].3["to"], json!({"channel": "letter", "lines": ["A", "B"]}));
    let odd = site.post_as("cst_him", &acts, "act=requeue&leg=7&seen=x").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_letter_left_on_the_word_of_a_person() {
    let site = Site::of(Hospital {
        facilities: vec![crate::hospital::facility("SIMHOSP1")],
        ..Hospital::busy(noon())
    });
    let page = site.get_as("cst_him", "/letters").await;
    assert!(page.text.contains("value=\"2026-03-05\""), "today is offered");
    let left = site.get_as("cst_him", "/letters?state=left").await;
    assert!(left.text.contains("handed over on Wed, Mar 4, 2026") && left.text.contains("by lee"));
    assert!(!left.text.contains("value=\"left\">"), "what left is not asked again");
    let form =
        format!("act=left&about={}-1&how=mailed&on=2026-03-04&by_whom=&why=&seen=waiting", notice_of("1003"));
    let done = site.post_as("cst_him", "/letters", &form).await;
    assert_eq!(done.header("location"), "/letters?done=left&position=4712");
    let (path, _, _, body) = site.hospital.sent(|path| path.ends_with("/confirm")).remove(0);
    assert_eq!(path, format!("/api/v1/letters/{}/1/confirm", notice_of("1003")));
    assert_eq!(body, json!({"how": "mailed", "on": "2026-03-04", "by_whom": "", "why": ""}));
    let odd = site.post_as("cst_him", "/letters", &form.replace("2026-03-04", "soon")).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(odd.text.matches("decide-fold\" open>").count(), 1, "only the form that was sent is open");
}

#[tokio::test]
async fn what_failed_is_told_before_it_is_sent_again() {
    let site = Site::busy();
    let page = site.get_as("cst_him", "/dead-letters").await;
    assert!(page.text.contains("Nothing left to try") && page.text.contains("The mailbox does not exist"));
    let dry = "act=resend&since=2026-03-05T10%3A00&channel=email&dry_run=yes&why=&seen=x";
    let told = site.post_as("cst_him", "/dead-letters", dry).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(told.text.contains("7 would be sent again; of 2 a rule refuses it."));
    let done = site.post_as("cst_him", "/dead-letters", &dry.replace("&dry_run=yes", "")).await;
    assert_eq!(done.header("location"), "/dead-letters?done=resend&position=4712");
    let sent = site.hospital.sent(|path| path.ends_with("/resend"));
    assert_eq!(
        sent[1].3,
        json!({"since": "2026-03-05T10:00:00Z", "channel": "email", "dry_run": false, "why": ""})
    );
    let odd = site.post_as("cst_him", "/dead-letters", "act=resend&since=").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_bounced_address_is_a_task_until_somebody_settles_it() {
    let site = Site::busy();
    let page = site.get_as("cst_him", "/contact-tasks").await;
    assert!(page.text.contains("550 5.1.1 no such &#60;mailbox&#62;"));
    assert_eq!(page.text.matches("value=\"settle\"").count(), 1);
    let settled = site.get_as("cst_him", "/contact-tasks?settled=true").await;
    assert!(settled.text.contains("asked the office") && !settled.text.contains("value=\"settle\""));
    let id = page.text.split("name=\"about\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("act=settle&about={}&why=asked+the+office&seen=x", id.expect("an id"));
    let done = site.post_as("cst_him", "/contact-tasks", &form).await;
    assert_eq!(done.header("location"), "/contact-tasks?done=settle&position=4712");
    assert_eq!(site.hospital.sent(|path| path.ends_with("/settle"))[0].3, json!({"why": "asked the office"}));
}

#[tokio::test]
async fn preferences_are_changed_as_a_whole_and_odd_hours_are_named() {
    let site = Site::busy();
    let own = site.get_as("cst_alvarez", "/preferences").await;
    let page = format!("/contacts/{}", contact_key("1001"));
    assert_eq!(own.header("location"), page);
    let seen = site.get_as("cst_alvarez", &page).await;
    assert!(seen.text.contains("name=\"mute_digest\" value=\"yes\" checked"));
    assert!(seen.text.contains("monday 08:00-12:00") && seen.text.contains("value=\"20:00\""));
    assert!(!seen.text.contains("name=\"email\""), "addresses are HIM’s to change");
    let form = "act=preferences&every=daily&day=tuesday&at=06%3A30&channels=inbox%2C+email&mute_done-since=yes\
                &windows=friday+09%3A00-17%3A00&quiet_from=&quiet_until=&time_zone=&why=&seen=4711";
    let done = site.post_as("cst_alvarez", &page, form).await;
    assert_eq!(done.header("location"), format!("{page}?done=preferences&position=4712"));
    let (path, _, _, body) = site.hospital.sent(|path| path.ends_with("/preferences")).remove(0);
    assert_eq!(path, format!("/api/v1/contacts/{}/preferences", contact_key("1001")));
    assert_eq!(
        body,
        json!({"channels": ["inbox", "email"], "muted": ["done-since"], "copy_to_delegate": false, "time_zone": "",
               "windows": [{"day": "friday", "from": "09:00:00", "until": "17:00:00"}], "quiet": null,
               "digest": {"every": "daily", "day": "tuesday", "at": "06:30:00"}, "why": ""})
    );
    let odd = form.replace("quiet_from=", "quiet_from=22%3A00");
    let refused = site.post_as("cst_alvarez", &page, &odd).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Quiet hours need a beginning and an end"));
    let other = site.get_as("cst_alvarez", &format!("/contacts/{}", contact_key("1002"))).await;
    assert!(!other.text.contains("name=\"every\""));
    assert_eq!(site.get("/contacts/provider-..%2F..%2Fme").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn him_changes_addresses() {
    let site = Site::busy();
    let page = format!("/contacts/{}", contact_key("1001"));
    let form = "act=addresses&email=a%40x.example%0D%0Ab%40x.example&letter=Box+1%0D%0ASurgery&webhook=&verified=yes&why=asked";
    site.post_as("cst_him", &page, form).await;
    let (.., body) = site.hospital.sent(|path| path.ends_with("/addresses")).remove(0);
    assert_eq!(
        body,
        json!({"addresses": [{"channel": "email", "address": "a@x.example"}, {"channel": "email", "address": "b@x.example"},
                             {"channel": "letter", "lines": ["Box 1", "Surgery"]}], "verified": true, "why": "asked"})
    );
}

#[tokio::test]
async fn a_message_that_is_opened_is_read() {
    let site = Site::busy();
    let list = site.get_as("cst_alvarez", "/messages").await;
    let at = |text: &str| list.text.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(at("Pre suspension") < at(">Digest<"), "what is not read comes first");
    assert!(list.text.contains("<span class=\"chip doubt\">Formal</span>"));
    // the link in an e-mail leads to the message itself
    let notice = format!("/notices/{}", notice_of("1001"));
    let message = format!("/messages/{}", notice_of("1001"));
    assert_eq!(site.get_as("cst_alvarez", &notice).await.header("location"), message);
    let opened = site.get_as("cst_alvarez", &message).await;
    assert!(opened.text.contains("<dt>Names</dt><dd><strong>Mon, Mar 9, 2026</strong>"));
    assert!(opened.text.contains("Two items are overdue.") && !opened.text.contains("<b>not markup"));
    let read = |path: &str| path.starts_with("/api/v1/inbox/") && path.ends_with("/read");
    assert_eq!(site.hospital.sent(read).len(), 1);
    // a browser that only fetches it in advance has not read it, and neither has a guest
    let headers = [("sec-purpose", "prefetch"), ("cookie", "countersign_access=cst_alvarez")];
    site.send(axum::http::Method::GET, &message, &headers).await;
    site.get(&message).await;
    assert_eq!(site.hospital.sent(read).len(), 1);
    let guest = site.get("/messages").await;
    assert!(guest.text.contains("Sign in to read your messages"));
}

#[tokio::test]
async fn what_was_sent_can_be_taken_along() {
    let file = Site::busy().get("/notices.csv?class=formal").await;
    assert_eq!(file.text.matches("\r\n").count(), 4);
    assert!(file.text.contains("\"N-1002-4\"") && file.text.contains("\"email: bounced; letter: failed\""));
}

#[tokio::test]
async fn every_list_of_the_post_room_is_there_as_a_file_with_all_its_pages() {
    let site = Site::busy();
    for (page, file, some) in [
        ("/letters?state=left", "/letters.csv?state=left", "handed_over"),
        ("/dead-letters", "/dead-letters.csv", "nothing_left"),
        ("/contact-tasks?settled=true", "/contact-tasks.csv?settled=true", "asked the office"),
        ("/contacts", "/contacts.csv", "Brandt, Ole"),
        ("/messages", "/messages.csv", "Please complete it."),
    ] {
        let seen = site.get_as("cst_him", page).await;
        assert_eq!(seen.status, StatusCode::OK, "{page}");
        assert!(seen.text.contains(&format!("href=\"{file}\"")), "{page} offers {file}");
        assert!(seen.text.contains(" in all, "), "{page}");
        let all = site.get_as("cst_him", file).await;
        assert_eq!(all.status, StatusCode::OK, "{file}");
        assert!(all.header("content-type").starts_with("text/csv"), "{file}");
        assert!(all.text.contains(some), "{file}: {}", all.text);
    }
    // one row a page, and all of them in the file
    let contacts = site.get_as("cst_him", "/contacts.csv").await.text;
    assert_eq!(contacts.matches("\r\n").count(), 3, "{contacts}");
    let narrow = site.get_as("cst_him", "/contacts?bounced=true").await;
    assert!(narrow.text.contains("Brandt, Ole") && !narrow.text.contains("Alvarez, Marisol</"));
}
