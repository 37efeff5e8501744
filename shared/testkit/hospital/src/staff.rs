//! The people who owe documentation.

use crate::dice::{Dice, Purpose};

/// Index of a provider in the staff of a facility.
pub(crate) type ProviderIndex = u16;

/// Attendings and surgeons together look after this many discharges a month each, on average.
const DISCHARGES_PER_PHYSICIAN: u32 = 14;

/// One physician.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    /// Identifier as in XCN-1 and PPN-1.
    pub(crate) id: String,
    /// Standard normal score of slowness: above zero is slower than the colleagues.
    pub(crate) frailty: f64,
}

/// The physicians of one facility. Frailty is standardised over each group, so that the lags of the whole
/// staff have the spread that was asked for however small the hospital is.
#[derive(Debug, Clone)]
pub(crate) struct Staff {
    providers: Vec<Provider>,
    physicians: usize,
    surgeons: usize,
}

impl Staff {
    pub(crate) fn hire(seed: u64, facility: u16, discharges_per_month: u32) -> Self {
        let mut dice = Dice::new(seed, Purpose::Staff, u64::from(facility));
        let count = usize::try_from((discharges_per_month / DISCHARGES_PER_PHYSICIAN).clamp(9, 3_000))
            .expect("a small number");
        // One physician in three operates; there is one resident for two other physicians.
        let surgeons = count / 3;
        let physicians = count - surgeons;
        let residents = (count / 2).max(4);
        let mut providers = Vec::with_capacity(count + residents);
        for group in [physicians, surgeons, residents] {
            for frailty in standardised(&mut dice, group) {
                let id = format!("{}{:04}", 10 + facility, providers.len() + 1);
                providers.push(Provider { id, frailty });
            }
        }
        Self { providers, physicians, surgeons }
    }

    pub(crate) fn get(&self, index: ProviderIndex) -> &Provider {
        &self.providers[usize::from(index)]
    }

    pub(crate) fn all(&self) -> &[Provider] {
        &self.providers
    }

    pub(crate) fn is_surgeon(&self, index: ProviderIndex) -> bool {
        let index = usize::from(index);
        index >= self.physicians && index < self.physicians + self.surgeons
    }

    pub(crate) fn is_resident(&self, index: ProviderIndex) -> bool {
        usize::from(index) >= self.physicians + self.surgeons
    }

    pub(crate) fn any_physician(&self, dice: &mut Dice) -> ProviderIndex {
        index(dice.index(self.physicians))
    }

    /// A physician who is not `other`.
    pub(crate) fn another_physician(&self, other: ProviderIndex, dice: &mut Dice) -> ProviderIndex {
        let drawn = dice.index(self.physicians);
        if drawn == usize::from(other) { index((drawn + 1) % self.physicians) } else { index(drawn) }
    }

    pub(crate) fn any_surgeon(&self, dice: &mut Dice) -> ProviderIndex {
        index(self.physicians + dice.index(self.surgeons))
    }

    pub(crate) fn any_resident(&self, dice: &mut Dice) -> ProviderIndex {
        let others = self.physicians + self.surgeons;
        index(others + dice.index(self.providers.len() - others))
    }
}

fn index(position: usize) -> ProviderIndex {
    ProviderIndex::try_from(position).expect("at most 4,500 providers")
}

/// Normal scores with mean 0 and standard deviation 1 exactly.
#[expect(clippy::cast_precision_loss, reason = "few providers")]
fn standardised(dice: &mut Dice, count: usize) -> Vec<f64> {
    let mut scores: Vec<f64> = (0..count).map(|_| dice.normal()).collect();
    let mean = scores.iter().sum::<f64>() / count as f64;
    for score in &mut scores {
        *score -= mean;
    }
    let spread = (scores.iter().map(|score| score * score).sum::<f64>() / count as f64).sqrt();
    for score in &mut scores {
        *score /= spread;
    }
    scores
}
