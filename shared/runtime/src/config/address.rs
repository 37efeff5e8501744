//! Addresses to listen on.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address on this machine's loopback interface. There is no other way to build one, so that a server
/// which takes it cannot be reached from the network. Written `127.0.0.1:8080`, `[::1]:8080` or
/// `localhost:8080`; host names other than `localhost` are refused, since what a name means may change.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoopbackAddr(SocketAddr);

impl LoopbackAddr {
    /// The address to bind.
    pub const fn socket(self) -> SocketAddr {
        self.0
    }
}

/// Why an address is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It can be reached from other machines.
    #[error(
        "an address of this machine only (127.0.0.1:PORT, [::1]:PORT, localhost:PORT), because there is no \
         sign-in yet and {0} can be reached by others; to use it from elsewhere, forward the port \
         (ssh -L, kubectl port-forward)"
    )]
    Remote(String),
    /// A host name.
    #[error("an IP address of this machine (127.0.0.1:PORT, [::1]:PORT) or localhost:PORT, not a host name")]
    Name,
    /// No port.
    #[error("an address with a port, e.g. {0}:8080")]
    NoPort(String),
    /// Not an address at all.
    #[error("an address and a port, e.g. 127.0.0.1:8080 or [::1]:8080")]
    Malformed,
}

impl FromStr for LoopbackAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = parse(text)?;
        // ::ffff:127.0.0.1 is 127.0.0.1 in other clothes
        if address.ip().to_canonical().is_loopback() {
            Ok(Self(address))
        } else {
            let reach = match address.ip() {
                ip if ip.is_unspecified() => format!("{ip} (every interface)"),
                ip => ip.to_string(),
            };
            Err(AddressError::Remote(reach))
        }
    }
}

impl fmt::Display for LoopbackAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for LoopbackAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for LoopbackAddr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LoopbackAddr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Any address of this machine: an IP address and a port, or `localhost:PORT`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListenAddr(pub SocketAddr);

impl FromStr for ListenAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        parse(text).map(Self)
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ListenAddr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ListenAddr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

fn parse(text: &str) -> Result<SocketAddr, AddressError> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Err(AddressError::NoPort(if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(if text.eq_ignore_ascii_case("localhost") {
            AddressError::NoPort("localhost".to_owned())
        } else {
            AddressError::Malformed
        });
    };
    let port: u16 = port.parse().map_err(|_| AddressError::Malformed)?;
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    let plausible_name = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        && host.contains(|c: char| c.is_ascii_alphabetic());
    Err(if plausible_name { AddressError::Name } else { AddressError::Malformed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_taken() {
        for text in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:80", "127.0.0.1:0"] {
            assert_eq!(text.parse::<LoopbackAddr>().expect(text).socket(), text.parse().expect(text));
        }
        assert_eq!(
            "LocalHost:8080".parse::<LoopbackAddr>().map(LoopbackAddr::socket),
            Ok(([127, 0, 0, 1], 8080).into())
        );
    }

    #[test]
    fn addresses_that_others_can_reach_are_refused_with_the_reason() {
        for text in [
            "0.0.0.0:8080",
            "[::]:8080",
            "10.0.0.5:8080",
            "192.168.1.2:80",
            "[fe80::1]:80",
            "[2001:db8::1]:80",
            "[::ffff:10.0.0.5]:80",
            "128.0.0.1:80",
            "255.255.255.255:80",
        ] {
            let refusal = text.parse::<LoopbackAddr>().expect_err(text);
            assert!(matches!(refusal, AddressError::Remote(_)), "{text}: {refusal:?}");
            assert!(refusal.to_string().contains("no sign-in yet"), "{refusal}");
        }
    }

    #[test]
    fn host_names_are_refused_even_if_they_look_local() {
        for text in ["example.org:80", "localhost.example.org:80", "myhost:8080", "127.0.0.1.example.org:80"]
        {
            assert_eq!(text.parse::<LoopbackAddr>(), Err(AddressError::Name), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_says_what_one_looks_like() {
        assert_eq!("127.0.0.1".parse::<LoopbackAddr>(), Err(AddressError::NoPort("127.0.0.1".into())));
        assert_eq!("::1".parse::<LoopbackAddr>(), Err(AddressError::NoPort("[::1]".into())));
        assert_eq!("localhost".parse::<LoopbackAddr>(), Err(AddressError::NoPort("localhost".into())));
        for text in [
            "",
            ":",
            "8080",
            ":8080",
            "127.0.0.1:",
            "127.0.0.1:99999",
            "localhost:http",
            "127.1:80",
            "a b:80",
        ] {
            assert_eq!(text.parse::<LoopbackAddr>(), Err(AddressError::Malformed), "{text}");
        }
    }

    #[test]
    fn an_address_for_messages_may_be_a_network_one() {
        assert_eq!("0.0.0.0:2575".parse::<ListenAddr>().map(|a| a.0), Ok(([0, 0, 0, 0], 2575).into()));
        assert_eq!("example.org:2575".parse::<ListenAddr>(), Err(AddressError::Name));
    }
}
