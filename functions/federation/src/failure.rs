//! Every failure: its class, its OAuth error, its HTTP status, and how loud it is.
//! One class per reason, in a closed list: the answer, the sentence for people, the log event and the metric all follow
//! from it, each in one place. Nothing of a request is in any of them.
//!
//! Amazon Cognito gets `error_description=<class> <support id>` and passes it on to the app: printable ASCII, nothing personal.

use std::fmt;

use function_kit::failure::Concern;
use function_kit::support_id::SupportId;
use http::StatusCode;
use serde_json::json;
use url::form_urlencoded;

use crate::http_api::Response;

/// The error codes of OAuth and OpenID Connect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OAuthError {
    /// RFC 6749 §4.1.2.1.
    AccessDenied,
    /// OIDC Core §3.1.2.6.
    InteractionRequired,
    /// RFC 6749 §5.2.
    InvalidClient,
    /// RFC 6749 §5.2.
    InvalidGrant,
    /// RFC 6749 §4.1.2.1.
    InvalidRequest,
    /// RFC 6749 §4.1.2.1.
    InvalidScope,
    /// RFC 6750 §3.1.
    InvalidToken,
    /// OIDC Core §3.1.2.6.
    LoginRequired,
    /// OIDC Core §3.1.2.6.
    RequestNotSupported,
    /// OIDC Core §3.1.2.6.
    RequestUriNotSupported,
    /// RFC 6749 §4.1.2.1.
    ServerError,
    /// RFC 6749 §4.1.2.1.
    TemporarilyUnavailable,
    /// RFC 6749 §4.1.2.1.
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType,
}

impl OAuthError {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $error:ident, $status:literal, $concern:ident;)+) => {
        /// Why something failed.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Class { $($(#[doc = $doc])+ $variant,)+ }

        impl Class {
            /// Every class, in the order of a login.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The class's name: lower case and underscores, for logs, metrics and `error_description`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The OAuth error that the client gets.
            #[must_use]
            pub fn oauth_error(self) -> OAuthError {
                match self { $(Self::$variant => OAuthError::$error,)+ }
            }

            /// The HTTP status, where the answer isn't a redirect.
            #[must_use]
            pub fn status(self) -> StatusCode {
                let status: u16 = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// Who has to do something about it.
            #[must_use]
            pub fn concern(self) -> Concern {
                match self { $(Self::$variant => Concern::$concern,)+ }
            }
        }
    };
}

classes! {
    // Anywhere
    /// There is a front door, and the request didn't come through it.
    NotThroughFrontDoor = "not_through_front_door", InvalidRequest, 403, Client;
    /// No endpoint has this path.
    NotFound = "not_found", InvalidRequest, 404, Client;
    /// The endpoint has another method.
    MethodNotAllowed = "method_not_allowed", InvalidRequest, 405, Client;
    /// Query or body are over their limit.
    TooLarge = "too_large", InvalidRequest, 413, Client;
    /// A defect of the bridge.
    Internal = "internal", ServerError, 500, Operator;
    /// Secrets Manager didn't answer.
    SecretsUnavailable = "secrets_unavailable", TemporarilyUnavailable, 503, Operator;

    /// The time was over, and nobody who was waited for took most of it: the start did, for example.
    TooSlow = "too_slow", TemporarilyUnavailable, 503, Operator;
    /// The function was called with what no HTTP API sends.
    EventMalformed = "event_malformed", InvalidRequest, 400, Operator;

    // /authorize
    /// There is no client id of the service yet: for weeks, and it is meant so.
    NotConnected = "not_connected", TemporarilyUnavailable, 403, Nobody;
    /// A parameter comes twice, or is badly encoded.
    MalformedRequest = "malformed_request", InvalidRequest, 400, Client;
    /// `client_id` is missing or another.
    UnknownClient = "unknown_client", UnauthorizedClient, 400, Client;
    /// `redirect_uri` is missing or not one of those that are configured.
    RedirectUriMismatch = "redirect_uri_mismatch", InvalidRequest, 400, Client;
    /// `state` is missing.
    StateMissing = "state_missing", InvalidRequest, 400, Client;
    /// `state` doesn't fit into the cookie.
    StateTooLong = "state_too_long", InvalidRequest, 400, Client;
    /// `response_type` isn't `code`.
    UnsupportedResponseType = "unsupported_response_type", UnsupportedResponseType, 400, Client;
    /// Other scopes than those that are configured.
    InvalidScope = "invalid_scope", InvalidScope, 400, Client;
    /// `request` isn't supported.
    RequestNotSupported = "request_not_supported", RequestNotSupported, 400, Client;
    /// `request_uri` isn't supported.
    RequestUriNotSupported = "request_uri_not_supported", RequestUriNotSupported, 400, Client;
    /// `prompt=none`: this login always needs the person.
    LoginRequired = "login_required", LoginRequired, 400, Nobody;
    /// `nonce` is over 512 bytes.
    InvalidNonce = "invalid_nonce", InvalidRequest, 400, Client;
    /// `code_challenge` isn't an S256 one.
    InvalidCodeChallenge = "invalid_code_challenge", InvalidRequest, 400, Client;
    /// `max_age` isn't a number of seconds.
    InvalidMaxAge = "invalid_max_age", InvalidRequest, 400, Client;

    // /callback: the browser alone says what comes here, and anybody can write such an answer or such a cookie by hand.
    // None of it calls the operator by itself: what the service says itself, it says at /token. If it ends everybody's
    // logins, the share of logins that finish tells.
    /// This browser has no cookie of this login.
    NoPendingLogin = "no_pending_login", InvalidRequest, 400, Nobody;
    /// The login took more than five minutes.
    LoginExpired = "login_expired", InvalidRequest, 400, Nobody;
    /// The cookie is of another bridge or of an earlier key.
    ForeignLogin = "foreign_login", InvalidRequest, 400, Unproven;
    /// The cookie was changed.
    AlteredLogin = "altered_login", InvalidRequest, 400, Client;
    /// The service's answer has no usable `state`, or is badly encoded.
    MalformedCallback = "malformed_callback", InvalidRequest, 400, Client;
    /// `iss` is there and isn't the service (RFC 9207).
    IssuerMismatch = "issuer_mismatch", ServerError, 400, Unproven;
    /// The person cancelled.
    Cancelled = "cancelled", AccessDenied, 400, Nobody;
    /// The service said `login_required`.
    ServiceLoginRequired = "service_login_required", LoginRequired, 400, Unproven;
    /// The service said `interaction_required`, or another of OpenID Connect's that mean it.
    ServiceInteractionRequired = "service_interaction_required", InteractionRequired, 400, Unproven;
    /// The service said `invalid_request`.
    ServiceInvalidRequest = "service_invalid_request", ServerError, 400, Unproven;
    /// The service said `invalid_scope`.
    ServiceInvalidScope = "service_invalid_scope", ServerError, 400, Unproven;
    /// The service said `unauthorized_client`.
    ServiceUnauthorizedClient = "service_unauthorized_client", ServerError, 400, Unproven;
    /// The service said `server_error`.
    ServiceServerError = "service_server_error", ServerError, 400, Unproven;
    /// The service's login page timed out.
    ServiceLoginExpired = "service_login_expired", AccessDenied, 400, Nobody;
    /// The service said `temporarily_unavailable`.
    ServiceTemporarilyUnavailable = "service_temporarily_unavailable", TemporarilyUnavailable, 400, Unproven;
    /// The service said something else.
    ServiceUnknownError = "service_unknown_error", ServerError, 400, Unproven;

    // /token: the client's part
    /// `client_id` or `client_secret` are wrong or missing.
    ClientAuthenticationFailed = "client_authentication_failed", InvalidClient, 401, Client;
    /// `grant_type` isn't `authorization_code`.
    UnsupportedGrantType = "unsupported_grant_type", UnsupportedGrantType, 400, Client;
    /// No form, a parameter missing or twice, or badly encoded.
    MalformedTokenRequest = "malformed_token_request", InvalidRequest, 400, Client;
    /// The code isn't in the form of ours.
    CodeMalformed = "code_malformed", InvalidGrant, 400, Client;
    /// The code was changed.
    CodeForged = "code_forged", InvalidGrant, 400, Client;
    /// The code is older than 60 seconds.
    CodeExpired = "code_expired", InvalidGrant, 400, Client;
    /// The code is of another bridge, of another client, or of a removed key.
    CodeForeign = "code_foreign", InvalidGrant, 400, Client;
    /// `redirect_uri` isn't that of the authorization request.
    CodeRedirectUriMismatch = "code_redirect_uri_mismatch", InvalidGrant, 400, Client;
    /// `code_verifier` doesn't fit the challenge, or only one of the two came.
    CodeVerifierMismatch = "code_verifier_mismatch", InvalidGrant, 400, Client;

    // /token: the service's part. Whoever begins a login can edit what the browser carries to the service (its scope,
    // `acr_values`, `nonce`) and to us (`prompt`, `max_age`): what follows of that calls nobody by itself, and has a
    // status below 500. If it refuses everybody, the share of logins that finish tells.
    /// A key didn't sign.
    SigningFailed = "signing_failed", TemporarilyUnavailable, 503, Operator;
    /// No connection to the service.
    ServiceUnreachable = "service_unreachable", TemporarilyUnavailable, 503, Service;
    /// The service didn't answer in time.
    ServiceTimeout = "service_timeout", TemporarilyUnavailable, 503, Service;
    /// The service answered 429 or 5xx, or the connection broke.
    ServiceFailed = "service_failed", TemporarilyUnavailable, 503, Service;
    /// The service refused its code: used already, or too old.
    ServiceRefusedCode = "service_refused_code", InvalidGrant, 400, Client;
    /// The service refused this client: client id, key or assertion.
    ServiceRefusedClient = "service_refused_client", ServerError, 502, Operator;
    /// The service, or a firewall in front of it, refused the token request otherwise.
    ServiceRefusedRequest = "service_refused_request", InvalidGrant, 400, Unproven;
    /// The service's token answer is malformed.
    TokenAnswerMalformed = "token_answer_malformed", ServerError, 502, Service;
    /// The service's token answer is over 256 KiB.
    TokenAnswerTooLarge = "token_answer_too_large", ServerError, 502, Service;
    /// The service's token answer has no ID token: `openid` wasn't asked for.
    IdTokenMissing = "id_token_missing", InvalidGrant, 400, Unproven;
    /// The service's keys can't be had.
    KeySetUnavailable = "key_set_unavailable", TemporarilyUnavailable, 503, Service;
    /// The service's keys are malformed.
    KeySetMalformed = "key_set_malformed", ServerError, 502, Service;
    /// The key that the ID token names is published in a form that can't be used.
    KeySetKeyUnusable = "key_set_key_unusable", ServerError, 502, Service;
    /// The ID token is malformed.
    IdTokenMalformed = "id_token_malformed", InvalidGrant, 400, Service;
    /// The ID token's algorithm isn't accepted.
    IdTokenAlgorithm = "id_token_algorithm", InvalidGrant, 400, Service;
    /// The ID token's key is unknown.
    IdTokenUnknownKey = "id_token_unknown_key", InvalidGrant, 400, Service;
    /// The ID token's signature is wrong.
    IdTokenSignature = "id_token_signature", InvalidGrant, 400, Service;
    /// The ID token's issuer is missing or wrong.
    IdTokenIssuer = "id_token_issuer", InvalidGrant, 400, Service;
    /// The ID token's audience is missing or wrong.
    IdTokenAudience = "id_token_audience", InvalidGrant, 400, Service;
    /// The ID token's authorized party is another.
    IdTokenAuthorizedParty = "id_token_authorized_party", InvalidGrant, 400, Service;
    /// The ID token has expired, or doesn't say when it does.
    IdTokenExpired = "id_token_expired", InvalidGrant, 400, Service;
    /// The ID token's time of issue is missing or more than a minute away.
    IdTokenIssuedAt = "id_token_issued_at", InvalidGrant, 400, Service;
    /// The ID token isn't valid yet: `nbf` is more than a minute ahead.
    IdTokenNotYetValid = "id_token_not_yet_valid", InvalidGrant, 400, Service;
    /// The ID token's nonce is missing or another.
    IdTokenNonce = "id_token_nonce", InvalidGrant, 400, Unproven;
    /// The ID token belongs to another access token.
    IdTokenAccessTokenHash = "id_token_access_token_hash", InvalidGrant, 400, Service;
    /// The ID token's subject is missing or out of bounds.
    IdTokenSubject = "id_token_subject", InvalidGrant, 400, Service;
    /// The ID token's `auth_time` lies ahead, or is no time.
    IdTokenAuthenticationTime = "id_token_auth_time", InvalidGrant, 400, Service;
    /// `acr` is missing or not accepted.
    AssuranceNotAccepted = "assurance_not_accepted", InvalidGrant, 400, Unproven;
    /// There is no `auth_time`, and the configuration requires it.
    AuthenticationTimeMissing = "auth_time_missing", InvalidGrant, 400, Service;
    /// A new authentication was asked for, and `auth_time` doesn't show one.
    AuthenticationTooOld = "authentication_too_old", InvalidGrant, 400, Unproven;
    /// The service granted less than the bridge asks for.
    ScopeNotGranted = "scope_not_granted", InvalidGrant, 400, Unproven;
    /// The service's token answer doesn't say what was granted, and the configuration wants it to.
    ScopeNotConfirmed = "scope_not_confirmed", InvalidGrant, 400, Service;
    /// The service refused the userinfo request.
    UserinfoRefused = "userinfo_refused", ServerError, 502, Service;
    /// The service's userinfo answer is malformed.
    UserinfoMalformed = "userinfo_malformed", ServerError, 502, Service;
    /// The service's userinfo answer is over 256 KiB.
    UserinfoTooLarge = "userinfo_too_large", ServerError, 502, Service;
    /// The service's userinfo answer is about somebody else.
    UserinfoSubjectMismatch = "userinfo_subject_mismatch", InvalidGrant, 400, Service;
    /// An attribute that was asked for didn't come.
    AttributeMissing = "attribute_missing", InvalidGrant, 400, Unproven;
    /// An attribute has a form that isn't documented.
    AttributeMalformed = "attribute_malformed", ServerError, 502, Service;
    /// What the service says doesn't fit into a verified record of 2,047 bytes.
    RecordTooLong = "record_too_long", ServerError, 502, Service;

    // /userinfo
    /// There is no bearer token.
    AccessTokenMissing = "access_token_missing", InvalidToken, 401, Client;
    /// The access token isn't ours, or was changed.
    AccessTokenInvalid = "access_token_invalid", InvalidToken, 401, Client;
    /// The access token is older than five minutes.
    AccessTokenExpired = "access_token_expired", InvalidToken, 401, Client;
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl function_kit::failure::Class for Class {
    const INTERNAL: Self = Self::Internal;

    fn name(self) -> &'static str {
        self.name()
    }

    fn concern(self) -> Concern {
        self.concern()
    }
}

/// A failure of one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// Why.
    pub class: Class,
    /// Which request.
    pub support_id: SupportId,
}

impl Failure {
    /// What `error_description` says: class and support id.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{} {}", self.class.name(), self.support_id.as_str())
    }

    /// The redirect to the client (RFC 6749 §4.1.2.1). `redirect_uri` is one of those that are configured.
    #[must_use]
    pub fn redirect(&self, redirect_uri: &str, state: Option<&str>) -> Response {
        let description = self.description();
        let mut parameters = vec![
            ("error", self.class.oauth_error().as_str()),
            ("error_description", description.as_str()),
        ];
        parameters.extend(state.map(|state| ("state", state)));
        Response::redirect(with_query(redirect_uri, &parameters))
    }

    /// The JSON answer of the token endpoint (RFC 6749 §5.2).
    #[must_use]
    pub fn json(&self) -> Response {
        let body = json!({
            "error": self.class.oauth_error().as_str(),
            "error_description": self.description(),
        });
        Response::json(self.class.status(), body.to_string())
    }

    /// The answer of the userinfo endpoint (RFC 6750 §3).
    #[must_use]
    pub fn bearer(&self) -> Response {
        // RFC 6750 §3.1: who sent no token is told how to send one, and no error.
        let challenge = match self.class {
            Class::AccessTokenMissing => "Bearer".to_owned(),
            _ => format!(
                r#"Bearer error="{}", error_description="{}""#,
                self.class.oauth_error().as_str(),
                self.description()
            ),
        };
        self.json().with_header("www-authenticate", challenge)
    }
}

/// A redirect URI with these parameters added to its query.
#[must_use]
pub fn with_query(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let start = format!("{redirect_uri}{separator}");
    let length = start.len();
    form_urlencoded::Serializer::for_suffix(start, length)
        .extend_pairs(parameters)
        .finish()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_class_has_a_name_of_its_own_in_printable_ascii() {
        let names: HashSet<_> = Class::ALL.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), Class::ALL.len());
        for name in names {
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}"
            );
        }
    }

    #[test]
    fn a_redirect_keeps_the_query_of_the_redirect_uri_and_the_state_byte_for_byte() {
        let failure = Failure {
            class: Class::Cancelled,
            support_id: SupportId::of_request("request"),
        };
        let response = failure.redirect("https://app.example/cb?x=1", Some("a b&c=%区"));
        let location = url::Url::parse(response.header("location").unwrap()).unwrap();
        let query: Vec<_> = location.query_pairs().into_owned().collect();
        assert_eq!(query[0], ("x".to_owned(), "1".to_owned()));
        assert_eq!(query[1].1, "access_denied");
        assert_eq!(query[3], ("state".to_owned(), "a b&c=%区".to_owned()));
    }
}
