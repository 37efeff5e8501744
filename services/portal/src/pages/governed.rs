//! Governed texts, at `/rules` and at `/policies`: the list, a version, what differs, a new draft. The same pages
//! for both; [`Words`] says how each is called.

mod changes;
mod draft;
mod life;
mod list;
mod one;
mod steps;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    routing::get,
};
use countersign_kernel::Role;

use self::life::VersionRow;
use super::Portal;
use crate::{
    ask::governed::Texts,
    failure::Failure,
    show::{Section, sentence},
    visitor::Visitor,
};

pub(super) use one::page;

/// The pages.
pub(super) fn routes(texts: Texts) -> Router<Portal> {
    let path = Words::of(texts).path;
    let list = move |State(portal): State<Portal>| list::handle(portal, texts);
    let form =
        move |State(portal): State<Portal>, RawQuery(query): RawQuery| draft::handle(portal, texts, query);
    let draft = move |State(portal): State<Portal>, headers: HeaderMap, body: Bytes| {
        draft::send(portal, texts, headers, body)
    };
    let one = move |State(portal): State<Portal>, number: Path<String>, RawQuery(query): RawQuery| {
        one::handle(portal, texts, number, query)
    };
    let decide = move |State(portal): State<Portal>,
                       number: Path<String>,
                       headers: HeaderMap,
                       body: Bytes| { steps::decide(portal, texts, number, headers, body) };
    let changes = move |State(portal): State<Portal>, number: Path<String>, RawQuery(query): RawQuery| {
        changes::handle(portal, texts, number, query)
    };
    Router::new()
        .route(path, get(list))
        .route(&format!("{path}/draft"), get(form).post(draft))
        .route(&format!("{path}/{{version}}"), get(one).post(decide))
        .route(&format!("{path}/{{version}}/changes"), get(changes))
}

/// How the texts are called on pages.
struct Words {
    /// Address of the list.
    path: &'static str,
    section: Section,
    /// All of them.
    title: &'static str,
    /// One of them.
    noun: &'static str,
    /// The file that the text is.
    file: &'static str,
    /// What the list is good for.
    intro: &'static str,
    /// What comes with a publication.
    from_then_on: &'static str,
    /// How to go on without pages.
    otherwise: &'static str,
    /// Who may propose one.
    draft: &'static [Role],
    /// Who may check and publish.
    approve: &'static [Role],
    /// Who may take one back.
    withdraw: &'static [Role],
}

impl Words {
    const fn of(texts: Texts) -> &'static Self {
        match texts {
            Texts::Rules => &Self {
                path: "/rules",
                section: Section::Rules,
                title: "Rules",
                noun: "rule set",
                file: "rule file",
                intro: "Which rules judge a fact depends on when it happened. Who proposed, checked and published them, \
                        and why, stays on record.",
                from_then_on: "From then on, what arises is judged by it",
                otherwise: "The command line does the same (countersign rules --help), and tries a draft on the record \
                            (countersign what-if --help). So does the API.",
                draft: &[Role::HimManager],
                approve: &[Role::RulesApprover],
                withdraw: &[Role::HimManager, Role::RulesApprover],
            },
            Texts::Policies => &Self {
                path: "/policies",
                section: Section::Escalation,
                title: "Escalation policies",
                noun: "policy",
                file: "policy file",
                intro: "Which steps follow when something stays undone, and who is told. A cycle that began under a \
                        version goes on under it. Who proposed, checked and published it, and why, stays on record.",
                from_then_on: "From then on people are told, and suspensions proposed, by it",
                otherwise: "Simulate a draft on the record first. The command line does all of it, too (countersign \
                            escalation --help). So does the API.",
                draft: &[Role::HimManager, Role::MedicalStaffOffice],
                approve: &[Role::RulesApprover],
                withdraw: &[Role::HimManager, Role::RulesApprover],
            },
        }
    }

    fn may_draft(&self, visitor: &Visitor) -> bool {
        visitor.has_any(self.draft)
    }

    /// `Rule set`, `Policy`: at the beginning of a sentence.
    fn noun_first(&self) -> String {
        sentence(self.noun)
    }

    /// How versions come about.
    fn how(&self) -> super::sheet::Part {
        super::sheet::Part::card("how", "To change it").line(format!(
            "A new version is drafted from one that is there. Somebody else checks it, and publishes it from a date \
             that is not past. {}",
            self.otherwise
        ))
    }
}

/// The version in an address.
pub(super) fn version(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::NotFound(None))
}
