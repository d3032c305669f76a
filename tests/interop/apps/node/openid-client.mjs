// Signs in with openid-client 6 and Express. A server-side app; the session is kept in memory.
// Confidential when CLIENT_SECRET is set, else a public client.
import express from "express";
import session from "express-session";
import * as oidc from "openid-client";
import { randomBytes } from "node:crypto";

const { PORT, ISSUER, CLIENT_ID, CLIENT_SECRET, CALLBACK, LOGOUT_URL, SCOPES } = process.env;

const config = await oidc.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  undefined,
  // ClientSecretBasic(secret) would work as well; ClientSecretPost is the library's default.
  CLIENT_SECRET ? oidc.ClientSecretPost(CLIENT_SECRET) : oidc.None(),
  {
    execute: [
      // The library refuses http unless told otherwise. Only for a provider on this machine.
      ...(ISSUER.startsWith("http:") ? [oidc.allowInsecureRequests] : []),
      // By default the library trusts the TLS connection to the token endpoint and doesn't check
      // the ID token's signature. This makes it fetch the keys and check.
      oidc.enableNonRepudiationChecks,
    ],
  },
);

const app = express();
app.use(
  session({
    name: "openid-client.sid", // cookies are shared by all ports of localhost: no common name
    secret: randomBytes(32).toString("hex"),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: "lax" },
  }),
);

// What the session keeps of a token answer. Cognito doesn't send the refresh token again when
// refreshing, so the one from the login stays in use.
function keep(req, tokens) {
  req.session.user = {
    claims: tokens.claims(), // of the ID token, after the library has checked it
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? req.session.user?.refreshToken,
  };
}

function me(req) {
  const user = req.session.user;
  if (!user) return { signed_in: false };
  return {
    signed_in: true,
    claims: user.claims,
    access_token: user.accessToken,
    has_refresh_token: Boolean(user.refreshToken),
  };
}

app.get("/login", async (req, res) => {
  const login = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    // Always send a nonce: the library refuses an ID token with a nonce that it didn't ask for,
    // and Cognito's ID tokens have one even then when the user comes from an outside provider.
    expectedNonce: oidc.randomNonce(),
  };
  req.session.login = login;
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: SCOPES,
    code_challenge: await oidc.calculatePKCECodeChallenge(login.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: login.expectedState,
    nonce: login.expectedNonce,
  });
  res.redirect(url.href);
});

app.get(new URL(CALLBACK).pathname, async (req, res) => {
  const login = req.session.login;
  if (!login) return res.status(400).json({ error: "no login has begun in this browser" });
  delete req.session.login; // each login's checks are for one use
  // The library takes redirect_uri from this URL, so it must have CALLBACK's host and path.
  const current = new URL(CALLBACK);
  current.search = new URL(req.originalUrl, CALLBACK).search;
  const tokens = await oidc.authorizationCodeGrant(config, current, {
    ...login,
    idTokenExpected: true,
  });
  // A new session id after signing in (against session fixation).
  await new Promise((done, fail) => req.session.regenerate((e) => (e ? fail(e) : done())));
  keep(req, tokens);
  res.redirect("/me");
});

app.get("/me", (req, res) => res.json(me(req)));

app.post("/refresh", async (req, res) => {
  const refreshToken = req.session.user?.refreshToken;
  if (!refreshToken) return res.status(401).json(me(req));
  keep(req, await oidc.refreshTokenGrant(config, refreshToken));
  res.json(me(req));
});

app.get("/logout", (req, res) => {
  // Cognito's /logout wants logout_uri where OpenID Connect has post_logout_redirect_uri.
  // The library adds client_id itself.
  const url = oidc.buildEndSessionUrl(config, { logout_uri: LOGOUT_URL });
  req.session.destroy(() => res.redirect(url.href));
});

app.get("/logged-out", (req, res) => res.json({ signed_in: false }));

// Errors from the provider have the OAuth error in `error` (access_denied after a cancel);
// those that the library finds itself (a wrong state, say) have a `code`.
app.use((e, req, res, next) => {
  const known = e.error ?? e.code;
  res.status(known ? 400 : 500).json({
    error: known ?? "server_error",
    error_description: e.error_description ?? e.message,
  });
});

app.listen(PORT, "127.0.0.1", () => console.log("ready"));
