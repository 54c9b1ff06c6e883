# Every step that .ci/run takes is a target here. Tools are pinned by version and
# run without being installed.

LINT      := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULN      := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
BENCHSTAT := go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME  ?= 30s
BENCH     ?= .
COUNT     ?= 6
DEMOFLAGS ?=

export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help
.PHONY: help build demo test lint fuzz bench golden vuln cover check tidy conformance soak bench-e2e

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## compile bin/entrascim, one static binary
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/...

demo: build ## serve a simulated directory on 127.0.0.1:8080 (DEMOFLAGS="--listen ...")
	bin/entrascim demo $(DEMOFLAGS)

# The race detector needs a C compiler; where there is none the tests run without.
RACE := $(if $(shell command -v $(CC) 2>/dev/null),-race)
test: export CGO_ENABLED = $(if $(RACE),1,0)
test: ## vet, and every test with the race detector, the README's commands included
	go vet ./...
	go test $(RACE) -shuffle=on -timeout 20m $(TESTFLAGS) ./...

conformance: build ## suites of others against the demo (needs node, npm, python3; UPDATE=1 rewrites what is expected)
	go vet -tags conformance ./internal/conformance
	go test -tags conformance -count=1 -timeout 15m -v -run TestConformance ./internal/conformance

SOAK ?= 10m
soak: ## mixed load for SOAK (10m), a tenth of Graph's calls throttled and a twentieth failing; SOAK_SEED repeats one
	go vet -tags soak ./internal/soak
	SOAK=$(SOAK) go test -tags soak -count=1 -timeout 60m -v ./internal/soak

E2E_USERS ?= 100000
E2E_TIME  ?= 3s
E2E_TAGS  ?= e2e,e2etyped
bench-e2e: build ## measure from outside, with processes (E2E_USERS; E2E_RUN=sync: one part; E2E_TAGS=e2e: without the SDK's models, which take long to build; UPDATE=1: into README.md)
	go vet -tags '$(E2E_TAGS)' ./internal/benche2e
	E2E_USERS=$(E2E_USERS) E2E_TIME=$(E2E_TIME) E2E_GATEWAY='$(E2E_GATEWAY)' UPDATE=$(UPDATE) \
	  go test -tags '$(E2E_TAGS)' -count=1 -timeout 120m -v -run 'TestQuantile|TestEndToEnd/$(E2E_RUN)' ./internal/benche2e

lint: ## formatting, linters, and a tidy go.mod
	$(LINT) fmt --diff
	$(LINT) run
	go mod tidy -diff

check: lint test ## all that a change must pass

fuzz: ## each fuzz target for FUZZTIME (30s, or a count like 5000x)
	@set -e; grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do \
	  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | cut -c6- | while read -r target; do \
	    echo "$$(dirname "$$file") $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "./$$(dirname "$$file")"; \
	  done; \
	done

bench: ## benchmarks (BENCH, COUNT); with BASE=commit, compared with that commit
	@mkdir -p bin
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./... > bin/bench-new.txt
	@if [ -z "$(BASE)" ]; then $(BENCHSTAT) bin/bench-new.txt; else set -e; \
	  tree=$$(mktemp -d); trap 'git worktree remove --force "$$tree"' EXIT; \
	  git worktree add --detach "$$tree" "$(BASE)"; \
	  (cd "$$tree" && go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...) > bin/bench-base.txt; \
	  $(BENCHSTAT) bin/bench-base.txt bin/bench-new.txt; fi

# The packages whose tests have recorded answers.
GOLDEN = $(shell grep -rlE 'transcript.Update|flag.Bool."update"' --include='*_test.go' . | xargs -n 1 dirname | sort -u)
golden: ## rewrite golden files and generated text; read the diff before committing it
	go test $(GOLDEN) -update

vuln: ## known vulnerabilities that this code can reach (needs the network)
	$(VULN) ./...

cover: ## which statements the tests reach; bin/cover.html
	@mkdir -p bin
	go test -coverpkg=./... -coverprofile=bin/cover.out ./...
	go tool cover -func=bin/cover.out | tail -n 1
	go tool cover -html=bin/cover.out -o bin/cover.html
