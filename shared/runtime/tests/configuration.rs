//! What operators meet: defaults, file, environment, and the words in which mistakes are told.

use countersign_runtime::{
    Config,
    config::{DEFAULTS, FeedKind, JournalKind, LogFormat, Origin, Override},
};

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn from_file(text: &str) -> Result<Config, String> {
    Config::from_sources(Some(("countersign.toml", text)), [], &[]).map_err(|error| error.to_string())
}

/// The faults of a configuration, without the frame around them.
fn faults(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let error = Config::from_sources(Some(("countersign.toml", file)), variables(environment), &[])
        .expect_err("a configuration with faults");
    error.faults.iter().map(|fault| format!("{}: {}", fault.origin, fault.message)).collect()
}

/// The commented defaults with every optional setting switched on, as an operator would do it.
fn complete_example() -> String {
    DEFAULTS
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
            _ => line,
        })
        .map(|line| {
            // the ways to sign in at NATS exclude each other: not a matter of which keys exist
            line.replace("credentials_file =", "#credentials_file =").replace("nkey_file =", "#nkey_file =")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_defaults_are_valid_and_those_that_the_documentation_promises() {
    let config = Config::defaults();
    assert_eq!(config.data.dir.to_str(), Some("./data"));
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.mllp.listen.to_string(), "127.0.0.1:2575");
    assert_eq!(config.mllp.max_message_bytes, 16 * 1024 * 1024);
    assert_eq!((config.journal.kind, config.feed.kind), (JournalKind::Embedded, FeedKind::Embedded));
    assert_eq!(config.telemetry.otlp_endpoint, None, "nothing leaves the machine unasked");
    assert_eq!(config.mllp.tls, None);
}

/// Names of the members that have no value.
fn missing(path: &str, value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                missing(&format!("{path}.{key}"), member, into);
            }
        }
        serde_json::Value::Null => into.push(path.trim_start_matches('.').to_owned()),
        _ => {}
    }
}

/// Dotted names of all settings.
fn settings(prefix: &str, table: &toml::Table, into: &mut Vec<String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => settings(&path, inner, into),
            _ => into.push(path),
        }
    }
}

#[test]
fn every_setting_stands_in_the_commented_example() {
    // given the example with everything switched on, when it is read
    let config = from_file(&complete_example()).expect("the example is valid");
    // then every member of the configuration has a value (a JSON null is one that the example lacks)
    let mut without = Vec::new();
    missing("", &serde_json::to_value(&config).expect("json"), &mut without);
    assert_eq!(without, ["nats.credentials_file", "nats.nkey_file"], "only those left out above");
}

#[test]
fn every_setting_stands_in_the_documentation_with_its_variable() {
    let document = include_str!("../../../docs/configuration.md");
    let example: toml::Table = complete_example()
        .replace("#credentials_file", "credentials_file")
        .replace("#nkey_file", "nkey_file")
        .parse()
        .expect("toml");
    let mut all = Vec::new();
    settings("", &example, &mut all);
    assert!(all.len() > 25, "{all:?}");
    for path in all {
        let row = format!("| `{path}` | `COUNTERSIGN_{}` |", path.replace('.', "__").to_ascii_uppercase());
        assert!(document.contains(&row), "docs/configuration.md lacks the row {row}");
    }
}

#[test]
fn later_sources_win() {
    let config = Config::from_sources(
        Some((
            "countersign.toml",
            "[http]\nlisten = '127.0.0.1:1'\nmax_body_bytes = 2048\n[mllp]\nlisten='[::1]:3'",
        )),
        variables(&[
            ("COUNTERSIGN_HTTP__LISTEN", "localhost:2"),
            ("COUNTERSIGN_MLLP__MAX_CONNECTIONS", "7"),
            ("COUNTERSIGN_FEED__KIND", "nats"),
            ("COUNTERSIGN_TELEMETRY__FORMAT", "json"),
            ("COUNTERSIGN_TELEMETRY__TRACE_SAMPLE_RATIO", "0.25"),
            ("PATH", "/bin"),
        ]),
        &[Override::new("--mllp", "mllp.listen", "127.0.0.1:4")],
    )
    .expect("a configuration");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:2");
    assert_eq!(config.http.max_body_bytes, 2048);
    assert_eq!(config.mllp.listen.to_string(), "127.0.0.1:4");
    assert_eq!(config.mllp.max_connections, 7);
    assert_eq!(config.feed.kind, FeedKind::Nats);
    assert_eq!(config.telemetry.format, LogFormat::Json);
    assert!((config.telemetry.trace_sample_ratio - 0.25).abs() < f64::EPSILON);
}

#[test]
fn a_section_that_is_off_comes_with_its_first_setting_from_anywhere() {
    let config = Config::from_sources(
        Some(("countersign.toml", "[mllp.tls]\ncertificate = 'a.crt'")),
        variables(&[("COUNTERSIGN_MLLP__TLS__KEY", "a.key")]),
        &[],
    )
    .expect("a configuration");
    let tls = config.mllp.tls.expect("TLS is on");
    assert_eq!((tls.certificate.to_str(), tls.key.to_str()), (Some("a.crt"), Some("a.key")));
    assert_eq!(
        faults("", &[("COUNTERSIGN_MLLP__TLS__CERTIFICATE", "a.crt")]),
        [
            "environment variable COUNTERSIGN_MLLP__TLS__CERTIFICATE: `mllp.tls` is incomplete: missing field `key`"
        ]
    );
}

#[test]
fn an_empty_variable_takes_an_optional_setting_back() {
    let config = Config::from_sources(
        Some(("countersign.toml", "[telemetry]\notlp_endpoint = 'http://127.0.0.1:4318'")),
        variables(&[("COUNTERSIGN_TELEMETRY__OTLP_ENDPOINT", "")]),
        &[],
    )
    .expect("a configuration");
    assert_eq!(config.telemetry.otlp_endpoint, None);
}

#[test]
fn an_unknown_key_is_an_error_with_place_and_suggestion() {
    let file = "# ours\n[http]\nlisten = \"127.0.0.1:1\"\n  lisen = \"x\"\nmax_message_bytes = 5\n\n[htpp]\na = 1\n[mllp]\ncolour = 'red'\n";
    assert_eq!(
        faults(file, &[]),
        [
            "countersign.toml, line 4, column 3: there is no setting `http.lisen`; did you mean `http.listen`?",
            "countersign.toml, line 5, column 1: there is no setting `http.max_message_bytes`; did you mean `mllp.max_message_bytes`?",
            "countersign.toml, line 7, column 2: there is no setting `htpp`; did you mean `http`?",
            "countersign.toml, line 10, column 1: there is no setting `mllp.colour`",
        ]
    );
}

#[test]
fn an_unknown_variable_is_an_error_with_a_suggestion() {
    assert_eq!(
        faults(
            "",
            &[
                ("COUNTERSIGN_HTTP_LISTEN", "127.0.0.1:1"),
                ("COUNTERSIGN_HTTP__LISEN", "127.0.0.1:1"),
                ("COUNTERSIGN_WHATEVER_ELSE", "1"),
            ]
        ),
        [
            "environment variable COUNTERSIGN_HTTP_LISTEN: names no setting (COUNTERSIGN_SECTION__KEY); did you mean `COUNTERSIGN_HTTP__LISTEN`?",
            "environment variable COUNTERSIGN_HTTP__LISEN: names no setting (COUNTERSIGN_SECTION__KEY); did you mean `COUNTERSIGN_HTTP__LISTEN`?",
            "environment variable COUNTERSIGN_WHATEVER_ELSE: names no setting (COUNTERSIGN_SECTION__KEY)",
        ]
    );
}

#[test]
fn variables_that_others_put_beside_ours_are_left_alone() {
    let config = Config::from_sources(
        None,
        variables(&[
            ("COUNTERSIGN_NATS_SERVER", "/somewhere/nats-server"),
            ("COUNTERSIGN_TEST_EVENTSTORE", "esdb://127.0.0.1:2113"),
            // Kubernetes, for a Service of that name
            ("COUNTERSIGN_PORT", "tcp://10.0.0.1:2575"),
            ("COUNTERSIGN_PORT_2575_TCP_ADDR", "10.0.0.1"),
            ("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"),
            ("COUNTERSIGN_SERVICE_PORT_MLLP", "2575"),
        ]),
        &[],
    );
    assert_eq!(config, Ok(Config::defaults()));
}

#[test]
fn a_value_that_does_not_fit_names_key_found_and_allowed_each_one() {
    let file = "[http]\nlisten = 8080\nrequest_timeout_seconds = 0\n[mllp]\nlisten = \"hospital.example:2575\"\nmax_connections = \"many\"\n[nats]\nreplicas = 2\n[journal]\nkind = \"sqlite\"\n[facility]\ntime_zone = \"Mars/Olympus\"\n";
    assert_eq!(
        faults(
            file,
            &[("COUNTERSIGN_MLLP__IDLE_TIMEOUT_SECONDS", "-1"), ("COUNTERSIGN_TELEMETRY__LOG", "a=b=c")]
        ),
        [
            "countersign.toml, line 2, column 1: `http.listen` is 8080; allowed: a text in quotes",
            "countersign.toml, line 6, column 1: `mllp.max_connections` is \"many\"; allowed: a whole number, zero or more",
            "environment variable COUNTERSIGN_MLLP__IDLE_TIMEOUT_SECONDS: `mllp.idle_timeout_seconds` is \"-1\"; allowed: a whole number, zero or more",
            "countersign.toml, line 12, column 1: `facility.time_zone` is \"Mars/Olympus\"; allowed: a name of the IANA time zone database, e.g. UTC, America/New_York, Europe/Berlin",
            "countersign.toml, line 10, column 1: `journal.kind` is \"sqlite\"; allowed: `embedded` or `eventstoredb`",
            "countersign.toml, line 5, column 1: `mllp.listen` is \"hospital.example:2575\"; allowed: an IP address of this machine (127.0.0.1:PORT, [::1]:PORT) or localhost:PORT, not a host name",
            "countersign.toml, line 3, column 1: `http.request_timeout_seconds` is 0; allowed: 1 to 3600",
            "countersign.toml, line 8, column 1: `nats.replicas` is 2; allowed: 1, 3 or 5",
            "environment variable COUNTERSIGN_TELEMETRY__LOG: `telemetry.log` is \"a=b=c\"; allowed: a level (error, warn, info, debug, trace) and exceptions, e.g. \"info,countersign_intake=debug\"",
        ]
    );
}

#[test]
fn http_on_the_network_is_refused_from_every_source_with_the_reason() {
    let from_file = faults("[http]\nlisten = \"0.0.0.0:8080\"", &[]);
    assert_eq!(from_file.len(), 1);
    assert!(
        from_file[0].contains("no sign-in yet and 0.0.0.0 (every interface) can be reached"),
        "{from_file:?}"
    );
    let error = Config::from_sources(None, [], &[Override::new("--http", "http.listen", "[2001:db8::7]:80")])
        .expect_err("refused");
    assert_eq!(error.faults[0].origin, Origin::CommandLine("--http".to_owned()));
    assert!(error.to_string().contains("2001:db8::7 can be reached"), "{error}");
}

#[test]
fn settings_that_need_or_exclude_each_other_are_held_to_it() {
    assert!(faults("[journal]\nkind = 'eventstoredb'", &[])[0].contains("without `journal.url`"));
    assert!(faults("[nats]\nuser = 'u'", &[])[0].contains("together with `nats.password_file`"));
    assert!(faults("[nats]\npassword_file = 'u'", &[])[0].contains("together with `nats.user`"));
    assert!(faults("[nats]\nnkey_file='a'\ncredentials_file='b'", &[])[0].contains("one of several ways"));
    assert!(faults("[telemetry]\notlp_endpoint='https://collector'", &[])[0].contains("plain http"));
    assert!(faults("[telemetry]\ntrace_sample_ratio=1.5", &[])[0].contains("0.0 to 1.0"));
    assert!(faults("[feed]\nkind='nats'\n[nats]\nurl='http://x:1'", &[])[0].contains("nats://HOST:PORT"));
    assert!(faults("[data]\ndir=''", &[])[0].contains("`data.dir` is empty"));
}

#[test]
fn wrong_shapes_and_broken_files_are_told_with_their_place() {
    assert_eq!(
        faults("http = 'x'\n[mllp]\nlisten = { a = 1 }\n", &[]),
        [
            "countersign.toml, line 1, column 1: `http` is a text; allowed: a section: write [http]",
            "countersign.toml, line 3, column 1: `mllp.listen` is a section; allowed: a text in quotes",
        ]
    );
    let broken = faults("[http]\nlisten = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"\n", &[]);
    assert!(
        broken[0].starts_with("countersign.toml, line 3, column 1: not TOML: duplicate key"),
        "{broken:?}"
    );
    let unended = faults("[journal]\nurl = \"esdb://admin:hunter2@db\n", &[]);
    assert!(unended[0].starts_with("countersign.toml, line 2"), "{unended:?}");
    assert!(!unended[0].contains("hunter2"), "{unended:?}");
}

#[test]
fn passwords_are_not_repeated() {
    let config =
        from_file("[journal]\nkind='eventstoredb'\nurl='esdb://admin:hunter2@db:2113'").expect("valid");
    assert!(config.journal.url.as_ref().is_some_and(|url| url.reveal().contains("hunter2")));
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!serde_json::to_string(&config).expect("json").contains("hunter2"));
    let refused = faults("[feed]\nkind='nats'\n[nats]\nurl='http://me:hunter2@x:1'", &[]);
    assert!(!refused[0].contains("hunter2"), "{refused:?}");
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = Config::load(Some("/nowhere/countersign.toml".as_ref()), &[]).expect_err("no such file");
    assert!(
        error.to_string().contains("cannot read the configuration file /nowhere/countersign.toml"),
        "{error}"
    );
}

#[test]
fn the_configurations_that_we_hand_out_are_valid() {
    for (name, text, feed) in [
        ("infra/countersign.toml", include_str!("../../../infra/countersign.toml"), FeedKind::Nats),
        ("k8s/base/countersign.toml", include_str!("../../../k8s/base/countersign.toml"), FeedKind::Embedded),
    ] {
        let config = Config::from_sources(Some((name, text)), [], &[]).expect(name);
        assert_eq!((config.feed.kind, config.data.dir.to_str()), (feed, Some("/data")), "{name}");
    }
}
