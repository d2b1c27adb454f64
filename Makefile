# Steward. `make run` and `make test` need a Debian or Ubuntu machine with Go
# 1.26 and Node 20; what else they need they install (see tools/setup.sh).
#
# Files under .make say that a step was done; a step runs again when what it
# reads is younger.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# What the binary is made of, tests aside.
SOURCES := $(shell find cmd internal -type f -not -name '*_test.go' -not -path '*/testdata/*' -not -path '*/dist/*' 2>/dev/null)
# What the bundles are made of: styles are kept only if a component uses them.
FRONTEND := $(shell find internal/ui/web internal/ui/build -type f 2>/dev/null) $(filter %.templ,$(SOURCES))

# Packages whose tests are about concurrency run once more under the race detector.
CONCURRENT := ./internal/platform/database/... ./internal/platform/jobs/... ./internal/platform/live/... ./internal/platform/web/... ./internal/platform/blob/...

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: run
run: bin/steward ## build, fill a demo organisation on the first start, serve http://localhost:8080
	@exec bin/steward serve --demo

.PHONY: build
build: bin/steward ## build bin/steward with its style sheet and scripts

bin/steward: $(SOURCES) go.mod go.sum .make/bundles
	@tools/setup.sh go
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o $@ ./cmd/steward

.make/bundles: $(FRONTEND) .make/npm
	@tools/setup.sh go
	go run ./internal/ui/build
	@touch $@

.make/npm: package.json package-lock.json .npmrc
	@tools/setup.sh node
	@mkdir -p $(@D)
	npm ci --no-audit --no-fund
	@touch $@

.PHONY: test
test: .make/bundles ## run every test, on SQLite and PostgreSQL and in Chromium
	@tools/setup.sh go postgres chromium mail
	go test -timeout 15m ./...
	go test -timeout 15m -race $(CONCURRENT)

.PHONY: check
check: ## what CI runs: tests, lint, and whether generated code is up to date
	@$(MAKE) --no-print-directory generated lint test

# SIZE is one data set or several: 10k, 100k, 1m.
.PHONY: bench
bench: bin/steward ## measure beside the database's own limit (SIZE=10k for a few minutes)
	@tools/setup.sh go postgres
	go run ./bench $(if $(SIZE),-sizes $(SIZE)) $(BENCH)

# LENGTH is how long, such as 1h; CI takes some seconds.
.PHONY: soak
soak: .make/bundles ## let clients work for LENGTH, THINK between their steps, and look for growth in memory, goroutines and open files
	@tools/setup.sh go postgres
	STEWARD_SOAK=$(or $(LENGTH),10m) STEWARD_SOAK_THINK=$(THINK) go test -count=1 -timeout 24h -v -run TestALongLoadLeavesNothingBehind ./e2e

.PHONY: lint
lint: .make/golangci-lint .make/npm ## look for mistakes and for breaches of the house's rules
	.make/golangci-lint run
	npm run --silent typecheck

.PHONY: fmt
fmt: .make/golangci-lint ## format the Go sources
	.make/golangci-lint fmt

# A module of its own keeps the linter's dependencies out of ours. The first
# build takes some minutes; after that it comes from Go's build cache.
.make/golangci-lint: tools/go.mod tools/go.sum
	@tools/setup.sh go
	@mkdir -p $(@D)
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: generate
generate: .make/npm ## write generated code anew: components, icons, texts, the configuration page
	@tools/setup.sh go
	@tools/generate.sh

.PHONY: generated
generated: .make/npm
	@tools/setup.sh go
	@tools/generate.sh --check

.PHONY: test-clean
test-clean: ## stop the PostgreSQL server that tests left running, and remove its data
	@tools/test-clean.sh
