#!/bin/sh
# Installs the given packages on Debian or Ubuntu without starting what they bring:
# the tests start servers of their own. Needs root (or sudo without a password).
set -eu

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"

# Asked by every package before it starts a service; 101 says no. A policy that is already there is kept.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
fi

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

# The lists are fetched only when what they name is missing or gone.
apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; }
