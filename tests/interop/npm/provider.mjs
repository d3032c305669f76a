// npm's oidc-provider in the place of the Digital Authentication App service, with an issuer that
// has a path.
// It is as strict as the service's documentation: only `private_key_jwt`, PKCE with S256, pairwise
// subjects, `iss` in the authorization response (RFC 9207). The test registers one client and its
// people, and can rotate the keys. Its two pages ask for a login and for consent.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { Provider } from 'oidc-provider';

import { converse, say } from './conversation.mjs';

const MOUNT = '/api/realms/main';
const ENDPOINTS = `${MOUNT}/protocol/openid-connect`;
const ATTRIBUTES = ['name', 'address', 'birthdate', 'gender'];
const SALT = randomBytes(32);
const COOKIE_KEYS = [randomBytes(32).toString('base64url')];

let registered;
let provider;
// The token requests so far, each with its outcome. The test reads them.
let tokenRequests = [];

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const back = `http://127.0.0.1:${port}${ENDPOINTS}`;
  say({
    issuer: issuer(),
    authorization_endpoint: `http://service.localhost:${port}${ENDPOINTS}/auth`,
    token_endpoint: `${back}/token`,
    userinfo_endpoint: `${back}/userinfo`,
    jwks_uri: `${back}/certs`,
  });
});

function issuer() {
  return `http://service.localhost:${server.address().port}${MOUNT}`;
}

// One key for each algorithm, each with its own `kid`.
function newKeys() {
  const pairs = [
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ];
  return {
    keys: pairs.map(([alg, { privateKey }]) => ({
      ...privateKey.export({ format: 'jwk' }),
      alg,
      use: 'sig',
      kid: randomBytes(8).toString('hex'),
    })),
  };
}

function configuration({ client, people }) {
  return {
    clients: [
      {
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        subject_type: 'pairwise',
        require_auth_time: true,
        id_token_signed_response_alg: 'ES256',
        ...client,
      },
    ],
    jwks: newKeys(),
    clientAuthMethods: ['private_key_jwt'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'RS256'],
      idTokenSigningAlgValues: ['ES256', 'RS256'],
    },
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_context, account, { sectorIdentifier }) =>
      createHash('sha256')
        .update(`${sectorIdentifier} ${account} `)
        .update(SALT)
        .digest('base64url'),
    acrValues: ['aal3', 'crl'],
    scopes: ['openid', ...ATTRIBUTES],
    claims: {
      acr: null,
      auth_time: null,
      iss: null,
      openid: ['sub'],
      ...Object.fromEntries(ATTRIBUTES.map((attribute) => [attribute, [attribute]])),
    },
    // The claims of `people` are in the service's form, which differs from that of OpenID Connect.
    findAccount: (_context, id) =>
      people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) },
    interactions: { url: (_context, { uid }) => `${MOUNT}/interaction/${uid}` },
    cookies: { keys: COOKIE_KEYS },
    routes: {
      authorization: '/protocol/openid-connect/auth',
      token: '/protocol/openid-connect/token',
      userinfo: '/protocol/openid-connect/userinfo',
      jwks: '/protocol/openid-connect/certs',
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 300,
      Interaction: 600,
      Session: 600,
    },
  };
}

// Keys and clients of a provider can't be changed. So any change starts a new provider at the same
// address.
function start() {
  provider = new Provider(issuer(), configuration(registered));
  const record = (context, outcome) => {
    tokenRequests.push({ ...context.oidc.params, outcome });
  };
  provider.on('grant.success', (context) => record(context, { granted: true }));
  provider.on('grant.error', (context, { error, error_description, error_detail }) =>
    record(context, { error, error_description, error_detail }),
  );
  provider.on('server_error', (_context, error) => console.error(error));
}

async function handle(request, response) {
  if (!request.url.startsWith(`${MOUNT}/`)) {
    response.writeHead(404).end();
    return;
  }
  if (request.url.startsWith(`${MOUNT}/interaction/`)) {
    await interact(request, response);
    return;
  }
  // Removes the path, as a framework does that mounts an application below a path.
  request.originalUrl = request.url;
  request.url = request.url.slice(MOUNT.length);
  await provider.callback()(request, response);
}

// The two pages: `login` asks who the person is, `consent` asks whether the client may have the
// requested claims.
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page(prompt));
    return;
  }
  const form = await body(request);
  if (form.get('answer') !== 'continue') {
    const result = { error: 'access_denied', error_description: 'End-User aborted interaction' };
    await provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
    return;
  }
  const result =
    prompt.name === 'login'
      ? {
          login: {
            accountId: form.get('login'),
            acr: registered.acr,
            ts: Math.floor(Date.now() / 1000) - registered.seconds_since_authentication,
          },
        }
      : {
          consent: {
            grantId: await granted(session.accountId, params.client_id, prompt.details),
          },
        };
  await provider.interactionFinished(request, response, result);
}

async function granted(accountId, clientId, { missingOIDCScope = [] }) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(missingOIDCScope.join(' '));
  return grant.save();
}

// The names of the missing scopes are known to the provider, and contain nothing that needs
// escaping.
function page({ name, details }) {
  const question =
    name === 'login'
      ? '<label>Login <input name="login" required></label>'
      : `<p>${details.missingOIDCScope.join(' ')}</p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name}</title></head><body>
<form method="post">${question}
<button name="answer" value="continue">Continue</button>
<button name="answer" value="cancel" formnovalidate>Cancel</button>
</form></body></html>
`;
}

async function body(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 65_536) {
      throw new Error('the form is too large');
    }
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

await converse({
  // client: the registered metadata of the client. people: the claims of each person, by login.
  // acr: the acr of every login. seconds_since_authentication: how long ago a person authenticated.
  register(registration) {
    registered = { acr: 'aal3', seconds_since_authentication: 0, ...registration };
    tokenRequests = [];
    start();
  },
  rotate_keys() {
    start();
  },
  token_requests() {
    return tokenRequests;
  },
});
server.close();
server.closeAllConnections();
