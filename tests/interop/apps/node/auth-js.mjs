// Signs in with Auth.js (@auth/express) and its Cognito provider. A server-side app.
// The session is in Auth.js' encrypted cookies, which is its default; nothing is kept in memory.
import express from "express";
import { ExpressAuth } from "@auth/express";
import Cognito from "@auth/express/providers/cognito";
import { Auth } from "@auth/core";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { randomBytes } from "node:crypto";

const { PORT, ISSUER, DOMAIN, CLIENT_ID, CLIENT_SECRET, CALLBACK, LOGOUT_URL, SCOPES } =
  process.env;
const ORIGIN = new URL(CALLBACK).origin; // CALLBACK must be ORIGIN/auth/callback/cognito
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));

const config = {
  basePath: "/auth",
  trustHost: true,
  secret: process.env.AUTH_SECRET ?? randomBytes(32).toString("hex"),
  // One line for each error; by default Auth.js logs stacks and details.
  logger: { error: (e) => console.error(`${e.name}: ${e.cause?.err?.message ?? e.message}`) },
  // Auth.js sends the browser here, with ?error=, when a login fails.
  pages: { signIn: "/sign-in", error: "/sign-in" },
  providers: [
    Cognito({
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET || undefined,
      client: { token_endpoint_auth_method: CLIENT_SECRET ? "client_secret_basic" : "none" },
      // Auth.js would ask for "openid profile email".
      authorization: { params: { scope: SCOPES } },
      // The default is ["pkce"]. Without "nonce" an ID token that has a nonce is refused.
      checks: ["pkce", "state", "nonce"],
    }),
  ],
  callbacks: {
    // Makes what the session cookie holds. See Auth.js' guide "Refresh Token Rotation".
    async jwt({ token, account, profile, trigger }) {
      // Just signed in: `profile` has the ID token's claims, all checked but for the signature.
      if (account) return { ...fromTokens(token, account), claims: profile };
      // "update" is the forced refresh: a POST to /auth/session (see /refresh below).
      if (trigger !== "update" && Date.now() < token.expires_at * 1000) return token;
      return refresh(token);
    },
    session({ session, token }) {
      const { claims, access_token, refresh_token, error } = token;
      return { ...session, claims, access_token, has_refresh_token: !!refresh_token, error };
    },
  },
};

// Cognito doesn't send the refresh token again when refreshing: the earlier one stays in use.
function fromTokens(token, t) {
  const expires_at = t.expires_at ?? Math.floor(Date.now() / 1000) + t.expires_in;
  const refresh_token = t.refresh_token ?? token.refresh_token;
  return { ...token, access_token: t.access_token, refresh_token, expires_at, error: undefined };
}

// Auth.js leaves refreshing to the app: this is its guide's request, for Cognito.
async function refresh(token) {
  if (!token.refresh_token) return { ...token, error: "no refresh token" };
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: CLIENT_ID });
  body.set("refresh_token", token.refresh_token);
  if (CLIENT_SECRET) body.set("client_secret", CLIENT_SECRET);
  try {
    const answer = await fetch(`${DOMAIN}/oauth2/token`, { method: "POST", body });
    const tokens = await answer.json();
    if (!answer.ok) return { ...token, error: tokens.error };
    const checks = { issuer: ISSUER, audience: CLIENT_ID, subject: token.claims.sub };
    const { payload } = await jwtVerify(tokens.id_token, keys, checks);
    return { ...fromTokens(token, tokens), claims: payload };
  } catch {
    return { ...token, error: "RefreshTokenError" };
  }
}

// Calls one of Auth.js' own routes in this process and hands its cookies on to the browser.
// For a POST it first gets the CSRF token that Auth.js demands, as its browser-side client does.
// (getSession() of @auth/express drops the cookies, so a refresh made in it would be lost.)
async function act(req, res, action, post) {
  const call = async (path, cookie, body) => {
    const headers = { cookie, "content-type": "application/json" };
    const init = body && { method: "POST", body: JSON.stringify(body) };
    const url = `${ORIGIN}/auth/${path}`;
    const answer = await Auth(new Request(url, { headers, ...init }), config);
    for (const set of answer.headers.getSetCookie()) res.append("Set-Cookie", set);
    return answer;
  };
  let cookie = req.headers.cookie ?? "";
  if (!post) return call(action, cookie);
  const csrf = await call("csrf", cookie);
  for (const set of csrf.headers.getSetCookie()) cookie = `${set.split(";")[0]}; ${cookie}`;
  return call(action, cookie, { ...post, csrfToken: (await csrf.json()).csrfToken });
}

// A refresh that failed shows as `error`.
async function sendMe(res, answer) {
  const { claims, access_token, has_refresh_token, error } = (await answer.json()) ?? {};
  if (!claims) return res.json({ signed_in: false });
  res.json({ signed_in: true, claims, access_token, has_refresh_token, error });
}

const app = express();
// Auth.js tells the browser only "OAuthCallbackError" and logs the OAuth error; keep the latter
// for /sign-in. Auth.js checks the callback itself, its state too, after this.
app.get("/auth/callback/cognito", (req, res, next) => {
  const options = { path: "/sign-in", httpOnly: true, sameSite: "lax", maxAge: 60_000 };
  if (req.query.error) res.cookie("auth-js.error", String(req.query.error), options);
  next();
});
app.use("/auth", ExpressAuth(config));

app.get("/login", async (req, res) => {
  const answer = await act(req, res, "signin/cognito", { callbackUrl: `${ORIGIN}/me` });
  res.redirect(answer.headers.get("location"));
});
app.get("/sign-in", (req, res) => {
  const { error } = req.query;
  if (!error) return res.redirect("/login");
  const oauth = /auth-js\.error=(\w+)/.exec(req.headers.cookie ?? "")?.[1];
  res.status(400).json({ error: error === "OAuthCallbackError" ? oauth ?? error : error });
});
app.get("/me", async (req, res) => sendMe(res, await act(req, res, "session")));
app.post("/refresh", async (req, res) => sendMe(res, await act(req, res, "session", { data: {} })));
app.get("/logout", async (req, res) => {
  await act(req, res, "signout", {});
  res.redirect(
    `${DOMAIN}/logout?${new URLSearchParams({ client_id: CLIENT_ID, logout_uri: LOGOUT_URL })}`,
  );
});
app.get("/logged-out", (req, res) => res.json({ signed_in: false }));

app.listen(PORT, "127.0.0.1", () => console.log("ready"));
