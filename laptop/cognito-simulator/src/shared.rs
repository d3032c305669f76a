//! What every handler of the stand-in needs: the options, the key, and the state that changes while
//! it runs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::api_faults::ApiFaults;
use crate::front_door::Urls;
use crate::issued_code::IssuedCode;
use crate::options::{CognitoOptions, Variation};
use crate::pending_login::PendingLogins;
use crate::pool_key::PoolKey;
use crate::provider_client::ProviderClient;
use crate::refresh_tokens::RefreshTokens;
use crate::user_pool::UserPool;

/// How many requests of each kind there were: requests that this stand-in received, and
/// (`provider_…`) requests that it sent to the provider.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Requests {
    /// `GET /oauth2/authorize`.
    pub authorize: u32,
    /// `GET /oauth2/idpresponse`.
    pub idp_response: u32,
    /// `POST /oauth2/token`.
    pub token: u32,
    /// `POST /oauth2/revoke`.
    pub revoke: u32,
    /// `GET /logout`.
    pub logout: u32,
    /// `GET /oauth2/userInfo`.
    pub userinfo: u32,
    /// `POST /`: the user pool's API.
    pub user_pool_api: u32,
    /// Token requests sent to the provider.
    pub provider_token: u32,
    /// Key sets fetched from the provider: one for every ID token.
    pub provider_key_set: u32,
    /// Userinfo requests sent to the provider.
    pub provider_userinfo: u32,
}

/// What every handler needs.
pub(crate) struct Shared {
    pub(crate) urls: Urls,
    /// The `iss` of the pool's tokens.
    pub(crate) issuer: String,
    pub(crate) options: CognitoOptions,
    pub(crate) key: PoolKey,
    pub(crate) provider: ProviderClient,
    pub(crate) state: Mutex<State>,
    /// Counts the requests that were answered, after each of which the pool may be another.
    pub(crate) answered: watch::Sender<u64>,
}

/// The state that changes while the stand-in runs.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) variation: Variation,
    /// The provider's `authorize_scopes`, as they are now.
    pub(crate) authorize_scopes: String,
    pub(crate) requests: Requests,
    pub(crate) logins: PendingLogins,
    pub(crate) codes: HashMap<String, IssuedCode>,
    pub(crate) users: UserPool,
    /// What `ListUsers` knows, if that isn't the newest.
    pub(crate) listed: Option<UserPool>,
    pub(crate) refresh_tokens: RefreshTokens,
    /// How often a trigger was called so far; a repeated call doesn't count.
    pub(crate) trigger_calls: u64,
    /// What goes wrong with the next requests of the API.
    pub(crate) api_faults: ApiFaults,
    /// When the API took requests of the category UserUpdate, in the last second.
    pub(crate) user_updates: VecDeque<DateTime<Utc>>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn idpresponse_url(&self) -> String {
        format!("{}/oauth2/idpresponse", self.urls.browser)
    }
}
