#!/bin/sh
# The application behind Apache: sees the claims and tokens that mod_auth_openidc put into the
# environment (OIDC_...), and no more than that.

redirect() {
  printf 'Status: 303\r\nLocation: %s\r\nCache-Control: no-store\r\n\r\n' "$1"
}

json() {
  printf 'Status: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n' "$1"
  printf '%s\n' "$2"
}

case "$SCRIPT_NAME" in
/login)
  # Apache lets only signed-in users come this far.
  redirect /me
  ;;
/refresh)
  # The module's refresh hook: it wants the present access token as a proof that no other site
  # calls it, and then redirects to the address in "refresh", with error_code=... if it failed.
  # A JWT needs no escaping in an address. The module doesn't verify the new ID token, since it
  # comes straight from the token endpoint.
  redirect "/callback?refresh=/me&access_token=$OIDC_access_token"
  ;;
/me)
  error=$(printf '%s' "$QUERY_STRING" | sed -n 's/.*error_code=\([A-Za-z0-9_]*\).*/\1/p')
  if [ -n "$error" ]; then
    json 502 "{\"error\": \"$error\"}"
  elif [ -z "$OIDC_id_token_payload" ]; then
    json 200 '{"signed_in": false}'
  else
    has_refresh_token=false
    [ -n "$OIDC_refresh_token" ] && has_refresh_token=true
    json 200 "{\"signed_in\": true, \"claims\": $OIDC_id_token_payload,
 \"access_token\": \"$OIDC_access_token\", \"has_refresh_token\": $has_refresh_token}"
  fi
  ;;
*)
  json 200 '{"signed_in": false}'
  ;;
esac
