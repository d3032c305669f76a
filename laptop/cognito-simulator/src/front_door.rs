//! Where the stand-in is found: the address on which it listens, and the names in its URLs.
//! Browsers use `localhost`. Servers of apps use the public host, which is `localhost` too unless
//! another one is given, for example for an app in a container. Processes on this machine, such as
//! the triggers, use an address of 127.0.0.1 and plain HTTP.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use loopback::server::Listener;
use loopback::tls::Tls;
use url::Host;

use crate::options::StartError;

/// The host name in the URLs for browsers, and by default in those for servers.
pub const PUBLIC_HOST: &str = "localhost";

/// Where the stand-in listens, and how it is found.
#[derive(Clone, Debug)]
pub struct FrontDoor {
    /// The address. Beyond loopback, other machines reach the stand-in.
    pub address: SocketAddr,
    /// The host name under which servers of apps reach it: a DNS name or an IP address.
    pub public_host: String,
    /// With it, the stand-in speaks HTTPS only.
    pub tls: Option<Tls>,
}

impl FrontDoor {
    /// Plain HTTP on an address, and `localhost` in all URLs.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            public_host: PUBLIC_HOST.to_owned(),
            tls: None,
        }
    }

    /// Takes the port.
    pub(crate) async fn open(self) -> Result<OpenDoor, StartError> {
        if !is_public_host(&self.public_host) {
            return Err(StartError::PublicHost);
        }
        let public = Listener::bind_anywhere(self.address).await?;
        // `localhost` may be ::1, too. A machine without IPv6, or another program on that port,
        // doesn't matter: clients try the other address.
        let of_ipv6 = match self.address {
            SocketAddr::V4(_) => {
                let address = (Ipv6Addr::LOCALHOST, public.address().port());
                Listener::bind(address.into()).await.ok()
            }
            SocketAddr::V6(_) => None,
        };
        let is_for_this_machine = self.address.ip().is_loopback() && self.tls.is_none();
        let internal = match is_for_this_machine {
            true => None,
            false => Some(Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).await?),
        };
        Ok(OpenDoor {
            address: public.address(),
            urls: Urls::new(&self, public.address()),
            public: std::iter::once(public).chain(of_ipv6).collect(),
            internal,
            tls: self.tls,
        })
    }
}

/// Whether this is a host as it is written in a URL, in its normal form: a name in lower case, or
/// an IP address, of which one of IPv6 has brackets.
#[must_use]
pub fn is_public_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match Host::parse(host) {
        Ok(Host::Domain(name)) => {
            name == host && name.len() <= 253 && name.split('.').all(is_label)
        }
        Ok(address) => address.to_string() == host,
        Err(_) => false,
    }
}

/// A front door that has its port.
#[derive(Debug)]
pub(crate) struct OpenDoor {
    /// The public address.
    pub(crate) address: SocketAddr,
    pub(crate) urls: Urls,
    /// The listener of that address, and that of ::1.
    pub(crate) public: Vec<Listener>,
    /// For processes on this machine, if the public listener isn't plain HTTP on loopback.
    pub(crate) internal: Option<Listener>,
    pub(crate) tls: Option<Tls>,
}

impl OpenDoor {
    /// The address at which processes on this machine reach the stand-in by plain HTTP.
    pub(crate) fn internal_address(&self) -> SocketAddr {
        let internal = self.internal.as_ref().map(Listener::address);
        internal.unwrap_or(self.address)
    }
}

/// The beginnings of the URLs: scheme, host and port.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    /// For browsers.
    pub(crate) browser: String,
    /// For servers of apps.
    pub(crate) server: String,
    /// `Host` of a request by the URL for browsers.
    pub(crate) browser_host: String,
    /// The host name of the URLs for servers.
    pub(crate) public_host: String,
}

impl Urls {
    fn new(door: &FrontDoor, address: SocketAddr) -> Self {
        let scheme = if door.tls.is_some() { "https" } else { "http" };
        let (port, public_host) = (address.port(), &door.public_host);
        Self {
            browser: format!("{scheme}://{PUBLIC_HOST}:{port}"),
            server: format!("{scheme}://{public_host}:{port}"),
            browser_host: format!("{PUBLIC_HOST}:{port}"),
            public_host: public_host.clone(),
        }
    }

    /// The `iss` of the pool's tokens, which has the pool's id as its path, as Cognito's has.
    pub(crate) fn issuer(&self, user_pool_id: &str) -> String {
        format!("{}/{user_pool_id}", self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_host_is_a_name_or_an_address_and_nothing_else() {
        for host in [
            "localhost",
            "cognito",
            "host.docker.internal",
            "10.0.2.2",
            "[::1]",
        ] {
            assert!(is_public_host(host), "{host}");
        }
        for host in [
            "",
            "a b",
            "a:80",
            "user@a",
            "a/b",
            "http://a",
            "Cognito",
            "a?b",
            "a#b",
            "ホスト",
            "*",
            ".a",
            "a..b",
            "a_b",
            "a$b",
            "-a",
            "::1",
        ] {
            assert!(!is_public_host(host), "{host}");
        }
    }
}
