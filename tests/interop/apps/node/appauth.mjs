// Signs in with AppAuth-JS (@openid/appauth) as a native app: a public client with PKCE whose
// redirect URI has a scheme of its own (CALLBACK, such as myapp://callback).
// There is no browser here: the app talks to whoever plays the browser by lines of JSON.
// Start it with `node --import tsx appauth.mjs`, as the library's own sample is started: its ES
// modules import files without their ending, which plain Node refuses.
import * as appauth from "@openid/appauth";
import { NodeCrypto, NodeRequestor } from "@openid/appauth/built/src/node_support/index.js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { createInterface } from "node:readline";

// The library logs requests and answers, tokens too, to stdout unless told not to.
appauth.setFlag("IS_LOG", false);

const { ISSUER, CLIENT_ID, CALLBACK, LOGOUT_URL, SCOPES } = process.env;
const write = (message) => console.log(JSON.stringify(message));

// The library has handlers for a web page and for a loopback server. For other ways to a browser
// one subclasses AuthorizationRequestHandler; this one's browser is the other end of stdout.
class LineHandler extends appauth.AuthorizationRequestHandler {
  constructor() {
    super(new appauth.BasicQueryStringUtils(), new NodeCrypto());
    this.arrival = null;
  }

  async performAuthorizationRequest(configuration, request) {
    this.request = request;
    await request.setupCodeVerifier(); // adds code_challenge to the request
    write({ open: this.buildRequestUrl(configuration, request) });
  }

  // The operating system would call this with the URL of the app's scheme.
  arrived(url) {
    this.arrival = this.utils.parse(new URL(url));
    return this.completeAuthorizationRequestIfPossible();
  }

  async completeAuthorizationRequest() {
    const { request, arrival } = this;
    // The library leaves it to the handler to compare the state.
    if (!request || arrival?.state !== request.state) throw new Error("wrong state");
    this.request = this.arrival = null; // for one use
    return arrival.error
      ? { request, response: null, error: new appauth.AuthorizationError(arrival) }
      : { request, response: new appauth.AuthorizationResponse(arrival), error: null };
  }
}

const requestor = new NodeRequestor(); // the default one needs jQuery
const configuration = await appauth.AuthorizationServiceConfiguration.fetchFromIssuer(
  ISSUER,
  requestor,
);
const tokenHandler = new appauth.BaseTokenRequestHandler(requestor);
const handler = new LineHandler();
const notifier = new appauth.AuthorizationNotifier();
handler.setAuthorizationNotifier(notifier);
// The library hands over the ID token unread: checking it is the app's work.
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));

let signedIn = false;
let refreshToken;

async function requestTokens(grant, nonce) {
  const tokens = await tokenHandler.performTokenRequest(
    configuration,
    new appauth.TokenRequest({ client_id: CLIENT_ID, redirect_uri: CALLBACK, ...grant }),
  );
  const checks = { issuer: ISSUER, audience: CLIENT_ID };
  const { payload: claims } = await jwtVerify(tokens.idToken, keys, checks);
  if (nonce && claims.nonce !== nonce) throw new Error("wrong nonce");
  // Cognito doesn't send the refresh token again when refreshing: the earlier one stays in use.
  refreshToken = tokens.refreshToken ?? refreshToken;
  signedIn = true;
  const has_refresh_token = Boolean(refreshToken);
  write({ me: { signed_in: true, claims, access_token: tokens.accessToken, has_refresh_token } });
}

function login() {
  const request = new appauth.AuthorizationRequest(
    {
      client_id: CLIENT_ID,
      redirect_uri: CALLBACK,
      scope: SCOPES,
      response_type: appauth.AuthorizationRequest.RESPONSE_TYPE_CODE,
      extras: { nonce: new NodeCrypto().generateRandom(32) },
    },
    new NodeCrypto(), // the default one makes random numbers with Math.random outside a browser
  );
  return handler.performAuthorizationRequest(configuration, request);
}

const fail = (e) => write({ error: e.message });
notifier.setAuthorizationListener((request, response, error) => {
  if (error) return write({ error: error.error });
  const extras = { code_verifier: request.internal.code_verifier };
  const grant = { grant_type: appauth.GRANT_TYPE_AUTHORIZATION_CODE, code: response.code, extras };
  requestTokens(grant, request.extras.nonce).catch(fail);
});

const commands = {
  login,
  me: () => write({ me: { signed_in: signedIn } }),
  refresh: () =>
    requestTokens({
      grant_type: appauth.GRANT_TYPE_REFRESH_TOKEN,
      refresh_token: refreshToken,
    }),
  // Revokes the refresh token, and with it the access token; then the browser signs out of Cognito.
  // The library has no request for that. Cognito's /logout wants logout_uri, which OpenID Connect
  // calls post_logout_redirect_uri.
  async logout() {
    const request = new appauth.RevokeTokenRequest({ token: refreshToken, client_id: CLIENT_ID });
    await tokenHandler.performRevokeTokenRequest(configuration, request);
    signedIn = false;
    refreshToken = undefined;
    const url = new URL(configuration.endSessionEndpoint);
    url.search = new URLSearchParams({ client_id: CLIENT_ID, logout_uri: LOGOUT_URL });
    write({ open: url });
  },
};

await login();
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  try {
    if (message.arrived) await handler.arrived(message.arrived);
    else if (message.do in commands) await commands[message.do]();
    else throw new Error("unknown message");
  } catch (e) {
    fail(e);
  }
}
