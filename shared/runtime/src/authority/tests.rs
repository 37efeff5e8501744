use super::*;

/// One act for each kind of right.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Hold,
    Dispute,
    Answer,
    Waive,
}

impl Act for Wish {
    fn words(self) -> &'static str {
        match self {
            Self::Hold => "hold items",
            Self::Dispute => "dispute this item",
            Self::Answer => "answer this item",
            Self::Waive => "waive items",
        }
    }

    fn rights(self) -> Rights {
        match self {
            Self::Hold => Rights::of(&[Role::HimAnalyst]),
            Self::Dispute => Rights::of(&[]).and_provider().and_delegate(),
            Self::Answer => Rights::of(&[Role::HimAnalyst]).and_provider(),
            Self::Waive => Rights::of(&[Role::ChiefMedicalOfficer]).and_on_authority(&[Role::HimManager]),
        }
    }
}

fn provider(id: &str, authority: &str) -> ProviderId {
    ProviderId { id: id.to_owned(), authority: authority.to_owned() }
}

fn own() -> About {
    About::item(Some(provider("1001", "NPI")), "MAIN")
}

fn of_another() -> About {
    About::item(Some(provider("2002", "NPI")), "MAIN")
}

/// Somebody in one role, who is provider 1001 and is named for it too.
fn somebody(role: Role) -> Actor {
    Actor {
        provider: Some(provider("1001", "NPI")),
        for_providers: vec![provider("1001", "NPI")],
        ..Actor::new("kim", [role])
    }
}

#[test]
fn several_roles_add_up() {
    let both = Actor { roles: vec![Role::Physician, Role::HimAnalyst], ..somebody(Role::Physician) };
    assert_eq!(permit(&both, Wish::Dispute, &own()), Ok(()));
    assert_eq!(permit(&both, Wish::Hold, &of_another()), Ok(()));
    assert!(permit(&both, Wish::Dispute, &of_another()).is_err());
}

#[test]
fn a_delegate_may_what_delegates_may_and_nothing_that_only_the_provider_may() {
    let delegate = somebody(Role::Delegate);
    assert_eq!(permit(&delegate, Wish::Dispute, &own()), Ok(()));
    assert!(permit(&delegate, Wish::Dispute, &of_another()).is_err());
    assert!(permit(&delegate, Wish::Answer, &own()).is_err());
    assert_eq!(permit(&somebody(Role::Physician), Wish::Answer, &own()), Ok(()));
}

#[test]
fn own_means_the_same_id_of_the_same_authority_where_both_name_one() {
    let kim = somebody(Role::Physician);
    for (id, authority, theirs) in [
        ("1001", "NPI", true),
        ("1001", "", true),
        ("1001", "STAFF", false),
        ("2002", "NPI", false),
        ("", "", false),
    ] {
        let about = About::item(Some(provider(id, authority)), "MAIN");
        assert_eq!(permit(&kim, Wish::Dispute, &about).is_ok(), theirs, "{id} {authority}");
    }
    // a physician whom the access file gives no identifier has no own items
    let unknown = Actor { provider: None, ..kim };
    assert!(permit(&unknown, Wish::Dispute, &own()).is_err());
    assert!(permit(&unknown, Wish::Dispute, &About::everything()).is_err());
}

#[test]
fn who_works_for_named_facilities_acts_there_only() {
    let kim = Actor { facilities: vec!["WEST".to_owned()], ..somebody(Role::HimAnalyst) };
    let refusal = permit(&kim, Wish::Hold, &own()).expect_err("another facility");
    assert_eq!(refusal.rule, RefusedBy::Facility);
    assert_eq!(permit(&kim, Wish::Hold, &About::item(None, "WEST")), Ok(()));
    // what is not of one facility is not refused for its facility
    assert_eq!(permit(&kim, Wish::Hold, &About::everything()), Ok(()));
}

#[test]
fn a_role_that_acts_on_authority_must_name_it() {
    let manager = somebody(Role::HimManager);
    let refusal = permit(&manager, Wish::Waive, &own()).expect_err("no authority");
    assert_eq!(refusal.rule, RefusedBy::Authority);
    let blank = own().on_authority(" ");
    let refusal = permit(&manager, Wish::Waive, &blank).expect_err("a blank authority");
    assert!(refusal.to_string().contains("on whose `authority`"), "{refusal}");
    assert_eq!(permit(&manager, Wish::Waive, &own().on_authority("MEC 2026-03-02")), Ok(()));
}

#[test]
fn a_refusal_names_the_rule_and_who_may() {
    let said = |role, act: Wish| permit(&somebody(role), act, &of_another()).unwrap_err().to_string();
    assert_eq!(
        said(Role::HimAnalyst, Wish::Waive),
        "kim may not waive items; allowed: chief_medical_officer, him_manager naming the authority (rule \
         authority/role; roles are given with `countersign access roles`)"
    );
    assert!(
        said(Role::Physician, Wish::Answer)
            .contains("allowed: him_analyst, physician for own items (rule authority/role")
    );
    assert!(
        said(Role::Physician, Wish::Dispute)
            .contains("physician for own items, delegate for items of the providers named")
    );
}

#[test]
fn reach_is_what_may_be_done_on_many_items_at_once() {
    // a role reaches everything in the person's facilities
    let west = Actor { facilities: vec!["WEST".to_owned()], ..somebody(Role::HimAnalyst) };
    let reached = reach(&west, Wish::Answer).expect("permitted");
    assert_eq!(reached, Reach { providers: None, facilities: vec!["WEST".to_owned()] });
    assert!(reached.includes_facility("WEST") && !reached.includes_facility("MAIN"));
    assert!(reach(&somebody(Role::HimAnalyst), Wish::Answer).expect("permitted").is_everything());
    // physicians reach their own items, delegates those of the providers they are named for
    let own = Some(vec![provider("1001", "NPI")]);
    assert_eq!(reach(&somebody(Role::Physician), Wish::Answer).expect("permitted").providers, own);
    assert_eq!(reach(&somebody(Role::Delegate), Wish::Dispute).expect("permitted").providers, own);
    // and who has neither a role nor items of their own reaches nothing
    for (actor, wish) in [
        (somebody(Role::Delegate), Wish::Answer),
        (Actor { provider: None, ..somebody(Role::Physician) }, Wish::Answer),
        (somebody(Role::Auditor), Wish::Dispute),
    ] {
        assert_eq!(reach(&actor, wish).expect_err("refused").rule, RefusedBy::Role, "{wish:?}");
    }
}
