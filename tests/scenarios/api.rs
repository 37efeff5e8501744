//! The API: what it promises about itself, pages of lists, refusals, freshness.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use countersign_acceptance::{
    api::{all, eventually, get, get_with, post},
    hospital,
    mllp::{all_accepted, send_all},
    place::Place,
    sample,
    worklist::{Deficiency, of_messages, of_program, rows_of_folder},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Program, run, up_arguments};
use serde_json::{Value, json};

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A program that has a month of a small hospital in its worklist.
fn with_a_month(place: &Place) -> Program {
    let messages = hospital::messages(&hospital::month(81, 20, Dirt::default()));
    let wanted = of_messages(&messages).len();
    let program = Program::up(&place.data());
    send_all(program.mllp(), &messages);
    eventually(|| {
        let found = of_program(&program).len();
        if found == wanted { Ok(()) } else { Err(format!("{found} of {wanted} rows")) }
    });
    program
}

#[test]
fn given_a_fresh_program_then_health_readiness_and_metrics_answer() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let url = program.url();
    assert_eq!(get(&format!("{url}/healthz")).status, 200);
    let ready = get(&format!("{url}/readyz"));
    assert_eq!(ready.status, 200);
    let ready = ready.json();
    assert_eq!(ready["ready"], true);
    let checks = ready["checks"].as_array().expect("checks");
    let names: BTreeSet<_> = checks.iter().filter_map(|check| check["name"].as_str()).collect();
    assert!(names.is_superset(&BTreeSet::from(["inbox", "worklist", "facts"])), "{ready}");

    all_accepted(&send_all(program.mllp(), &[sample::adt("A01", "20260301080000", "M1", "V1")]));
    let metrics = get(&format!("{url}/metrics"));
    assert!(metrics.media_type.starts_with("text/plain"), "{}", metrics.media_type);
    for name in ["http_server_request_duration_seconds", "intake"] {
        assert!(metrics.text.contains(name), "`{name}` is not in\n{}", metrics.text);
    }
}

#[test]
fn given_the_description_then_it_lists_every_route_that_is_served_and_no_other() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let described = get(&format!("{}/api/v1/openapi.json", program.url())).json();
    assert!(described["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{described}");
    let paths = described["paths"].as_object().expect("paths");

    // Every route that the sources name is described, with its methods.
    let mut served: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, methods) in routes_in_sources() {
        served.entry(path).or_default().extend(methods);
    }
    assert!(served.len() > 10, "{served:?}");
    let described: BTreeMap<String, BTreeSet<String>> = paths
        .iter()
        .map(|(path, methods)| {
            (path.clone(), methods.as_object().expect("methods").keys().cloned().collect())
        })
        .collect();
    assert_eq!(described, served);

    // And each of them answers to these methods, and to no other.
    for (path, methods) in paths {
        let url = format!("{}{}", program.url(), filled_in(path));
        for (method, answer) in [("get", get(&url)), ("post", post(&url, &json!({})))] {
            let status = answer.status.as_u16();
            if methods.get(method).is_none() {
                answer.problem(405);
                continue;
            }
            let documented = methods[method]["responses"].as_object().expect("responses");
            assert!(
                documented.contains_key(&status.to_string()),
                "{method} {path}: {status} is not described"
            );
            if status >= 400 {
                answer.problem(status);
            }
            let described = &methods[method];
            for needed in ["summary", "operationId", "tags"] {
                assert!(!described[needed].is_null(), "{method} {path} has no {needed}");
            }
        }
    }
}

/// Routes below `/api/v1` in the sources of the services, with their methods; without the description itself.
fn routes_in_sources() -> Vec<(String, Vec<String>)> {
    let services = concat!(env!("CARGO_MANIFEST_DIR"), "/../services");
    let mut found = Vec::new();
    for service in ["intake", "deficiency", "escalation", "notification"] {
        for line in routers(Path::new(&format!("{services}/{service}/src/api")))
            .lines()
            .filter(|line| line.contains(".route(\"/api/v1/"))
        {
            let path = line.split('"').nth(1).expect("a path").to_owned();
            let methods = ["get", "post", "put", "patch", "delete"]
                .iter()
                .filter(|method| line.contains(&format!("{method}(")))
                .map(|method| (*method).to_owned())
                .collect();
            found.push((path, methods));
        }
        // What every service that works through a feed serves.
        for line in routers(Path::new(&format!("{services}/{service}/src/api"))).lines() {
            let Some((_, nested)) = line.split_once("partitions::routes(\"") else { continue };
            let prefix = nested.split('"').next().expect("a prefix");
            for (path, method) in [("", "get"), ("/retry", "post"), ("/{partition}/skip", "post")] {
                found.push((format!("{prefix}/partitions{path}"), vec![method.to_owned()]));
            }
        }
    }
    // What is offered of every governed text, below the address that it declares.
    let offered =
        std::fs::read_to_string(format!("{services}/../shared/governance/src/api.rs")).expect("a source");
    for declared in ["deficiency/src/governance.rs", "escalation/src/policies.rs"] {
        let text = std::fs::read_to_string(format!("{services}/{declared}")).expect("a source");
        let address =
            text.split("path: \"").nth(1).and_then(|rest| rest.split('"').next()).expect("an address");
        for line in offered.lines().filter(|line| line.contains(".route(&at(\"")) {
            let path = line.split('"').nth(1).expect("a path");
            let methods = ["get", "post"].iter().filter(|method| line.contains(&format!("{method}(")));
            found.push((format!("{address}{path}"), methods.map(|method| (*method).to_owned()).collect()));
        }
    }
    found
}

/// An address of the pattern that names nothing there is.
fn filled_in(path: &str) -> String {
    let numbers = ["{partition}", "{version}"];
    let path = numbers.into_iter().fold(path.to_owned(), |path, name| path.replace(name, "0"));
    let parts = path.split('/').map(|part| if part.starts_with('{') { NOBODY } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The texts of every `mod.rs` below a folder: that is where routes are named.
fn routers(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text.push_str(&routers(&path));
        } else if path.file_name().is_some_and(|name| name == "mod.rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
    text
}

#[test]
fn given_pages_of_any_size_then_every_row_is_seen_once_and_in_the_same_order() {
    let place = Place::new();
    let program = with_a_month(&place);
    let whole: Vec<Deficiency> = all(&program, "/api/v1/deficiencies", 1000);
    assert!(whole.len() > 50, "{}", whole.len());
    assert!(whole.is_sorted_by_key(|row| (row.due_at.is_none(), row.due_at)), "not by due instant");
    for limit in [1, 7, 50, whole.len()] {
        assert_eq!(all::<Deficiency>(&program, "/api/v1/deficiencies", limit), whole, "{limit} a page");
    }
    for filter in
        ["status=open", "rule=C0", "overdue=true", "unassigned=true", "facility=SIMHOSP1", "provider=100001"]
    {
        let path = format!("/api/v1/deficiencies?{filter}");
        let filtered: Vec<Deficiency> = all(&program, &path, 3);
        assert_eq!(filtered, all::<Deficiency>(&program, &path, 1000), "{filter}");
        assert!(filtered.len() <= whole.len());
        assert!(filtered.iter().all(|row| whole.contains(row)), "{filter}");
    }
    // The total is that of all pages.
    let page = get(&format!("{}/api/v1/deficiencies?limit=5", program.url())).json();
    assert_eq!((&page["total"], page["items"].as_array().map(Vec::len)), (&json!(whole.len()), Some(5)));
    // What the list says of one is what it says of itself; and its chart has it.
    let row = &whole[whole.len() / 2];
    let one = get(&format!("{}/api/v1/deficiencies/{}", program.url(), row.id));
    assert_eq!(serde_json::from_str::<Deficiency>(&one.text).expect("a deficiency"), *row);
    let chart = get(&format!("{}/api/v1/charts/{}", program.url(), row.chart)).json();
    assert!(chart["deficiencies"].to_string().contains(&row.id), "{chart}");
    let quarantine: Vec<Value> = all(&program, "/api/v1/quarantine", 1);
    let feeds = get(&format!("{}/api/v1/feeds", program.url())).json();
    let held: u64 = feeds["items"]
        .as_array()
        .expect("feeds")
        .iter()
        .filter_map(|feed| feed["quarantined"].as_u64())
        .sum();
    assert_eq!(quarantine.len() as u64, held);
    // Providers add up to the list.
    let providers = get(&format!("{}/api/v1/providers", program.url())).json();
    let owed: u64 =
        providers["items"].as_array().expect("providers").iter().filter_map(|one| one["open"].as_u64()).sum();
    let open = whole.iter().filter(|row| row.status == "open" && row.document_type != "chart").count();
    assert_eq!(owed, open as u64, "{providers}");
}

#[test]
fn given_an_instant_then_as_of_over_the_api_is_what_the_command_says() {
    let place = Place::new();
    let mut program = with_a_month(&place);
    let at = "2026-01-20T12:00:00Z";
    let by_api: Vec<Deficiency> = all(&program, &format!("/api/v1/deficiencies?as_of={at}"), 11);
    assert!(by_api.len() > 10);
    assert!(by_api.iter().all(|row| row.opened_at.to_string().as_str() <= at));
    program.stop().well();
    assert_eq!(rows_of_folder(&place.data(), &["--as-of", at]), by_api);
}

#[test]
fn given_questions_that_make_no_sense_then_each_is_a_problem_that_names_its_part() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let url = format!("{}/api/v1", program.url());
    for (question, part) in [
        ("deficiencies?status=done", "status"),
        ("deficiencies?limit=0", "limit"),
        ("deficiencies?limit=1001", "limit"),
        ("deficiencies?limit=many", "limit"),
        ("deficiencies?cursor=junk", "cursor"),
        ("deficiencies?as_of=yesterday", "as_of"),
        ("deficiencies?known_at=2026-13-01T00:00:00Z", "known_at"),
        ("deficiencies?colour=red", "colour"),
        ("deficiencies/R13", "UUID"),
        ("deficiencies/R13/explanation", "UUID"),
        ("charts/V1", "UUID"),
        ("quarantine?limit=0", "limit"),
        ("quarantine?cursor=junk", "cursor"),
        ("quarantine/M1", "id"),
    ] {
        let problem = get(&format!("{url}/{question}")).problem(400);
        assert!(
            problem.to_string().contains(part),
            "`{part}` is not in the problem of {question}: {problem}"
        );
    }
    for question in ["deficiencies", "charts", "quarantine"] {
        get(&format!("{url}/{question}/{NOBODY}")).problem(404);
    }
    get(&format!("{url}/deficiencies/{NOBODY}/explanation")).problem(404);
    get(&format!("{url}/nothing")).problem(404);
    post(&format!("{url}/quarantine/{NOBODY}/replay"), &json!({})).problem(404);
    post(&format!("{url}/reinterpret"), &json!({})).problem(400);
    post(&format!("{url}/reinterpret"), &json!({"since": "yesterday"})).problem(400);
    post(&format!("{url}/deficiencies"), &json!({})).problem(405);
}

#[test]
fn given_a_position_then_answers_are_not_older_or_say_that_they_cannot_be_yet() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let url = format!("{}/api/v1", program.url());
    for number in 0..20 {
        let id = format!("M{number}");
        all_accepted(&send_all(program.mllp(), &[sample::adt("A01", "20260301080000", &id, &id)]));
        // What the intake has read is at this position.
        let seen = eventually(|| {
            let page = get(&format!("{url}/feeds")).json();
            let received = page["items"][0]["received"].as_u64().unwrap_or_default();
            if received > number { Ok(page["position"].clone()) } else { Err(page.to_string()) }
        });
        let position = seen.as_u64().expect("a position").to_string();
        for list in ["deficiencies", "feeds", "providers", "quarantine"] {
            let answer = get_with(&format!("{url}/{list}"), &[("Min-Position", &position)]);
            assert_eq!(answer.status, 200, "{list}: {}", answer.text);
            let reached = answer.json()["position"].as_u64().expect("a position");
            assert!(reached >= seen.as_u64().expect("a position"), "{list} is at {reached}, not {position}");
        }
    }
    let late = get_with(&format!("{url}/deficiencies"), &[("Min-Position", "999999999")]).problem(503);
    assert!(late["detail"].as_str().is_some_and(|detail| detail.contains("999999999")), "{late}");
    get_with(&format!("{url}/deficiencies"), &[("Min-Position", "soon")]).problem(400);
}

#[test]
fn given_an_address_beyond_this_machine_then_pages_are_refused_there_with_a_reason() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8080"] {
        let place = Place::new();
        let mut arguments = up_arguments(&place.data(), &[]);
        let http = arguments.iter().position(|argument| argument == "--http").expect("--http") + 1;
        arguments[http] = address.into();
        let finished = run(arguments).badly();
        for part in ["--http", address, "127.0.0.1", "sign-in"] {
            assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
        }
    }
}
