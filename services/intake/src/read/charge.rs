//! DFT: charges and credits (FT1), in whole cents.

use std::collections::BTreeMap;

use countersign_contracts::chart::{AccountFact, Charge, VisitSnapshot, What};
use countersign_hl7::Composite;
use countersign_hl7::{DayEdge, Ei, Segment};
use countersign_kernel::{Cents, derive_uuid};

use super::{Reader, Said, time::EventTime};
use crate::{
    domain::{FindingCode, Reason},
    profile::TransactionType,
};

impl Reader<'_, '_> {
    /// P03 and P11: every FT1 is a charge or credit of its own. Procedures (PR1) come with the snapshot of the visit.
    pub(super) fn charges(&mut self, trigger: &str) -> Result<Said, Reason> {
        let time = self.event_time();
        let segments: Vec<Segment<'_>> = self.message.segments("FT1").collect();
        // Two charges that say the same in one message are two.
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut what: Vec<What> = segments
            .iter()
            .filter_map(|ft1| self.charge(*ft1, &time, &mut seen))
            .map(What::Charged)
            .collect();
        let has_procedures = self.message.segment("PR1").is_some();
        if what.is_empty() && !has_procedures {
            return Ok(Said::Nothing);
        }
        let encounter = match self.encounter() {
            Ok(encounter) => encounter,
            // Procedures alone were never asked for here: such a message stays what it was.
            Err(_) if what.is_empty() => return Ok(Said::Nothing),
            Err(reason) => return Err(reason),
        };
        let visit = VisitSnapshot { procedures: self.procedures(), ..self.billing_snapshot() };
        if what.is_empty() {
            if visit.procedures.is_empty() {
                return Ok(Said::Nothing);
            }
            what.push(What::Account(AccountFact::default()));
        }
        let rest = what.split_off(1);
        let mut facts = self.facts(trigger, &time, &visit, what);
        facts.extend(self.facts(trigger, &time, &VisitSnapshot::default(), rest));
        Ok(Said::Charts(vec![(encounter, facts)]))
    }

    fn charge(
        &mut self,
        ft1: Segment<'_>,
        time: &EventTime,
        seen: &mut BTreeMap<String, u32>,
    ) -> Option<Charge> {
        let text = |number: usize| ft1.field(number).value().to_owned_text();
        let kind = match text(6) {
            None => {
                self.note(FindingCode::ChargeTypeMissing);
                TransactionType::Charge
            }
            Some(code) => {
                let Some(kind) = self.profile.transaction_types.get(&code) else {
                    self.note_about(FindingCode::ChargeTypeUnmapped, &code);
                    return None;
                };
                *kind
            }
        };
        if kind == TransactionType::Ignored {
            return None;
        }
        let amount = self.amount(ft1)?;
        let amount = match kind {
            // Senders write a credit with or without a sign.
            TransactionType::Credit => Cents(-amount.0.saturating_abs()),
            TransactionType::Charge | TransactionType::Ignored => amount,
        };
        let posted = self
            .instant(ft1.field(4), "FT1-4", DayEdge::Start)
            .or_else(|| self.instant(ft1.field(5), "FT1-5", DayEdge::Start));
        let sent = Ei::first(ft1.field(2)).map(|id| id.key()).filter(|id| !id.is_empty());
        let id = if let Some(id) = sent.filter(|_| self.profile.trust_transaction_ids) {
            id
        } else {
            self.note(FindingCode::ChargeNumberMissing);
            made_up_transaction(ft1, seen)
        };
        Some(Charge {
            // A credit often has the number of the charge that it takes back: it stands beside it.
            transaction: if kind == TransactionType::Credit { format!("credit {id}") } else { id },
            amount,
            posted_at: posted.map_or(time.occurred_at, |posted| posted.at),
        })
    }

    /// FT1-11, else FT1-12 times FT1-10 units (one where no number was sent).
    fn amount(&mut self, ft1: Segment<'_>) -> Option<Cents> {
        let text = |number: usize| ft1.field(number).value().to_owned_text();
        if let Some(sent) = text(11) {
            return Cents::parse(&sent).or_else(|| self.unreadable("FT1-11"));
        }
        let Some(unit) = text(12) else {
            self.note(FindingCode::ChargeAmountMissing);
            return None;
        };
        let Some(unit) = Cents::parse(&unit) else { return self.unreadable("FT1-12") };
        let Some(units) = text(10) else { return Some(unit) };
        match times(unit, &units) {
            Some((amount, exact)) => {
                if !exact {
                    self.note(FindingCode::ChargeRounded);
                }
                Some(amount)
            }
            None => self.unreadable("FT1-10"),
        }
    }

    fn unreadable(&mut self, field: &str) -> Option<Cents> {
        self.note_about(FindingCode::ChargeAmountUnreadable, field);
        None
    }
}

/// What a charge says, as its number.
fn made_up_transaction(ft1: Segment<'_>, seen: &mut BTreeMap<String, u32>) -> String {
    let said: Vec<String> = [4, 5, 6, 7, 10, 11, 12, 13, 25]
        .into_iter()
        .map(|number| ft1.field(number).whole().to_owned_text().unwrap_or_default())
        .collect();
    let parts: Vec<&str> = said.iter().map(String::as_str).collect();
    let made_up = derive_uuid("charge", &parts).to_string();
    let before = seen.entry(made_up.clone()).or_default();
    *before += 1;
    if *before == 1 { made_up } else { format!("{made_up}-{before}") }
}

/// Units times an amount, and whether that is a whole number of cents; a part of a cent is rounded away from zero.
fn times(unit: Cents, units: &str) -> Option<(Cents, bool)> {
    let (negative, digits) = match units.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, units.strip_prefix('+').unwrap_or(units)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty()
        || fraction.len() > 6
        || !only_digits(whole)
        || !only_digits(fraction)
    {
        return None;
    }
    let units: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let product = units.checked_mul(i128::from(unit.0.unsigned_abs()))?;
    let cents = i64::try_from(product.checked_add(scale / 2)? / scale).ok()?;
    let amount = Cents(if negative == (unit.0 < 0) { cents } else { -cents });
    Some((amount, product % scale == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_times_an_amount_are_exact_to_the_cent() {
        for (unit, units, expected) in [
            (1250, "2", Some((2500, true))),
            (1250, "-2", Some((-2500, true))),
            (-1250, "-2", Some((2500, true))),
            (133, "1.5", Some((200, false))),
            (-133, "1.5", Some((-200, false))),
            (100, "0.25", Some((25, true))),
            (100, "", None),
            (100, "two", None),
            (i64::MAX, "2", None),
            // as much as the sum has room for: rounding is beyond it
            (1, "170141183460469231731687303715884.105727", None),
        ] {
            let found = times(Cents(unit), units);
            assert_eq!(found, expected.map(|(cents, exact)| (Cents(cents), exact)), "{unit} x {units}");
        }
    }
}
