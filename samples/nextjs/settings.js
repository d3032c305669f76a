/**
 * The `.env` block that `simulate cognito` prints, read at each request and not when this file is
 * loaded: `next build` loads it, too, and must not need the settings.
 */
export function settings() {
  const callback = setting("COGNITO_CALLBACK");
  return {
    issuer: setting("COGNITO_ISSUER"),
    clientId: setting("COGNITO_CLIENT_ID"),
    clientSecret: setting("COGNITO_CLIENT_SECRET"),
    identityProvider: setting("COGNITO_IDENTITY_PROVIDER"),
    jwksUri: setting("COGNITO_JWKS_URI"),
    tokenEndpoint: setting("COGNITO_TOKEN_ENDPOINT"),
    revocationEndpoint: setting("COGNITO_REVOCATION_ENDPOINT"),
    logoutEndpoint: setting("COGNITO_LOGOUT_ENDPOINT"),
    authSecret: setting("AUTH_SECRET"),
    /** The app's own origin. Taken from what is registered, it never depends on a `Host` header. */
    origin: new URL(callback).origin,
  };
}

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see README.md`);
  return value;
}

/**
 * The name of a cookie. The ports of localhost share their cookies, so this app's have a name of
 * their own. On https, the prefix lets no other host or path of the domain set them.
 */
export function cookieName(name) {
  const prefix = settings().origin.startsWith("https:") ? "__Host-" : "";
  return `${prefix}nextjs-sample.${name}`;
}
