//! A stand-in for the federation side of Amazon Cognito: a user pool with app clients and one
//! OpenID Connect provider. It calls the bridge as Cognito does, and refuses what Cognito refuses
//! (contract C1 to C7). Where AWS leaves a rule open, it takes the stricter reading. It calls the
//! pool's triggers. It has no session of its own, so every login goes to the provider. Of other
//! providers it knows only names and users. It links identities to users.

mod app_client;
mod app_tokens;
mod authorize;
mod claims;
mod client_authentication;
mod cognito;
mod direct_sign_in;
mod discovery;
mod failure;
mod front_door;
mod hosts;
mod id_token;
mod idp_response;
mod inbound_federation;
mod issued_code;
mod linked_users;
mod logout;
mod options;
mod pages;
mod parameters;
mod pending_login;
mod pool_key;
mod provider_client;
mod refresh_tokens;
mod revoke;
mod saved;
mod schema;
mod shared;
mod token_changes;
mod token_generation;
mod trigger_answer;
mod triggers;
mod user_pool;
mod user_pool_api;
mod userinfo;

pub use app_client::AppClient;
pub use cognito::{BoundCognito, Cognito};
pub use direct_sign_in::DirectSignInFailure;
pub use front_door::{FrontDoor, PUBLIC_HOST, is_public_host};
pub use linked_users::LinkFailure;
pub use options::{
    AttributesRequestMethod, CognitoOptions, EmptyValues, LambdaConfig, MachineClient,
    OverriddenAddress, Provider, RepeatedTriggers, ResourceServer, STANDARD_SCOPES, StartError,
    TokenEventVersion, TriggerAttributes, Variation, default_attribute_mapping,
};
pub use saved::SavedPool;
pub use schema::{PoolAttribute, standard_attributes};
pub use shared::Requests;
pub use user_pool::{ProviderType, UserFailure};
