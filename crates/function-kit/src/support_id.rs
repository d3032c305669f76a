//! The support id, a short name of one request: the person reads it out, and the operator finds it
//! in the log. It is a hash of Lambda's id of the request, so it reveals nothing and needs no
//! store.

use aws_lc_rs::digest::{SHA256, digest};

/// A short name of one request, for the person, the app's support and the operator's log: eight
/// characters without those that look alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SupportId(String);

impl SupportId {
    /// The support id of the request with Lambda's id `request_id`: a hash, so it reveals nothing
    /// and needs no store.
    #[must_use]
    pub fn of_request(request_id: &str) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let hash = digest(&SHA256, request_id.as_bytes());
        let mut id = String::with_capacity(9);
        for (position, byte) in hash.as_ref().iter().take(8).enumerate() {
            if position == 4 {
                id.push('-');
            }
            id.push(char::from(
                *ALPHABET.get(usize::from(byte % 32)).unwrap_or(&b'0'),
            ));
        }
        Self(id)
    }

    /// The text, for example `7QK4-M2TX`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_support_id_is_stable_and_short() {
        let id = SupportId::of_request("8f5e2a52-7c50-4a9b-9d6b-2f4d3a1c0001");
        assert_eq!(
            id,
            SupportId::of_request("8f5e2a52-7c50-4a9b-9d6b-2f4d3a1c0001")
        );
        assert_eq!(id.as_str().len(), 9);
        assert_ne!(id, SupportId::of_request("another"));
    }
}
