//! Runs of the weekly cycle: lists that were published, and what the next run would do.

use countersign_contracts::api::escalation::{DryRun, DryRunLine, RunLine, RunView};
use countersign_kernel::{Actor, Timestamp, TrackId};
use countersign_owed::Directory;

use crate::{
    authority::Act,
    lifecycle::LifecycleError,
    policies, projections,
    runs::events::{Line, RunPublished},
    scope,
    service::{Escalation, ServiceError},
    show,
};

/// Lists of runs that are shown.
const RUNS: usize = 200;

impl Escalation {
    /// Lists of runs that were published, the latest first, without their lines.
    ///
    /// # Errors
    /// The caller may not see them, or the read model fails.
    pub async fn published_runs(
        &self,
        actor: &Actor,
        facility: Option<String>,
    ) -> Result<Vec<RunView>, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let runs = self
            .model
            .query(move |sql| projections::runs(sql, facility.as_deref(), RUNS))
            .await
            .map_err(ServiceError::from)?;
        let theirs =
            |run: &&RunPublished| actor.facilities.is_empty() || actor.facilities.contains(&run.facility);
        Ok(runs
            .iter()
            .filter(theirs)
            .map(|run| RunView { lines: Vec::new(), ..self.run_view(run) })
            .collect())
    }

    /// One list, with its lines.
    ///
    /// # Errors
    /// There is none, the caller may not see it, or the read model fails.
    pub async fn published_run(
        &self,
        actor: &Actor,
        facility: &str,
        publish_at: Timestamp,
    ) -> Result<RunView, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let code = facility.to_owned();
        let run = self
            .model
            .query(move |sql| projections::run(sql, &code, publish_at))
            .await
            .map_err(ServiceError::from)?;
        let theirs =
            |run: &RunPublished| actor.facilities.is_empty() || actor.facilities.contains(&run.facility);
        let run = run.filter(theirs).ok_or(LifecycleError::Unknown("no such list was published"))?;
        Ok(self.run_view(&run))
    }

    fn run_view(&self, run: &RunPublished) -> RunView {
        let directory = self.desk.known.get();
        let mut lines: Vec<RunLine> = run.lines.iter().map(|line| run_line(line, &directory)).collect();
        lines.sort_by(|a, b| (&a.provider.name, a.track).cmp(&(&b.provider.name, b.track)));
        RunView {
            facility: run.facility.clone(),
            published_at: run.publish_at,
            cutoff_at: run.cutoff_at,
            due: u32::try_from(run.lines.len()).unwrap_or(u32::MAX),
            lines,
        }
    }

    /// What the next run of a facility would do, as things stand.
    ///
    /// # Errors
    /// The caller may not see it, or the journal fails.
    pub async fn dry_run(&self, actor: &Actor, facility: &str) -> Result<DryRun, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadTracks)?;
        let now = self.now();
        let directory = self.desk.known.refresh().await?;
        let book = self.governance.current().await.map_err(ServiceError::from)?;
        let set = policies::kept(&book, None, now).ok_or(crate::DeskError::NoPolicy)?;
        let (_, lines) = self.runs.list(set.of(facility), facility, now).await?;
        let ids: Vec<TrackId> = lines.iter().map(|line| line.track).collect();
        let held = self
            .model
            .query(move |sql| {
                let mut held = Vec::with_capacity(ids.len());
                for id in ids {
                    held.push(projections::track(sql, id)?.and_then(|row| row.held));
                }
                Ok(held)
            })
            .await
            .map_err(ServiceError::from)?;
        let lines = lines
            .iter()
            .zip(held)
            .map(|(line, held)| DryRunLine {
                facility: facility.to_owned(),
                line: run_line(line, &directory),
                held,
            })
            .collect();
        Ok(DryRun { at: now, lines, position: self.model.position().0 })
    }
}

fn run_line(line: &Line, directory: &Directory) -> RunLine {
    RunLine {
        track: line.track,
        provider: show::staff(&line.provider, directory),
        step: line.step.clone(),
        counting: line.counting,
        oldest_days: line.oldest_days,
    }
}
