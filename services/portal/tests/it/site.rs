//! A reader: asks for pages, and sees status, headers and text.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use countersign_kernel::{Timestamp, derive_uuid};
use tower::ServiceExt;

use crate::hospital::{Hospital, PROVIDERS, notice_of, person, portal, post_room::contact_key, track_of};

fn cookie(token: &str) -> String {
    format!("theme=x; countersign_access={token}")
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-05T18:20:00Z".parse().expect("an instant")
}

/// The id of the one thing of this kind that waits for leadership.
pub(crate) fn waiting(kind: &str) -> uuid::Uuid {
    derive_uuid("waiting", &[kind])
}

/// The portal, and the hospital behind it.
pub(crate) struct Site {
    router: Router,
    pub(crate) hospital: &'static Hospital,
}

pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Values of all attributes of this name.
    pub(crate) fn attributes(&self, name: &str) -> Vec<&str> {
        let begin = format!(" {name}=\"");
        self.text.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    pub(crate) fn title(&self) -> &str {
        let rest = self.text.split("<title>").nth(1).expect("a title");
        rest.split("</title>").next().expect("its end")
    }
}

impl Site {
    pub(crate) fn of(hospital: Hospital) -> Self {
        let (router, hospital) = portal(hospital);
        Self { router, hospital }
    }

    pub(crate) fn busy() -> Self {
        Self::of(Hospital::busy(noon()))
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, &[]).await
    }

    /// The page as somebody with this token sees it.
    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Seen {
        self.send(Method::GET, path, &[("cookie", &cookie(token))]).await
    }

    /// A form of this site, sent by somebody with this token.
    pub(crate) async fn post_as(&self, token: &str, path: &str, form: &str) -> Seen {
        let cookie = cookie(token);
        let headers = [("sec-fetch-site", "same-origin"), ("cookie", cookie.as_str())];
        self.form(path, &headers, form).await
    }

    pub(crate) async fn form(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Seen {
        self.request(Method::POST, path, headers, form.to_owned()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Seen {
        self.request(method, path, headers, String::new()).await
    }

    async fn request(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body");
        Seen {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    /// The address of a page of each kind.
    pub(crate) fn every_page(&self) -> Vec<String> {
        let first = self.hospital.deficiencies.first().expect("a deficiency");
        let message = self.hospital.quarantine[0]["id"].as_str().expect("an id");
        vec![
            "/".to_owned(),
            "/?status=all&overdue=true&provider=1001&rule=r13&facility=SIMHOSP1".to_owned(),
            "/?provider=*unassigned".to_owned(),
            format!("/deficiencies/{}", first.id),
            format!("/charts/{}", first.chart),
            "/providers".to_owned(),
            "/providers?name=okaf".to_owned(),
            "/?status=all&disputed=true".to_owned(),
            "/claims".to_owned(),
            "/claims?state=released&by=provider&facility=SIMHOSP1".to_owned(),
            format!(
                "/claims/{}",
                self.hospital.deficiencies.iter().find(|view| view.holds_bill).expect("one").chart
            ),
            "/rules".to_owned(),
            "/rules/2".to_owned(),
            "/rules/2/changes?against=1".to_owned(),
            "/rules/draft".to_owned(),
            "/people".to_owned(),
            "/people?q=okaf".to_owned(),
            format!("/people/{}", person(&PROVIDERS[1], noon()).key),
            "/leadership".to_owned(),
            "/leadership?facility=SIMHOSP1".to_owned(),
            format!("/leadership/{}", waiting("suspension")),
            format!("/leadership/{}", waiting("regulatory_limit")),
            format!("/leadership/{}", waiting("clock_doubted")),
            "/tracks".to_owned(),
            "/tracks?state=open".to_owned(),
            format!("/tracks/{}", track_of("1001")),
            format!("/tracks/{}", track_of("1002")),
            format!("/tracks/{}/packets/1", track_of("1003")),
            "/suspensions".to_owned(),
            "/runs".to_owned(),
            "/runs/SIMHOSP1/2026-03-04T12:20:00Z".to_owned(),
            "/policies".to_owned(),
            "/policies/2".to_owned(),
            "/policies/3".to_owned(),
            "/policies/2/changes?against=1".to_owned(),
            "/policies/draft".to_owned(),
            "/policies/draft?from=3".to_owned(),
            "/simulations/done".to_owned(),
            "/simulations/done?provider=1001".to_owned(),
            "/simulations/running".to_owned(),
            "/auditor".to_owned(),
            "/notices".to_owned(),
            "/notices?class=formal".to_owned(),
            format!("/notices/{}", notice_of("1001")),
            format!("/notices/{}", notice_of("1002")),
            format!("/notices/{}/proof", notice_of("1001")),
            "/letters".to_owned(),
            "/letters?state=left".to_owned(),
            "/dead-letters".to_owned(),
            "/contact-tasks".to_owned(),
            "/contacts".to_owned(),
            "/contacts?bounced=true".to_owned(),
            "/contact-tasks?settled=true".to_owned(),
            format!("/contacts/{}", contact_key("1001")),
            format!("/messages/{}", notice_of("1001")),
            "/notices/mode".to_owned(),
            "/feeds".to_owned(),
            "/quarantine".to_owned(),
            "/partitions".to_owned(),
            format!("/quarantine/{message}"),
        ]
    }
}
