//! The one link of a message: it leads behind sign-in and says nothing by itself.

use countersign_kernel::NoticeId;
use serde::{Deserialize, Deserializer, Serialize};

/// Where people reach the pages of this installation, e.g. `https://countersign.example.org`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PublicUrl(String);

/// Why a text is not the address of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It has another scheme or is no URL.
    #[error("not an https:// or http:// address")]
    NotAnAddress,
    /// It carries more than host, port and path.
    #[error("an address with user, query or fragment is not taken")]
    TooMuch,
}

impl PublicUrl {
    /// Reads an address: `https://` (or `http://`), host, perhaps port and path.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(LinkError::NotAnAddress)?;
        if rest.contains(['@', '?', '#']) {
            return Err(LinkError::TooMuch);
        }
        let plain = |c: char| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | ':' | '/' | '[' | ']' | '%')
        };
        if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') || !rest.chars().all(plain) {
            return Err(LinkError::NotAnAddress);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// An address that nobody has (RFC 2606), for previews.
    pub(super) fn example() -> Self {
        Self("https://countersign.example".to_owned())
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A link to a notice behind sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Link(String);

impl Link {
    /// The link to a notice: its id is derived from staff and steps, never from a patient.
    pub fn to_notice(pages: &PublicUrl, notice: NoticeId) -> Self {
        Self(format!("{}/notices/{notice}", pages.0))
    }

    /// The link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_become_links() {
        let pages = PublicUrl::parse("https://chart.example.org:8443/cs/").expect("an address");
        let notice = NoticeId::derive(&["n"]);
        assert_eq!(
            Link::to_notice(&pages, notice).as_str(),
            format!("https://chart.example.org:8443/cs/notices/{notice}")
        );
        assert_eq!(PublicUrl::parse("javascript:alert(1)"), Err(LinkError::NotAnAddress));
        assert_eq!(PublicUrl::parse("https://a.example/?p=1"), Err(LinkError::TooMuch));
        assert_eq!(PublicUrl::parse("https://u:p@a.example"), Err(LinkError::TooMuch));
        assert_eq!(PublicUrl::parse("https://a.example/\"onload"), Err(LinkError::NotAnAddress));
    }
}
