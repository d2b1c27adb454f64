#!/usr/bin/env bash
# Stops the PostgreSQL server that the tests left running and removes its data.
set -euo pipefail

dir=${TMPDIR:-/tmp}/steward-test-postgres
pidfile=$dir/data/postmaster.pid
if [ -f "$pidfile" ]; then
  pid=$(head -n 1 "$pidfile")
  if kill -INT "$pid" 2>/dev/null; then # a fast shutdown
    printf 'stopping the PostgreSQL server for tests (process %s)\n' "$pid"
    timeout 30 tail --pid="$pid" -f /dev/null
  fi
fi
rm -rf "$dir"
