//! Questions to a running Countersign.

use std::time::{Duration, Instant};

use countersign_testkit::program::Program;
use reqwest::{StatusCode, blocking::Client, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How long an effect may take to be seen.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its media type.
    pub media_type: String,
    /// Its text.
    pub text: String,
}

impl Answer {
    /// The text as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in: {}", self.text))
    }

    /// Asserts that it is a problem as RFC 9457 describes it, with this status, and returns it.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.media_type, "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        problem
    }
}

/// `GET`, with headers.
pub fn get_with(url: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(client().get(url), |request, (name, value)| request.header(*name, *value));
    answer(request)
}

/// `GET`.
pub fn get(url: &str) -> Answer {
    get_with(url, &[])
}

/// `POST` of JSON.
pub fn post(url: &str, body: &Value) -> Answer {
    answer(client().post(url).header(CONTENT_TYPE, "application/json").body(body.to_string()))
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Token(pub String);

impl Token {
    /// `GET` as this person.
    pub fn get(&self, url: &str) -> Answer {
        get_with(url, &[("authorization", &format!("Bearer {}", self.0))])
    }

    /// `POST` of JSON as this person, under a key that names the request.
    pub fn post(&self, url: &str, key: &str, body: &Value) -> Answer {
        let request = client().post(url).bearer_auth(&self.0).header("Idempotency-Key", key);
        answer(request.header(CONTENT_TYPE, "application/json").body(body.to_string()))
    }
}

/// `POST` of a text with these headers.
pub fn post_with(url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = client().post(url).header(CONTENT_TYPE, "application/json").body(body.to_owned());
    answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
}

/// `DELETE`.
pub fn delete(url: &str) -> Answer {
    answer(client().delete(url))
}

fn client() -> Client {
    Client::builder().timeout(PATIENCE).build().expect("a client")
}

fn answer(request: reqwest::blocking::RequestBuilder) -> Answer {
    let response = request.send().expect("an answer");
    let media_type =
        response.headers().get(CONTENT_TYPE).map(|value| value.to_str().expect("ASCII").to_owned());
    Answer {
        status: response.status(),
        media_type: media_type.unwrap_or_default(),
        text: response.text().expect("a text"),
    }
}

/// Every item of a paged list, page by page.
pub fn all<T: DeserializeOwned>(program: &Program, path: &str, limit: usize) -> Vec<T> {
    let separator = if path.contains('?') { '&' } else { '?' };
    let first = format!("{}{path}{separator}limit={limit}", program.url());
    let mut items = Vec::new();
    let mut url = first.clone();
    loop {
        let answer = get(&url);
        assert_eq!(answer.status, 200, "{url}: {}", answer.text);
        let mut page = answer.json();
        let more: Vec<T> = serde_json::from_value(page["items"].take()).expect("items of the promised shape");
        items.extend(more);
        match page["next"].as_str() {
            Some(next) => url = format!("{first}&cursor={next}"),
            None => return items,
        }
    }
}

/// Asks until the answer is there. Panics with what was seen last when that takes too long.
pub fn eventually<T>(mut ask: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(value) => return value,
            Err(seen) => assert!(Instant::now() < deadline, "still, after {PATIENCE:?}: {seen}"),
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
