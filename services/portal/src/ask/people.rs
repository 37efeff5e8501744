//! The directory of providers, and the facilities.

use countersign_contracts::api::{
    Page,
    people::{FacilityView, PersonView},
};
use uuid::Uuid;

use super::{get, with_query};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// Which people a page wants: the parameters of `GET /api/v1/people`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) text: Option<&'a str>,
    pub(crate) department: Option<&'a str>,
    pub(crate) facility: Option<&'a str>,
    pub(crate) active: Option<bool>,
    pub(crate) on_leave: Option<bool>,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: usize,
}

pub(crate) async fn list(api: &dyn Api, wanted: Wanted<'_>) -> Result<Page<PersonView>, Failure> {
    let flag = |flag: Option<bool>| flag.map(|flag| if flag { "true" } else { "false" });
    let limit = wanted.limit.to_string();
    let path = with_query(
        "/api/v1/people",
        [
            ("q", wanted.text),
            ("department", wanted.department),
            ("facility", wanted.facility),
            ("active", flag(wanted.active)),
            ("on_leave", flag(wanted.on_leave)),
            ("cursor", wanted.cursor),
            ("limit", Some(limit.as_str())),
        ],
    );
    get(api, Call::get(path)).await
}

pub(crate) async fn one(api: &dyn Api, key: Uuid) -> Result<PersonView, Failure> {
    get(api, Call::get(format!("/api/v1/people/{key}"))).await
}

/// Facilities that were described, by code.
pub(crate) async fn facilities(api: &dyn Api) -> Result<Vec<FacilityView>, Failure> {
    get(api, Call::get("/api/v1/facilities")).await
}
