// npm's jose as a reader of what the bridge publishes and signs: key sets, and client assertions.
// It knows nothing of OAuth: what a key set or a JWT has to be is in the question.

import { calculateJwkThumbprint, createRemoteJWKSet, customFetch, importJWK, jwtVerify } from 'jose';

import { converse } from './conversation.mjs';
import { loopback } from './loopback.mjs';

await converse({
  // Every key of a key set: imported as a key for its own algorithm, with the thumbprint that jose
  // computes (RFC 7638).
  async key_set({ url }) {
    const response = await loopback(url);
    const { keys } = await response.json();
    return Promise.all(
      keys.map(async (jwk) => {
        const key = await importJWK(jwk, jwk.alg);
        return {
          type: key.type,
          usages: key.usages,
          kid: jwk.kid,
          alg: jwk.alg,
          use: jwk.use,
          thumbprint: await calculateJwkThumbprint(jwk, 'sha256'),
        };
      }),
    );
  },

  // A JWT, verified with the keys of a key set and with all that `expected` says (jose's own
  // options).
  async verify({ jwt, url, expected }) {
    const keys = createRemoteJWKSet(new URL(url), { [customFetch]: loopback });
    const { protectedHeader, payload } = await jwtVerify(jwt, keys, expected);
    return { header: protectedHeader, claims: payload };
  },
});
