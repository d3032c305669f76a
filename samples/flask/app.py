"""Signs people in with their My Number Card, through Amazon Cognito, by Flask and Authlib.

    venv/bin/python app.py

The app is a confidential client: the tokens stay on this server, and the browser has a session
cookie. MIT OR Apache-2.0.
"""

import os
import re
import secrets
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests
import waitress
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from dotenv import load_dotenv
from flask import Flask, flash, redirect, render_template, request, session, url_for
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# What `simulate cognito` prints. What the environment already has wins.
load_dotenv(Path(__file__).with_name(".env"))
ISSUER = os.environ["COGNITO_ISSUER"]
CLIENT_ID = os.environ["COGNITO_CLIENT_ID"]
CALLBACK = os.environ["COGNITO_CALLBACK"]
PORT = int(os.environ.get("PORT", "5001"))
HOME = CALLBACK.removesuffix(urlsplit(CALLBACK).path) + "/"

# The least that this app needs. Always name the scopes: an app that names none gets all that it is
# allowed.
SCOPE = "openid digital-auth/name digital-auth/age_over_20 digital-auth/verified"

app = Flask(__name__)
app.config.update(
    # Without a key of its own, everybody has to sign in again after a restart.
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_bytes(32),
    # Ports don't separate cookies: every app on localhost needs a name of its own.
    SESSION_COOKIE_NAME="sample_flask",
    # "Strict" wouldn't come back with the browser from Cognito. Flask's default is HttpOnly.
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=CALLBACK.startswith("https:"),
)

oauth = OAuth(app)
oauth.register(
    "cognito",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_id=CLIENT_ID,
    client_secret=os.environ["COGNITO_CLIENT_SECRET"],
    # Authlib makes state and nonce by itself. PKCE has to be asked for.
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)
FAILURES = (OAuthError, JoseError, requests.RequestException)

# Who is signed in, by the random id in the session cookie. That cookie is signed, but everybody
# can read it, so no token is in there. A site with several processes needs a store that they share.
signed_in = {}
A_WORKING_DAY = 8 * 3600


def person():
    """What is kept of the person in front of this browser, if somebody is signed in."""
    kept = signed_in.get(session.get("id"))
    return kept if kept and kept["since"] > time.time() - A_WORKING_DAY else None


def begin_session(token, scope):
    """Keeps these tokens, under a new id."""
    too_old = time.time() - A_WORKING_DAY
    for old in [id for id, kept in signed_in.items() if kept["since"] < too_old]:
        signed_in.pop(old, None)
    forget()
    session["id"] = secrets.token_urlsafe(32)
    signed_in[session["id"]] = {"token": token, "scope": scope, "since": time.time()}


def forget():
    signed_in.pop(session.get("id"), None)
    session.clear()


@app.get("/")
def home():
    session.setdefault("csrf", secrets.token_urlsafe(32))
    kept = person()
    if kept is None:
        return render_template("index.html")
    id_token = kept["token"]["userinfo"]  # Authlib's name for the claims of the verified ID token

    def proved(name):
        # An attribute counts only if its scope was granted: a person can remove one from the URL.
        return id_token.get(name) if f"digital-auth/{name}" in kept["scope"] else None

    # Only a part of the birth date may be known. This isn't a "no".
    age = {True: "yes", False: "no"}.get(proved("age_over_20"), "unknown")
    return render_template("index.html", claims=id_token, name=proved("name"), age=age)


@app.get("/login")
def login():
    # With identity_provider, Cognito's own page isn't shown.
    provider = os.environ["COGNITO_IDENTITY_PROVIDER"]
    return oauth.cognito.authorize_redirect(CALLBACK, identity_provider=provider)


@app.post("/confirm")
def confirm():
    # Kept here, because the browser could say any time.
    person()["begun"] = int(time.time())
    provider = os.environ["COGNITO_IDENTITY_PROVIDER"]
    return oauth.cognito.authorize_redirect(
        CALLBACK, identity_provider=provider, prompt="login"
    )


def is_the_person_now(claims, begun, sub):
    """Whether the person of these claims has shown the card since `begun`, and is `sub`."""
    verified_at = claims.get("verified_at")
    return (
        claims["sub"] == sub
        and claims.get("identity_verified") is True
        and isinstance(verified_at, int)
        and verified_at >= begun - 60
    )


@app.get(urlsplit(CALLBACK).path)
def callback():
    kept = person() or {}
    try:
        # Checks state, redeems the code, and verifies the ID token: signature, issuer, audience,
        # expiry, nonce. An answer to no login of this browser, or to one that has ended, fails.
        if "error" in request.args:
            is_an_answer(request.args.get("state"))
        token = oauth.cognito.authorize_access_token()
        scope = access_token_claims(token["access_token"])["scope"].split()
    except FAILURES as error:
        kept.pop("begun", None)
        return failed(error)
    begun = kept.pop("begun", None)
    if begun is None:
        begin_session(token, scope)
        return redirect(HOME)
    before = kept["token"]["userinfo"]["sub"]
    is_now = is_the_person_now(token["userinfo"], begun, before)
    if is_now:
        kept.update(token=token, scope=scope)
    # Else another person may have been at the device: the session stays with whom it began.
    flash("yes" if is_now else "no", "now")
    return redirect(HOME)


def is_an_answer(state):
    """Authlib looks at an error before it looks at the state, so anybody's link could bring one."""
    framework = oauth.cognito.framework
    if not state or not framework.get_state_data(session, state):
        raise OAuthError("unknown_state", "no login of this browser")
    framework.clear_state_data(session, state)


def failed(error):
    """Says on the page that it didn't work. Nothing of the URL gets there but the support id."""
    description = getattr(error, "description", None) or ""
    # Cognito's description ends with the class of the failure, and the support id. access_denied
    # alone isn't a cancel: a login page that was open too long gives it, too.
    told = re.search(r"(?:^| )([a-z_]+) ([0-9A-Z]{4}-[0-9A-Z]{4})$", description, re.ASCII)
    reason, support_id = told.groups() if told else ("", "")
    is_cancel = getattr(error, "error", "") == "access_denied" and reason == "cancelled"
    flash(support_id, "cancelled" if is_cancel else "failed")
    return redirect(HOME)


@app.post("/refresh")
def refresh():
    kept = person()
    old = kept["token"]
    try:
        new = oauth.cognito.fetch_access_token(
            grant_type="refresh_token", refresh_token=old["refresh_token"]
        )
        # No login belongs to this answer, and so no nonce. The person has to be the same.
        new["userinfo"] = oauth.cognito.parse_id_token(new, nonce=None)
        if new["userinfo"]["sub"] != old["userinfo"]["sub"]:
            raise OAuthError("invalid_token", "of another person")
    except FAILURES as error:
        forget()
        return failed(error)
    # Cognito's answer has no refresh token: the first one stays.
    kept["token"] = {**old, **new}
    return redirect(HOME)


@app.post("/log-out")
def log_out():
    forget()
    # Authlib's own logout has the parameters of OpenID Connect, and Cognito has others.
    query = urlencode({"client_id": CLIENT_ID, "logout_uri": HOME})
    return redirect(f"{os.environ['COGNITO_LOGOUT_ENDPOINT']}?{query}")


@app.post("/call-api")
def call_api():
    kept = person()
    # The API could be another server. Its address isn't taken from the request: whoever changed
    # `Host` would get the token.
    answer = requests.get(
        f"http://localhost:{PORT}/api/age",
        headers={"Authorization": f"Bearer {kept['token']['access_token']}"},
        timeout=10,
    )
    flash(f"{answer.status_code} {answer.text.strip()}", "api")
    return redirect(HOME)


@app.get("/api/age")
def api_age():
    """An API behind the app. It believes a right access token, and nothing else."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise ValueError("no token")
        claims = access_token_claims(token)
    except (JoseError, ValueError):
        return {"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"}
    # true, false, or null: not known.
    return {"age_over_20": claims.get("age_over_20")}


def access_token_claims(token):
    """The claims of an access token for this app."""
    # Whatever the token's own header says.
    claims = jwt.decode(token, cognito_keys(), algorithms=["RS256"]).claims
    # Cognito's access tokens have no `aud`. The last two take its place: an ID token, and the
    # access token of another app, are signed with the same keys.
    expected = {"iss": ISSUER, "token_use": "access", "client_id": CLIENT_ID}
    expected = {name: {"essential": True, "value": value} for name, value in expected.items()}
    jwt.JWTClaimsRegistry(exp={"essential": True}, **expected).validate(claims)
    return claims


keys, keys_until = None, 0


def cognito_keys():
    """Cognito's public keys, fetched every five minutes, since Cognito may change them."""
    global keys, keys_until
    if time.time() > keys_until:
        keys = KeySet.import_key_set(oauth.cognito.fetch_jwk_set(force=True))
        keys_until = time.time() + 300
    return keys


@app.before_request
def only_forms_of_this_session():
    """Flask has no protection against forms of other sites. Every form here has this token. One
    without it, or of a session that has ended, does nothing."""
    if request.method == "POST":
        shown, ours = request.form.get("csrf", ""), session.get("csrf", "")
        if not person() or not secrets.compare_digest(shown.encode(), ours.encode()):
            return redirect(HOME)


@app.after_request
def headers(response):
    response.headers.update(
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
            "base-uri 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return response


if __name__ == "__main__":
    print(f"http://localhost:{PORT}/", flush=True)
    # Unlike Flask's own server, this one doesn't log requests: a callback's URL has the code.
    waitress.serve(app, host="localhost", port=PORT)
