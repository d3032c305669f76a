#!/bin/bash
# Starts an Apache of its own in the foreground, from a temporary folder, with the settings in
# the environment (see httpd.conf). Ends cleanly on SIGTERM or SIGINT.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

export RUN_DIR PASSPHRASE
RUN_DIR=$(mktemp -d)
trap 'rm -rf "$RUN_DIR"' EXIT
# A new key at every start: after a restart everybody has to sign in again.
PASSPHRASE=$(head -c 32 /dev/urandom | base64)

# Apache's workers run as www-data if root starts it, so they must be able to read this.
chmod 755 "$RUN_DIR"
mkdir "$RUN_DIR/empty"
install -m 755 "$here/app.cgi" "$RUN_DIR/"

options=()
[ -n "${CLIENT_SECRET:-}" ] || options=(-D PUBLIC_CLIENT)

# Apache's log goes to its stdout (httpd.conf), so make that stderr: stdout has only "ready".
"${APACHE_PROGRAM:-/usr/sbin/apache2}" -f "$here/httpd.conf" -D FOREGROUND "${options[@]}" >&2 &
apache=$!
trap 'kill -TERM "$apache" 2>/dev/null || true' TERM INT

# Apache writes its pid file once the port is open.
while kill -0 "$apache" 2>/dev/null && [ ! -s "$RUN_DIR/apache.pid" ]; do sleep 0.1; done
[ -s "$RUN_DIR/apache.pid" ] && echo ready

# The first wait is interrupted by the signal, the second waits for Apache's end.
status=0
wait "$apache" || status=$?
if kill -0 "$apache" 2>/dev/null; then status=0; wait "$apache" || status=$?; fi
exit "$status"
