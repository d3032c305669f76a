//! App clients: the apps that the pool knows, where they may be sent, and what they may read and
//! write.

use secrecy::SecretString;
use user_pool::attribute::{CUSTOM, IDENTITIES};

use crate::schema::{PoolAttribute, attribute};

/// An app client (`AWS::Cognito::UserPoolClient`) for the code grant.
#[derive(Clone, Debug)]
pub struct AppClient {
    /// `ClientId`.
    pub client_id: String,
    /// `ClientSecret`, which a client with `GenerateSecret` has. Such a client is confidential, and
    /// authenticates at the token endpoint by `client_secret_basic` or `client_secret_post`. A
    /// client without one is public.
    pub client_secret: Option<SecretString>,
    /// `CallbackURLs`: compared byte for byte.
    pub callback_urls: Vec<String>,
    /// `LogoutURLs`: compared byte for byte.
    pub logout_urls: Vec<String>,
    /// `ReadAttributes`; `None` means all standard attributes, as with AWS. `sub` and `identities`,
    /// which Cognito itself sets, can be among them. For now these two affect only what
    /// [`TriggerAttributes::Readable`](crate::TriggerAttributes::Readable) shows.
    pub read_attributes: Option<Vec<String>>,
    /// `WriteAttributes`; `None` means all standard attributes, as with AWS.
    pub write_attributes: Option<Vec<String>>,
    /// `AllowedOAuthScopes`: standard ones (see [`STANDARD_SCOPES`](crate::STANDARD_SCOPES)), or
    /// `identifier/scope` of a [`ResourceServer`](crate::ResourceServer). An app that names no
    /// scope gets all of them.
    pub allowed_scopes: Vec<String>,
    /// `SupportedIdentityProviders`: [`COGNITO_PROVIDER`], with which the hosted page takes
    /// passwords, and the name of the pool's provider. `None` means the pool's provider alone.
    pub identity_providers: Option<Vec<String>>,
    /// `ExplicitAuthFlows`, as far as the stand-in has the flows. `None` means AWS's default
    /// (`ALLOW_REFRESH_TOKEN_AUTH`, `ALLOW_USER_SRP_AUTH` and `ALLOW_CUSTOM_AUTH`), of which the
    /// stand-in has only [`AuthFlow::RefreshToken`].
    pub explicit_auth_flows: Option<Vec<AuthFlow>>,
}

/// The identity provider of the pool's own users, who sign in with a password.
pub const COGNITO_PROVIDER: &str = "COGNITO";

/// A way to sign in by the API (`ExplicitAuthFlows`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthFlow {
    /// `ALLOW_USER_PASSWORD_AUTH`.
    UserPassword,
    /// `ALLOW_REFRESH_TOKEN_AUTH`.
    RefreshToken,
}

impl AppClient {
    /// A public client with one callback URL, no logout URL, the default attributes and ways to
    /// sign in, and the scope `openid`.
    #[must_use]
    pub fn new(client_id: impl Into<String>, callback_url: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: None,
            callback_urls: vec![callback_url.into()],
            logout_urls: Vec::new(),
            read_attributes: None,
            write_attributes: None,
            allowed_scopes: vec!["openid".to_owned()],
            identity_providers: None,
            explicit_auth_flows: None,
        }
    }

    /// Whether people sign in at the client on the hosted page with a password.
    pub(crate) fn takes_passwords(&self) -> bool {
        let mut names = self.identity_providers.iter().flatten();
        names.any(|name| name == COGNITO_PROVIDER)
    }

    /// Whether people sign in at the client with this provider, which is the pool's.
    pub(crate) fn has_provider(&self, provider: &str) -> bool {
        match &self.identity_providers {
            Some(names) => names.iter().any(|name| name == provider),
            None => true,
        }
    }

    /// Whether the client has a way to sign in on the hosted page, and no other than the pool has.
    pub(crate) fn has_providers(&self, provider: &str) -> bool {
        let Some(names) = &self.identity_providers else {
            return true;
        };
        let mut all = names.iter();
        !names.is_empty() && all.all(|name| name == COGNITO_PROVIDER || name == provider)
    }

    /// Whether the client allows a way to sign in by the API.
    pub(crate) fn allows_flow(&self, flow: AuthFlow) -> bool {
        match &self.explicit_auth_flows {
            Some(flows) => flows.contains(&flow),
            None => flow == AuthFlow::RefreshToken,
        }
    }

    /// Whether the client may read an attribute.
    pub(crate) fn may_read(&self, name: &str) -> bool {
        allows(self.read_attributes.as_deref(), name)
    }

    /// Whether the client may write an attribute.
    pub(crate) fn may_write(&self, name: &str) -> bool {
        allows(self.write_attributes.as_deref(), name)
    }

    /// Whether the client may read every attribute that these scopes stand for. Cognito refuses the
    /// token request otherwise (contract C7).
    pub(crate) fn may_read_those_of(&self, scopes: &[String], schema: &[PoolAttribute]) -> bool {
        let has = |name: &str| scopes.iter().any(|scope| scope == name);
        let stands_for = |name: &str| match name {
            "email" | "email_verified" => has("email"),
            "phone_number" | "phone_number_verified" => has("phone"),
            // AWS's documentation names the standard attributes only.
            name => has("profile") && !name.starts_with(CUSTOM),
        };
        let mut names = schema.iter().map(|attribute| &attribute.name);
        names.all(|name| !stands_for(name) || self.may_read(name))
    }

    /// Whether the client reads and writes attributes of the schema alone, can write those that are
    /// required, and has a callback URL.
    pub(crate) fn fits(&self, schema: &[PoolAttribute]) -> bool {
        let known = |names: &Option<Vec<String>>, made: &[&str]| {
            let mut names = names.iter().flatten();
            names.all(|name| made.contains(&name.as_str()) || attribute(schema, name).is_some())
        };
        let mut required = schema.iter().filter(|attribute| attribute.required);
        known(&self.read_attributes, &["sub", IDENTITIES])
            && known(&self.write_attributes, &[])
            && required.all(|attribute| self.may_write(&attribute.name))
            && !self.callback_urls.is_empty()
    }
}

fn allows(names: Option<&[String]>, name: &str) -> bool {
    match names {
        Some(names) => names.iter().any(|allowed| allowed == name),
        None => !name.starts_with(CUSTOM),
    }
}
