//! What claim holds are told from: one row per account, one per item that holds its bill. Whether an account is held
//! depends on the time of day, so that nothing of it is stored: see [`crate::domain::claims`].

use countersign_kernel::{Cents, EncounterId, Person, Timestamp};
use jiff::tz::TimeZone;
use rusqlite::{Connection, Row, Transaction, params};

use super::{charts::class_name, time};
use crate::domain::{
    claims::{Bill, Item, Span},
    decide::zone_of,
    events::{Change, DeficiencyEvent, Description, Stretch},
};

pub(super) fn describe(
    tables: &Transaction<'_>,
    encounter: &str,
    description: &Description,
) -> Result<(), rusqlite::Error> {
    let Description { encounter: key, account, taken_back, discharged_at, .. } = description;
    if discharged_at.is_none() && taken_back.is_empty() && account.is_none() {
        tables.prepare_cached("DELETE FROM claim WHERE encounter = ?1")?.execute([encounter])?;
        return Ok(());
    }
    let account = account.clone().unwrap_or_default();
    tables
        .prepare_cached(
            "INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (encounter) DO UPDATE SET
             facility = excluded.facility, visit = excluded.visit, class = excluded.class, service =
             excluded.service, payer = excluded.payer, time_zone = excluded.time_zone, discharged_at =
             excluded.discharged_at, taken_back = excluded.taken_back, charges = excluded.charges,
             coded_at = excluded.coded_at, billed_at = excluded.billed_at",
        )?
        .execute(params![
            encounter,
            key.facility,
            key.visit,
            description.class.as_ref().map(class_name),
            description.service,
            account.payer,
            description.time_zone,
            time::store_some(*discharged_at),
            write(taken_back),
            account.charges.map(|charges| charges.0),
            time::store_some(account.coded_at),
            time::store_some(account.billed_at),
        ])?;
    Ok(())
}

pub(super) fn item(
    tables: &Transaction<'_>,
    encounter: &str,
    event: &DeficiencyEvent,
) -> Result<(), rusqlite::Error> {
    let DeficiencyEvent { change, deficiency, .. } = event;
    if *change == Change::Retracted || !deficiency.holds_bill {
        tables
            .prepare_cached("DELETE FROM claim_item WHERE id = ?1")?
            .execute([deficiency.id.to_string()])?;
        return Ok(());
    }
    let responsible = deficiency.responsible.as_ref();
    tables
        .prepare_cached(
            "INSERT INTO claim_item VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
             ON CONFLICT (id) DO UPDATE SET
             encounter = excluded.encounter, rule = excluded.rule, document_type = excluded.document_type,
             responsible = excluded.responsible, responsible_authority = excluded.responsible_authority,
             responsible_family = excluded.responsible_family, responsible_given =
             excluded.responsible_given, opened_at = excluded.opened_at, open_before =
             excluded.open_before, open_since = excluded.open_since, closed_at = excluded.closed_at",
        )?
        .execute(params![
            deficiency.id.to_string(),
            encounter,
            deficiency.rule,
            deficiency.document_type,
            responsible.and_then(|person| person.id.as_ref()),
            responsible.map(|person| &person.authority),
            responsible.map(|person| &person.family),
            responsible.map(|person| &person.given),
            time::store(deficiency.opened_at),
            write(&deficiency.open_before),
            time::store(
                deficiency.reopened_at.map_or(deficiency.opened_at, |at| at.max(deficiency.opened_at))
            ),
            time::store_some(deficiency.closed_at),
        ])?;
    Ok(())
}

/// An account with what it needs to tell whether it is held.
#[derive(Debug, Clone)]
pub struct Account {
    /// The chart.
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// Visit number as the feed sent it.
    pub visit: String,
    /// Encounter class.
    pub class: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Payer as sent.
    pub payer: Option<String>,
    /// IANA name of the facility's time zone.
    pub time_zone: String,
    /// That zone.
    pub zone: TimeZone,
    /// Discharge, items and money.
    pub bill: Bill,
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only this chart.
    pub chart: Option<EncounterId>,
    /// Only this facility.
    pub facility: Option<String>,
    /// Only facilities within a reader's reach; empty: all.
    pub within: Vec<String>,
    /// Only this encounter class.
    pub class: Option<String>,
    /// Only accounts with an item that is open at this instant.
    pub open_at: Option<Timestamp>,
}

/// The accounts, in the order of their ids.
pub fn accounts(sql: &Connection, wanted: &Wanted) -> Result<Vec<Account>, rusqlite::Error> {
    const OF_WANTED: &str = "(?1 IS NULL OR c.encounter = ?1) AND (?2 IS NULL OR c.facility = ?2)
        AND (?3 IS NULL OR c.class = ?3)
        AND (?5 IS NULL OR c.facility IN (SELECT value FROM json_each(?5)))
        AND (?4 IS NULL OR EXISTS (SELECT 1 FROM claim_item o WHERE o.encounter = c.encounter
                                   AND (o.closed_at IS NULL OR o.closed_at > ?4)))";
    let within = (!wanted.within.is_empty()).then(|| serde_json::json!(wanted.within).to_string());
    let values = params![
        wanted.chart.map(|chart| chart.to_string()),
        wanted.facility,
        wanted.class,
        time::store_some(wanted.open_at),
        within,
    ];
    let mut accounts: Vec<Account> = sql
        .prepare_cached(&format!("SELECT * FROM claim c WHERE {OF_WANTED} ORDER BY c.encounter"))?
        .query_map(values, account)?
        .collect::<Result<_, _>>()?;
    let mut statement = sql.prepare_cached(&format!(
        "SELECT i.* FROM claim c JOIN claim_item i ON i.encounter = c.encounter WHERE {OF_WANTED}
         ORDER BY i.encounter, i.opened_at, i.id"
    ))?;
    let mut rows = statement.query(values)?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        let chart: EncounterId = id(row, "encounter")?;
        while accounts.get(place).is_some_and(|account| account.chart != chart) {
            place += 1;
        }
        if let Some(account) = accounts.get_mut(place) {
            account.bill.items.push(bill_item(row)?);
        }
    }
    Ok(accounts)
}

fn id<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> Result<T, rusqlite::Error> {
    row.get::<_, String>(column)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}

fn account(row: &Row<'_>) -> Result<Account, rusqlite::Error> {
    let time_zone: String = row.get("time_zone")?;
    let mut discharged = read(&row.get::<_, String>("taken_back")?)?;
    discharged.extend(time::get_some(row, "discharged_at")?.map(|from| Span { from, until: None }));
    Ok(Account {
        chart: id(row, "encounter")?,
        facility: row.get("facility")?,
        visit: row.get("visit")?,
        class: row.get("class")?,
        service: row.get("service")?,
        payer: row.get("payer")?,
        zone: zone_of(&time_zone),
        time_zone,
        bill: Bill {
            discharged,
            charges: row.get::<_, Option<i64>>("charges")?.map(Cents),
            coded_at: time::get_some(row, "coded_at")?,
            billed_at: time::get_some(row, "billed_at")?,
            items: Vec::new(),
        },
    })
}

fn bill_item(row: &Row<'_>) -> Result<Item, rusqlite::Error> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let person = Person {
        id: text("responsible")?,
        authority: text("responsible_authority")?.unwrap_or_default(),
        family: text("responsible_family")?.unwrap_or_default(),
        given: text("responsible_given")?.unwrap_or_default(),
        credentials: Vec::new(),
    };
    let mut open = read(&row.get::<_, String>("open_before")?)?;
    open.push(Span { from: time::get(row, "open_since")?, until: time::get_some(row, "closed_at")? });
    Ok(Item {
        id: id(row, "id")?,
        rule: row.get("rule")?,
        document_type: row.get("document_type")?,
        responsible: (person != Person::default()).then_some(person),
        open,
    })
}

/// Stretches as text: `from..until`, in microseconds, separated by blanks. Most are none.
fn write(stretches: &[Stretch]) -> String {
    let one = |stretch: &Stretch| format!("{}..{}", time::store(stretch.from), time::store(stretch.until));
    stretches.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn read(text: &str) -> Result<Vec<Span>, rusqlite::Error> {
    let instant = |text: &str| text.parse().ok().and_then(|stored| time::load(0, stored).ok());
    text.split_whitespace()
        .map(|one| {
            let (from, until) = one.split_once("..").ok_or(rusqlite::Error::InvalidQuery)?;
            let from = instant(from).ok_or(rusqlite::Error::InvalidQuery)?;
            Ok(Span { from, until: Some(instant(until).ok_or(rusqlite::Error::InvalidQuery)?) })
        })
        .collect()
}
