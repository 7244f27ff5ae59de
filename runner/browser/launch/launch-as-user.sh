#!/bin/sh
# Starts the browser for the runner and drops root on the way, because Chromium has no sandbox when it runs as root.
# The runner names the browser and the numeric user in the environment; both names are taken out again before Chromium
# starts. `exec` throughout: the browser keeps the process group that the runner will end.
set -eu
browser=$SESSIONSHOT_LAUNCH_BROWSER
user=${SESSIONSHOT_LAUNCH_USER:-}
unset SESSIONSHOT_LAUNCH_BROWSER SESSIONSHOT_LAUNCH_USER
# A core dump would hold cookies and pages. The limit is for dumps into files, the filter for those taken by pipe.
ulimit -c 0
if [ -w /proc/self/coredump_filter ]; then
  echo 0 > /proc/self/coredump_filter
fi
umask 077
if [ -z "$user" ]; then
  # Elsewhere than on Linux there is no such program, and nothing to give up.
  if command -v setpriv > /dev/null; then
    exec setpriv --no-new-privs -- "$browser" "$@"
  fi
  exec "$browser" "$@"
fi
for argument in "$@"; do
  case $argument in
    --user-data-dir=*) chown -- "$user" "${argument#--user-data-dir=}" ;;
  esac
done
exec setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs -- "$browser" "$@"
