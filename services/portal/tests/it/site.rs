//! A reader: asks for pages, and sees status, headers and text.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use countersign_kernel::Timestamp;
use tower::ServiceExt;

use crate::hospital::{Hospital, portal};

pub(crate) fn noon() -> Timestamp {
    "2026-03-05T18:20:00Z".parse().expect("an instant")
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

    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
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
            "/feeds".to_owned(),
            "/quarantine".to_owned(),
            format!("/quarantine/{message}"),
        ]
    }
}
