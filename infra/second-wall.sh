#!/bin/sh
# The wall outside of the browser: what runs as one of the browsers' own users (a runner that was started as root gives each
# browser one) may open TCP to the runner's proxies on loopback, and nothing else, whatever a page made of the browser.
#
#   sh infra/second-wall.sh print [FIRST-LAST]      the rules, for `nft -f -` or to read
#   sh infra/second-wall.sh install [FIRST-LAST]    sets them, once more does no harm; needs root and nft
#   sh infra/second-wall.sh remove                  takes them away
#
# FIRST-LAST: the runner's SESSIONSHOT_PROXY_PORTS, 20000-20999 unless given. The rules are the kernel's until it restarts.
set -eu

ports=${2:-${SESSIONSHOT_PROXY_PORTS:-20000-20999}}
case $ports in
  *[!0-9-]* | -* | *- | *-*-*) ports= ;;
  *-*) ;;
  *) ports= ;;
esac
if [ -z "$ports" ]; then
  echo 'The ports are FIRST-LAST, such as 20000-20999.' >&2
  exit 64
fi

rules() {
  cat << END
add table inet sessionshot_browsers
delete table inet sessionshot_browsers
table inet sessionshot_browsers {
  chain output {
    type filter hook output priority filter; policy accept;
    meta skuid != 61184-65279 accept
    oifname "lo" ip daddr 127.0.0.1 tcp dport $ports accept
    counter reject with icmpx type admin-prohibited
  }
}
END
}

case ${1:-} in
  print) rules ;;
  install) rules | nft -f - ;;
  remove) printf 'add table inet sessionshot_browsers\ndelete table inet sessionshot_browsers\n' | nft -f - ;;
  *)
    echo "Usage: sh infra/second-wall.sh print|install|remove [FIRST-LAST]" >&2
    exit 64
    ;;
esac
