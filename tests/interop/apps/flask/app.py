"""Signs in at Amazon Cognito with Flask and Authlib. A confidential client."""
import os
import secrets
from urllib.parse import urlencode, urlsplit

import waitress
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, jsonify, redirect, session
from joserfc.errors import JoseError

CALLBACK = os.environ["CALLBACK"]

app = Flask(__name__)
app.config.update(
    # A new key at every start: after a restart everybody has to sign in again.
    SECRET_KEY=secrets.token_bytes(32),
    # Cookies don't depend on the port, so every app on localhost needs a name of its own.
    SESSION_COOKIE_NAME="flask_session",
    # With "Strict" the browser would not send the cookie when the provider redirects back here.
    SESSION_COOKIE_SAMESITE="Lax",
    # On https also set SESSION_COOKIE_SECURE=True.
)

oauth = OAuth(app)
oauth.register(
    "cognito",
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_id=os.environ["CLIENT_ID"],
    # With a secret Authlib uses client_secret_basic, without one it is a public client ("none").
    client_secret=os.environ.get("CLIENT_SECRET") or None,
    client_kwargs={"scope": os.environ["SCOPES"], "code_challenge_method": "S256"},
)

# Flask's session is a signed cookie of at most 4 KB that the browser can read, so the tokens
# stay on the server and the cookie has only a random id. One process only: a real site would
# use a shared store (Flask-Session, Redis, a database) and remove old entries.
sign_ins = {}


def me():
    token = sign_ins.get(session.get("id"))
    if token is None:
        return jsonify(signed_in=False)
    return jsonify(
        signed_in=True,
        claims=token["userinfo"],  # Authlib's name for the claims of the verified ID token
        access_token=token["access_token"],
        has_refresh_token="refresh_token" in token,
    )


def forget_sign_in():
    sign_ins.pop(session.get("id"), None)
    session.clear()


@app.get("/login")
def login():
    # Authlib makes state, nonce and the PKCE verifier and keeps them in the session.
    return oauth.cognito.authorize_redirect(CALLBACK)


@app.get(urlsplit(CALLBACK).path)
def callback():
    # Checks the state, redeems the code and verifies the ID token (signature, issuer, client,
    # expiry, nonce, at_hash). Raises OAuthError for an error of the provider, so for a cancel.
    token = oauth.cognito.authorize_access_token()
    forget_sign_in()
    session["id"] = secrets.token_urlsafe(32)
    sign_ins[session["id"]] = token
    return redirect("/me")


@app.get("/me")
def show_me():
    return me()


@app.post("/refresh")
def refresh():
    old = sign_ins.get(session.get("id"))
    if old is None or "refresh_token" not in old:
        return jsonify(signed_in=False), 401
    new = oauth.cognito.fetch_access_token(
        grant_type="refresh_token", refresh_token=old["refresh_token"]
    )
    if "id_token" in new:
        # This answer belongs to no login, so there is no nonce to compare with. The user has to be
        # the same instead (OIDC Core §12.2).
        new["userinfo"] = oauth.cognito.parse_id_token(new, nonce=None)
        if new["userinfo"]["sub"] != old["userinfo"]["sub"]:
            raise OAuthError("invalid_token", "the refreshed ID token is of another user")
    # Cognito sends no refresh token here: the old one stays.
    sign_ins[session["id"]] = {**old, **new}
    return me()


@app.get("/logout")
def logout():
    forget_sign_in()
    # Authlib's logout_redirect() sends post_logout_redirect_uri, which Cognito doesn't know.
    query = urlencode(
        {"client_id": os.environ["CLIENT_ID"], "logout_uri": os.environ["LOGOUT_URL"]}
    )
    return redirect(f"{os.environ['DOMAIN']}/logout?{query}")


@app.get("/logged-out")
def logged_out():
    return jsonify(signed_in=False)


@app.errorhandler(OAuthError)  # an error of the provider, or a state that isn't ours
@app.errorhandler(JoseError)  # an ID token that isn't valid
def login_failed(error):
    return jsonify(signed_in=False, error=error.error, description=error.description), 400


if __name__ == "__main__":
    server = waitress.create_server(app, host="127.0.0.1", port=int(os.environ["PORT"]))
    print("ready", flush=True)  # the port is open from here on
    server.run()
