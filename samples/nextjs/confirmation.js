// "Confirm that it is you, now": a new login with prompt=login. The person can remove `prompt` from
// the URL, so only the signed ID token that comes back tells whether it was done.
import { cookies } from "next/headers";
import { decode, encode } from "next-auth/jwt";
import { cookieName, settings } from "./settings";

const MINUTES = 60;

/**
 * Keeps when a confirmation began, and whose session it is. The encrypted cookie can't be changed,
 * and the nonce binds it to this one login: Cognito returns it in the ID token.
 */
export async function beginConfirmation(authorizationUrl, sub) {
  const nonce = new URL(authorizationUrl).searchParams.get("nonce");
  await keep({ begun: Math.floor(Date.now() / 1000), nonce, sub });
}

/**
 * Called with the verified claims of each login. If it is the one that a confirmation began, the
 * answer is kept. Returns false if another person answered: then the session must not change hands.
 */
export async function answerConfirmation(claims) {
  const { begun, nonce, sub } = await kept();
  if (!begun || !nonce || nonce !== claims.nonce) return true;
  await keep({ sub, answer: isThePersonNow(claims, begun, sub) });
  return claims.sub === sub;
}

/**
 * The answer to this person's last confirmation, if there was one within ten minutes. It is shown.
 * An app that does something important upon a "yes" does it in answerConfirmation, once.
 */
export async function confirmationOf(sub) {
  const confirmation = await kept();
  return confirmation.sub === sub ? confirmation.answer : undefined;
}

export async function forgetConfirmation() {
  await keep({});
}

// The clocks of the app and of the service may differ by 60 seconds.
const isThePersonNow = (claims, begun, sub) =>
  claims.sub === sub &&
  claims.identity_verified === true &&
  typeof claims.verified_at === "number" &&
  claims.verified_at >= begun - 60;

async function keep(token) {
  const { authSecret, origin } = settings();
  const name = cookieName("confirmation");
  const maxAge = 10 * MINUTES;
  (await cookies()).set(name, await encode({ token, secret: authSecret, salt: name, maxAge }), {
    httpOnly: true,
    maxAge,
    path: "/",
    sameSite: "lax",
    secure: origin.startsWith("https:"),
  });
}

async function kept() {
  const name = cookieName("confirmation");
  const token = (await cookies()).get(name)?.value;
  try {
    return (await decode({ token, secret: settings().authSecret, salt: name })) ?? {};
  } catch {
    return {}; // too old, or of another AUTH_SECRET
  }
}
