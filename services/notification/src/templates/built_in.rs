//! The templates that come with the program.

macro_rules! versions {
    ($($name:literal / $version:literal),+ $(,)?) => {
        &[$(
            (concat!($name, "/", $version, "/subject.txt"), include_str!(concat!("../../templates/", $name, "/", $version, "/subject.txt"))),
            (concat!($name, "/", $version, "/text.txt"), include_str!(concat!("../../templates/", $name, "/", $version, "/text.txt"))),
            (concat!($name, "/", $version, "/body.txt"), include_str!(concat!("../../templates/", $name, "/", $version, "/body.txt"))),
            (concat!($name, "/", $version, "/body.html"), include_str!(concat!("../../templates/", $name, "/", $version, "/body.html"))),
            (concat!($name, "/", $version, "/letter.txt"), include_str!(concat!("../../templates/", $name, "/", $version, "/letter.txt"))),
        )+]
    };
}

/// Path and text of every template of a kind.
pub(super) const KINDS: &[(&str, &str)] = versions![
    "digest" / 1,
    "office-list" / 1,
    "overdue" / 1,
    "warning" / 1,
    "pre-suspension" / 1,
    "suspension-proposed" / 1,
    "suspended" / 1,
    "reinstated" / 1,
    "reinstatement-proposed" / 1,
    "review" / 1,
    "review" / 2,
    "repeat-suspension" / 1,
    "credentials-letter" / 1,
    "relinquishment-proposal" / 1,
    "regulatory-limit" / 1,
    "npdb-prompt" / 1,
    "correction" / 1,
];

/// Path and text of the layouts.
pub(super) const LAYOUTS: &[(&str, &str)] = &[
    ("layout/1/body.txt", include_str!("../../templates/layout/1/body.txt")),
    ("layout/1/body.html", include_str!("../../templates/layout/1/body.html")),
    ("layout/1/letter.txt", include_str!("../../templates/layout/1/letter.txt")),
];
