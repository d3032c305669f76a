//! The running stand-in: its endpoints, and what a test or the demo may do in the user pool while
//! it runs.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler as _;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use loopback::names::to_its_end;
use loopback::server::{ListenError, Manners, Server};
use secrecy::SecretString;
use tokio::sync::watch;

use crate::api_faults::{ApiFault, ApiFaults, NoSuchOperation};
use crate::app_tokens;
use crate::authorize;
use crate::authorize_scopes::AuthorizeScopes;
use crate::discovery;
use crate::front_door::{FrontDoor, OpenDoor};
use crate::hosted_page::LOGIN;
use crate::hosts;
use crate::idp_response;
use crate::linked_users::LinkFailure;
use crate::logout;
use crate::native_users;
use crate::options::{CognitoOptions, StartError, Variation};
use crate::password_form;
use crate::pending_login::PendingLogins;
use crate::pool_key::PoolKey;
use crate::provider_client::ProviderClient;
use crate::refresh_tokens::RefreshTokens;
use crate::revoke;
use crate::saved::SavedPool;
use crate::shared::{Requests, Shared, State};
use crate::user_failure::UserFailure;
use crate::user_pool::{ProviderType, UserPool};
use crate::user_pool_api;
use crate::userinfo;

/// A stand-in that has its port and doesn't answer yet.
#[derive(Debug)]
pub struct BoundCognito {
    door: OpenDoor,
}

/// A running stand-in. Dropping it stops it at once; [`Cognito::stop`] lets requests end first.
pub struct Cognito {
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    internal_address: SocketAddr,
    servers: Vec<Server>,
}

impl fmt::Debug for Cognito {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cognito")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl BoundCognito {
    /// Where a browser finds the stand-in, without a path: `http://localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.door.urls.browser
    }

    /// The redirect URI that the provider has to know: `…/oauth2/idpresponse`.
    #[must_use]
    pub fn idpresponse_url(&self) -> String {
        format!("{}/oauth2/idpresponse", self.base_url())
    }

    /// The address that it is bound to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// The address at which processes on this machine reach it by plain HTTP.
    #[must_use]
    pub fn internal_address(&self) -> SocketAddr {
        self.door.internal_address()
    }

    /// Begins to answer, with a user pool that has only the users of the options.
    ///
    /// # Errors
    /// See [`StartError`]; most of them name an option that AWS would refuse too.
    pub fn serve(self, options: CognitoOptions) -> Result<Cognito, StartError> {
        self.serve_pool(options, SavedPool::default())
    }

    /// Begins to answer, with these users and refresh tokens, and the users of the options.
    ///
    /// # Errors
    /// As [`BoundCognito::serve`].
    pub fn serve_pool(
        self,
        options: CognitoOptions,
        saved: SavedPool,
    ) -> Result<Cognito, StartError> {
        options.check()?;
        let users = saved.users.with_users_of(&options, options.clock.now())?;
        let (address, internal_address) = (self.address(), self.internal_address());
        let door = self.door;
        let shared = Arc::new(Shared {
            issuer: door.urls.issuer(&options.user_pool_id),
            urls: door.urls,
            key: PoolKey::new(options.rsa_key.clone())?,
            provider: ProviderClient::new(options.token_timeout)?,
            state: Mutex::new(State {
                variation: options.variation.clone(),
                authorize_scopes: options.provider.authorize_scopes.clone(),
                users,
                refresh_tokens: saved.refresh_tokens,
                ..State::default()
            }),
            answered: watch::Sender::default(),
            options,
        });
        let router = router(&shared);
        let mut servers = Vec::new();
        if let Some(internal) = door.internal {
            servers.push(internal.serve(Manners::default(), router.clone()));
        }
        servers.extend(door.public.into_iter().map(|listener| match &door.tls {
            Some(tls) => listener.serve_tls(PUBLIC, router.clone(), tls),
            None => listener.serve(PUBLIC, router.clone()),
        }));
        Ok(Cognito {
            shared,
            address,
            internal_address,
            servers,
        })
    }
}

/// The most bytes of a request's body.
const BODY_LIMIT: usize = 64 * 1024;

/// How the public server treats connections: other machines may reach it.
const PUBLIC: Manners = Manners {
    connections: 256,
    head_time: Some(Duration::from_secs(30)),
    read_ahead: Some(64 * 1024),
    keep_alive: true,
};

fn router(shared: &Arc<Shared>) -> Router {
    let pool = format!("/{}/.well-known", shared.options.user_pool_id);
    // What browsers call as pages.
    let pages = Router::new()
        .route("/oauth2/authorize", get(authorize::authorize))
        .route(
            LOGIN,
            get(authorize::login).post(password_form::sign_in.layer(from_fn(to_its_end))),
        )
        .route("/logout", get(logout::logout))
        .layer(from_fn_with_state(
            Arc::clone(shared),
            hosts::at_the_browsers_host,
        ));
    // What apps call, also from pages of theirs.
    let api = Router::new()
        .route(
            "/oauth2/token",
            post(app_tokens::token).layer(from_fn(to_its_end)),
        )
        .route("/oauth2/revoke", post(revoke::revoke))
        .route("/oauth2/userInfo", get(userinfo::userinfo))
        .route("/", post(user_pool_api::call).layer(from_fn(to_its_end)))
        .route(&format!("{pool}/jwks.json"), get(discovery::key_set))
        .route(
            &format!("{pool}/openid-configuration"),
            get(discovery::metadata),
        )
        .layer(hosts::any_origin());
    Router::new()
        .route(
            "/oauth2/idpresponse",
            get(idp_response::idp_response).layer(from_fn(to_its_end)),
        )
        .merge(pages)
        .merge(api)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(Arc::clone(shared), hosts::admitted))
        .with_state(Arc::clone(shared))
}

impl Cognito {
    /// Takes a port on loopback, for plain HTTP; port 0 takes any that is free.
    ///
    /// # Errors
    /// [`StartError::Listen`], which says which address.
    pub async fn bind(address: SocketAddr) -> Result<BoundCognito, StartError> {
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback { address }.into());
        }
        Self::bind_at(FrontDoor::new(address)).await
    }

    /// Takes the port of a front door, which may be reached from other machines.
    ///
    /// # Errors
    /// [`StartError::Listen`] or [`StartError::PublicHost`].
    pub async fn bind_at(door: FrontDoor) -> Result<BoundCognito, StartError> {
        let door = door.open().await?;
        Ok(BoundCognito { door })
    }

    /// [`Cognito::bind`] and [`BoundCognito::serve`] in one call, if the bridge's URLs are known
    /// beforehand.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(address: SocketAddr, options: CognitoOptions) -> Result<Self, StartError> {
        Self::bind(address).await?.serve(options)
    }

    /// Where a browser finds the stand-in, without a path.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.shared.urls.browser
    }

    /// Where a server of an app finds the stand-in, without a path.
    #[must_use]
    pub fn server_url(&self) -> &str {
        &self.shared.urls.server
    }

    /// The redirect URI that the provider has to know.
    #[must_use]
    pub fn idpresponse_url(&self) -> String {
        self.shared.idpresponse_url()
    }

    /// The `iss` of the user pool's tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Where the app begins a login.
    #[must_use]
    pub fn authorize_url(&self) -> String {
        format!("{}/oauth2/authorize", self.base_url())
    }

    /// The token endpoint for the app. It has an address of this machine, and plain HTTP
    /// even if apps use HTTPS.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("http://{}/oauth2/token", self.internal_address)
    }

    /// The revocation endpoint for the app, with an address instead of a name.
    #[must_use]
    pub fn revoke_url(&self) -> String {
        format!("http://{}/oauth2/revoke", self.internal_address)
    }

    /// The userinfo endpoint for the app, with an address instead of a name.
    #[must_use]
    pub fn userinfo_url(&self) -> String {
        format!("http://{}/oauth2/userInfo", self.internal_address)
    }

    /// The URL of the keys of the user pool's tokens, with an address instead of a name.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!(
            "http://{}/{}/.well-known/jwks.json",
            self.internal_address, self.shared.options.user_pool_id
        )
    }

    /// The endpoint of the user pool's API for AWS SDKs
    /// (`AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER`), with an address instead of a name.
    #[must_use]
    pub fn user_pool_api_url(&self) -> String {
        format!("http://{}", self.internal_address)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests there were so far.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.shared.state().requests
    }

    /// The user pool: attributes by username, with `sub` and `identities` as Cognito keeps them.
    #[must_use]
    pub fn users(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        self.shared.state().users.attributes_by_username()
    }

    /// The provider's name, for `identity_provider`.
    #[must_use]
    pub fn provider_name(&self) -> &str {
        &self.shared.options.provider.name
    }

    /// The user pool's id.
    #[must_use]
    pub fn user_pool_id(&self) -> &str {
        &self.shared.options.user_pool_id
    }

    /// Creates one of the pool's own users, who doesn't come from a provider. The user has no
    /// password until [`Cognito::set_password`] gives one. An identity that is linked to the user
    /// signs in as this user, and so does [`Cognito::sign_in_directly`].
    ///
    /// # Errors
    /// [`UserFailure::Taken`], [`UserFailure::Invalid`] or [`UserFailure::NoRandomness`].
    pub fn create_user(
        &self,
        username: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), UserFailure> {
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        let mut kept = self.shared.state();
        let created = kept.users.create(options, username, attributes, now);
        created.map(|_| ()).map_err(UserFailure::from)
    }

    /// Gives one of the pool's own users this password, with which the user signs in at app clients
    /// that take passwords, as `AdminSetUserPassword` with `Permanent` does.
    ///
    /// # Errors
    /// [`UserFailure::Password`] if the policy of a new pool refuses it, [`UserFailure::Unknown`],
    /// [`UserFailure::Federated`], or [`UserFailure::NoRandomness`].
    pub fn set_password(&self, username: &str, password: &SecretString) -> Result<(), UserFailure> {
        let hash = native_users::hash_of(password)?;
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        let mut kept = self.shared.state();
        kept.users.set_password(options, username, hash, now)
    }

    /// Disables a user or, with `true`, enables the user again. Nobody signs in as a disabled user
    /// or refreshes tokens, and access tokens from before are revoked for good.
    ///
    /// # Errors
    /// [`UserFailure::Unknown`].
    pub fn set_enabled(&self, username: &str, enabled: bool) -> Result<(), UserFailure> {
        let options = &self.shared.options;
        let mut kept = self.shared.state();
        kept.users.set_enabled(options, username, enabled)
    }

    /// Adds a provider besides the one of the options, for example a company's. It has only a name
    /// and users: no page offers it, and no browser is sent to it.
    ///
    /// # Errors
    /// [`UserFailure::Invalid`] for a name that AWS refuses, [`UserFailure::Taken`] for one that
    /// the pool has already.
    pub fn add_provider(&self, name: &str, provider_type: ProviderType) -> Result<(), UserFailure> {
        let mut kept = self.shared.state();
        kept.users
            .add_provider(&self.shared.options, name, provider_type)
    }

    /// Creates a user of a provider that was added by [`Cognito::add_provider`], as the user's
    /// first sign-in would. Returns the username: `<provider>_<subject>`. The user is in the
    /// provider's group. No trigger is called.
    ///
    /// The attributes are those that the provider's attribute mapping would have written. So they
    /// have to be attributes that the app client may write.
    ///
    /// # Errors
    /// [`UserFailure::NoProvider`]; [`UserFailure::Taken`] if the identity has a user, or is linked
    /// to one; [`UserFailure::Invalid`] or [`UserFailure::NoRandomness`].
    pub fn create_federated_user(
        &self,
        provider_name: &str,
        subject: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, UserFailure> {
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        let mut kept = self.shared.state();
        let identity = (provider_name, subject);
        kept.users
            .create_federated(options, identity, attributes, now)
    }

    /// Links an identity, which is a provider's name and a subject of that provider, to a user, as
    /// `AdminLinkProviderForUser` does. From then on the identity signs in as this user, and its
    /// claims overwrite the user's attributes.
    ///
    /// # Errors
    /// Any [`LinkFailure`] except [`LinkFailure::NotLinked`].
    pub fn link_user(
        &self,
        destination_username: &str,
        provider_name: &str,
        subject: &str,
    ) -> Result<(), LinkFailure> {
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        let mut kept = self.shared.state();
        let source = (provider_name, subject);
        (kept.users).link(options, destination_username, source, now)
    }

    /// Removes an identity's link, as `AdminDisableProviderForUser` does for a linked identity.
    ///
    /// # Errors
    /// [`LinkFailure::UserUnknown`] or [`LinkFailure::NotLinked`].
    pub fn unlink_user(&self, provider_name: &str, subject: &str) -> Result<(), LinkFailure> {
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        let mut kept = self.shared.state();
        kept.users.unlink(options, (provider_name, subject), now)
    }

    /// Deletes a user, as an administrator does. The user's tokens still have a valid signature,
    /// but the stand-in no longer accepts them.
    ///
    /// # Errors
    /// [`UserFailure::Unknown`].
    pub fn delete_user(&self, username: &str) -> Result<(), UserFailure> {
        let mut kept = self.shared.state();
        kept.users.delete(&self.shared.options, username)
    }

    /// Puts a user into a group. The group is created if there is none of that name.
    ///
    /// # Errors
    /// [`UserFailure::Unknown`].
    pub fn add_to_group(&self, username: &str, group: &str) -> Result<(), UserFailure> {
        let mut kept = self.shared.state();
        kept.users
            .add_to_group(&self.shared.options, username, group)
    }

    /// Makes the next logins differ from Cognito's; see [`Variation`].
    ///
    /// # Errors
    /// [`StartError::StateLength`] if `state` can't have this length.
    pub fn vary(&self, variation: Variation) -> Result<(), StartError> {
        variation.check()?;
        self.shared.state().variation = variation;
        Ok(())
    }

    /// The provider's `authorize_scopes`, which can be changed while Cognito runs.
    #[must_use]
    pub fn authorize_scopes(&self) -> AuthorizeScopes {
        AuthorizeScopes::of(Arc::clone(&self.shared))
    }

    /// Makes the next requests for an operation of the user pool's API, for example
    /// `AdminUpdateUserAttributes`, meet these faults: the first request the first one, and so on.
    /// They come after those that wait already.
    ///
    /// # Errors
    /// [`NoSuchOperation`].
    pub fn break_api(&self, operation: &str, faults: &[ApiFault]) -> Result<(), NoSuchOperation> {
        let operation = user_pool_api::operation(operation).ok_or(NoSuchOperation)?;
        self.shared.state().api_faults.add(operation, faults);
        Ok(())
    }

    /// From now on, `ListUsers` answers with the users as they are now: AWS calls this operation
    /// eventually consistent, and doesn't say after how long it knows what was written.
    pub fn let_lists_lag(&self) {
        let mut kept = self.shared.state();
        kept.listed = Some(kept.users.clone());
    }

    /// `ListUsers` answers with the newest users again.
    pub fn let_lists_catch_up(&self) {
        self.shared.state().listed = None;
    }

    /// The users and refresh tokens, to begin with them at another start.
    #[must_use]
    pub fn saved(&self) -> SavedPool {
        let kept = self.shared.state();
        SavedPool {
            users: kept.users.clone(),
            refresh_tokens: kept.refresh_tokens.clone(),
        }
    }

    /// Counts the requests that were answered. After each, [`Cognito::saved`] may be another.
    #[must_use]
    pub fn answered(&self) -> watch::Receiver<u64> {
        self.shared.answered.subscribe()
    }

    /// Forgets every user, every refresh token, every login, and every fault of the API that waits.
    /// The users of the options come again, with another `sub`.
    pub fn reset(&self) {
        let (options, now) = (&self.shared.options, self.shared.options.clock.now());
        // They fitted the pool at the start. Without random bytes there are no users.
        let users = UserPool::default().with_users_of(options, now);
        let mut kept = self.shared.state();
        kept.users = users.unwrap_or_default();
        kept.listed = None;
        kept.api_faults = ApiFaults::default();
        kept.refresh_tokens = RefreshTokens::default();
        kept.logins = PendingLogins::default();
        kept.codes.clear();
        drop(kept);
        self.shared.answered.send_modify(|answered| *answered += 1);
    }

    /// Stops listening, gives requests under way two seconds to end, then aborts them.
    ///
    /// Returns the users and refresh tokens, as the last request left them.
    pub async fn stop(mut self) -> SavedPool {
        for server in &mut self.servers {
            server.stop().await;
        }
        self.saved()
    }
}
