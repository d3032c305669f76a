//! A stand-in for the federation side of Amazon Cognito: a user pool with one app client and one
//! OpenID Connect provider.
//! It calls the bridge as Cognito does, and refuses what Cognito refuses (contract C1 to C7). Where
//! AWS leaves a rule open, it takes the stricter reading. It calls the pool's triggers. It has no
//! session of its own, so every login goes to the provider. Of other providers it knows only names
//! and users. It links identities to users.

mod app_tokens;
mod authorize;
mod claims;
mod cognito;
mod direct_sign_in;
mod failure;
mod id_token;
mod idp_response;
mod inbound_federation;
mod issued_code;
mod linked_users;
mod options;
mod pages;
mod parameters;
mod pending_login;
mod pool_key;
mod provider_client;
mod refresh_tokens;
mod shared;
mod token_changes;
mod token_generation;
mod trigger_answer;
mod triggers;
mod user_pool;
mod user_pool_api;

pub use cognito::{BoundCognito, Cognito};
pub use direct_sign_in::DirectSignInFailure;
pub use linked_users::LinkFailure;
pub use options::{
    AppClient, AttributesRequestMethod, CognitoOptions, EmptyValues, LambdaConfig, MachineClient,
    OverriddenAddress, PoolAttribute, Provider, RepeatedTriggers, ResourceServer, STANDARD_SCOPES,
    StartError, TokenEventVersion, TriggerAttributes, Variation, default_attribute_mapping,
    standard_attributes,
};
pub use shared::{PUBLIC_HOST, Requests};
pub use user_pool::{ProviderType, UserFailure};
