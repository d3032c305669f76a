//! What the functions on a laptop are configured with: variables, and addresses of this machine.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// The value of a variable with a ring of this one key.
pub(super) fn ring_of(key: &SecretString) -> String {
    json!({ "keys": [key.expose_secret()] }).to_string()
}

/// An address on loopback; port 0 means any free one.
pub(super) const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Sets and removes variables.
pub(super) fn change(
    environment: &mut BTreeMap<String, String>,
    changes: &BTreeMap<String, Option<String>>,
) {
    for (name, value) in changes {
        match value {
            Some(value) => environment.insert(name.clone(), value.clone()),
            None => environment.remove(name),
        };
    }
}
