//! Titles, addresses and links: what browsers and proxies remember, and what must not tell of a patient.

use axum::http::StatusCode;
use countersign_kernel::Phi;

use crate::{
    hospital::Hospital,
    site::{Site, noon},
};

const SECRETS: [&str; 3] = ["SECRETNAME", "SECRETID", "SECRETVISIT"];

fn marked() -> Site {
    let mut hospital = Hospital::busy(noon());
    for view in &mut hospital.deficiencies {
        view.patient_name = Some(Phi::new("SECRETNAME, X".to_owned()));
        view.patient = Some(Phi::new("SECRETID1".to_owned()));
        "SECRETVISIT1".clone_into(&mut view.encounter);
    }
    Site::of(hospital)
}

#[tokio::test]
async fn no_title_and_no_address_tells_of_a_patient() {
    let site = marked();
    for path in site.every_page() {
        let page = site.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for secret in SECRETS {
            assert!(!page.title().contains(secret), "{path}: {}", page.title());
            for attribute in ["href", "action", "src", "value"] {
                let told = page.attributes(attribute).into_iter().find(|value| value.contains(secret));
                assert_eq!(told, None, "{path}");
            }
        }
    }
    // the calls to the services are addresses, too
    assert!(!site.hospital.calls().iter().any(|call| SECRETS.iter().any(|secret| call.contains(secret))));
}

#[tokio::test]
async fn every_link_of_every_page_leads_somewhere() {
    let site = Site::busy();
    for path in site.every_page() {
        let page = site.get(&path).await;
        for href in page.attributes("href") {
            let href = href.replace("&#38;", "&").replace("&amp;", "&");
            if href.starts_with('#') || href.starts_with("/api/") {
                continue;
            }
            let status = site.get(&href).await.status;
            assert_eq!(status, StatusCode::OK, "{path} links to {href}");
        }
    }
}

#[tokio::test]
async fn pages_need_no_script_and_no_inline_style() {
    let site = Site::busy();
    for path in site.every_page() {
        let page = site.get(&path).await;
        assert!(page.text.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{path}");
        for forbidden in ["<script", "<style", " style=", " onclick=", "javascript:", "http://", "https://"] {
            assert!(!page.text.contains(forbidden), "{path}: {forbidden}");
        }
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn stylesheet_and_icon_may_be_kept_for_ever_and_pages_may_not() {
    let site = Site::busy();
    let page = site.get("/").await;
    assert_eq!(page.header("cache-control"), "", "the site's own no-store stands");
    let files: Vec<String> = page
        .attributes("href")
        .into_iter()
        .filter(|href| href.starts_with("/static/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(files.len(), 2);
    for (file, media_type) in files.iter().zip(["image/svg+xml", "text/css; charset=utf-8"]) {
        let seen = site.get(file).await;
        assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, media_type));
        assert!(seen.header("cache-control").contains("immutable"));
    }
    assert_eq!(site.get("/static/other.css").await.status, StatusCode::NOT_FOUND);
}
