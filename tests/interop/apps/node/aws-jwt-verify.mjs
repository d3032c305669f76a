// Verifies tokens with aws-jwt-verify's generic verifier for RS256. No login: it reads lines
// {"issuer", "audience", "jwks_uri", "token"} and writes for each a line
// {"claims": ...} or {"refused": "error name"}.
// The keys are fetched by https only; a private CA is given as NODE_EXTRA_CA_CERTS=$CA.
import { JwtRsaVerifier } from "aws-jwt-verify";
import { FetchError } from "aws-jwt-verify/error";
import { createInterface } from "node:readline";

// One verifier for each issuer and audience, as it caches the keys.
const verifiers = new Map();

function verifierFor({ issuer, audience, jwks_uri }) {
  const key = JSON.stringify({ issuer, audience, jwks_uri });
  if (!verifiers.has(key)) {
    // "audience" must be there: Cognito's ID tokens have the client id in aud. Its access tokens
    // have no aud; for them send null (the library then doesn't look) and check client_id.
    const verifier = JwtRsaVerifier.create({ issuer, audience, jwksUri: jwks_uri });
    verifiers.set(key, verifier);
  }
  return verifiers.get(key);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const request = JSON.parse(line);
    answer = { claims: await verifierFor(request).verify(request.token) };
  } catch (e) {
    // The library's errors are told apart by their class; their `name` is only "Error".
    answer = { refused: e.constructor.name };
    if (e instanceof FetchError) console.error(e.message); // why the keys can't be fetched
  }
  console.log(JSON.stringify(answer));
}
