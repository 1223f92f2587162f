# HEAN's runbook. `make run` and `make test` do everything on a fresh Debian 12/13 or Ubuntu 24.04.
.PHONY: run test test-truth-layer test-idempotency test-selector test-openai selector-proof report evaluate spec lint bench asan debug clang fuzz schema install packages format clean help \
  monitoring-up monitoring-down monitoring-logs up docker-logs
CMAKE_BUILD = cmake --build

help:                ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

packages:            ## install the distribution's packages that are missing
	@.ci/packages.sh

build/build.ninja: CMakeLists.txt tests/CMakeLists.txt CMakePresets.json | packages
	@cmake --preset release -Wno-dev >/dev/null
build-asan/build.ninja: CMakeLists.txt tests/CMakeLists.txt CMakePresets.json | packages
	@cmake --preset asan -Wno-dev >/dev/null
build-debug/build.ninja: CMakeLists.txt tests/CMakeLists.txt CMakePresets.json | packages
	@cmake --preset debug -Wno-dev >/dev/null
build-clang/build.ninja: CMakeLists.txt tests/CMakeLists.txt CMakePresets.json | packages
	@cmake --preset clang -Wno-dev >/dev/null

run: build/build.ninja   ## trade on the simulated market, in paper mode; Ctrl-C stops
	@$(CMAKE_BUILD) build --target hean hean-worker
	@build/hean run $(ARGS)

test: build/build.ninja  ## all tests, with a plain count at the end
	@$(CMAKE_BUILD) build
	@.ci/test.sh build busted

test-truth-layer: build/build.ninja ## the tests of ledger, attribution, store and statements
	@$(CMAKE_BUILD) build
	@.ci/test.sh build '' '^((ledger|attribution|store|statement|conservation|post)_|fuzz_(run_list|statement|store))'

asan: build-asan/build.ninja ## all tests under AddressSanitizer and UBSan
	@$(CMAKE_BUILD) build-asan
	@.ci/test.sh build-asan

debug: build-debug/build.ninja ## all tests of the debug build
	@$(CMAKE_BUILD) build-debug
	@.ci/test.sh build-debug

clang: build-clang/build.ninja ## all tests of a build by clang
	@$(CMAKE_BUILD) build-clang
	@.ci/test.sh build-clang busted

test-idempotency: build/build.ninja ## what must not happen twice: limits, retries, resent orders
	@$(CMAKE_BUILD) build
	@ctest --test-dir build --output-on-failure -R '^(limiter|retry|idempotency).*_test$$'

spec:                ## the busted specs alone
	@luajit "$$(command -v busted)"

test-selector: build/build.ninja ## the tests of statistics, policies and process select
	@$(CMAKE_BUILD) build --target hean policy_test
	@build/tests/policy_test
	@bash tests/integration/process_round.sh build
	@luajit "$$(command -v busted)" spec/hean/stats_spec.lua spec/hean/original_spec.lua \
	  spec/hean/guarded_spec.lua spec/hean/universe_spec.lua spec/hean/proof_spec.lua

report: build/build.ninja ## the day's report of var/hean.db, in var/reports
	@$(CMAKE_BUILD) build --target hean
	@build/hean process report $(ARGS)

evaluate: build/build.ninja ## how the processes in var/hean.db are, and what to do with each
	@$(CMAKE_BUILD) build --target hean
	@build/hean process evaluate $(ARGS)

test-openai: build/build.ninja ## the tests of generated processes: filter, score, replies, server
	@$(CMAKE_BUILD) build
	@.ci/test.sh build '' '^(safety|quality|replies|definition|fuzz_chat|fuzz_safety)|^openai$$'
	@luajit "$$(command -v busted)" spec/hean/prompt_spec.lua

selector-proof:      ## 200 universes of 1,010 processes: luck stays out, edges come in
	@luajit spec/proof/selector_proof.lua $(ARGS)

schema: build/build.ninja ## the JSON of every command against spec/schema
	@$(CMAKE_BUILD) build
	@bash tests/integration/schema.sh build

lint: build/build.ninja  ## clang-format, clang-tidy, cppcheck, luacheck
	@.ci/lint.sh build

bench: build/build.ninja ## the numbers, with machine and commit
	@$(CMAKE_BUILD) build
	@.ci/bench.sh build

fuzz: build-asan/build.ninja ## every fuzz target for SECONDS (60) each
	@$(CMAKE_BUILD) build-asan
	@for target in build-asan/fuzz/fuzz_*; do echo "$$target"; \
	  "$$target" --seconds $(or $(SECONDS),60) tests/fuzz/corpus/$$(basename "$$target") || exit 1; \
	done

install: build/build.ninja ## install to PREFIX (/usr/local)
	@$(CMAKE_BUILD) build
	@cmake --install build --prefix $(or $(PREFIX),/usr/local)

# Docker's own plugin where there is one, else the stand-alone program.
COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) \
  -f docker-compose.monitoring.yml

monitoring-up:       ## HEAN, Prometheus, Alertmanager, Grafana in Docker; GRAFANA_ADMIN_PASSWORD=...
	@$(COMPOSE) up -d --build
	@echo 'status page http://127.0.0.1:9090  Prometheus :9091  Alertmanager :9093  Grafana :3000'

monitoring-down:     ## stop them; what they stored stays
	@$(COMPOSE) down

monitoring-logs:     ## their logs
	@$(COMPOSE) logs --tail=100 -f prometheus alertmanager grafana

up:                  ## HEAN alone in Docker, on the simulated market
	@GRAFANA_ADMIN_PASSWORD=unused $(COMPOSE) up -d --build hean

docker-logs:         ## its log
	@GRAFANA_ADMIN_PASSWORD=unused $(COMPOSE) logs --tail=100 -f hean

format:              ## clang-format everything in place
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

clean:               ## remove the build folders
	@rm -rf build build-asan build-debug build-clang
