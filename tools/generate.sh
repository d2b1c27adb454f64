#!/usr/bin/env bash
# Writes everything that is generated and kept in the repository. With --check it
# fails, and names the files, when that changed one.
set -euo pipefail
cd "$(dirname "$0")/.."

# state gives a hash and a name for each generated file.
state() {
  {
    find internal -name '*_templ.go'
    find internal/ui/icons_gen.go internal/ui/text/locales/en.json docs/configuration.md
  } | sort | xargs sha256sum
}

before=$(state)
go tool templ generate -log-level warn
go run ./internal/ui/icons
go run ./internal/ui/text/extract
go run ./cmd/steward config >docs/configuration.md.new
mv docs/configuration.md.new docs/configuration.md
[ "${1:-}" = --check ] || exit 0

if ! changes=$(diff <(printf '%s\n' "$before") <(state)); then
  printf 'generated code was not up to date; commit what was written just now:\n' >&2
  printf '%s\n' "$changes" | sed -n 's/^[<>] [0-9a-f]*  /  /p' | sort -u >&2
  exit 1
fi
