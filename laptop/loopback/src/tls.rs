//! HTTPS for a stand-in, with a certificate that is made on this machine and that nobody trusts
//! until they are told to.
//! The certificate is signed by an authority of its own, whose private key is thrown away at once.
//! So whoever trusts this authority trusts this one certificate, and nothing that is signed later.
//! The names for which the authority may vouch are limited too (RFC 5280 §4.2.1.10).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How long a certificate is valid. Apple's systems accept 825 days at most.
const VALIDITY: TimeDelta = TimeDelta::days(800);

/// A certificate for host names of this machine, in PEM (RFC 7468).
#[derive(Clone)]
pub struct Certificate {
    /// The authority's certificate: what clients have to trust.
    pub authority: String,
    /// The certificate that the server shows.
    pub certificate: String,
    /// The server's private key.
    pub private_key: SecretString,
    /// The host names and addresses for which it is valid.
    pub hosts: Vec<String>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificate")
            .field("hosts", &self.hosts)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// A certificate can't be made or used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCertificate {
    /// A host is neither a DNS name nor an IP address, or there is no randomness.
    #[error("the certificate can't be made: {0}")]
    Make(#[from] rcgen::Error),
    /// The certificate or its key can't be read.
    #[error("the certificate can't be read")]
    Read,
    /// The key isn't that of the certificate.
    #[error("the certificate can't be used: {0}")]
    Use(#[from] tokio_rustls::rustls::Error),
}

impl Certificate {
    /// A new certificate for these hosts, valid from now on for 800 days.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate::Make`].
    pub fn make(hosts: &[String], now: DateTime<Utc>) -> Result<Self, InvalidCertificate> {
        let expires = now + VALIDITY;
        // Whether the names are names is checked here, and not for the authority's limits.
        let names = CertificateParams::new(hosts.to_vec())?.subject_alt_names;
        let authority_key = KeyPair::generate()?;
        let mut authority = params("digital-auth, this machine", now, expires)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.name_constraints = Some(NameConstraints {
            permitted_subtrees: hosts.iter().map(|host| subtree(host)).collect(),
            excluded_subtrees: Vec::new(),
        });
        let authority_certificate = authority.self_signed(&authority_key)?;

        let key = KeyPair::generate()?;
        let mut server = params("localhost", now, expires)?;
        server.subject_alt_names = names;
        server.is_ca = IsCa::ExplicitNoCa;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(authority, authority_key);
        let certificate = server.signed_by(&key, &issuer)?;
        Ok(Self {
            authority: authority_certificate.pem(),
            certificate: certificate.pem(),
            private_key: key.serialize_pem().into(),
            hosts: hosts.to_vec(),
            expires,
        })
    }

    /// Whether it is for exactly these hosts, and valid for another day.
    #[must_use]
    pub fn fits(&self, hosts: &[String], now: DateTime<Utc>) -> bool {
        self.hosts == hosts && now + TimeDelta::days(1) < self.expires
    }
}

fn params(
    name: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    let midnight = |time: DateTime<Utc>| {
        let (month, day) = (time.month(), time.day());
        // A month has at most 31 days, and a year 12 months.
        let byte = |number| u8::try_from(number).unwrap_or(1);
        date_time_ymd(time.year(), byte(month), byte(day))
    };
    params.not_before = midnight(from);
    params.not_after = midnight(until);
    Ok(params)
}

fn subtree(host: &str) -> GeneralSubtree {
    match host.parse() {
        Ok(IpAddr::V4(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address.octets(), 32))
        }
        Ok(IpAddr::V6(address)) => {
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(address.octets(), 128))
        }
        Err(_) => GeneralSubtree::DnsName(host.to_owned()),
    }
}

/// A certificate in use by a server.
#[derive(Clone)]
pub struct Tls {
    authority: String,
    config: Arc<ServerConfig>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tls")
    }
}

impl Tls {
    /// Uses a certificate, with TLS 1.2 and 1.3, and HTTP/1.1.
    ///
    /// # Errors
    ///
    /// [`InvalidCertificate::Read`] or [`InvalidCertificate::Use`].
    pub fn new(certificate: &Certificate) -> Result<Self, InvalidCertificate> {
        let chain = CertificateDer::pem_slice_iter(certificate.certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| InvalidCertificate::Read)?;
        let key = certificate.private_key.expose_secret().as_bytes();
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| InvalidCertificate::Read)?;
        let mut config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            authority: certificate.authority.clone(),
            config: Arc::new(config),
        })
    }

    /// The certificate of the authority that clients have to trust, in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_fits_its_hosts_until_it_ends() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let hosts = ["localhost", "127.0.0.1", "::1", "host.docker.internal"];
        let hosts = hosts.map(str::to_owned);
        let certificate = Certificate::make(&hosts, now).unwrap();
        assert!(certificate.fits(&hosts, now));
        assert!(!certificate.fits(&hosts[..1], now));
        assert!(!certificate.fits(&hosts, now + VALIDITY));
        assert!(Tls::new(&certificate).is_ok());
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
        let other = Certificate::make(&hosts, now).unwrap();
        let mixed = Certificate {
            private_key: other.private_key,
            ..certificate
        };
        assert!(matches!(Tls::new(&mixed), Err(InvalidCertificate::Use(_))));
    }

    #[test]
    fn a_host_has_to_be_a_name_or_an_address() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let made = Certificate::make(&["ホスト".to_owned()], now);
        assert!(matches!(made, Err(InvalidCertificate::Make(_))));
    }
}
