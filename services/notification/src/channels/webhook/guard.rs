//! What a webhook may connect to. An endpoint's URL is data that people enter: without a guard it could make this program
//! call the hospital's inner systems (server-side request forgery).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use countersign_eventsourcing::journal::PortFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks a name up.
pub type Lookup = Arc<dyn Fn(String) -> PortFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Looks names up as this machine does.
pub fn system_lookup() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// An address was refused.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{}", Self::WHY)]
pub(super) struct Forbidden;

impl Forbidden {
    pub(super) const WHY: &'static str = "the endpoint leads to an address that may not be called";
}

/// Looks names up and lets only allowed addresses through. The connection goes to the address that was checked: a name
/// that answers differently the next time (DNS rebinding) gains nothing.
pub(super) struct Guard {
    internal: Vec<IpNet>,
    lookup: Lookup,
}

impl Guard {
    pub(super) fn new(internal: Vec<IpNet>, lookup: Lookup) -> Self {
        Self { internal, lookup }
    }

    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if is_link_local(address) {
            return false;
        }
        is_public(address) || self.internal.iter().any(|network| network.contains(&address))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let internal = self.internal.clone();
        let lookup = Arc::clone(&self.lookup);
        Box::pin(async move {
            let guard = Self { internal, lookup };
            let addresses = found.await?;
            // One bad address condemns the name: it would be chosen by chance else.
            if addresses.is_empty() || addresses.iter().any(|&address| !guard.allows(address)) {
                return Err(Forbidden.into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// IPv4 169.254.0.0/16 (RFC 3927), where clouds serve credentials, and its IPv6 kin (RFC 4291; `fd00:ec2::/32` is that
/// of a cloud).
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80 || v6.segments()[..2] == [0xfd00, 0x0ec2],
    }
}

/// Reachable from anywhere, by the registries of special addresses (IANA; RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0 // this network
        || (a == 100 && b & 0xc0 == 64) // carriers' NAT, RFC 6598
        || (a == 192 && b == 0 && c == 0) // protocol assignments
        || (a == 192 && b == 88 && c == 99) // relays of 6to4
        || (a == 198 && b & 0xfe == 18) // benchmarks
        || a >= 224) // multicast, reserved, broadcast
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    // NAT64 (RFC 6052) ends at an IPv4 address.
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return is_public_v4(last_v4(s[6], s[7]));
    }
    // 6to4 (RFC 3056) does so, too.
    if s[0] == 0x2002 {
        return is_public_v4(last_v4(s[1], s[2]));
    }
    // Only 2000::/3 is given out; within it, protocol assignments with Teredo, and documentation.
    s[0] & 0xe000 == 0x2000
        && !(s[0] == 0x2001 && s[1] < 0x0200)
        && !(s[0] == 0x2001 && s[1] == 0x0db8)
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

fn last_v4(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(internal: &[&str]) -> Guard {
        Guard::new(
            internal.iter().map(|network| network.parse().expect("a network")).collect(),
            system_lookup(),
        )
    }

    #[rstest::rstest]
    #[case("127.0.0.1")]
    #[case("127.8.8.8")]
    #[case("0.0.0.0")]
    #[case("0.1.2.3")]
    #[case("10.0.0.1")]
    #[case("172.16.0.1")]
    #[case("172.31.255.255")]
    #[case("192.168.1.1")]
    #[case("100.64.0.1")]
    #[case("100.127.255.255")]
    #[case("169.254.169.254")]
    #[case("192.0.0.8")]
    #[case("192.0.2.1")]
    #[case("192.88.99.1")]
    #[case("198.18.0.1")]
    #[case("198.51.100.7")]
    #[case("203.0.113.7")]
    #[case("224.0.0.1")]
    #[case("240.0.0.1")]
    #[case("255.255.255.255")]
    #[case("::")]
    #[case("::1")]
    #[case("::7f00:1")]
    #[case("::ffff:127.0.0.1")]
    #[case("::ffff:169.254.169.254")]
    #[case("::ffff:10.0.0.1")]
    #[case("64:ff9b::a00:1")]
    #[case("64:ff9b:1::1")]
    #[case("100::1")]
    #[case("2001::1")]
    #[case("2001:db8::1")]
    #[case("2002:7f00:1::")]
    #[case("2002:c0a8:101::1")]
    #[case("3fff::1")]
    #[case("fc00::1")]
    #[case("fd12:3456::1")]
    #[case("fd00:ec2::254")]
    #[case("fe80::1")]
    #[case("fec0::1")]
    #[case("ff02::1")]
    fn addresses_that_are_not_public_are_refused(#[case] address: IpAddr) {
        assert!(!guard(&[]).allows(address));
    }

    #[rstest::rstest]
    #[case("8.8.8.8")]
    #[case("172.32.0.1")]
    #[case("100.128.0.1")]
    #[case("192.0.1.1")]
    #[case("::ffff:8.8.8.8")]
    #[case("64:ff9b::808:808")]
    #[case("2001:4860:4860::8888")]
    #[case("2a00:1450::1")]
    fn public_addresses_pass(#[case] address: IpAddr) {
        assert!(guard(&[]).allows(address));
    }

    #[test]
    fn networks_of_the_hospital_pass_when_they_are_named_and_link_local_ones_never() {
        let guard = guard(&["10.20.0.0/16", "169.254.0.0/16", "fd00::/8"]);
        let allowed = |text: &str| guard.allows(text.parse().expect("an address"));
        assert!(allowed("10.20.3.4") && allowed("::ffff:10.20.3.4") && allowed("fd12::1"));
        assert!(!allowed("10.21.0.1") && !allowed("169.254.169.254") && !allowed("fd00:ec2::254"));
    }
}
