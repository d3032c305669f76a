// Hands out the page, and has the API that the page calls. The page is the OAuth client, without a
// secret; this server knows nothing of a session, and believes access tokens alone.
//
//     npm ci && npm start
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

try {
  // What the environment already has wins.
  process.loadEnvFile(new URL(".env", import.meta.url));
} catch (error) {
  if (error.code !== "ENOENT") throw error;
}
const given = (name) => {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is missing: paste what "simulate cognito" prints into .env`);
  return process.exit(2);
};
const PORT = Number(process.env.PORT || 3001);
const ISSUER = given("COGNITO_ISSUER");
const CLIENT_ID = given("COGNITO_CLIENT_ID");

// Whoever opens the page can read this. A secret must never be in here.
const settings = {
  issuer: ISSUER,
  clientId: CLIENT_ID,
  callback: given("COGNITO_CALLBACK"),
  logoutEndpoint: given("COGNITO_LOGOUT_ENDPOINT"),
  identityProvider: given("COGNITO_IDENTITY_PROVIDER"),
};

const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));

/** The claims of the request's access token; nothing if it has none that is right. */
async function accessToken(request) {
  const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!token) return undefined;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: ISSUER,
      // Whatever the token's own header says.
      algorithms: ["RS256"],
      requiredClaims: ["exp", "sub"],
    });
    // Cognito's access tokens have no `aud`. These two take its place: an ID token, and the access
    // token of another app, are signed with the same keys.
    const isForUs = payload.token_use === "access" && payload.client_id === CLIENT_ID;
    return isForUs ? payload : undefined;
  } catch (error) {
    // Cognito's keys can't be had: that isn't the token's fault.
    const unavailable = [errors.JWKSTimeout.code, errors.JWKSInvalid.code, errors.JOSEError.code];
    if (!(error instanceof errors.JOSEError) || unavailable.includes(error.code)) throw error;
    return undefined;
  }
}

/** Whether the person of these claims has shown the card since `begun`, and is `sub`. */
const isThePersonNow = (claims, begun, sub) =>
  claims.sub === sub &&
  claims.identity_verified === true &&
  typeof claims.verified_at === "number" &&
  claims.verified_at >= begun - 60;

// Who began to confirm, and when. The server keeps both: what the page says about them is nothing
// to rely on. More than one server needs a store that they share.
const confirmations = new Map();
const TEN_MINUTES = 600;
const now = () => Math.floor(Date.now() / 1000);

function beginToConfirm(claims) {
  for (const [id, { begun }] of confirmations) {
    if (begun < now() - TEN_MINUTES) confirmations.delete(id);
  }
  const id = randomUUID();
  confirmations.set(id, { sub: claims.sub, begun: now() });
  return { id };
}

function confirm(claims, id) {
  const { sub, begun } = confirmations.get(id) ?? { begun: 0 };
  confirmations.delete(id); // It counts once.
  return { now: begun >= now() - TEN_MINUTES && isThePersonNow(claims, begun, sub) };
}

const CONFIRMATION = /^POST \/api\/confirmations\/([\w-]+)$/;

/** What the API answers to somebody with these claims. */
function answer(call, claims) {
  // true, false, or null: not known. An age that can't be proved isn't a "no".
  if (call === "GET /api/age") return { age_over_20: claims.age_over_20 ?? null };
  if (call === "POST /api/confirmations") return beginToConfirm(claims);
  const [, id] = CONFIRMATION.exec(call) ?? [];
  return id ? confirm(claims, id) : undefined;
}

async function api(call, request) {
  const claims = await accessToken(request);
  if (!claims) return { status: 401, headers: { "WWW-Authenticate": "Bearer" }, body: {} };
  const body = answer(call, claims);
  return body ? { status: 200, body } : { status: 404, body: {} };
}

const file = (path) => readFileSync(new URL(path, import.meta.url));
const page = { type: "text/html; charset=utf-8", body: file("index.html") };
const script = (path) => ({ type: "text/javascript; charset=utf-8", body: file(path) });
const LIBRARY = "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js";
const files = {
  "GET /": page,
  [`GET ${new URL(settings.callback).pathname}`]: page,
  "GET /style.css": { type: "text/css; charset=utf-8", body: file("style.css") },
  "GET /app.js": script("app.js"),
  "GET /oidc-client-ts.js": script(LIBRARY),
  "GET /settings.json": { type: "application/json", body: JSON.stringify(settings) },
};

// The page may call Cognito (tokens, keys and discovery), and nobody else. On AWS, the issuer and
// the login have different hosts.
const cognito = [ISSUER, settings.logoutEndpoint].map((url) => new URL(url).origin);
const HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:",
    `connect-src 'self' ${[...new Set(cognito)].join(" ")}`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join("; "),
  "Cache-Control": "no-store",
  // The callback's URL has the code in it.
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

const server = createServer(async (request, response) => {
  const [pathname] = request.url.split("?");
  const call = `${request.method} ${pathname}`;
  const found = Object.hasOwn(files, call) ? files[call] : undefined;
  if (found) {
    response.writeHead(200, { ...HEADERS, "Content-Type": found.type }).end(found.body);
    return;
  }
  let answered;
  try {
    answered = pathname.startsWith("/api/") ? await api(call, request) : { status: 404, body: {} };
  } catch (error) {
    console.error(`Cognito's keys can't be had: ${error.message}`);
    answered = { status: 503, body: {} };
  }
  response.writeHead(answered.status, {
    ...HEADERS,
    ...answered.headers,
    "Content-Type": "application/json",
  });
  response.end(JSON.stringify(answered.body));
});
server.listen(PORT, "localhost", () => console.log(`http://localhost:${PORT}/`));
