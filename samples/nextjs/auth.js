import { cookies } from "next/headers";
import NextAuth from "next-auth";
import { getToken } from "next-auth/jwt";
import Cognito from "next-auth/providers/cognito";
import { answerConfirmation } from "./confirmation";
import { cookieName, settings } from "./settings";
import { refreshTokens, revoke, verifyAccessToken, verifyIdToken } from "./tokens";

// The least this app needs: a name to show, whether the person is 20 or over, and (for "confirm")
// when they were verified. Without a list, Cognito would grant every scope that the app may have.
const SCOPES = "openid digital-auth/name digital-auth/age_over_20 digital-auth/verified";

export const { handlers, auth, signIn, signOut, unstable_update } = NextAuth(() => {
  const { issuer, clientId, clientSecret, identityProvider, authSecret, origin } = settings();
  // From this, Auth.js makes the callback URL, and with it, it trusts no `Host` header.
  process.env.AUTH_URL ??= origin;
  return {
    secret: authSecret,
    providers: [
      Cognito({
        issuer,
        clientId,
        clientSecret,
        // The default is PKCE alone. Cognito's ID token always has a nonce, and Auth.js refuses a
        // nonce that it didn't send.
        checks: ["pkce", "state", "nonce"],
        authorization: {
          // With identity_provider, Cognito's own page isn't shown.
          params: { scope: SCOPES, identity_provider: identityProvider },
        },
      }),
    ],
    // Errors come to the page, too: `/?error=…`.
    pages: { signIn: "/", error: "/" },
    // One line for each error. By default, Auth.js logs stacks, and the URL's parameters.
    logger: {
      error: ({ type, cause, message }) => console.error(type, cause?.err?.message ?? message),
    },
    session: { maxAge: 8 * 60 * 60 },
    cookies: Object.fromEntries(
      ["sessionToken", "callbackUrl", "csrfToken", "pkceCodeVerifier", "state", "nonce"].map(
        (name) => [name, { name: cookieName(name) }],
      ),
    ),
    callbacks: {
      // An exception here refuses the login, and a URL ends it there, with the session as it was.
      signIn: async ({ account }) => {
        const claims = await verifyIdToken(account.id_token);
        const samePerson = await answerConfirmation(claims);
        return samePerson || "/";
      },

      // Makes the content of the session's cookie, which is encrypted, and which Auth.js splits,
      // since it is longer than the 4096 bytes of a cookie. `account` is there after a sign-in.
      jwt: async ({ token, account, trigger }) => {
        if (account) return sessionFrom(account);
        // Anybody can cause an "update" of their own session (POST /api/auth/session), with any
        // data. So its data isn't used, and it means only: refresh.
        if (trigger === "update") return refreshed(token);
        return token;
      },

      // What pages and GET /api/auth/session get. Scripts can read the latter: no tokens here.
      session: ({ session, token }) => {
        const { sub, name, ageOver20, issuedAt, refreshFailed } = token;
        const user = { sub, name, ageOver20, issuedAt, refreshFailed };
        return { user, expires: session.expires };
      },
    },
    events: {
      // The session's cookie is gone then, but a copy of it would still have the refresh token.
      signOut: ({ token }) => token?.refreshToken && revoke(token.refreshToken),
    },
  };
});

/** The session after a sign-in or a refresh. */
async function sessionFrom({ id_token, access_token, refresh_token }, options) {
  // Auth.js has checked the ID token's claims and nonce, but not its signature.
  const claims = await verifyIdToken(id_token, options);
  const access = await verifyAccessToken(access_token);
  // `name` is also Cognito's own claim, and then proves nothing. It is from the card if its scope
  // was granted, and the person can remove a scope from the URL. Cognito's token answer doesn't
  // name the scopes; the access token does.
  const granted = access.scope.split(" ");
  return {
    sub: claims.sub, // Auth.js' own token.sub is another one at each login.
    name: granted.includes("digital-auth/name") ? claims.name : undefined,
    ageOver20: claims.age_over_20, // true, false, or not known: undefined
    issuedAt: claims.iat,
    accessToken: access_token,
    accessTokenExpires: access.exp,
    refreshToken: refresh_token,
  };
}

async function refreshed(token) {
  try {
    const answer = await refreshTokens(token.refreshToken);
    const tokens = await answer.json();
    // The refresh token is revoked or too old: null ends the session.
    if (tokens.error === "invalid_grant") return null;
    if (!answer.ok) throw new Error(`the refresh was answered by ${answer.status}`);
    const kept = { refresh_token: token.refreshToken, ...tokens };
    return await sessionFrom(kept, { subject: token.sub });
  } catch (error) {
    // An exception would end the session, although Cognito perhaps only didn't answer.
    console.error("the refresh failed:", error.message);
    return { ...token, refreshFailed: true };
  }
}

/**
 * The content of the session's cookie, with the tokens, for the server alone. It is read from
 * cookies(), which in a server action also has what the action has just written.
 */
export async function storedSession() {
  const headers = { cookie: (await cookies()).toString() };
  const { authSecret } = settings();
  return getToken({ req: { headers }, secret: authSecret, cookieName: cookieName("sessionToken") });
}
