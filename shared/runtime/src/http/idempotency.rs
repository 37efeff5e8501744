//! The key under which a change is made once, however often it is asked for.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::Problem;

/// Longest key, characters.
const LONGEST: usize = 255;

/// Header `Idempotency-Key`: the caller's own name for this change, 1 to 255 visible ASCII characters. A
/// handler that changes something takes it and derives the ids of its events from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let wrong = |what: &str| {
            Problem::bad_request(format!(
                "{what}: a change needs a key of your own choice, 1 to {LONGEST} visible ASCII characters \
                 (a UUID, say). The same key again changes nothing and gets the same answer"
            ))
            .part("Idempotency-Key", what.to_owned())
        };
        let header = given.next().ok_or_else(|| wrong("the header Idempotency-Key is missing"))?;
        if given.next().is_some() {
            return Err(wrong("the header Idempotency-Key is given twice"));
        }
        let key = header.to_str().unwrap_or_default();
        let fits = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(key.to_owned())) } else { Err(wrong("the header Idempotency-Key does not fit")) }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn key(values: &[&str]) -> Result<String, Problem> {
        let request = values
            .iter()
            .fold(Request::post("/"), |request, value| request.header("idempotency-key", value.as_bytes()));
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await.map(|key| key.0)
    }

    #[tokio::test]
    async fn a_key_is_one_visible_word_of_bounded_length() {
        let longest = "k".repeat(255);
        for right in ["a", "0191-7f", "~!", longest.as_str()] {
            assert_eq!(key(&[right]).await.as_deref(), Ok(right));
        }
        let too_long = "k".repeat(256);
        for wrong in [&[][..], &[""], &["a b"], &["schlüssel"], &[too_long.as_str()], &["a", "b"]] {
            let problem = key(wrong).await.expect_err("refused");
            assert_eq!(
                (problem.status, problem.errors[0].at.as_str()),
                (400, "Idempotency-Key"),
                "{wrong:?}"
            );
        }
    }
}
