#!/bin/sh
# Starts a runner as root behind the second wall: sets the rules, then gives up every right that a runner does not need, the
# one to change those rules first. For containers of their own network; on a machine let its own start-up set the rules.
#
#   SESSIONSHOT_PROXY_PORTS=20000-20999 sh infra/run-behind-wall.sh node runner/main.ts
#
# Needs root with CAP_NET_ADMIN and CAP_SETPCAP, and nft. What the runner keeps: to give each browser a user of its own
# (setuid, setgid), its folders to it (chown, fowner, dac_override), and to end it (kill).
set -eu

if [ "$#" -eq 0 ]; then
  echo 'Usage: SESSIONSHOT_PROXY_PORTS=FIRST-LAST sh infra/run-behind-wall.sh COMMAND …' >&2
  exit 64
fi
sh "$(dirname "$0")/second-wall.sh" install "${SESSIONSHOT_PROXY_PORTS:?names the ports of the proxies, such as 20000-20999}"
exec setpriv --inh-caps=-all --bounding-set=-all,+chown,+dac_override,+fowner,+kill,+setgid,+setuid -- "$@"
