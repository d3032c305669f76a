import { NextResponse } from "next/server";
import { handlers } from "../../../../auth";
import { settings } from "../../../../settings";

export const { POST } = handlers;

/**
 * Cognito's callback, among others. Auth.js keeps Cognito's error to itself, so what the person is
 * told is read from the request here, but only after Auth.js has checked its `state`.
 */
export async function GET(request) {
  const answer = await handlers.GET(request);
  const { origin } = settings();
  const end = new URL(answer.headers.get("Location") ?? "/", origin);
  if (end.searchParams.get("error") !== "OAuthCallbackError") return answer;

  const { searchParams } = request.nextUrl;
  // "<class> <support id>", sometimes with a text of Cognito around it. access_denied alone is no
  // cancel: it also comes when the service's page timed out (service_login_expired).
  const description = searchParams.get("error_description") ?? "";
  const cancelled =
    searchParams.get("error") === "access_denied" && description.split(" ").includes("cancelled");
  const message = new URLSearchParams({ message: cancelled ? "cancelled" : "failed" });
  const supportId = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(description)?.[0];
  if (supportId) message.set("support_id", supportId);
  return NextResponse.redirect(new URL(`/?${message}`, origin));
}
