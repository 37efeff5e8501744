//! Days without business from a file: columns `date` (`YYYY-MM-DD`, needed) and `name`. They are added to those that
//! the facility has; a day that it has already takes the new name.

use std::collections::BTreeMap;

use countersign_contracts::api::people::ImportReport;
use countersign_kernel::Actor;

use super::{Effect, FileError, day, rows, tell};
use crate::{
    domain::site::{
        Holiday, Refusal,
        decide::{Command, FacilityChanges},
    },
    register::CommandError,
    site::{SiteError, SiteRefusal, Sites},
};

/// A file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum HolidaysImportError {
    /// Its headings cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The facility, the person's roles, or the journal.
    #[error(transparent)]
    Command(#[from] SiteError),
}

impl Sites {
    /// Imports a facility's holidays, or tells what an import would do. The lines that cannot be used are refused one
    /// by one; the others are added in one step.
    ///
    /// # Errors
    /// The headings, a facility that nobody described, the person's roles, or the journal.
    pub async fn import_holidays(
        &self,
        actor: &Actor,
        why: &str,
        key: &str,
        facility: &str,
        text: &str,
        dry_run: bool,
    ) -> Result<ImportReport, HolidaysImportError> {
        let rows = rows(text, &["date", "name"], &["date"])?;
        let known = self.known().await.map_err(CommandError::Journal)?;
        Self::permitted(actor, Some(facility)).map_err(|refusal| CommandError::Refused(refusal.into()))?;
        let data = known.site.facility(facility).and_then(|facility| facility.data.as_ref());
        let data = data.ok_or_else(|| {
            CommandError::Refused(SiteRefusal::Rule(Refusal::UnknownFacility(facility.to_owned())))
        })?;
        let mut days: BTreeMap<_, _> =
            data.holidays.iter().map(|holiday| (holiday.date, holiday.name.clone())).collect();
        let mut report = ImportReport { dry_run, position: known.position.0, ..ImportReport::default() };
        let mut more_holidays = Vec::new();
        for row in rows {
            let date = row.readable().and_then(|()| row.needed("date")).and_then(|text| day("date", text));
            let about = row.get("date").unwrap_or_default().to_owned();
            let outcome = date.map(|date| {
                let name = row.get("name").unwrap_or_default().to_owned();
                let effect = match days.insert(date, name.clone()) {
                    None => Effect::Created,
                    Some(before) if before == name => Effect::Unchanged,
                    Some(_) => Effect::Changed,
                };
                more_holidays.push(Holiday { date, name });
                effect
            });
            tell(&mut report, row.line, about, outcome);
        }
        if !dry_run && report.created + report.changed > 0 {
            let changes = Box::new(FacilityChanges { more_holidays, ..FacilityChanges::default() });
            let command = Command::DescribeFacility { code: facility.to_owned(), changes };
            report.position = self.execute(actor, why, key, command).await?.position.0;
        }
        Ok(report)
    }
}
