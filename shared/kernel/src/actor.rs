//! Who acts, and in which roles.

use serde::{Deserialize, Serialize};

use crate::ProviderId;

/// A role, as the medical staff and health information management know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Physician, advanced practice provider or resident: own items only.
    Physician,
    /// Looks after the list of named providers.
    Delegate,
    /// Analyses charts: raises, assigns, decides disputes, puts on hold.
    HimAnalyst,
    /// All of that, and waives, drafts rules, keeps the directory.
    HimManager,
    /// Checks and publishes rules that somebody else drafted.
    RulesApprover,
    /// Heads a department.
    DepartmentChair,
    /// Medical staff services.
    MedicalStaffOffice,
    /// Chief medical officer, or the executive committee's chair.
    ChiefMedicalOfficer,
    /// Sees what is held and why.
    RevenueCycle,
    /// Runs the installation; no chart content.
    Administrator,
    /// Reads everything, changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 11] = [
        Self::Physician,
        Self::Delegate,
        Self::HimAnalyst,
        Self::HimManager,
        Self::RulesApprover,
        Self::DepartmentChair,
        Self::MedicalStaffOffice,
        Self::ChiefMedicalOfficer,
        Self::RevenueCycle,
        Self::Administrator,
        Self::Auditor,
    ];

    /// The name used in files, on the command line and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Physician => "physician",
            Self::Delegate => "delegate",
            Self::HimAnalyst => "him_analyst",
            Self::HimManager => "him_manager",
            Self::RulesApprover => "rules_approver",
            Self::DepartmentChair => "department_chair",
            Self::MedicalStaffOffice => "medical_staff_office",
            Self::ChiefMedicalOfficer => "chief_medical_officer",
            Self::RevenueCycle => "revenue_cycle",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who acts, as the sign-in knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name under which acts go on record.
    pub name: String,
    /// What the person may do.
    pub roles: Vec<Role>,
    /// Whose own items these are, when the person is a provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// The providers whose list a delegate looks after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub for_providers: Vec<ProviderId>,
    /// The facilities the person works for. Empty: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facilities: Vec<String>,
}

impl Actor {
    /// Somebody with these roles, for all facilities and no provider's own items.
    pub fn new(name: impl Into<String>, roles: impl Into<Vec<Role>>) -> Self {
        Self {
            name: name.into(),
            roles: roles.into(),
            provider: None,
            for_providers: Vec::new(),
            facilities: Vec::new(),
        }
    }

    /// Whether the person has one of these roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}
