//! The issuers of the service's two environments (contract S1). The issuer tells from which
//! environment a token or record comes. It is compared byte for byte (OIDC Core §3.1.3.7 step 2),
//! so another spelling is another issuer.

/// The issuer of the production environment.
pub const PRODUCTION_ISSUER: &str = "https://auth-and-sign.go.jp/api/realms/main";

/// The issuer of the sandbox, whose people are made up.
pub const SANDBOX_ISSUER: &str = "https://sb-auth-and-sign.go.jp/api/realms/main";
