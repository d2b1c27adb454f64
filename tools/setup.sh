#!/usr/bin/env bash
# Makes sure that this machine has what a make target needs, and says in words
# what to do where it cannot help itself.
#
#   tools/setup.sh go node postgres chromium mail
set -euo pipefail

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# at_least WANTED FOUND compares versions such as 1.26 and 1.26.8.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

apt_updated=
# apt_install PACKAGE... installs packages as root, or with sudo if that is
# allowed without a question or somebody is there to answer it.
apt_install() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      as_root=(sudo)
    else
      fail "the package $* is needed. Please run: sudo apt-get install -y $*"
    fi
  fi
  command -v apt-get >/dev/null || fail "$* is needed, and this machine has no apt-get to install it with"
  printf 'setup: installing %s\n' "$*" >&2
  if [ -z "$apt_updated" ]; then
    "${as_root[@]}" apt-get update -q >&2
    apt_updated=yes
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

need_go() {
  command -v go >/dev/null || fail "Go 1.26 or later is needed: https://go.dev/dl/"
  local found
  found=$(go env GOVERSION) || fail "the Go toolchain named in go.mod cannot be had; install Go 1.26 or later: https://go.dev/dl/"
  found=${found#go}
  at_least 1.26 "$found" || fail "Go 1.26 or later is needed, and this is $found: https://go.dev/dl/"
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || fail "Node 20 or later with npm is needed: https://nodejs.org/"
  local found
  found=$(node --version)
  at_least 20 "${found#v}" || fail "Node 20 or later is needed, and this is $found: https://nodejs.org/"
}

# The tests start a server of their own from these programs; any that the
# package starts is left alone.
need_postgres() {
  [ -n "${STEWARD_TEST_POSTGRES:-}" ] && return
  command -v initdb >/dev/null && return
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  apt_install postgresql
}

# The tests start servers of their own from these programs, as for PostgreSQL.
need_mail() {
  local missing=()
  PATH=$PATH:/usr/sbin command -v dovecot >/dev/null && [ -e /usr/lib/dovecot/imap ] || missing+=(dovecot-imapd)
  [ -e /usr/lib/dovecot/lmtp ] || missing+=(dovecot-lmtpd)
  PATH=$PATH:/usr/sbin command -v exim4 >/dev/null || missing+=(exim4-daemon-light)
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

need_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return
  done
  apt_install chromium
}

for what in "$@"; do
  case $what in
    go | node | postgres | chromium | mail) "need_$what" ;;
    *) fail "nobody knows how to set up $what" ;;
  esac
done
