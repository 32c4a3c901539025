# `make` alone explains what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

CATALOGS := $(wildcard services/*/translations/*/LC_MESSAGES/messages.po shared/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(CATALOGS:.po=.mo)

.DEFAULT_GOAL := help
.PHONY: help docs install install-dev run demo guide test check lint bench lock i18n clean
.DELETE_ON_ERROR:

help: ## Show this list
	@printf 'Portería: a key for every tenant and owner, and for nobody else.\n\n'
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@printf '\nSettings come from the environment (PORTERIA_PORT, PORTERIA_DATABASE_URL, ...); docs/ lists them.\n'

install: $(VENV)/.installed $(COMPILED) ## Install what runs into .venv (only when requirements.txt changed)
	@:

install-dev: $(VENV)/.installed-dev $(COMPILED) ## Install what runs and what tests and checks need
	@:

run: install ## Start everything on this machine; Ctrl-C ends it
	@$(BIN)/python -m shared.embedded $(ARGS)

demo: install ## Fill it with believable data and walk the main job
	@$(BIN)/python -m shared.embedded.demo $(ARGS)

guide: install-dev ## Make the client's guide (PDF) with the screens of the running portal (ARGS="--help" says how)
	@$(BIN)/python -m shared.embedded.guide $(ARGS)

# Three at once keep two cores busy, because many tests wait for servers and browsers. In the order of the folders, so
# that the long ones (browser, e2e) do not come last, when the other processes have nothing left to do.
test: install-dev ## Run every test (ARGS="tests/unit -k letter" picks some)
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: install-dev ## Run the checks that need no server: style, types, arrows, translations, documents, names
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.checks.translations
	@$(BIN)/python -m tests.checks.documents
	@$(BIN)/python -m tests.checks.names

check: lint test ## Run what CI runs: lint, then test

bench: install-dev ## Measure speed beside the bare limit of this machine
	@$(BIN)/python -m tests.bench $(ARGS)

lock: install-dev ## Pin requirements*.in again, with hashes
	@for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
			--no-header --no-annotate $$name.in -o $$name.txt || exit 1; \
	done

i18n: install-dev ## Bring the Spanish catalogs up to date with code and templates
	@$(BIN)/python -m tests.checks.translations --update

docs: install-dev ## Write the generated documents (OpenAPI, AsyncAPI, table of settings)
	@$(BIN)/python -m tests.checks.documents --update

clean: ## Remove what can be made again (.venv, caches, compiled catalogs); var/ with your data stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find services shared tests -name __pycache__ -type d -prune -exec rm -rf {} +
	find services shared -name '*.mo' -delete

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Portería needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
			"Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not create $(VENV). On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what runs (this takes a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# requirements-dev.txt holds everything of requirements.txt too, in the same versions.
$(VENV)/.installed-dev: requirements-dev.txt requirements.txt | $(VENV)/bin/python
	@echo "Installing what runs, tests and checks (this takes some minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(VENV)/.installed $@

# A catalog is compiled again when its translations changed; a plain install is enough for it.
%.mo: %.po | $(VENV)/bin/python
	@test -f $(VENV)/.installed || test -f $(VENV)/.installed-dev || $(MAKE) --no-print-directory $(VENV)/.installed
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
