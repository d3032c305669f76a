"use server";
// Server actions: what the page's buttons do. They may write cookies, which a page can't. Next.js
// takes them by POST only, and compares Origin with Host, so that no other site can call them.
import { redirect } from "next/navigation";
import { auth, signIn, signOut, storedSession, unstable_update } from "../auth";
import { beginConfirmation, forgetConfirmation } from "../confirmation";
import { settings } from "../settings";

export async function begin() {
  redirect(await authorizationUrl());
}

export async function confirm() {
  const session = await auth();
  if (!session) redirect("/");
  const url = await authorizationUrl({ prompt: "login" });
  await beginConfirmation(url, session.user.sub);
  redirect(url);
}

async function authorizationUrl(parameters) {
  return signIn("cognito", { redirect: false, redirectTo: "/" }, parameters);
}

/** Gets new tokens without the card. Ages are computed again, by the date of that day. */
export async function refresh() {
  const session = await unstable_update({});
  redirect(session ? "/" : "/?message=failed"); // null: the refresh token is revoked or too old
}

/**
 * Calls the API with the access token, from the server: no script in the browser gets hold of it.
 * Here the API is in the same app; it may as well be another server.
 */
export async function callApi() {
  let session = await storedSession();
  if (session && session.accessTokenExpires < Date.now() / 1000 + 60) {
    await unstable_update({});
    session = await storedSession();
  }
  if (!session) redirect("/");
  const headers = { Authorization: `Bearer ${session.accessToken}` };
  const answer = await fetch(`${settings().origin}/api/age`, { headers, cache: "no-store" });
  return `${answer.status} ${await answer.text()}`;
}

export async function logOut() {
  await signOut({ redirect: false });
  await forgetConfirmation();
  // Cognito's logout isn't that of OpenID Connect. logout_uri is compared to the last character.
  const { clientId, logoutEndpoint, origin } = settings();
  const query = new URLSearchParams({ client_id: clientId, logout_uri: `${origin}/` });
  redirect(`${logoutEndpoint}?${query}`);
}
