//! Providers from a file.
//!
//! | Column | Holds |
//! |---|---|
//! | `id` | identifier, as messages name the provider; needed |
//! | `authority` | its authority, as messages name it; empty when they name none |
//! | `npi` | national provider identifier |
//! | `family`, `given`, `credentials` | name; credentials separated by `;` |
//! | `active` | `yes` or `no` |
//! | `active_from`, `active_until` | first and last day of activity, `YYYY-MM-DD` |
//! | `departments`, `facilities` | codes, separated by `;` |
//! | `service`, `specialty`, `group`, `email`, `telephone` | text |
//! | `supervisor`, `supervisor_authority`, `delegate`, `delegate_authority` | identifiers of other providers |
//! | `effective_at` | from when on the line holds: a day or an instant; the moment of the import when empty |
//! | `time_zone` | IANA name of the zone in which days are meant; UTC when empty |
//!
//! An empty cell says nothing; a single hyphen deletes.

use countersign_contracts::{
    Field,
    api::people::ImportReport,
    staff::{StaffIdentifier, StaffReported},
};
use countersign_kernel::{Actor, MessageId, Person, ProviderId, Timestamp};
use jiff::tz::TimeZone;

use super::{Effect, Fault, FileError, Row, day, instant, rows, tell};
use crate::{
    authority,
    domain::people::{
        Directory,
        decide::{Asked, Command, decide, record_of},
    },
    people::{People, PeopleError, PeopleRefusal, may},
    register::CommandError,
};

/// The columns of the file.
pub const COLUMNS: [&str; 22] = [
    "id",
    "authority",
    "npi",
    "family",
    "given",
    "credentials",
    "active",
    "active_from",
    "active_until",
    "departments",
    "facilities",
    "service",
    "specialty",
    "group",
    "supervisor",
    "supervisor_authority",
    "delegate",
    "delegate_authority",
    "email",
    "telephone",
    "effective_at",
    "time_zone",
];

/// A file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum PeopleImportError {
    /// Its headings cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The person may not, or the journal failed on the way: the lines before are on record, and the same file under
    /// the same key goes on after them.
    #[error(transparent)]
    Command(#[from] PeopleError),
}

impl People {
    /// Imports a file of providers, or tells what an import would do. The lines that cannot be used are refused one by
    /// one; the others count. The same file again changes nothing.
    ///
    /// # Errors
    /// The headings, the person's roles, or the journal.
    pub async fn import(
        &self,
        actor: &Actor,
        why: &str,
        key: &str,
        text: &str,
        dry_run: bool,
    ) -> Result<ImportReport, PeopleImportError> {
        let rows = rows(text, &COLUMNS, &["id"])?;
        let known = self.known().await.map_err(PeopleError::Journal)?;
        let now = self.now();
        permitted(actor, now).map_err(|refusal| CommandError::Refused(refusal.into()))?;
        let mut directory = (*known.directory).clone();
        let mut report = ImportReport { dry_run, position: known.position.0, ..ImportReport::default() };
        for row in rows {
            let said = row.readable().and_then(|()| statement(&row, now));
            let about = said
                .as_ref()
                .map_or_else(|_| row.get("id").unwrap_or_default().to_owned(), |said| said.id.to_string());
            let outcome = match said {
                Err(fault) => Err(fault),
                Ok(said) => {
                    let is_new = is_new(&directory, &said);
                    let command = Command::Import(Box::new(said));
                    let asked = Asked { actor, at: now, why };
                    match decide(&directory, &known.site, command.clone(), &asked) {
                        Err(refusal) => Err(Fault { column: None, reason: refusal.to_string() }),
                        Ok(None) => Ok(Effect::Unchanged),
                        Ok(Some(event)) => {
                            directory.evolve(&event);
                            if dry_run {
                                Ok(effect(is_new))
                            } else {
                                let key = format!("{key}/{}", row.line);
                                self.keep(actor, why, &key, command, is_new, &mut report).await?
                            }
                        }
                    }
                }
            };
            tell(&mut report, row.line, about, outcome);
        }
        Ok(report)
    }

    async fn keep(
        &self,
        actor: &Actor,
        why: &str,
        key: &str,
        command: Command,
        is_new: bool,
        report: &mut ImportReport,
    ) -> Result<Result<Effect, Fault>, PeopleError> {
        match self.execute(actor, why, key, command).await {
            Ok(done) => {
                report.position = report.position.max(done.position.0);
                Ok(Ok(if done.changed { effect(is_new) } else { Effect::Unchanged }))
            }
            Err(CommandError::Refused(PeopleRefusal::Rule(refusal))) => {
                Ok(Err(Fault { column: None, reason: refusal.to_string() }))
            }
            Err(error) => Err(error),
        }
    }
}

const fn effect(is_new: bool) -> Effect {
    if is_new { Effect::Created } else { Effect::Changed }
}

fn is_new(directory: &Directory, said: &StaffReported) -> bool {
    directory.find(&record_of(directory, said)).is_none_or(|known| !known.listed)
}

/// The roles suffice for any line, or for none.
fn permitted(actor: &Actor, now: Timestamp) -> Result<(), authority::Refusal> {
    let nobody = ProviderId { id: String::new(), authority: String::new() };
    may(&Directory::default(), actor, &Command::Unmerge { retired: nobody }, now)
}

/// What a line says.
fn statement(row: &Row, now: Timestamp) -> Result<StaffReported, Fault> {
    let id = ProviderId {
        id: row.needed("id")?.to_owned(),
        authority: row.get("authority").unwrap_or_default().to_owned(),
    };
    let time_zone = row.get("time_zone").unwrap_or_default().to_owned();
    let zone = match time_zone.as_str() {
        "" => TimeZone::UTC,
        name => TimeZone::get(name).map_err(|_| {
            Fault::new(
                "time_zone",
                format!("`{name}` is no IANA time zone: take one such as America/Chicago"),
            )
        })?,
    };
    let npi = row.get("npi").map(|npi| StaffIdentifier {
        id: ProviderId { id: npi.to_owned(), authority: "NPI".to_owned() },
        kind: "NPI".to_owned(),
    });
    let own = StaffIdentifier { id: id.clone(), kind: String::new() };
    // Without an instant of its own a line speaks from the import on: then two imports are two statements.
    let (effective_at, message) = match row.get("effective_at") {
        Some(text) => {
            (instant("effective_at", text, &zone)?, MessageId::derive(&["people", &row.fingerprint()]))
        }
        None => (now, MessageId::derive(&["people", &row.fingerprint(), &now.to_string()])),
    };
    Ok(StaffReported {
        message,
        record: 0,
        reading: 0,
        id,
        identifiers: std::iter::once(own).chain(npi).collect(),
        name: name(row)?,
        active: yes_or_no(row, "active")?,
        effective_at,
        active_from: cell(row, "active_from", |text| day("active_from", text))?,
        active_until: cell(row, "active_until", |text| day("active_until", text))?,
        departments: codes(row, "departments"),
        service: text(row, "service"),
        specialty: text(row, "specialty"),
        group: text(row, "group"),
        supervisor: other(row, "supervisor", "supervisor_authority")?,
        delegate: other(row, "delegate", "delegate_authority")?,
        email: text(row, "email"),
        telephone: text(row, "telephone"),
        facilities: codes(row, "facilities"),
        time_zone,
        recorded_at: None,
        withdrawn: false,
        received_at: now,
    })
}

fn cell<T>(row: &Row, column: &str, read: impl Fn(&str) -> Result<T, Fault>) -> Result<Field<T>, Fault> {
    match row.get(column) {
        None => Ok(Field::Absent),
        Some("-") => Ok(Field::Null),
        Some(text) => read(text).map(Field::Value),
    }
}

fn text(row: &Row, column: &str) -> Field<String> {
    match row.get(column) {
        None => Field::Absent,
        Some("-") => Field::Null,
        Some(text) => Field::Value(text.to_owned()),
    }
}

fn codes(row: &Row, column: &str) -> Vec<String> {
    let cells = row.get(column).unwrap_or_default().split(';').map(str::trim);
    cells.filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn yes_or_no(row: &Row, column: &str) -> Result<Option<bool>, Fault> {
    match row.get(column).map(str::to_ascii_lowercase).as_deref() {
        None => Ok(None),
        Some("yes" | "true" | "1") => Ok(Some(true)),
        Some("no" | "false" | "0") => Ok(Some(false)),
        Some(other) => Err(Fault::new(column, format!("`{other}` is neither `yes` nor `no`"))),
    }
}

fn name(row: &Row) -> Result<Option<Person>, Fault> {
    let part = |column: &str| row.get(column).unwrap_or_default().to_owned();
    let (family, given) = (part("family"), part("given"));
    if family.is_empty() && given.is_empty() {
        return match row.get("credentials") {
            None => Ok(None),
            Some(_) => Err(Fault::new("credentials", "they are kept with the name: give `family`, too")),
        };
    }
    let credentials = codes(row, "credentials");
    Ok(Some(Person { id: None, authority: String::new(), family, given, credentials }))
}

fn other(row: &Row, column: &str, authority: &str) -> Result<Field<ProviderId>, Fault> {
    if row.get(column).is_none() && row.get(authority).is_some() {
        return Err(Fault::new(
            authority,
            format!("it means nothing without `{column}`: fill that, or empty this"),
        ));
    }
    let authority = row.get(authority).unwrap_or_default().to_owned();
    Ok(text(row, column).map(|id| ProviderId { id, authority }))
}
