// What both relying parties share: their settings as clients of the bridge, and what they tell the
// test about a login.
// Each library checks a login by itself. `jose` then verifies the ID token again.

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

// A token response without the tokens, which the test needn't see.
export function withoutTokens({ access_token, id_token, ...rest }) {
  return rest;
}

// Verifies the ID token as OIDC Core §3.1.3.7 says, with a library that knows nothing of OAuth. The
// issuer must equal `ISSUER` byte for byte.
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
  return {
    header: protectedHeader,
    claims: payload,
    access_token_hash: accessTokenHash(access_token),
  };
}

// The `at_hash` that belongs to an access token for RS256 (OIDC Core §3.1.3.6). It is optional in
// the code flow, and neither library compares it.
function accessTokenHash(accessToken) {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}
