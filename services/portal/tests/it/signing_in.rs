//! Who looks at the pages.

use axum::http::{Method, StatusCode};

use crate::{
    hospital::Hospital,
    site::{Site, noon},
};

const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

#[tokio::test]
async fn a_known_token_is_kept_where_no_script_and_no_other_site_gets_it() {
    let site = Site::busy();
    let seen = site.form("/sign-in", OWN, "token=+cst_him+&next=").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(seen.header("set-cookie"), "countersign_access=cst_him; Path=/; HttpOnly; SameSite=Strict");
}

#[tokio::test]
async fn physicians_land_on_their_own_list_and_can_leave_it() {
    let site = Site::busy();
    let seen = site.form("/sign-in", OWN, "token=cst_alvarez&next=").await;
    assert_eq!(seen.header("location"), "/?provider=1001");
    // the first page is theirs, too
    let seen = site.get_as("cst_alvarez", "/").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/?provider=1001"));
    assert_eq!(site.get_as("cst_alvarez", "/?status=open").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_came_from_a_page_goes_back_there_and_nowhere_else() {
    let site = Site::busy();
    let seen = site.form("/sign-in", OWN, "token=cst_alvarez&next=%2Fcharts%2F1").await;
    assert_eq!(seen.header("location"), "/charts/1");
    for elsewhere in ["//evil.example", "https://evil.example", "/%5C%5Cevil.example"] {
        let seen = site.form("/sign-in", OWN, &format!("token=cst_him&next={elsewhere}")).await;
        assert_eq!(seen.header("location"), "/", "{elsewhere}");
        assert!(!site.get(&format!("/sign-in?next={elsewhere}")).await.text.contains("evil"), "{elsewhere}");
    }
}

#[tokio::test]
async fn an_unknown_token_is_refused_in_words_and_not_kept_or_repeated() {
    let site = Site::busy();
    for (token, said) in
        [("cst_unknown", "nobody has this token"), ("two+words", "no access token"), ("", "no access token")]
    {
        let seen = site.form("/sign-in", OWN, &format!("token={token}")).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{token}");
        assert!(seen.text.contains(said) && seen.text.contains("role=\"alert\""), "{token}");
        assert_eq!(seen.header("set-cookie"), "");
        assert!(!seen.text.contains("cst_unknown"));
    }
}

#[tokio::test]
async fn every_page_says_who_is_signed_in() {
    let site = Site::busy();
    for path in site.every_page().into_iter().chain(["/nowhere".to_owned(), "/sign-in".to_owned()]) {
        let page = site.get_as("cst_him", &path).await;
        assert!(page.text.contains("Signed in as <strong>kim</strong>"), "{path}");
        assert!(page.text.contains("action=\"/sign-out\""), "{path}");
        let page = site.get(&path).await;
        assert!(page.text.contains("href=\"/sign-in\"") && !page.text.contains("Signed in as"), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_is_known_no_more_is_a_guests() {
    let site = Site::busy();
    let page = site.get_as("cst_gone", "/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("href=\"/sign-in\""));
}

#[tokio::test]
async fn signing_out_forgets_the_token() {
    let site = Site::busy();
    let seen = site.post_as("cst_him", "/sign-out", "").await;
    assert_eq!((seen.status, seen.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(
        seen.header("set-cookie").starts_with("countersign_access=; ")
            && seen.header("set-cookie").contains("Max-Age=0")
    );
    assert_eq!(site.get("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED, "a link cannot do it");
}

#[tokio::test]
async fn another_site_can_neither_sign_in_nor_out() {
    let site = Site::busy();
    for path in ["/sign-in", "/sign-out"] {
        let seen = site.form(path, &[("sec-fetch-site", "cross-site")], "token=cst_him").await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(seen.header("set-cookie"), "", "{path}");
    }
    assert_eq!(site.hospital.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn services_that_are_down_are_not_taken_for_a_wrong_token() {
    let site = Site::of(Hospital { down: true, ..Hospital::busy(noon()) });
    let seen = site.form("/sign-in", OWN, "token=cst_him").await;
    assert_eq!(seen.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn files_are_served_without_asking_who_wants_them() {
    let site = Site::busy();
    let page = site.get("/").await;
    let style =
        page.attributes("href").into_iter().find(|href| href.contains(".css")).expect("one").to_owned();
    let before = site.hospital.calls().len();
    site.send(Method::GET, &style, &[("cookie", "countersign_access=cst_him")]).await;
    assert_eq!(site.hospital.calls().len(), before);
}
