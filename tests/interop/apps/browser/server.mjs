// Serves one of the apps, after `npm ci` and `npm run build`:
//
//     node server.mjs oidc-client-ts
//     node server.mjs amplify
//
// The variables below are what `digital-auth simulate cognito --client public` was started with,
// and what it prints. For Amplify it needs --https, and the browser has to trust the certificate.
// This server only hands out files: the page itself is the OAuth client, a public one without a
// secret. Open it at http://localhost:PORT, which is the origin of CALLBACK.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const app = process.argv[2];
if (!["oidc-client-ts", "amplify"].includes(app)) {
  console.error("usage: node server.mjs oidc-client-ts|amplify");
  process.exit(2);
}
const { PORT, ISSUER, DOMAIN, CLIENT_ID, CALLBACK, LOGOUT_URL, SCOPES } = process.env;
for (const [name, value] of Object.entries({
  PORT, ISSUER, DOMAIN, CLIENT_ID, CALLBACK, LOGOUT_URL, SCOPES,
})) {
  if (!value) {
    console.error(`the environment variable ${name} is missing`);
    process.exit(2);
  }
}

// Everything in here is public: whoever opens the page can read it. Never add a secret.
const settings = JSON.stringify({
  issuer: ISSUER,
  domain: DOMAIN,
  clientId: CLIENT_ID,
  callback: CALLBACK,
  logoutUrl: LOGOUT_URL,
  scopes: SCOPES,
});
const file = (path) => readFileSync(new URL(path, import.meta.url));
const page = { type: "text/html; charset=utf-8", body: file(`src/${app}.html`) };
const answers = {
  "/": page,
  [new URL(CALLBACK).pathname]: page,
  [new URL(LOGOUT_URL).pathname]: page,
  "/app.js": { type: "text/javascript; charset=utf-8", body: file(`dist/${app}.js`) },
  "/settings.json": { type: "application/json", body: settings },
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const answer = Object.hasOwn(answers, pathname) ? answers[pathname] : undefined;
  if (!answer) {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": answer.type,
    "cache-control": "no-store",
    // The callback's URL carries the authorization code: it must not leave as a Referer.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
});
server.listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
