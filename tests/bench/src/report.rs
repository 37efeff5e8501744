//! Figures with their rounds, and the table for people.

use std::io::Write;

use serde::Serialize;

/// Something measured in several rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    median: f64,
    lowest: f64,
    highest: f64,
    rounds: Vec<f64>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        Self {
            name: name.into(),
            unit,
            median: at(sorted.len() / 2),
            lowest: at(0),
            highest: at(sorted.len().saturating_sub(1)),
            rounds,
        }
    }

    /// The same, round by round, divided by another figure: what a disturbance of one round did to both
    /// falls out.
    pub(crate) fn over(&self, other: &Self, name: impl Into<String>) -> Self {
        let ratios = self.rounds.iter().zip(&other.rounds).map(|(mine, other)| mine / other).collect();
        Self::new(name, "ratio", ratios)
    }

    pub(crate) fn median(&self) -> f64 {
        self.median
    }
}

/// One thing measured beside its baselines.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    title: &'static str,
    /// How, in a sentence.
    how: String,
    figures: Vec<Figure>,
}

impl Section {
    pub(crate) fn new(title: &'static str, how: impl Into<String>) -> Self {
        Self { title, how: how.into(), figures: Vec::new() }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        eprintln!("  {}", line(&figure));
        self.figures.push(figure);
    }
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    cores: usize,
    /// Processes that wanted a core in the last minute before the run: above zero, others disturbed it.
    load_before: f64,
    sections: Vec<Section>,
}

impl Report {
    pub(crate) fn new() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            load_before: load.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN),
            sections: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(
            out,
            "{} cores, load average before the run {}; median (lowest to highest round)",
            self.cores, self.load_before
        )?;
        for Section { title, how, figures } in &self.sections {
            writeln!(out, "\n{title}\n  {how}")?;
            for figure in figures {
                writeln!(out, "  {}", line(figure))?;
            }
        }
        Ok(())
    }
}

fn line(figure: &Figure) -> String {
    let Figure { name, unit, median, lowest, highest, .. } = figure;
    let digits = if *median < 10.0 { 2 } else { usize::from(*median < 100.0) };
    format!("{name:<58} {median:>10.digits$} {unit:<16} ({lowest:.digits$} to {highest:.digits$})")
}
