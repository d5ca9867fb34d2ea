# The first call of a target makes its environment; later calls start at once.
# `make TORCH=2.11.0 demo` takes another torch than the tested one.

PYTHON ?= python3
TORCH ?= $(shell sed -n 's/^torch==//p' constraints.txt)

DEMO := .venv/.for-demo-torch-$(TORCH)
TEST := .venv/.for-test-torch-$(TORCH)
LINT := .venv/.for-lint-torch-$(TORCH)
OLDEST := .venv-oldest/.for-test-torch-$(TORCH)

# Each call of a function is checked against its annotations, shapes too, which doubles the time.
CHECKED := --jaxtyping-packages=xling,beartype.beartype

# Where the surroundings forbid bytecode, every process would compile torch and all else anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-oldest hard lint results clean

demo: $(DEMO)
	.venv/bin/xling run recipes/quickstart.yaml --out runs

test: $(TEST)
	.venv/bin/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

test-oldest: $(OLDEST)
	.venv-oldest/bin/python -m pytest $(CHECKED) --numprocesses auto --dist worksteal $(ARGS)

hard: $(TEST)
	-.venv/bin/python -m pip install "atheris>=2.3"
	.venv/bin/python benchmarks/long_run.py $(ARGS)

lint: $(LINT)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright

results: $(DEMO)
	.venv/bin/python benchmarks/make_results.py

$(DEMO): pyproject.toml constraints.txt
	$(call install,.venv,constraints.txt,embedded)

$(TEST): pyproject.toml constraints.txt
	$(call install,.venv,constraints.txt,test)

$(LINT): pyproject.toml constraints.txt
	$(call install,.venv,constraints.txt,dev)

$(OLDEST): pyproject.toml constraints-oldest.txt
	$(call install,.venv-oldest,constraints-oldest.txt,test)

# $(1) environment, $(2) constraints, $(3) extra. Bytecode is left to the first import: it halves the wait.
# --use-pep517: seqeval comes as source, and Python 3.11's own pip would build it without what that needs.
define install
@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	{ echo "xling needs Python 3.11, 3.12 or 3.13; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
@find $(1) -maxdepth 1 -name '.for-*' ! -name '*-torch-$(TORCH)' -delete
@sed 's/^torch==.*/torch==$(TORCH)/' $(2) > $(1)/constraints.txt
@echo "installing xling[$(3)] with torch $(TORCH) into $(1)"
$(1)/bin/python -m pip install -qq --no-compile --use-pep517 -c $(1)/constraints.txt -e '.[$(3)]'
@touch $@
endef

clean:
	rm -rf .venv .venv-oldest runs dist build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
