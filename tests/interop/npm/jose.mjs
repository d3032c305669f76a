// npm's jose, as a reader of what the bridge publishes and signs: key sets and client assertions.
// jose knows nothing of OAuth, so the question says what a key set or a JWT must be like.

import {
  calculateJwkThumbprint,
  createRemoteJWKSet,
  customFetch,
  importJWK,
  jwtVerify,
} from 'jose';

import { converse } from './conversation.mjs';
import { loopback } from './loopback.mjs';

await converse({
  // Reads a key set: imports each key for its own algorithm, and computes its thumbprint (RFC
  // 7638).
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

  // Verifies a JWT with the keys of a key set. `expected` has jose's own options.
  async verify({ jwt, url, expected }) {
    const keys = createRemoteJWKSet(new URL(url), { [customFetch]: loopback });
    const { protectedHeader, payload } = await jwtVerify(jwt, keys, expected);
    return { header: protectedHeader, claims: payload };
  },
});
