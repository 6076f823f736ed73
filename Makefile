# Everything here works on a fresh clone with Python 3.11 or newer, make and a package index.

# The interpreter to build .venv from: the first one that is new enough, or name one: make install PYTHON=python3.13
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$python" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Or every start of an interpreter, of which the suite has hundreds, would compile all packages anew.
unexport PYTHONDONTWRITEBYTECODE

# More arguments for pytest and for the services: make test ARGS="tests/settings -k origin"
ARGS ?=
# Any value measures coverage and holds it to the gate: make test COVERAGE=1
COVERAGE ?=
# Tests run side by side, one process a core; those of a file stay together, so that their order is that of the seed.
JOBS ?= auto
PYTEST := -m pytest -n $(JOBS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install demo demo-services test coverage lint format typecheck bench docs env-example reference generate constraints release-prepare release-check clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

install: $(READY) ## Set up .venv with the package, editable, and all that its development needs
	@echo "$(VENV) is ready"

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "dj_core_utils needs Python 3.11 or newer, and none was found. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "dj_core_utils needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1). Name another: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@# uv takes a tenth of the time; pip does it where uv cannot (an index that only pip is told of).
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv 2>/dev/null && \
		$(BIN)/python -m uv --system-certs pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]' 2>/dev/null || \
		{ echo "uv could not, pip takes over ..."; $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'; }
	@touch $@

demo: $(READY) ## Run the example as a monolith on SQLite
	@$(BIN)/python examples/shop/demo.py

demo-services: $(READY) ## Run the example as three services: make demo-services ARGS="--without products"
	@$(BIN)/python examples/shop/demo_services.py $(ARGS)

test: $(READY) ## Run the whole suite
ifeq ($(COVERAGE),)
	@$(BIN)/python $(PYTEST) $(ARGS)
else
	@$(BIN)/coverage erase
	@$(BIN)/coverage run $(PYTEST) $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
endif

coverage: ## Run the whole suite and hold branch coverage to its gate
	@$(MAKE) test COVERAGE=1

lint: $(READY) ## Look for mistakes, bad form and imports that point the wrong way
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo

format: $(READY) ## Repair what can be repaired by a machine
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

typecheck: $(READY) ## Check the types: mypy over everything, pyright as an editor of our users
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(READY) ## Measure the cost of a start, of a load, of the audit log and of calls against peers
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --requirements benchmarks/requirements.txt || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

docs: $(READY) ## Build the documentation into docs/_build, warnings are errors
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --jobs auto docs docs/_build/html
	@echo "docs/_build/html/index.html"

env-example: $(READY) ## Write .env.example from the variables of the package
	@$(BIN)/python -m dj_core_utils config env > .env.example.new && mv .env.example.new .env.example

reference: $(READY) ## Write the generated pages of docs/reference
	@$(BIN)/python docs/generate_reference.py

generate: env-example reference ## Write every file that is generated from the code

constraints: $(READY) ## Take the newest releases of all dependencies into constraints.txt
	@{ echo "# The releases in .venv, so that a check says tomorrow what it says today. Written by: make constraints"; \
		$(BIN)/python -m uv --system-certs pip compile --quiet --universal --upgrade --no-header --no-annotate \
			--python-version 3.11 --extra dev pyproject.toml; } > constraints.txt.new
	@mv constraints.txt.new constraints.txt

# The tag that is released; the check then says when it does not fit: make release-check TAG=v1.0.0rc1
TAG ?=
# Address of the repository, for the links in the notes of the release
REPOSITORY_URL ?=
# The shell gets these from its environment: a name with a quote or a $$ in it is text, not a command.
export TAG REPOSITORY_URL VERSION

release-prepare: $(READY) ## Set the version, and close the changelog: make release-prepare VERSION=1.0.0rc1
	@PYTHONPATH=.ci $(BIN)/python -m release prepare "$$VERSION"

release-check: $(READY) ## Do everything for a release but publish it; the files are left in dist
	@PYTHONPATH=.ci $(BIN)/python -m release check --tag "$$TAG" --repository-url "$$REPOSITORY_URL"

clean: ## Remove everything that these commands made
	@rm -rf $(VENV) .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist docs/_build htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
