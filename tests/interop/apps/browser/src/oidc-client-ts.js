// Signs in with oidc-client-ts, as a public client with PKCE.
//
// The library doesn't verify the ID token's signature: the token came from the token endpoint by
// HTTPS, which is enough for a page (OpenID Connect Core, section 3.1.3.7, item 6). A server that
// gets the token from the page has to verify it.
import { ErrorResponse, UserManager, WebStorageStateStore } from "oidc-client-ts";

const settings = await (await fetch("/settings.json")).json();

const manager = new UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: settings.callback,
  scope: settings.scopes,
  // Calls userInfo after each sign-in and refresh, and merges its claims into `user.profile`, where
  // they overwrite those of the ID token. Only those of the ID token are proved: leave this out if
  // the app client may read the attributes (ReadAttributes).
  loadUserInfo: true,
  // The page shows every claim; by default the library hides nonce, auth_time and the like.
  filterProtocolClaims: false,
  // The button refreshes, not a timer.
  automaticSilentRenew: false,
  // Cognito revokes refresh tokens only (and with them the access tokens issued from them).
  revokeTokenTypes: ["refresh_token"],
  // The default; the tokens end with the tab.
  userStore: new WebStorageStateStore({ store: window.sessionStorage }),
});

const result = document.getElementById("result");
const print = (value) => {
  result.textContent = JSON.stringify(value, null, 2);
};

// The library keeps userInfo's claims only as merged into the profile: ask once more, to show them
// apart. An access token that was revoked is refused here.
async function userInfo(user) {
  const response = await fetch(await manager.metadataService.getUserInfoEndpoint(), {
    headers: { authorization: `Bearer ${user.access_token}` },
  });
  return response.ok ? await response.json() : { status: response.status };
}

async function show() {
  const user = await manager.getUser();
  if (!user || user.expired) {
    print({ signed_in: false });
    return;
  }
  print({
    signed_in: true,
    claims: user.profile,
    userinfo: await userInfo(user),
    has_refresh_token: Boolean(user.refresh_token),
    access_token: user.access_token,
  });
}

async function run(action) {
  result.textContent = "";
  try {
    await action();
  } catch (error) {
    // An ErrorResponse carries OAuth's own error code, such as access_denied or invalid_grant.
    const oauth = error instanceof ErrorResponse;
    print({
      signed_in: Boolean(await manager.getUser()),
      error: oauth ? error.error : error.name,
      error_description: oauth ? error.error_description : error.message,
    });
  }
}

const onClick = (id, action) =>
  document.getElementById(id).addEventListener("click", () => run(action));

onClick("sign-in", () => manager.signinRedirect());

onClick("refresh", async () => {
  // With a refresh token in store, signinSilent calls the token endpoint. Without one it would load
  // the authorization endpoint in a hidden iframe with prompt=none, and wait for ten seconds.
  const user = await manager.getUser();
  if (!user?.refresh_token) throw new Error("no refresh token");
  await manager.signinSilent();
  await show();
});

onClick("revoke", async () => {
  await manager.revokeTokens();
  await show();
});

onClick("sign-out", async () => {
  // Cognito's logout wants client_id and logout_uri, not OpenID Connect's parameters. Without
  // removeUser first, signoutRedirect would add the ID token to the URL as id_token_hint.
  await manager.removeUser();
  await manager.signoutRedirect({
    extraQueryParams: { client_id: settings.clientId, logout_uri: settings.logoutUrl },
  });
});

const query = new URLSearchParams(window.location.search);
await run(async () => {
  if (query.has("code") || query.has("error")) {
    try {
      await manager.signinRedirectCallback();
    } finally {
      // A code works once: a reload of the page must not send it again.
      window.history.replaceState(null, "", window.location.pathname);
    }
  }
  await show();
});
