# Needs python3 (3.11 or newer) with venv, and make; nothing is installed outside this folder. `make` alone lists the commands.

PYTHON = python3
PORT = 8000
# Processes that run tests at the same time: many wait for a time-out more than they compute.
JOBS = 3
# More for pytest: make test ARGS="-k invoice -x"
ARGS =

BIN = .venv/bin

.DEFAULT_GOAL = help
.PHONY: help run test lint schema graphiql clean .venv .conformance .clients .federation

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-24s %s\n' "$$name" "$$text"; done

run: .venv ## start the gateway on http://127.0.0.1:8000/graphql (PORT=8000)
	@app/api/graphiql/build.sh .venv || echo "GraphiQL could not be built: a plain query form takes its place" >&2
	@exec $(BIN)/credit-notes serve --port "$(PORT)"

test: lint graphiql .conformance .clients .federation ## check style and types, then run every test (ARGS="-k invoice")
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n $(JOBS) --dist worksteal $(ARGS)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

lint: .venv ## check style (ruff) and types (mypy)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "not formatted: run $(BIN)/ruff format" >&2; exit 1; }
	@$(BIN)/mypy

schema: .venv ## rewrite schema.graphql and docs/subgraph.graphql from the code
	@$(BIN)/credit-notes schema > schema.graphql.new || { rm -f schema.graphql.new; exit 1; }
	@mv schema.graphql.new schema.graphql
	@$(BIN)/credit-notes schema --subgraph > docs/subgraph.graphql.new || { rm -f docs/subgraph.graphql.new; exit 1; }
	@mv docs/subgraph.graphql.new docs/subgraph.graphql

# The public suites that tests/conformance runs; without a network those tests are skipped, and say so.
.conformance: .venv
	@tests/support/npm.sh tests/conformance .venv || echo "the conformance suites could not be fetched: their tests are skipped" >&2

# The public clients that tests/clients runs; the same without a network.
.clients: .venv
	@tests/support/npm.sh tests/clients .venv || echo "the clients could not be fetched: their tests are skipped" >&2

# The public compositions and federation gateways that tests/federation runs; the same without a network. "overrides" in its
# package.json hold two parts of Hive's runtime back: later ones ask for a version of a third that not every registry has.
.federation: .venv
	@tests/support/npm.sh tests/federation .venv || echo "the federation gateways could not be fetched: their tests are skipped" >&2

graphiql: .venv ## build GraphiQL's assets where they are out of date
	@app/api/graphiql/build.sh .venv

clean: ## remove all that the other commands have made
	@rm -rf .venv app/api/static app/api/graphiql/node_modules tests/conformance/node_modules tests/clients/node_modules tests/federation/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
	@find app tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew when the lock, the interpreter or this folder's place changes; the project put in again when pyproject.toml changes.
# Each stamp is what its part was made from, so that a fresh checkout of the same text costs nothing.
.venv:
	@base="$$($(PYTHON) -c 'import os, sys; print(os.path.realpath(sys.executable)); sys.exit(sys.version_info < (3, 11))')" \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }; \
	made="$$(pwd; echo "$$base"; "$$base" --version; cat requirements.lock)"; \
	if [ "$$made" != "$$(cat .venv/.made-from 2>/dev/null)" ]; then \
		echo "Setting up .venv (about half a minute)"; \
		"$$base" -m venv --clear .venv && \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock && \
		printf '%s\n' "$$made" > .venv/.made-from; \
	fi
	@cmp -s pyproject.toml .venv/.project || { \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -e . && \
		cp pyproject.toml .venv/.project; \
	}
