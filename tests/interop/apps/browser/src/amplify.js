// Signs in with AWS Amplify (Auth, version 6) through Cognito's managed login.
import { Amplify } from "aws-amplify";
import { fetchAuthSession, signInWithRedirect, signOut } from "aws-amplify/auth";
// Amplify's docs want this import in an app of several pages: it completes the sign-in on return.
import "aws-amplify/auth/enable-oauth-listener";
import { Hub } from "aws-amplify/utils";

const settings = await (await fetch("/settings.json")).json();
const issuer = new URL(settings.issuer);

const result = document.getElementById("result");
const print = (value) => {
  result.textContent = JSON.stringify(value, null, 2);
};

// Amplify doesn't hand out the refresh token; this is the key under which it keeps it.
const hasRefreshToken = () =>
  Object.keys(localStorage).some(
    (key) =>
      key.startsWith(`CognitoIdentityServiceProvider.${settings.clientId}.`) &&
      key.endsWith(".refreshToken"),
  );

async function show(options) {
  const { tokens } = await fetchAuthSession(options);
  if (!tokens) {
    print({ signed_in: false });
    return;
  }
  print({
    signed_in: true,
    claims: tokens.idToken?.payload,
    userinfo: null, // Amplify never calls userInfo.
    has_refresh_token: hasRefreshToken(),
    access_token: tokens.accessToken.toString(),
  });
}

async function run(action) {
  result.textContent = "";
  try {
    await action();
  } catch (error) {
    print({ error: error.name, error_description: error.message });
  }
}

const query = new URLSearchParams(window.location.search);
const isCallback = query.has("code") || query.has("error");

// Listen before Amplify.configure: that is what begins to complete a sign-in.
Hub.listen("auth", ({ payload }) => {
  if (payload.event === "signedIn") {
    run(() => show());
  } else if (payload.event === "signInWithRedirect_failure") {
    // Of OAuth's error and error_description Amplify passes on only the latter, as the message;
    // it leaves the URL as it was, so the error code is read from there.
    const { error } = payload.data;
    print({
      signed_in: false,
      error: query.get("error") ?? error?.name,
      error_description: error?.message,
    });
    window.history.replaceState(null, "", window.location.pathname);
  }
});

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: issuer.pathname.slice(1), // such as ap-northeast-1_Example01
      userPoolClientId: settings.clientId,
      // Where the API calls of refresh and sign-out go. The issuer of a real user pool is
      // https://cognito-idp.REGION.amazonaws.com/POOL: there this is Amplify's own default.
      userPoolEndpoint: issuer.origin,
      loginWith: {
        oauth: {
          domain: new URL(settings.domain).host, // Amplify puts https:// before it.
          scopes: settings.scopes.split(" "),
          redirectSignIn: [settings.callback],
          redirectSignOut: [settings.logoutUrl],
          responseType: "code",
        },
      },
    },
  },
});

const onClick = (id, action) =>
  document.getElementById(id).addEventListener("click", () => run(action));
onClick("sign-in", () => signInWithRedirect({ provider: { custom: "MynaApp" } }));
onClick("refresh", () => show({ forceRefresh: true }));
// Revokes the refresh token, forgets all tokens, and goes to Cognito's /logout.
onClick("sign-out", () => signOut());

if (!isCallback) await run(() => show());
