//! Who calls a stand-in, by the names that the functions give in their requests.

use http::header::{HeaderMap, HeaderName, USER_AGENT};

use crate::journal::Party;

/// Where an AWS SDK names the application (`app/NAME`).
const SDK_USER_AGENT: HeaderName = HeaderName::from_static("x-amz-user-agent");

/// The name that Amazon API Gateway's stand-in gives where it fetches the keys of a user pool.
pub const GATEWAY: &str = "AmazonAPIGateway";

/// The names, and the party that each is of. API Gateway checks tokens for the members' API only.
const NAMES: [(&str, Party); 5] = [
    ("digital-auth-federation", Party::Bridge),
    ("digital-auth-inbound-federation", Party::Triggers),
    ("digital-auth-pre-token-generation", Party::Triggers),
    ("digital-auth-verification", Party::Verification),
    (GATEWAY, Party::Verification),
];

/// The party that sent a request with these headers, if it is a function or API Gateway. Nothing
/// proves the name: it is for the journal only.
#[must_use]
pub fn caller(headers: &HeaderMap) -> Option<Party> {
    let agents = [USER_AGENT, SDK_USER_AGENT].map(|name| headers.get(name));
    let products = (agents.into_iter().flatten())
        .filter_map(|agent| agent.to_str().ok())
        .flat_map(str::split_ascii_whitespace)
        .map(|product| product.strip_prefix("app/").unwrap_or(product));
    let mut parties = products.filter_map(|product| {
        let known = NAMES.iter().find(|(name, _)| *name == product);
        known.map(|(_, party)| *party)
    });
    parties.next()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_function_is_known_by_its_name_and_nobody_else_is() {
        let sdk = "aws-sdk-rust/1.3 api/cognitoidentityprovider/1.0 app/digital-auth-verification";
        for (name, agent, party) in [
            (USER_AGENT, "digital-auth-federation", Some(Party::Bridge)),
            (SDK_USER_AGENT, sdk, Some(Party::Verification)),
            (USER_AGENT, GATEWAY, Some(Party::Verification)),
            (USER_AGENT, "curl/8", None),
            (USER_AGENT, "my-digital-auth-federation", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(agent));
            assert_eq!(caller(&headers), party, "{agent}");
        }
        assert_eq!(caller(&HeaderMap::new()), None);
    }
}
