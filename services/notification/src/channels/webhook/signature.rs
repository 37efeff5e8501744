//! Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_kernel::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use sha2::Sha256;

/// How far the time of a call may be from ours, both ways: later ones could be old calls played again.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Fewest and most bytes of a key, as the specification recommends.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key of an endpoint.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

/// Why a call is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The secret is not `whsec_` and base64 of 24 to 64 bytes.
    #[error("the secret is not `whsec_` followed by base64 of 24 to 64 bytes")]
    Secret,
    /// A header is missing or cannot be read.
    #[error("a header of the signature is missing or cannot be read")]
    Header,
    /// The call is too old, or from the future.
    #[error("the time of the call is more than five minutes from ours")]
    Time,
    /// No signature fits.
    #[error("no signature fits")]
    Mismatch,
}

impl SigningKey {
    /// Reads a secret: `whsec_` and base64.
    pub fn parse(secret: &str) -> Result<Self, SignatureError> {
        let encoded = secret.trim().strip_prefix("whsec_").ok_or(SignatureError::Secret)?;
        let key = STANDARD.decode(encoded).map_err(|_| SignatureError::Secret)?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(SignatureError::Secret);
        }
        Hmac::new_from_slice(&key).map(Self).map_err(|_| SignatureError::Secret)
    }

    /// The header `webhook-signature` of a call.
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let tag = self.mac(id, &seconds.to_string(), body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(tag))
    }

    /// Checks the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of a call from somebody else. One of
    /// several signatures has to fit: senders write two while they change their key.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        if id.is_empty() {
            return Err(SignatureError::Header);
        }
        let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Header)?;
        let at = Timestamp::from_second(seconds).map_err(|_| SignatureError::Header)?;
        if now.duration_since(at).abs() > TOLERANCE {
            return Err(SignatureError::Time);
        }
        let fits = signatures.split_ascii_whitespace().any(|signature| {
            let tag = signature.strip_prefix("v1,").and_then(|encoded| STANDARD.decode(encoded).ok());
            // Compared in constant time.
            tag.is_some_and(|tag| self.mac(id, timestamp, body).verify_slice(&tag).is_ok())
        });
        if fits { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 32 bytes, and a signature that `openssl dgst -sha256 -mac HMAC` made of them.
    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const BODY: &[u8] = br#"{"type":"bounce"}"#;
    const SIGNED: &str = "v1,O3jhdj7SAeX6824X7g2cgyRl2sXiC+LU8rBpp8dsctk=";

    fn key() -> SigningKey {
        SigningKey::parse(SECRET).expect("a secret")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("an instant")
    }

    #[test]
    fn a_signature_is_that_of_another_implementation() {
        assert_eq!(key().sign("msg_1", 1_796_299_200, BODY), SIGNED);
        assert_eq!(key().verify("msg_1", "1796299200", SIGNED, BODY, at(1_796_299_400)), Ok(()));
        let two = format!("v1,AAAA {SIGNED} v2,other");
        assert_eq!(key().verify("msg_1", "1796299200", &two, BODY, at(1_796_299_200)), Ok(()));
    }

    #[rstest::rstest]
    #[case::other_id("msg_2", "1796299200", BODY, 0, SignatureError::Mismatch)]
    #[case::other_body("msg_1", "1796299200", b"{}", 0, SignatureError::Mismatch)]
    #[case::other_time("msg_1", "1796299201", BODY, 0, SignatureError::Mismatch)]
    #[case::played_again("msg_1", "1796299200", BODY, 301, SignatureError::Time)]
    #[case::from_the_future("msg_1", "1796299200", BODY, -301, SignatureError::Time)]
    #[case::no_time("msg_1", "soon", BODY, 0, SignatureError::Header)]
    #[case::absurd_time("msg_1", "99999999999999999", BODY, 0, SignatureError::Header)]
    #[case::no_id("", "1796299200", BODY, 0, SignatureError::Header)]
    fn a_forged_call_is_not_believed(
        #[case] id: &str,
        #[case] time: &str,
        #[case] body: &[u8],
        #[case] late: i64,
        #[case] expected: SignatureError,
    ) {
        assert_eq!(key().verify(id, time, SIGNED, body, at(1_796_299_200 + late)), Err(expected));
    }

    #[test]
    fn secrets_are_long_enough_and_never_print() {
        assert_eq!(SigningKey::parse("whsec_AAEC").err(), Some(SignatureError::Secret));
        assert_eq!(
            SigningKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").err(),
            Some(SignatureError::Secret)
        );
        assert_eq!(format!("{:?}", key()), "SigningKey");
    }
}
