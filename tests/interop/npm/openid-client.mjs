// npm's openid-client in Amazon Cognito's place: a whole login through the bridge, found by
// discovery. It uses `client_secret_post`, state, nonce and PKCE with S256, and makes every check
// that the library has.
// The test is the browser: it gets the authorization URL, and answers with the URL at which the
// browser arrived.

import * as client from 'openid-client';

import { converse } from './conversation.mjs';
import { loopback } from './loopback.mjs';
import { SCOPE, settings, verifiedByJose, withoutTokens } from './relying-party.mjs';

let config;
let login;

async function discovered(clientSecret) {
  const authentication = client.ClientSecretPost(clientSecret);
  return client.discovery(settings.issuer, settings.clientId, undefined, authentication, {
    [client.customFetch]: loopback,
    // The first allows `http`, which is only used on the loopback. The second makes the library
    // verify the signature, which it may skip over TLS.
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
}

await converse({
  async discover({ client_secret = settings.clientSecret }) {
    config = await discovered(client_secret);
    return config.serverMetadata();
  },

  async begin({ max_age }) {
    login = {
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      maxAge: max_age,
    };
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: settings.redirectUri,
      scope: SCOPE,
      state: login.expectedState,
      nonce: login.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(login.pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...(max_age === undefined ? {} : { max_age: String(max_age) }),
    });
    return url.href;
  },

  async finish({ callback, nonce, code_verifier }) {
    const checks = { ...login, idTokenExpected: true };
    checks.expectedNonce = nonce ?? checks.expectedNonce;
    checks.pkceCodeVerifier = code_verifier ?? checks.pkceCodeVerifier;
    const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks);
    const claims = tokens.claims();
    const { userinfo_endpoint } = config.serverMetadata();
    const posted = await client.fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(userinfo_endpoint),
      'POST',
    );
    return {
      token_response: withoutTokens(tokens),
      claims,
      nonce: login.expectedNonce,
      jose: await verifiedByJose(tokens, config.serverMetadata()),
      userinfo: {
        get: await client.fetchUserInfo(config, tokens.access_token, claims.sub),
        post: await posted.json(),
      },
    };
  },

  userinfo({ access_token }) {
    return client.fetchUserInfo(config, access_token, client.skipSubjectCheck);
  },
});
