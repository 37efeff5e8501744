//! Types of single settings.

use std::fmt;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address with a scheme that may hold a user and a password. Debug, Display and serialisation hide
/// them; [`ConnectionUrl::reveal`] is for the client that connects.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(String);

impl ConnectionUrl {
    /// The whole address, with user and password.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Replaces what stands between `//` and `@` in every address of a list.
pub(super) fn without_credentials(text: &str) -> String {
    let hide = |part: &str| match (part.find("://"), part.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => format!("{}***{}", &part[..scheme + 3], &part[at..]),
        _ => part.to_owned(),
    };
    // A comma may stand in a password: then a part holds an `@` without a scheme, and is hidden whole.
    let parts: Vec<&str> = text.split(',').collect();
    if parts.iter().any(|part| part.contains('@') && !part.contains("://")) {
        return hide(text);
    }
    parts.into_iter().map(hide).collect::<Vec<_>>().join(",")
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_credentials(&self.0))
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ConnectionUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConnectionUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let has_host = |part: &str| {
            part.trim().split_once("://").is_some_and(|(scheme, rest)| {
                !scheme.is_empty() && !rest.rsplit('@').next().unwrap_or_default().is_empty()
            })
        };
        if has_host(&text) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom("an address with a scheme, e.g. nats://127.0.0.1:4222"))
        }
    }
}

/// A time zone of the IANA database, with the name it was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneName {
    name: String,
    zone: TimeZone,
}

impl ZoneName {
    /// The name, e.g. `America/New_York`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone itself.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

impl Serialize for ZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        match TimeZone::get(&name) {
            Ok(zone) => Ok(Self { name, zone }),
            Err(_) => Err(serde::de::Error::custom(
                "a name of the IANA time zone database, e.g. UTC, America/New_York, Europe/Berlin",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        for (written, shown) in [
            ("esdb://admin:changeit@db:2113?tls=true", "esdb://***@db:2113?tls=true"),
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://a:b@one:4222,nats://c:d@two:4222", "nats://***@one:4222,nats://***@two:4222"),
            ("nats://a:b,c@one:4222", "nats://***@one:4222"),
            ("esdb://admin:p@ss@db:2113", "esdb://***@db:2113"),
        ] {
            let url = ConnectionUrl(written.to_owned());
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(serde_json::to_value(&url).expect("text"), shown);
            assert_eq!(url.reveal(), written);
        }
    }
}
