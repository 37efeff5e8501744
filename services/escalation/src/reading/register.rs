//! The register of suspensions.

use std::collections::BTreeMap;

use countersign_contracts::api::escalation::{RegisterTotal, RegisterView};
use countersign_kernel::{Actor, Timestamp};
use countersign_owed::Directory;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::key_of;
use crate::{
    authority::Act,
    lifecycle::LifecycleError,
    projections::{self, Suspension, SuspensionQuery},
    scope,
    service::{Escalation, ServiceError},
    show,
};

/// Which suspensions are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegisterFilter {
    /// Provider's identifier.
    pub provider: Option<String>,
    /// Who assigned it.
    pub authority: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// Only those that are in force.
    #[serde(default)]
    pub in_force: bool,
    /// Only those that were in force at this instant or later.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only those that began before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// `json` (the default) or `csv`, for the committee.
    pub format: Option<String>,
}

impl Escalation {
    /// The register of suspensions, with totals per provider for the year that ends now.
    ///
    /// # Errors
    /// The caller may not see it, or the read model fails.
    pub async fn register(
        &self,
        actor: &Actor,
        filter: &RegisterFilter,
    ) -> Result<RegisterView, LifecycleError> {
        let directory = self.desk.known.refresh().await?;
        let now = self.now();
        let scope = scope::of(actor, Act::ReadRegister, &directory, now)?;
        let query = SuspensionQuery {
            provider: key_of(&directory, filter.provider.as_ref(), filter.authority.as_ref()),
            facility: filter.facility.clone(),
            in_force: filter.in_force,
            from: filter.from,
            until: filter.until,
        };
        let of_provider = SuspensionQuery { provider: query.provider, ..SuspensionQuery::default() };
        let position = self.model.position().0;
        let (rows, year) = self
            .model
            .query(move |sql| {
                Ok((
                    projections::suspensions(sql, &query, &scope)?,
                    projections::suspensions(sql, &of_provider, &scope)?,
                ))
            })
            .await
            .map_err(ServiceError::from)?;
        let book = self.governance.current().await.map_err(ServiceError::from)?;
        Ok(RegisterView {
            items: rows.iter().map(|row| show::suspension(row, &directory, &book, now)).collect(),
            totals: totals(&year, &directory, now),
            position,
        })
    }
}

/// Per provider, duplicates merged: what began within the year that ends now, and the days of it.
fn totals(rows: &[Suspension], directory: &Directory, now: Timestamp) -> Vec<RegisterTotal> {
    let mut by_key: BTreeMap<Uuid, RegisterTotal> = BTreeMap::new();
    for row in rows {
        let zone = directory.places.zone(&row.facility);
        let Ok(year_ago) = now.to_zoned(zone.clone()).checked_sub(jiff::Span::new().years(1)) else {
            continue;
        };
        let year_ago = year_ago.timestamp();
        let until = row.until.unwrap_or(now);
        if until < year_ago {
            continue;
        }
        let key = directory.people.root(row.provider_key);
        let total = by_key.entry(key).or_insert_with(|| RegisterTotal {
            provider: show::staff(&row.provider, directory),
            within_year: 0,
            days: 0,
            in_force: false,
        });
        total.within_year += u32::from(row.suspended.from > year_ago);
        total.days += show::days_of(row.suspended.from.max(year_ago), until, zone);
        total.in_force |= row.until.is_none();
    }
    let mut totals: Vec<RegisterTotal> = by_key.into_values().collect();
    totals.sort_by(|a, b| (b.within_year, &a.provider.name).cmp(&(a.within_year, &b.provider.name)));
    totals
}
