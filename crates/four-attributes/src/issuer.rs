//! The issuers of the service's two environments (contract §1): by them everybody knows of which
//! one a token or a record is. An issuer is compared byte for byte (OIDC Core §3.1.3.7 step 2), and
//! never in another spelling.

/// The production environment's.
pub const PRODUCTION_ISSUER: &str = "https://auth-and-sign.go.jp/api/realms/main";

/// The sandbox's, whose people are made up.
pub const SANDBOX_ISSUER: &str = "https://sb-auth-and-sign.go.jp/api/realms/main";
