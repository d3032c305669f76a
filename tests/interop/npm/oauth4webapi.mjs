// npm's oauth4webapi in Amazon Cognito's place: a whole login through the bridge, found by
// discovery, step by step. It uses `client_secret_post`, state, nonce and PKCE with S256, and makes
// every check that the library has.
// The test is the browser: it gets the authorization URL, and answers with the URL at which the
// browser arrived.

import * as oauth from 'oauth4webapi';

import { converse } from './conversation.mjs';
import { loopback } from './loopback.mjs';
import { SCOPE, settings, verifiedByJose, withoutTokens } from './relying-party.mjs';

// These options allow `http`, which is only used on the loopback.
const http = { [oauth.customFetch]: loopback, [oauth.allowInsecureRequests]: true };
const client = { client_id: settings.clientId, id_token_signed_response_alg: 'RS256' };

let server;
let authentication;
let login;

async function userinfo(accessToken, subject) {
  const response = await oauth.userInfoRequest(server, client, accessToken, http);
  return oauth.processUserInfoResponse(server, client, subject, response);
}

await converse({
  async discover({ client_secret = settings.clientSecret }) {
    authentication = oauth.ClientSecretPost(client_secret);
    const response = await oauth.discoveryRequest(settings.issuer, http);
    server = await oauth.processDiscoveryResponse(settings.issuer, response);
    return server;
  },

  async begin({ max_age }) {
    login = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      codeVerifier: oauth.generateRandomCodeVerifier(),
      maxAge: max_age,
    };
    const url = new URL(server.authorization_endpoint);
    url.searchParams.set('client_id', client.client_id);
    url.searchParams.set('redirect_uri', settings.redirectUri);
    url.searchParams.set('response_type', 'code');
    url.searchParams.set('scope', SCOPE);
    url.searchParams.set('state', login.state);
    url.searchParams.set('nonce', login.nonce);
    url.searchParams.set(
      'code_challenge',
      await oauth.calculatePKCECodeChallenge(login.codeVerifier),
    );
    url.searchParams.set('code_challenge_method', 'S256');
    if (max_age !== undefined) {
      url.searchParams.set('max_age', String(max_age));
    }
    return url.href;
  },

  async finish({ callback, nonce = login.nonce, code_verifier = login.codeVerifier }) {
    const parameters = oauth.validateAuthResponse(server, client, new URL(callback), login.state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      settings.redirectUri,
      code_verifier,
      http,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
      maxAge: login.maxAge,
    });
    // Over TLS, the library may skip the signature. This verifies it too.
    await oauth.validateApplicationLevelSignature(server, response, http);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const posted = await oauth.protectedResourceRequest(
      tokens.access_token,
      'POST',
      new URL(server.userinfo_endpoint),
      undefined,
      undefined,
      http,
    );
    return {
      token_response: withoutTokens(tokens),
      claims,
      nonce: login.nonce,
      jose: await verifiedByJose(tokens, server),
      userinfo: {
        get: await userinfo(tokens.access_token, claims.sub),
        post: await oauth.processUserInfoResponse(server, client, claims.sub, posted),
      },
    };
  },

  userinfo({ access_token }) {
    return userinfo(access_token, oauth.skipSubjectCheck);
  },
});
