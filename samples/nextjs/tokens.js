import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { settings } from "./settings";

// Fetches the keys once, and again when a token has a key that it doesn't know.
let keySet;
const keys = () => (keySet ??= createRemoteJWKSet(new URL(settings().jwksUri)));

/** Verifies an ID token of Cognito for this app, and gives its claims. */
export async function verifyIdToken(token, options) {
  const { issuer, clientId } = settings();
  const { payload } = await jwtVerify(token, keys(), {
    algorithms: ["RS256"],
    issuer,
    audience: clientId,
    requiredClaims: ["exp", "iat", "sub"],
    ...options,
  });
  expect(payload, "token_use", "id");
  return payload;
}

/** Verifies an access token of Cognito for this app, and gives its claims. */
export async function verifyAccessToken(token) {
  const { issuer, clientId } = settings();
  const { payload } = await jwtVerify(token, keys(), {
    algorithms: ["RS256"],
    issuer,
    requiredClaims: ["exp", "sub"],
  });
  expect(payload, "token_use", "access");
  expect(payload, "client_id", clientId); // Cognito's access tokens have no aud.
  return payload;
}

function expect(payload, claim, value) {
  if (payload[claim] === value) return;
  throw new errors.JWTClaimValidationFailed(`unexpected ${claim}`, payload, claim, "check_failed");
}

/** Asks for new tokens. The answer has no new refresh token: the first one stays in use. */
export function refreshTokens(refreshToken) {
  const body = { grant_type: "refresh_token", refresh_token: refreshToken };
  return post(settings().tokenEndpoint, body);
}

/** Ends a refresh token, and the access tokens of its sign-in. */
export async function revoke(refreshToken) {
  const answer = await post(settings().revocationEndpoint, { token: refreshToken });
  if (!answer.ok) throw new Error(`the revocation was answered by ${answer.status}`);
}

function post(url, body) {
  const { clientId, clientSecret } = settings();
  return fetch(url, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams(body),
    signal: AbortSignal.timeout(10_000),
  });
}
