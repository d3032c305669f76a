//! The identities that a user pool keeps of a user: at which providers the user is known, and by
//! which subject (contract C6).
//! They decide whether a record may belong to the user, so identities that can't be read are a
//! failure.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-identity-federation-consolidate-users.html>

use std::fmt;

use record_trigger::Class;
use serde::Deserialize;
use serde_json::Value;

/// A user's identities.
#[derive(Default)]
pub struct Identities(Vec<Identity>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    user_id: String,
    provider_name: String,
}

impl fmt::Debug for Identities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Identities({})", self.0.len())
    }
}

impl Identities {
    /// Reads the attribute `identities`: JSON text, or the JSON itself. An empty text is a native
    /// user of the pool.
    ///
    /// # Errors
    ///
    /// [`Class::EventMalformed`] if the attribute can't be read: an identity at the bridge could be
    /// in it.
    pub fn read(attribute: &Value) -> Result<Self, Class> {
        let identities = match attribute {
            Value::String(json) if json.is_empty() => return Ok(Self::default()),
            Value::String(json) => serde_json::from_str(json),
            value => Vec::deserialize(value),
        };
        identities.map(Self).map_err(|_| Class::EventMalformed)
    }

    /// Whether there are none, as for a native user of the pool.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are some, and all of them are at this provider.
    #[must_use]
    pub fn are_all_at(&self, provider_name: &str) -> bool {
        let mut identities = self.0.iter();
        !self.is_empty() && identities.all(|identity| identity.provider_name == provider_name)
    }

    /// The user's subjects at a provider, exactly as the provider gave them. Empty if the user has
    /// no identity there.
    #[must_use]
    pub fn subjects(&self, provider_name: &str) -> Vec<&str> {
        (self.0.iter())
            .filter(|identity| identity.provider_name == provider_name)
            .map(|identity| identity.user_id.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn subjects_are_those_at_the_one_provider_with_every_letter_as_it_is() {
        let identities = json!([
            { "userId": "aB", "providerName": "MynaApp", "issuer": null, "primary": "true" },
            { "userId": "c", "providerName": "Company" },
            { "userId": "d", "providerName": "MynaApp" },
            { "userId": "e", "providerName": "mynaapp" },
        ]);
        for attribute in [identities.clone(), json!(identities.to_string())] {
            let read = Identities::read(&attribute).unwrap();
            assert_eq!(read.subjects("MynaApp"), ["aB", "d"]);
            assert_eq!(read.subjects("Myna"), [""; 0]);
            assert!(!read.are_all_at("MynaApp"));
            assert_eq!(format!("{read:?}"), "Identities(4)");
        }
    }

    #[test]
    fn what_can_not_be_read_fails() {
        for attribute in [
            json!({}),
            json!(1),
            json!("x"),
            json!("{}"),
            json!([1]),
            json!([{ "userId": "a" }]),
        ] {
            let failed = Identities::read(&attribute).unwrap_err();
            assert_eq!(failed, Class::EventMalformed, "{attribute}");
        }
        assert!(Identities::read(&json!("")).unwrap().is_empty());
    }

    #[test]
    fn all_of_them_are_at_a_provider_only_if_there_are_any() {
        let at = |providers: &[&str]| {
            let identity = |name: &&str| json!({ "userId": "a", "providerName": name });
            let identities: Vec<_> = providers.iter().map(identity).collect();
            Identities::read(&json!(identities)).unwrap()
        };
        assert!(at(&["MynaApp"]).are_all_at("MynaApp"));
        assert!(at(&["MynaApp", "MynaApp"]).are_all_at("MynaApp"));
        assert!(!at(&["MynaApp", "Company"]).are_all_at("MynaApp"));
        assert!(!at(&["mynaapp"]).are_all_at("MynaApp"));
        assert!(!at(&[]).are_all_at("MynaApp"));
    }
}
