# `make report`, `make demo` and `make test` need Python 3.11 or newer with venv, make and a package index; all
# else goes into .venv, from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
UV := uv==0.13.9

.PHONY: demo report test check format bench docs messages lock clean

demo: .venv/installed
	$(BIN)/openrapport demo

report: .venv/installed
	$(BIN)/openrapport analyze --fictional

test: .venv/installed
	$(BIN)/pytest -n 2

check: .venv/installed docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'src/openrapport/**.py')
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Corpora stay where they are: make bench ANNOMI=path/to/simple.csv [ONLY=engine|practice]
bench: .venv/installed
	$(BIN)/python -m benchmarks $(if $(ANNOMI),--annomi $(ANNOMI)) $(if $(ONLY),--only $(ONLY))

docs: .venv/installed
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

# Collects the strings that people read and compiles their translations; needs Debian's gettext.
messages: .venv/installed
	cd src/openrapport_web && ../../$(BIN)/python -m django makemessages --all --no-location --no-wrap --no-obsolete
	cd src/openrapport_web && ../../$(BIN)/python -m django compilemessages

# Written by uv, with hashes and without the address of any index.
lock: .venv/installed
	$(BIN)/uv pip compile pyproject.toml --extra web --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --upgrade --output-file requirements.lock

clean:
	rm -rf .venv docs/_build docs/gallery build dist

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@
