//! Who may do what: each service lists its acts with who has the right to each, and one function decides for
//! all of them. Nobody may do what it does not allow.
//!
//! A right comes with a role (on anything in the person's facilities), with being the provider whose item it
//! is, with being named as that provider's delegate, or with a role together with the authority on which
//! somebody acts. Somebody who works for named facilities may act on nothing of another one.

use std::fmt;

use axum::http::StatusCode;
use countersign_kernel::{Actor, ProviderId, Role};

use crate::http::Problem;

/// Something that a person may or may not do. Each service has its own list.
pub trait Act: Copy {
    /// The act in words, after `may`.
    fn words(self) -> &'static str;

    /// Who may do it.
    fn rights(self) -> Rights;
}

/// Who may do an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// These, on anything in their facilities.
    roles: &'static [Role],
    /// These, when they say on whose authority.
    on_authority: &'static [Role],
    /// Physicians, on their own items.
    provider: bool,
    /// Delegates, on items of the providers they are named for.
    delegate: bool,
}

impl Rights {
    /// People in these roles, on anything in their facilities.
    pub const fn of(roles: &'static [Role]) -> Self {
        Self { roles, on_authority: &[], provider: false, delegate: false }
    }

    /// And people in these roles, when they say on whose authority.
    #[must_use]
    pub const fn and_on_authority(self, roles: &'static [Role]) -> Self {
        Self { on_authority: roles, ..self }
    }

    /// And physicians, on their own items.
    #[must_use]
    pub const fn and_provider(self) -> Self {
        Self { provider: true, ..self }
    }

    /// And delegates, on items of the providers they are named for.
    #[must_use]
    pub const fn and_delegate(self) -> Self {
        Self { delegate: true, ..self }
    }

    /// In words, for the refused.
    fn words(self) -> String {
        let mut who: Vec<String> = self.roles.iter().map(|role| role.name().to_owned()).collect();
        who.extend(self.on_authority.iter().map(|role| format!("{} naming the authority", role.name())));
        if self.provider {
            who.push(format!("{} for own items", Role::Physician.name()));
        }
        if self.delegate {
            who.push(format!("{} for items of the providers named", Role::Delegate.name()));
        }
        who.join(", ")
    }
}

/// What the act is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Who is responsible for the item; for a leave, who is away. `None`: nobody, or not one provider's.
    pub provider: Option<ProviderId>,
    /// The item's facility. `None`: not of one facility.
    pub facility: Option<String>,
    /// On whose authority, as the person says: a name, a resolution, a minute.
    pub authority: Option<String>,
}

impl About {
    /// The installation as a whole.
    pub fn everything() -> Self {
        Self::default()
    }

    /// An item of a provider in a facility.
    pub fn item(provider: Option<ProviderId>, facility: impl Into<String>) -> Self {
        Self { provider, facility: Some(facility.into()), authority: None }
    }

    /// The same, on the authority of.
    #[must_use]
    pub fn on_authority(mut self, authority: impl Into<String>) -> Self {
        self.authority = Some(authority.into());
        self
    }
}

/// Why somebody may not. Holds no patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Who was refused.
    pub actor: String,
    /// What they wanted to do, in words.
    pub act: &'static str,
    /// Who may do it.
    pub rights: Rights,
    /// Which rule refused.
    pub rule: RefusedBy,
}

/// The rule that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedBy {
    /// No role of the person allows the act, on this item at least.
    Role,
    /// A role allows it for those only who say on whose authority.
    Authority,
    /// The item belongs to a facility the person does not work for.
    Facility,
}

impl RefusedBy {
    /// The rule's name, the same each time.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "authority/role",
            Self::Authority => "authority/named-authority",
            Self::Facility => "authority/facility",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { actor, act, rights, rule } = self;
        write!(f, "{actor} may not {act}")?;
        match rule {
            RefusedBy::Role => write!(f, "; allowed: {}", rights.words())?,
            RefusedBy::Authority => f.write_str(" without saying on whose `authority`")?,
            RefusedBy::Facility => f.write_str(" of a facility that is not one of theirs")?,
        }
        write!(f, " (rule {}; roles are given with `countersign access roles`)", rule.name())
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-permitted", "Not permitted").detail(refusal.to_string())
    }
}

/// How far somebody's reading goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Only items of these providers. `None`: everybody's and nobody's.
    pub providers: Option<Vec<ProviderId>>,
    /// Only in these facilities. Empty: in all of them.
    pub facilities: Vec<String>,
}

impl Reach {
    /// Everywhere.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Whether it ends nowhere.
    pub const fn is_everything(&self) -> bool {
        self.providers.is_none() && self.facilities.is_empty()
    }

    /// Whether something of this facility, as a whole, is within it.
    pub fn includes_facility(&self, facility: &str) -> bool {
        self.facilities.is_empty() || self.facilities.iter().any(|known| known == facility)
    }
}

/// On what somebody may do something that is done to many items at once, such as reading a list: the same
/// rights as in [`permit`], the other way round.
///
/// # Errors
/// The person may do it on nothing.
pub fn reach(actor: &Actor, act: impl Act) -> Result<Reach, Refusal> {
    let rights = act.rights();
    let facilities = actor.facilities.clone();
    if actor.has_any(rights.roles) {
        return Ok(Reach { providers: None, facilities });
    }
    let mut providers = Vec::new();
    if rights.provider && actor.has_any(&[Role::Physician]) {
        providers.extend(actor.provider.clone());
    }
    if rights.delegate && actor.has_any(&[Role::Delegate]) {
        providers.extend(actor.for_providers.iter().cloned());
    }
    if providers.is_empty() {
        let (actor, act) = (actor.name.clone(), act.words());
        return Err(Refusal { actor, act, rights, rule: RefusedBy::Role });
    }
    Ok(Reach { providers: Some(providers), facilities })
}

/// Whether somebody may do something. What is not allowed is refused.
///
/// # Errors
/// The rule that refused, and who may.
pub fn permit(actor: &Actor, act: impl Act, about: &About) -> Result<(), Refusal> {
    let rights = act.rights();
    let refused = |rule| Err(Refusal { actor: actor.name.clone(), act: act.words(), rights, rule });
    let is_one_of = |theirs: &[ProviderId]| {
        about.provider.as_ref().is_some_and(|item| theirs.iter().any(|own| is_same(own, item)))
    };
    let by_role = actor.has_any(rights.roles);
    let as_provider =
        rights.provider && actor.has_any(&[Role::Physician]) && is_one_of(actor.provider.as_slice());
    let as_delegate = rights.delegate && actor.has_any(&[Role::Delegate]) && is_one_of(&actor.for_providers);
    if !(by_role || as_provider || as_delegate) {
        if !actor.has_any(rights.on_authority) {
            return refused(RefusedBy::Role);
        }
        if about.authority.as_deref().is_none_or(|authority| authority.trim().is_empty()) {
            return refused(RefusedBy::Authority);
        }
    }
    let elsewhere = about.facility.as_ref().is_some_and(|facility| !actor.facilities.contains(facility));
    if elsewhere && !actor.facilities.is_empty() {
        return refused(RefusedBy::Facility);
    }
    Ok(())
}

/// Whether two identifiers are the same person's. Many feeds name no authority: then the id decides.
fn is_same(one: &ProviderId, other: &ProviderId) -> bool {
    one.id == other.id
        && (one.authority == other.authority || one.authority.is_empty() || other.authority.is_empty())
}

#[cfg(test)]
mod tests;
