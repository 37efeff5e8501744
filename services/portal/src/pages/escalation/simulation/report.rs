//! What a simulation says, as a page: first what leadership reads, then where, and then who and when.

use countersign_contracts::api::escalation::{
    SimulateReport, SimulatedCount, SimulatedDifference, SimulatedGroup, SimulatedStep, SimulatedSummary,
};

use super::super::{person, told};
use crate::{
    pages::{
        sheet::{Block, Figure, Line, Part, Row, Sheet, Table},
        site::Site,
    },
    show::number,
};

/// Steps that are shown; the file has them all.
const MOST_SHOWN: usize = 200;

/// The page of a report; `provider`: only the steps of this one.
pub(super) fn shown(
    sheet: Sheet,
    id: &str,
    report: &SimulateReport,
    provider: Option<&str>,
    site: &Site,
) -> Sheet {
    let (from, until) = (site.moment_anywhere(report.from), site.moment_anywhere(report.until));
    let sheet = sheet
        .lead(format!(
            "“{}” on {} events, from {} {} up to {} {}.",
            report.policy,
            number(report.events),
            from.text,
            from.zone,
            until.text,
            until.zone
        ))
        .part(facts(report));
    if let Some(provider) = provider {
        return of_provider(sheet, id, report, provider, site);
    }
    let mut sheet = sheet
        .figures([
            Figure::new("Notices", report.summary.notices),
            Figure::new("Warnings", report.summary.warnings),
            Figure::new("Suspensions", report.summary.suspensions),
            Figure::new("Charts at the limit", report.summary.charts_at_limit),
        ])
        .part(Part::new("summary", "What it comes to").block(Block::Table(summary(report))))
        .part(Part::new("counts", "How often each step").table_or(counts(&report.steps, "Steps"), "None."));
    let csv = Some(format!("/simulations/{id}/groups.csv"));
    for (part, heading, groups) in [
        ("facilities", "By facility", &report.facilities),
        ("departments", "By department", &report.departments),
        ("weeks", "By week", &report.weeks),
    ] {
        let told = format!("{} in all, with the same figures as a file", number(groups.len() as u64));
        let part = Part::new(part, heading);
        let part = match part.id {
            "facilities" => part.block(Block::Above { told, csv: csv.clone() }),
            _ => part,
        };
        sheet = sheet.part(part.table_or(group_table(heading, groups), "Nothing happened."));
    }
    let mut steps = Part::new("steps", "Who would have got which step when");
    if !report.lines.is_empty() {
        let told = match report.lines.len() {
            all @ ..=MOST_SHOWN => format!("{} in order of time", number(all as u64)),
            all => format!("The first {MOST_SHOWN} of {}; the file has them all", number(all as u64)),
        };
        steps = steps.block(Block::Above { told, csv: Some(format!("/simulations/{id}/steps.csv")) });
    }
    let all: Vec<&SimulatedStep> = report.lines.iter().collect();
    sheet = sheet
        .part(steps.table_or(lines(&all, "Steps taken", id, site), "Nobody would have got any."))
        .part(charts(report, site));
    if let Some(other) = &report.against {
        sheet = differences(sheet, id, other, site);
    }
    let proof = Part::card("proof", "What it rests on").pairs(vec![
        ("Policy", Line::new().mono(report.sha256.clone())),
        ("Journal", Line::from(format!("read up to position {}", report.position))),
        ("Cycles that began", Line::from(number(report.tracks))),
        ("Notices to anybody", Line::from(number(report.notices))),
    ]);
    sheet.part(proof)
}

/// When facts counted: nobody may take the one for the other.
fn facts(report: &SimulateReport) -> Part {
    let part = Part::card("facts", "When facts count");
    if report.as_if_live {
        let said = Line::new().strong("As if the feeds had been live.").text(
            "Facts count when the hospital's systems recorded them, and not when they were received here: nobody was told \
             or warned at these times.",
        );
        part.block(Block::Notice("warn", said))
    } else {
        part.line(
            "When they were received here. Messages that were loaded in one go have no past in this; simulate as if the \
             feeds had been live to give them one.",
        )
    }
}

fn figures(summary: &SimulatedSummary) -> [(&'static str, String); 11] {
    [
        ("Notices", number(summary.notices)),
        ("Providers notified", number(summary.notified_providers)),
        ("Warnings of a suspension", number(summary.warnings)),
        ("Providers warned", number(summary.warned_providers)),
        ("Suspensions proposed", number(summary.proposals)),
        ("That need an override: nobody else left", number(summary.overrides_needed)),
        ("Suspensions", number(summary.suspensions)),
        ("Providers suspended", number(summary.suspended_providers)),
        ("Days suspended", format!("{:.1}", summary.suspended_days)),
        ("Reinstatements", number(summary.reinstatements)),
        ("Charts at the regulatory limit", number(summary.charts_at_limit)),
    ]
}

fn summary(report: &SimulateReport) -> Table {
    let here = figures(&report.summary);
    let name = "Figures";
    match &report.against {
        None => Table::new(name, &["Figure", "#Count"])
            .rows(here.into_iter().map(|(name, count)| Row::new([Line::from(name), Line::from(count)]))),
        Some(other) => Table::new(name, &["Figure", "#Compared with", "#This policy"]).rows(
            here.into_iter().zip(figures(&other.summary)).map(|((name, here), (_, there))| {
                let here = if here == there { Line::from(here) } else { Line::new().strong(here) };
                Row::new([Line::from(name), Line::from(there), here])
            }),
        ),
    }
}

fn counts(counts: &[SimulatedCount], name: &str) -> Table {
    Table::new(name.to_owned(), &["Step", "#Times", "#Providers"]).rows(counts.iter().map(|count| {
        Row::new([
            Line::from(told(&count.step)),
            Line::from(number(count.times)),
            Line::from(number(count.providers)),
        ])
    }))
}

fn group_table(name: &str, groups: &[SimulatedGroup]) -> Table {
    let heads =
        ["Where or when", "#Notices", "#Warnings", "#Proposed", "#Suspended", "#Days", "#Charts at limit"];
    Table::new(name.to_owned(), &heads).rows(groups.iter().map(|group| {
        let cells = |summary: &SimulatedSummary| {
            [
                number(summary.notices),
                number(summary.warnings),
                number(summary.proposals),
                number(summary.suspensions),
                format!("{:.1}", summary.suspended_days),
                number(summary.charts_at_limit),
            ]
        };
        let there = group.there.as_ref().map(cells);
        let figures = cells(&group.here).into_iter().enumerate().map(|(at, here)| {
            match there.as_ref().map(|there| &there[at]).filter(|there| **there != here) {
                Some(there) => Line::from(here).quiet(format!("was {there}")),
                None => Line::from(here),
            }
        });
        let key = if group.key.is_empty() { "No department" } else { &group.key };
        let head = Line::from(group.name.clone().unwrap_or_else(|| key.to_owned()));
        let head = match (&group.name, &group.facility) {
            (Some(_), Some(facility)) => head.quiet(format!("{facility} {key}")),
            (None, Some(facility)) => head.quiet(facility.clone()),
            (Some(name), None) if name != key => head.quiet(key.to_owned()),
            _ => head,
        };
        Row::new([head].into_iter().chain(figures).collect::<Vec<Line>>())
    }))
}

fn charts(report: &SimulateReport, site: &Site) -> Part {
    let rows = report.charts.iter().take(MOST_SHOWN).map(|chart| {
        Row::new([
            Line::new().link(format!("/charts/{}", chart.chart), "Chart").below(chart.facility.clone()),
            Line::new().at(site.moment(chart.discharged_at, &chart.facility)),
            Line::new().at(site.moment(chart.at, &chart.facility)),
            Line::from(chart.offices.iter().map(|office| told(office)).collect::<Vec<_>>().join(", ")),
            match chart.ended_at {
                Some(at) => Line::new().at(site.moment(at, &chart.facility)),
                None => Line::new().quiet("still open"),
            },
        ])
    });
    let table = Table::new("Charts", &["Chart", "Discharged", "Went to the offices", "Which", "Complete"]);
    let part = Part::new("charts", "Charts at the regulatory limit");
    let part = match report.charts.len() {
        ..=MOST_SHOWN => part,
        all => part.hint(format!("The first {MOST_SHOWN} of {}", number(all as u64))),
    };
    part.table_or(table.rows(rows), "No chart would have come so far.")
}

fn differences(sheet: Sheet, id: &str, other: &SimulatedDifference, site: &Site) -> Sheet {
    let which = match other.version {
        Some(version) => format!("“{}”, version {version}", other.policy),
        None => format!("“{}”", other.policy),
    };
    let moved = other.moved.iter().take(MOST_SHOWN).map(|moved| {
        Row::new([
            person(&moved.here.provider).below(moved.here.facility.clone()),
            Line::from(told(&moved.here.step)),
            Line::new().at(site.moment(moved.here.at, &moved.here.facility)),
            Line::new().at(site.moment(moved.there_at, &moved.here.facility)),
        ])
    });
    let moved = Table::new("At other times", &["Who", "Step", "Here", "There"]).rows(moved);
    let (here, there): (Vec<_>, Vec<_>) =
        (other.only_here.iter().collect(), other.only_there.iter().collect());
    sheet
        .part(
            Part::new("there", format!("How often under {which}"))
                .table_or(counts(&other.steps, "Steps there"), "None."),
        )
        .part(Part::new("only-here", "Only here").table_or(lines(&here, "Only here", id, site), "Nothing."))
        .part(
            Part::new("only-there", format!("Only under {which}"))
                .table_or(lines(&there, "Only there", id, site), "Nothing."),
        )
        .part(Part::new("moved", "At other times").table_or(moved, "Nothing."))
}

/// Everything about one provider.
fn of_provider(sheet: Sheet, id: &str, report: &SimulateReport, provider: &str, site: &Site) -> Sheet {
    let theirs = |step: &&SimulatedStep| step.provider.id == provider;
    let here: Vec<&SimulatedStep> = report.lines.iter().filter(theirs).collect();
    let back = Line::new().button(format!("/simulations/{id}"), "Everybody", "");
    let mut sheet = sheet.part(
        Part::new("steps", format!("Steps of {provider}"))
            .line(back)
            .table_or(lines(&here, "Steps taken", id, site), "None."),
    );
    if let Some(other) = &report.against {
        let of = |steps: &[SimulatedStep]| steps.iter().filter(theirs).cloned().collect::<Vec<_>>();
        let moved = other.moved.iter().filter(|moved| theirs(&&moved.here)).cloned().collect();
        let theirs = SimulatedDifference {
            only_here: of(&other.only_here),
            only_there: of(&other.only_there),
            moved,
            steps: Vec::new(),
            ..other.clone()
        };
        sheet = differences(sheet, id, &theirs, site);
    }
    sheet
}

fn lines(steps: &[&SimulatedStep], name: &str, id: &str, site: &Site) -> Table {
    let rows = steps.iter().take(MOST_SHOWN).map(|step| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("provider", &step.provider.id)
            .finish();
        let what = Line::new().link(format!("/simulations/{id}?{query}"), told(&step.step));
        let what = match step.uncovered.as_slice() {
            [] => what,
            services => what.below(format!("Nobody left for {}", services.join(", "))),
        };
        let place = match &step.department {
            Some(department) => format!("{} {department}", step.facility),
            None => step.facility.clone(),
        };
        Row::new([
            person(&step.provider).below(place),
            what,
            Line::new().at(site.moment(step.at, &step.facility)),
            Line::from(step.counting.to_string()),
            Line::from(step.oldest_days.to_string()),
        ])
    });
    Table::new(name.to_owned(), &["Who", "Step", "When", "#Items", "#Oldest, days"]).rows(rows)
}
