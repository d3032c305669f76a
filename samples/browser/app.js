// The page: it signs in with oidc-client-ts, as a public client (code, PKCE S256, state, nonce).
//
// The tokens are in sessionStorage: they end with the tab, and a script on this page could read
// them. That is why the page's server allows no script but its own (Content-Security-Policy).
/* global oidc */
const { ErrorResponse, UserManager, WebStorageStateStore } = oidc;

// The least that this app needs. Always name the scopes: an app that names none gets all that it
// is allowed.
const SCOPE = "openid digital-auth/name digital-auth/age_over_20 digital-auth/verified";

const settings = await (await fetch("/settings.json")).json();
const inThisTab = new WebStorageStateStore({ store: window.sessionStorage });
const manager = new UserManager({
  authority: settings.issuer,
  client_id: settings.clientId,
  redirect_uri: settings.callback,
  scope: SCOPE,
  // With this, Cognito's own page isn't shown.
  extraQueryParams: { identity_provider: settings.identityProvider },
  userStore: inThisTab,
  // By default, code_verifier and nonce would be in localStorage, and stay there after a login that
  // nobody ended.
  stateStore: inThisTab,
  // Cognito revokes refresh tokens, and with them the access tokens.
  revokeTokenTypes: ["refresh_token"],
  // A button refreshes here. With `true`, the library does, a minute before the tokens expire.
  automaticSilentRenew: false,
  // Keeps `iat`, which the page shows.
  filterProtocolClaims: false,
});

// Without a nonce of ours, the library would have nothing to compare the token's with.
const signIn = (more) => manager.signinRedirect({ nonce: crypto.randomUUID(), ...more });

/** The claims in a token. Nothing is verified here: decisions are the API's. */
function claimsIn(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** An attribute counts only if its scope was granted: the person can remove one from the URL. */
function proved(name, user) {
  // Not `user.scope`: Cognito's answer has no scope, so that is only what the app asked for.
  const granted = claimsIn(user.access_token).scope.split(" ");
  return granted.includes(`digital-auth/${name}`) ? user.profile[name] : undefined;
}

async function call(user, method, path) {
  const headers = { authorization: `Bearer ${user.access_token}` };
  const response = await fetch(path, { method, headers });
  return { status: response.status, body: await response.json() };
}

/** The person who is signed in, with tokens that haven't expired. */
async function signedIn() {
  const user = await manager.getUser();
  return user?.expired ? manager.signinSilent() : user;
}

/** What a failed login says: whether the person cancelled, and the support id. */
function failure(error) {
  if (!(error instanceof ErrorResponse)) return { kind: "failed" };
  // Ends with the class of the failure and the support id: "cancelled 7QK4-M2TX". Other refusals,
  // such as a login page that was open too long, are access_denied as well.
  const told = /(?:^| )([a-z_]+) ([0-9A-Z]{4}-[0-9A-Z]{4})$/.exec(error.error_description ?? "");
  const [, reason, supportId] = told ?? [];
  const cancelled = error.error === "access_denied" && reason === "cancelled";
  return { kind: cancelled ? "cancelled" : "failed", supportId };
}

const TEXTS = {
  message: {
    cancelled: "キャンセルしました。 / You cancelled.",
    failed: "うまくいきませんでした。もう一度お試しください。 / It didn’t work. Please try again.",
  },
  age: {
    yes: "はい / Yes",
    no: "いいえ / No",
    // Only a part of the birth date may be known. This isn't a "no".
    unknown: "分かりません。ほかの方法で確認してください。 / Not known. Ask for another proof.",
  },
  now: {
    yes: "ご本人がカードで認証しました。 / You have just shown your card.",
    no: "ご本人とは確認できませんでした。 / We couldn’t confirm that it is you.",
  },
};

const main = document.querySelector("main");
const $ = (id) => document.getElementById(id);

/** Shows one of the templates, under the page's heading. */
function add(template) {
  main.append($(template).content.cloneNode(true));
}

/** Says an answer in words, and in an attribute. */
function say(id, answer) {
  $(id).dataset.answer = answer;
  $(id).textContent = TEXTS[id][answer];
}

/** A button's action. If it fails, the page says so. */
function on(id, action) {
  $(id).addEventListener("click", async () => {
    $(id).disabled = true;
    try {
      await action();
    } catch (error) {
      await show({ failed: error });
    }
    if ($(id)) $(id).disabled = false;
  });
}

async function show({ failed, now } = {}) {
  let user = null;
  try {
    user = await signedIn();
  } catch (error) {
    // The refresh token has expired, or was revoked.
    await manager.removeUser();
    failed ??= error;
  }
  main.replaceChildren(main.querySelector("h1"));
  if (failed) {
    const { kind, supportId } = failure(failed);
    add("of-message");
    $("message").dataset.kind = kind;
    $("message").textContent = TEXTS.message[kind];
    if (supportId && kind === "failed") {
      $("message").append(` サポート番号 / Support id: ${supportId}`);
    }
  }
  if (!user) {
    add("of-signed-out");
    on("sign-in", () => signIn());
    return;
  }
  add("of-signed-in");
  const age = proved("age_over_20", user);
  $("name").textContent = proved("name", user) ?? "（氏名は不明 / name not known）";
  $("sub").textContent = user.profile.sub;
  $("issued-at").textContent = user.profile.iat;
  say("age", age === true ? "yes" : age === false ? "no" : "unknown");
  if (now === undefined) $("now").remove();
  else say("now", now ? "yes" : "no");
  on("call-api", callApi);
  on("refresh", refresh);
  on("confirm", confirm);
  on("log-out", logOut);
}

async function callApi() {
  const { status, body } = await call(await signedIn(), "GET", "/api/age");
  $("api-answer").textContent = `${status} ${JSON.stringify(body)}`;
}

async function refresh() {
  // The answer has no new refresh token, and the library keeps the first one.
  await manager.signinSilent();
  await show();
}

async function confirm() {
  // The API notes who began, and when. The page only carries the number of the note.
  const { status, body } = await call(await signedIn(), "POST", "/api/confirmations");
  if (status !== 200) throw new Error(`the API says ${status}`);
  await signIn({ prompt: "login", state: { confirmation: body.id } });
}

async function logOut() {
  // A page that couldn't revoke still ends its session.
  await manager.revokeTokens().catch(() => {});
  await manager.removeUser();
  // Cognito's logout has parameters of its own, and ends the session that would sign the next
  // person at this device in as this one.
  const query = new URLSearchParams({
    client_id: settings.clientId,
    logout_uri: `${location.origin}/`,
  });
  location.assign(`${settings.logoutEndpoint}?${query}`);
}

/** The browser is back from Cognito. */
async function comesBack() {
  const before = await manager.getUser();
  // Checks state, nonce, issuer and audience. An answer that belongs to no login of this tab, or to
  // one that has ended, is an error.
  const user = await manager.signinRedirectCallback();
  const id = user.state?.confirmation;
  if (!id) return {};
  const { body } = await call(user, "POST", `/api/confirmations/${id}`);
  // Another person was at the device: the session stays with whom it began.
  if (!body.now && before) await manager.storeUser(before);
  return { now: body.now === true };
}

if (location.pathname === new URL(settings.callback).pathname) {
  let outcome;
  try {
    outcome = await comesBack();
  } catch (error) {
    outcome = { failed: error };
  }
  // A code works once: neither a reload nor the history should send it again.
  history.replaceState(null, "", "/");
  await show(outcome);
} else {
  await show();
}
