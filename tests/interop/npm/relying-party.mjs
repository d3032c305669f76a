// What both relying parties have in common: who they are at the bridge, and what they tell the test
// of a login.
// Each library does all of a login with its own checks; the ID token is then verified once more by
// `jose` alone.

import { createHash } from 'node:crypto';

import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';

import { loopback } from './loopback.mjs';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;

export const settings = {
  issuer: new URL(ISSUER),
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  redirectUri: REDIRECT_URI,
};

export const SCOPE = 'openid name address birthdate gender';

// What the test may see of a token response: everything but the tokens.
export function withoutTokens({ access_token, id_token, ...rest }) {
  return rest;
}

// OIDC Core §3.1.3.7, by a library that knows nothing of OAuth. `ISSUER` is compared byte for byte.
export async function verifiedByJose({ id_token, access_token }, { jwks_uri }) {
  const keys = createRemoteJWKSet(new URL(jwks_uri), { [customFetch]: loopback });
  const { protectedHeader, payload } = await jwtVerify(id_token, keys, {
    issuer: ISSUER,
    audience: CLIENT_ID,
    algorithms: ['RS256'],
    requiredClaims: ['sub', 'iat', 'exp', 'at_hash'],
    clockTolerance: 0,
    maxTokenAge: 60,
  });
  return { header: protectedHeader, claims: payload, access_token_hash: accessTokenHash(access_token) };
}

// What `at_hash` has to be for RS256 (OIDC Core §3.1.3.6). In the code flow it is optional, and
// neither library compares it.
function accessTokenHash(accessToken) {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}
