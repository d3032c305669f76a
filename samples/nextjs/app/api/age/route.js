import { errors } from "jose";
import { verifyAccessToken } from "../../../tokens";

/** An API that takes access tokens. It decides by what the token proves, and nothing else. */
export async function GET(request) {
  const [, token] = /^Bearer ([^ ]+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  if (!token) return refusal("Bearer");
  try {
    const { age_over_20 } = await verifyAccessToken(token);
    // Absent is not false: whether the person is 20 or over isn't known then.
    return Response.json({ age_over_20: age_over_20 ?? null }, { headers: NOT_STORED });
  } catch (error) {
    // Keys that can't be fetched aren't the token's fault: that is a 500.
    const unavailable = ["ERR_JWKS_TIMEOUT", "ERR_JOSE_GENERIC"].includes(error.code);
    if (unavailable || !(error instanceof errors.JOSEError)) throw error;
    return refusal('Bearer error="invalid_token"');
  }
}

const NOT_STORED = { "Cache-Control": "no-store" };

function refusal(challenge) {
  const headers = { ...NOT_STORED, "WWW-Authenticate": challenge };
  return Response.json({ error: "invalid_token" }, { status: 401, headers });
}
