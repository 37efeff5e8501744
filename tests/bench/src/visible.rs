//! When the worklist shows what a message caused: asked over the API, as a user would see it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use reqwest::{Client, StatusCode};
use serde::Deserialize;

use crate::hospital::Watched;

/// Between two questions: the resolution of what is measured.
pub(crate) const ASK_EVERY: Duration = Duration::from_millis(4);
/// After that the measurement has failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// Asks the API.
#[derive(Debug, Clone)]
pub(crate) struct Worklist {
    client: Client,
    charts: String,
}

#[derive(Deserialize)]
struct Chart {
    deficiencies: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    rule: String,
}

impl Worklist {
    pub(crate) fn of(http: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { client: Client::builder().build()?, charts: format!("http://{http}/api/v1/charts") })
    }

    async fn shows(&self, visit: &Watched) -> anyhow::Result<bool> {
        let answer = self.client.get(format!("{}/{}", self.charts, visit.id())).send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        ensure!(answer.status().is_success(), "the API answers {}", answer.status());
        let chart: Chart = answer.json().await?;
        Ok(chart.deficiencies.iter().any(|row| row.rule == "R13"))
    }

    /// Waits until the visit's missing discharge summary is on the worklist.
    pub(crate) async fn wait_for(&self, visit: &Watched) -> anyhow::Result<Instant> {
        let began = Instant::now();
        loop {
            if self.shows(visit).await? {
                return Ok(Instant::now());
            }
            if began.elapsed() > PATIENCE {
                bail!("the worklist does not show what a message caused");
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}
