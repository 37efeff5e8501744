//! Countersign, asked over its API: a running one, or one that this command opened on a data folder.

use std::path::PathBuf;

use anyhow::{Context, bail};
use axum::{Router, body::Bytes};
use countersign_contracts::api::Page;
use countersign_kernel::Actor;
use countersign_runtime::http::Vouched;
use reqwest::{Request, RequestBuilder, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tower::ServiceExt;

/// Client of one Countersign.
pub struct Client {
    base: String,
    http: reqwest::Client,
    token_file: Option<PathBuf>,
    here: Option<Here>,
}

/// Services of this process.
struct Here {
    routes: Router,
    /// In whose name; nobody's for what may be read by anybody at this machine.
    actor: Option<Actor>,
}

/// Largest answer of a service of this process: the memory is ours either way.
const LARGEST: usize = usize::MAX;

impl Client {
    /// A client for this address.
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let base = if base.contains("://") { base.to_owned() } else { format!("http://{base}") };
        Self { base, http: reqwest::Client::new(), token_file: None, here: None }
    }

    /// A client of services that run in this process, in somebody's name.
    pub fn here(routes: Router, actor: Option<Actor>) -> Self {
        Self { here: Some(Here { routes, actor }), ..Self::new("http://this-folder") }
    }

    /// The same, in the name of whose token the file holds. It is read when something is asked.
    #[must_use]
    pub fn with_token_file(self, token_file: Option<PathBuf>) -> Self {
        Self { token_file, ..self }
    }

    /// `GET` a resource.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> anyhow::Result<T> {
        self.answer(self.http.get(format!("{}{path}", self.base)).query(query)).await
    }

    /// `GET` a resource; nothing where no service there answers for it.
    pub async fn get_where_served<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        if answer.with_context(|| self.unreachable())?.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.get(path, &()).await.map(Some)
    }

    /// `GET` a file as text.
    pub async fn text(&self, path: &str, query: &impl Serialize) -> anyhow::Result<String> {
        let request = self.http.get(format!("{}{path}", self.base)).query(query);
        String::from_utf8(self.take(request).await?.to_vec()).context("the answer is not a text")
    }

    /// `POST` a body.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> anyhow::Result<T> {
        self.answer(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// `POST` a change under a key: asked for again under the same key, it is made once.
    pub async fn change<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.answer(request.header("Idempotency-Key", key).json(body)).await
    }

    /// `POST` a file.
    pub async fn post_text<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
        content_type: &'static str,
        text: Vec<u8>,
    ) -> anyhow::Result<T> {
        let request = self.http.post(format!("{}{path}", self.base)).query(query);
        self.answer(request.header("content-type", content_type).body(text)).await
    }

    /// `POST` without a body, for something that answers nothing.
    pub async fn tell(&self, path: &str) -> anyhow::Result<()> {
        self.take(self.http.post(format!("{}{path}", self.base))).await.map(|_| ())
    }

    /// `DELETE` something.
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.take(self.http.delete(format!("{}{path}", self.base))).await.map(|_| ())
    }

    fn unreachable(&self) -> String {
        format!("cannot reach {}: is Countersign running there?", self.base)
    }

    /// `GET` a file.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.take(self.http.get(format!("{}{path}", self.base))).await?.to_vec())
    }

    /// Every item of a paged list.
    pub async fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<Vec<T>> {
        self.pages(path, query, 1000).await
    }

    /// Every item of a list of which one request gets so many rows at the most.
    pub async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        most: u16,
    ) -> anyhow::Result<Vec<T>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.push(("limit", most.to_string()));
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page: Page<T> = self.get(path, &query).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(items),
            }
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        serde_json::from_slice(&self.take(request).await?).context("the answer is not what the API promises")
    }

    async fn take(&self, request: RequestBuilder) -> anyhow::Result<Bytes> {
        let request = match &self.token_file {
            Some(file) => {
                let token = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read the token file {}", file.display()))?;
                request.bearer_auth(token.trim())
            }
            None => request,
        };
        let (status, body) = if let Some(here) = &self.here {
            here.answer(request.build()?).await?
        } else {
            let answer = request.send().await.with_context(|| self.unreachable())?;
            (answer.status(), answer.bytes().await.context("the answer broke off")?)
        };
        if status.is_success() {
            return Ok(body);
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let detail = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("no reason given");
        if status == StatusCode::UNAUTHORIZED && self.here.is_some() {
            bail!("say who asks: --as NAME, one of `countersign access list`");
        }
        if status == StatusCode::UNAUTHORIZED && self.token_file.is_none() {
            bail!("{} answered 401: name the file with your token, --token-file FILE", self.base);
        }
        let detail = with_parts(detail, &problem);
        if status == StatusCode::NOT_FOUND || self.here.is_some() {
            bail!("{detail}");
        }
        bail!("{} answered {}: {detail}", self.base, status.as_u16())
    }
}

/// What is wrong, with the parts of the request that it is about.
fn with_parts(detail: &str, problem: &Value) -> String {
    let mut whole = detail.to_owned();
    for part in problem["errors"].as_array().into_iter().flatten() {
        let (at, what) =
            (part["at"].as_str().unwrap_or_default(), part["detail"].as_str().unwrap_or_default());
        if what != detail {
            whole.extend(["; ", at.trim_start_matches('/'), ": ", what]);
        }
    }
    whole
}

impl Here {
    async fn answer(&self, request: Request) -> anyhow::Result<(StatusCode, Bytes)> {
        let body = request.body().and_then(reqwest::Body::as_bytes).map(Bytes::copy_from_slice);
        let mut asked = axum::http::Request::new(axum::body::Body::from(body.unwrap_or_default()));
        *asked.method_mut() = request.method().clone();
        let url = request.url();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        *asked.uri_mut() = format!("{}{query}", url.path()).parse()?;
        *asked.headers_mut() = request.headers().clone();
        if let Some(actor) = &self.actor {
            asked.extensions_mut().insert(Vouched(actor.clone()));
        }
        let answer = self.routes.clone().oneshot(asked).await?;
        let status = answer.status();
        Ok((status, axum::body::to_bytes(answer.into_body(), LARGEST).await?))
    }
}
