//! `countersign access`

use anyhow::Context;
use countersign_kernel::{ProviderId, Role};
use countersign_runtime::access::{self, AccessError, People, Person};

use super::{configure, data_override};
use crate::{
    cli::{Access, AccessAction, AccessFile, Scope},
    print,
};

pub fn run(args: Access) -> anyhow::Result<()> {
    match args.action {
        AccessAction::Add { name, roles, scope, no_token, file } => {
            add(&name, &roles, &scope, no_token, &file)
        }
        AccessAction::List { json, file } => list(json, &file),
        AccessAction::Roles { name, roles, scope, file } => {
            access::update(&path(&file)?, |people| {
                people.change(&name, |person| {
                    person.roles = roles;
                    limit(person, &scope);
                })
            })?;
            print::line(&format!("{name} has these roles now; a running Countersign knows it at once"))
        }
        AccessAction::Token { name, file } => {
            let (fresh, token) = Person::new(&name, &[]).with_token()?;
            access::update(&path(&file)?, |people| {
                people.change(&name, |person| person.token_sha256 = fresh.token_sha256)
            })?;
            tell(&name, &token)
        }
        AccessAction::Disable { name, file } => {
            access::update(&path(&file)?, |people| people.change(&name, |person| person.disabled = true))?;
            print::line(&format!("{name} may do nothing from now on"))
        }
        AccessAction::Enable { name, file } => {
            access::update(&path(&file)?, |people| people.change(&name, |person| person.disabled = false))?;
            print::line(&format!("{name} may act again"))
        }
        AccessAction::Remove { name, file } => {
            access::update(&path(&file)?, |people| people.remove(&name))?;
            print::line(&format!("{name} is taken out; what {name} did stays on record"))
        }
    }
}

fn path(file: &AccessFile) -> anyhow::Result<std::path::PathBuf> {
    Ok(configure(file.config.config.as_deref(), &[data_override(file.data.as_deref())])?.people_file())
}

fn limit(person: &mut Person, scope: &Scope) {
    let provider = |text: &String| {
        let (id, authority) = text.split_once('^').unwrap_or((text, ""));
        ProviderId { id: id.to_owned(), authority: authority.to_owned() }
    };
    if let Some(text) = &scope.provider {
        person.provider = Some(provider(text));
    }
    if !scope.for_providers.is_empty() {
        person.for_providers = scope.for_providers.iter().map(provider).collect();
    }
    if !scope.facilities.is_empty() {
        person.facilities.clone_from(&scope.facilities);
    }
}

fn add(name: &str, roles: &[Role], scope: &Scope, no_token: bool, file: &AccessFile) -> anyhow::Result<()> {
    let path = path(file)?;
    // Before the first start there is no data folder yet.
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut person = Person::new(name, roles);
    limit(&mut person, scope);
    if no_token {
        access::update(&path, |people| people.add(person))?;
        return print::line(&format!("{name} may act on the data folder, with --as {name}"));
    }
    let (person, token) = person.with_token()?;
    access::update(&path, |people| people.add(person))?;
    tell(name, &token)
}

/// The token alone on standard output, so that it can go into a file; the rest beside.
fn tell(name: &str, token: &access::Token) -> anyhow::Result<()> {
    eprintln!("The token of {name}. It is shown this once and kept nowhere; hand it over on a safe way:");
    print::line(token.reveal())
}

fn list(json: bool, file: &AccessFile) -> anyhow::Result<()> {
    let people = match access::read(&path(file)?) {
        Err(AccessError::NoFile(_)) => People::default(),
        result => result?,
    };
    if json {
        let shown: Vec<_> = people
            .all()
            .iter()
            .map(|person| {
                serde_json::json!({
                    "name": person.name, "roles": person.roles, "provider": person.provider,
                    "for_providers": person.for_providers, "facilities": person.facilities,
                    "token": person.token_sha256.is_some(), "disabled": person.disabled,
                })
            })
            .collect();
        return print::json(&shown);
    }
    let written = |id: &ProviderId| match id.authority.as_str() {
        "" => id.id.clone(),
        authority => format!("{}^{authority}", id.id),
    };
    let rows: Vec<Vec<String>> = people
        .all()
        .iter()
        .map(|person| {
            vec![
                person.name.clone(),
                person.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" "),
                person.provider.as_ref().map(written).unwrap_or_default(),
                person.for_providers.iter().map(written).collect::<Vec<_>>().join(" "),
                person.facilities.join(" "),
                if person.token_sha256.is_some() { "yes" } else { "no" }.to_owned(),
                if person.disabled { "off" } else { "on" }.to_owned(),
            ]
        })
        .collect();
    print::table(&["NAME", "ROLES", "PROVIDER", "FOR PROVIDERS", "FACILITIES", "TOKEN", "ACCESS"], &rows)
}
