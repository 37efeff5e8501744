//! Merges of patients (A40, and the older A18, A34, A36). All visits of the retired identifier move; the message
//! names none of them. One message may hold several pairs of PID and MRG, and MRG-1 may repeat.

use countersign_contracts::patient::PatientMerged;
use countersign_hl7::Cx;

use super::Reader;
use crate::domain::{FindingCode, Reason};

impl Reader<'_, '_> {
    /// Every identifier that is no longer to be used, with the one that remains.
    pub(super) fn merges(&mut self) -> Result<Vec<PatientMerged>, Reason> {
        let time = self.event_time();
        let mut merges: Vec<PatientMerged> = Vec::new();
        let mut survivors: Option<Vec<Cx>> = None;
        let mut merged = false;
        for segment in self.message.iter() {
            match segment.name() {
                "PID" => {
                    if survivors.is_some() && !merged {
                        self.note(FindingCode::PairsWithoutMerge);
                    }
                    let mut ids = Self::identifiers(segment, 3);
                    if ids.is_empty() {
                        ids = Self::identifiers(segment, 2);
                    }
                    survivors = Some(ids);
                    merged = false;
                }
                "MRG" => {
                    merged = true;
                    let Some(survivors) = survivors.as_deref().filter(|ids| !ids.is_empty()) else {
                        self.note(FindingCode::PairsWithoutMerge);
                        continue;
                    };
                    for retired in Self::identifiers(segment, 1) {
                        let survivor = self.patient_id(self.counterpart(&retired, survivors));
                        if !survivors.iter().any(|one| self.is_same_kind(one, &retired)) {
                            self.note(FindingCode::MergeAuthorityUnmatched);
                        }
                        let retired = self.patient_id(&retired);
                        if retired == survivor {
                            self.note(FindingCode::MergeIntoItself);
                        } else if !merges.iter().any(|one| one.retired == retired && one.survivor == survivor)
                        {
                            merges.push(PatientMerged {
                                message: self.context.message,
                                retired,
                                survivor,
                                occurred_at: time.occurred_at,
                                received_at: self.context.received_at,
                            });
                        }
                    }
                }
                _ => {}
            }
        }
        if survivors.is_some() && !merged {
            self.note(FindingCode::PairsWithoutMerge);
        }
        if merges.is_empty() { Err(Reason::NoMergePair) } else { Ok(merges) }
    }

    /// The survivor's identifier of the same authority and type, else of the same authority, else its first: all
    /// identifiers in PID-3 are of the one patient who remains.
    fn counterpart<'c>(&self, retired: &Cx, survivors: &'c [Cx]) -> &'c Cx {
        let same_type = |one: &&Cx| one.type_code == retired.type_code;
        survivors
            .iter()
            .find(|one| self.is_same_kind(one, retired) && same_type(one))
            .or_else(|| survivors.iter().find(|one| self.is_same_kind(one, retired)))
            .unwrap_or(&survivors[0])
    }

    /// Same assigning authority, by name or by universal id; an authority that was not sent is the facility's.
    fn is_same_kind(&self, one: &Cx, other: &Cx) -> bool {
        let universal = |id: &Cx| id.authority.as_ref().and_then(|authority| authority.universal_id.clone());
        self.patient_id(one).authority == self.patient_id(other).authority
            || universal(one).is_some() && universal(one) == universal(other)
    }
}
