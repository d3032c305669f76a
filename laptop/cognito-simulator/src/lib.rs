//! A stand-in for Amazon Cognito: a user pool with app clients, users of its own, and one OpenID
//! Connect provider. It calls the bridge as Cognito does, and refuses what Cognito refuses
//! (contract C1 to C7). Where AWS leaves a rule open, it takes the stricter reading. It calls the
//! pool's triggers. Its own users sign in with a password, on the hosted page or by the API. It has
//! no session of its own, so every other login goes to the provider. Of other providers it knows
//! only names and users. It links identities to users.

mod api_faults;
mod app_client;
mod app_tokens;
mod authorize;
mod authorize_scopes;
mod claims;
mod client_authentication;
mod cognito;
mod direct_sign_in;
mod discovery;
mod failure;
mod front_door;
mod hosted_page;
mod hosted_sign_in;
mod hosts;
mod id_token;
mod idp_response;
mod inbound_federation;
mod issued_code;
mod linked_users;
mod login_cookie;
mod logout;
mod native_users;
mod options;
mod pages;
mod parameters;
mod password;
mod password_form;
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
mod user_failure;
mod user_pool;
mod user_pool_api;
mod userinfo;

pub use api_faults::{ApiFault, NoSuchOperation};
pub use app_client::{AppClient, AuthFlow, COGNITO_PROVIDER};
pub use authorize_scopes::AuthorizeScopes;
pub use cognito::{BoundCognito, Cognito};
pub use direct_sign_in::DirectSignInFailure;
pub use front_door::{FrontDoor, PUBLIC_HOST, is_public_host};
pub use linked_users::LinkFailure;
pub use options::{
    AttributesRequestMethod, CognitoOptions, EmptyValues, LambdaConfig, MachineClient, NewUser,
    OverriddenAddress, Provider, RepeatedTriggers, ResourceServer, STANDARD_SCOPES, StartError,
    TokenEventVersion, TriggerAttributes, Variation, default_attribute_mapping,
};
pub use saved::SavedPool;
pub use schema::{PoolAttribute, standard_attributes};
pub use shared::Requests;
pub use user_failure::UserFailure;
pub use user_pool::ProviderType;
