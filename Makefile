# Signedin: `make` lists what can be done. Everything runs in .venv, made from the hashed lock files.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
HOST ?= 127.0.0.1
PORT ?= 8000
SIZE ?= small
JOBS ?= 2
T ?=

BIN := .venv/bin
PY := $(BIN)/python
OWN := src tests tools examples $(wildcard bench)
ON_BOTH := $(addprefix tests/,store actions guide post api client conformance oauth/test_redirect_tricks.py server/test_on_postgres.py)
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --quiet --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
SERVER := --extra server --extra postgres --extra redis

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help env dev run demo example test check format lint types house docs docs-check catalogues faults nemesis mutants bench lock vendor

help: ## List what can be done, with a sentence each.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## Make the environment the server needs, .venv, and nothing else.
	@$(call need_python)
	@$(PYTHON) tools/environment.py run

dev:
	@$(call need_python)
	@$(PYTHON) tools/environment.py dev

run: env ## Start Signedin on http://localhost:8000 (HOST and PORT choose another address).
	@exec $(BIN)/signedin serve --host $(HOST) --port $(PORT)

demo: env ## The same, with a database of its own filled with a believable account.
	@exec $(BIN)/signedin demo --host $(HOST) --port $(PORT)

example: dev ## Try an app that people connect, beside `make run`: NAME=sync_client, mobile_client or third_party (WORDS="--demo" beside `make demo`).
	@exec $(PY) -m examples.$(NAME) $(WORDS)

test: dev ## Run every test this machine can run (T="tests/rules -k mask" chooses; REQUIRE_ALL=1 forgives nothing).
	@# The browsers' driver leaves a loop running in its process, so their tests have processes of their own.
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup $(or $(T),--ignore tests/browser --ignore tests/nemesis tests)
	@$(if $(T),,TEST_DATABASE=postgres $(PY) -m pytest -n $(JOBS) --dist loadgroup $(ON_BOTH))
	@$(if $(T),,TEST_DATABASE=postgres TEST_PG=wheel $(PY) -m pytest -n $(JOBS) --dist loadgroup tests/store)
	@$(if $(T),,$(PY) -m pytest -n 0 tests/nemesis)
	@$(if $(T),,$(PY) -m pytest -n $(JOBS) --dist loadgroup tests/browser)

check: dev format lint types house docs-check test ## What has to hold before a change goes in: format, lint, types, house, docs, tests.

format: dev ## Is everything laid out by the formatter? (FIX=1 lays it out)
	@$(BIN)/ruff format $(if $(FIX),,--check) --quiet $(OWN) || { echo "To lay it out: make format FIX=1"; exit 1; }

lint: dev ## What ruff has to say (FIX=1 mends what can be mended).
	@$(BIN)/ruff check $(if $(FIX),--fix) $(OWN)

types: dev ## Types, strictly.
	@$(BIN)/mypy

house: dev ## Do imports run downstairs, are the files short, is the map true?
	@$(PY) -m pytest -q -n 0 tests/test_house.py

docs: dev ## Write the generated pages anew: map, coverage of the guide and of the security checklist, settings, errors.
	@$(PY) tools/map.py
	@$(PY) tools/coverage_table.py
	@$(PY) tools/conformance.py
	@PYTHONPATH=src $(PY) tools/reference.py
	@PYTHONPATH=src $(PY) tools/session_rules.py

docs-check: dev ## Are the generated pages true, and do the links in the docs lead somewhere?
	@$(PY) tools/map.py --check
	@$(PY) tools/conformance.py --check
	@$(PY) tools/coverage_table.py --check
	@PYTHONPATH=src $(PY) tools/session_rules.py --check
	@$(PY) tools/links.py

catalogues: dev ## Collect the texts that people read, and compile their translations: src/signedin/locale.
	@$(PY) tools/catalogues.py

faults: dev ## The long runs: the pages on PostgreSQL, hundreds of made-up requests for each call, processes killed in the middle of a deed (300 rounds, both databases), half an hour of the nemesis.
	@TEST_DATABASE=postgres $(PY) -m pytest -n $(JOBS) --dist loadgroup tests/web
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} $(PY) -m pytest -n 0 tests/api/test_fuzzed.py
	@FAULT_ROUNDS=$${FAULT_ROUNDS:-300} $(PY) -m pytest -n 0 tests/faults
	@TEST_DATABASE=postgres FAULT_ROUNDS=$${FAULT_ROUNDS:-300} $(PY) -m pytest -n 0 tests/faults
	@NEMESIS_SECONDS=$${NEMESIS_SECONDS:-1800} NEMESIS_REPORT=docs/evidence/nemesis.json $(PY) -m pytest -n 0 tests/nemesis

nemesis: dev ## The nemesis alone, for half an hour (SECONDS=60 is shorter), heard of by one bus (BUS=redis, BUS=postgres) or by both.
	@NEMESIS_SECONDS=$(or $(SECONDS),1800) NEMESIS_BUS=$(BUS) NEMESIS_REPORT=$(if $(filter-out 1800,$(SECONDS)),,docs/evidence/nemesis.json) $(PY) -m pytest -n 0 tests/nemesis/test_processes.py

mutants: dev ## Switch features off, one at a time, and change each line of oauth/ and rules/grant.py: a test must turn red each time (T=mask chooses features, M=oauth/form.py files).
	@$(if $(M),,$(PY) tools/mutants.py $(T))
	@$(if $(T),,$(PYTHON) tools/environment.py mutants)
	@$(if $(T),,nice $(PY) -m tools.mutations --jobs $(JOBS) $(M))

bench: dev ## Measure the check, the page, the list and a burst of sign-ins (SIZE=full takes longer).
	@$(PY) -m bench --size $(SIZE)

lock: ## Write the lock files anew (UPGRADE=1 takes newer releases); needs uv.
	@command -v uv >/dev/null || { echo "uv makes the lock files: python3 -m pip install --user uv"; exit 1; }
	@$(COMPILE) $(SERVER) -o requirements.lock
	@$(COMPILE) $(SERVER) --group dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --group mutation -c requirements-dev.lock -o requirements-mutants.lock

vendor: ## Fetch the files of src/signedin/web/static/vendor anew, as vendor.toml names them; needs npm.
	@$(PYTHON) tools/vendor.py

define need_python
command -v $(PYTHON) >/dev/null || { echo "Signedin needs Python 3.11 or newer, found no $(PYTHON)."; \
	echo "Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13"; exit 1; }
endef
