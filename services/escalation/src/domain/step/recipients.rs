//! Who is told.

use countersign_contracts::notice::Recipient;
use countersign_kernel::ProviderId;

use super::Turn;
use crate::domain::{
    events::{LeadershipAsked, Matter, TrackEvent},
    policy::{CHAIR, DELEGATE, PROVIDER},
};

/// The people of a track at an instant, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipients {
    /// Whom it is about, by the main identifier.
    pub provider: ProviderId,
    /// Who heads the provider's department; nothing: nobody is known, or it is the provider.
    pub chair: Option<ProviderId>,
    /// Who looks after the provider's list, if anybody does.
    pub delegate: Option<ProviderId>,
}

impl Turn<'_> {
    /// Those whom a list of parts means. Where there is no chair, the office that the policy names is told instead, and
    /// leadership is asked once in the cycle.
    pub(super) fn resolve(&mut self, parts: &[String]) -> Vec<Recipient> {
        let mut found: Vec<Recipient> = Vec::with_capacity(parts.len());
        for part in parts {
            let people = &self.context.recipients;
            let person = |id: &ProviderId| Recipient::Provider { id: id.clone(), role: part.clone() };
            let office = |name: &str| Recipient::Office { name: name.to_owned() };
            let recipient = match part.as_str() {
                PROVIDER => Some(person(&people.provider)),
                // Nobody gets a second copy as his own delegate, and nobody is his own chair.
                DELEGATE => {
                    people.delegate.as_ref().filter(|delegate| **delegate != people.provider).map(person)
                }
                CHAIR => {
                    let chair = people.chair.as_ref().filter(|chair| **chair != people.provider).map(person);
                    if chair.is_none() {
                        self.ask_for_chair();
                    }
                    chair.or_else(|| Some(office(&self.policy.delivery.in_place_of_chair)))
                }
                name => Some(office(name)),
            };
            found.extend(recipient.filter(|recipient| !found.contains(recipient)));
        }
        found
    }

    fn ask_for_chair(&mut self) {
        let cycle = self.track.cycles;
        if self.track.asked(Matter::NoRecipient, |asked| asked.cycle == cycle) {
            return;
        }
        let text = format!(
            "No chair is known for the provider's department; the office {} is told instead. Enter a chair in the \
             directory.",
            self.policy.delivery.in_place_of_chair
        );
        let at = self.now();
        self.push(TrackEvent::LeadershipAsked(LeadershipAsked {
            matter: Matter::NoRecipient,
            proposal: None,
            notice: None,
            at,
            text,
        }));
    }
}
