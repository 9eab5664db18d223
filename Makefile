# Every target is one line of intent. Python 3.11 or newer and make are all that is needed.
PYTHON ?= python3
BIN := .venv/bin
CLIENT := clients/python
CODE := s3project users jobs bench/faults bench/judge supply manage.py $(addprefix $(CLIENT)/,src tools tests)
INSTALL := python -m pip install -qq --disable-pip-version-check --require-hashes
UV := .local/uv/bin/uv
UV_VERSION := 0.13.9
.DEFAULT_GOAL := help
.PHONY: test-client client pictures bench-engine help venv demo serve check test test-sam3 lint types format openapi lock licences sbom bench faults clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

venv: .venv/.installed ## .venv with everything in requirements-dev.txt

demo: venv ## edit a set of photos through the public API, from nothing
	@$(BIN)/python manage.py demo $(ARGS)

serve: venv ## the whole service on this machine until Ctrl-C (PORT=8000, WORKER=0: no GPU worker)
	@$(BIN)/python manage.py serve

check: lint types ## for daily work: lint, types and the tests that need no server
	$(BIN)/python -m pytest -q --fast

test: lint types sbom ## everything the gate checks
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: venv ## style, format and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=$(CLIENT)/src $(BIN)/lint-imports

types: venv ## strict types
	$(BIN)/mypy $(CODE)
	$(BIN)/mypy --python-version 3.14 $(CLIENT)/src

format: venv ## rewrite the code in its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: venv ## docs/openapi*.yaml from the code; `make test` compares them
	@$(BIN)/python manage.py openapi

client: venv ## what of the client is made from something else: shapes, the part without asyncio, docs
	@cd $(CLIENT) && $(CURDIR)/$(BIN)/python -m tools.generate

lock: $(UV) ## requirements*.lock from requirements*.txt: every package with its hashes
	@for set in requirements requirements-build requirements-dev requirements-gpu requirements-observability; do $(UV) pip compile $$set.txt -o $$set.lock -q \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock' \
	  $(ARGS) || exit 1; done
	@# A wheel for everything, wherever it may run.
	@for python in 3.11 3.12 3.13 3.14; do for machine in x86_64 aarch64; do $(UV) pip install -q --dry-run \
	  --require-hashes --only-binary :all: --no-binary pyvips -r requirements-dev.lock --target .local/uv/none \
	  --python-version $$python --python-platform $$machine-manylinux_2_28 || exit 1; done; done

licences: venv ## docs/licences.md: what is shipped, under which licence
	@$(BIN)/python -m supply.licences

sbom: venv ## .local/sbom.cdx.json: what is shipped, in CycloneDX, checked against its schema
	@$(BIN)/python -m supply.sbom .local/sbom.cdx.json

bench: venv ## throughput and CPU of the lifecycle of a set (ARGS="-n 200 -c 8")
	@$(BIN)/python bench/run.py $(ARGS)

bench-engine: venv ## what a photo costs, stage by stage (ARGS="--runs 5")
	@$(BIN)/python bench/engine.py $(ARGS)

pictures: venv ## docs/images/studio*.jpg anew, from a real set in a real browser
	@PICTURES=docs/images $(BIN)/python -m pytest -q jobs/tests/studio/test_looks.py -k "desk or phone"

test-sam3: ## the sam3 backend on a tiny checkpoint of random weights, with torch in a .venv of its own
	$(PYTHON) -m venv .venv-sam3
	.venv-sam3/bin/$(INSTALL) -r requirements-build.lock
	.venv-sam3/bin/$(INSTALL) --no-build-isolation -r requirements-dev.lock
	.venv-sam3/bin/$(INSTALL) --no-build-isolation -r requirements-gpu.lock
	.venv-sam3/bin/python -m pytest jobs/tests/gpu/engine/test_sam3_segmenter.py

test-client: ## the client as it is installed, on another Python, in a .venv of its own (PYTHON=python3.13)
	$(PYTHON) -m venv --clear .venv-client
	.venv-client/bin/python -m pip install -qq --disable-pip-version-check './$(CLIENT)[cli]' \
	  pytest pytest-timeout pyyaml standardwebhooks
	@# Nothing of src, and nothing of the settings of our own pytest. The live tests need the server.
	cd $(CLIENT) && PYTHONPATH=. ../../.venv-client/bin/python -m pytest -q -c /dev/null --rootdir . \
	  -p no:cacheprovider -W error --import-mode=importlib tests --ignore tests/test_live.py --ignore tests/test_generated.py

faults: venv ## kill, freeze and cut off real processes: is anything lost? (ARGS="worker_killed")
	@$(BIN)/python -m bench.faults $(ARGS)

clean: ## remove caches and test data; .venv and the data of `make serve` stay
	rm -rf .local/test .local/bench .local/faults .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find s3project users jobs bench clients -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: requirements-build.lock requirements-dev.lock $(CLIENT)/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and "Python 3.11 to 3.14 is needed: make PYTHON=python3.11")'
	@echo "Installing into .venv (once) …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/$(INSTALL) -r requirements-build.lock
	@$(BIN)/$(INSTALL) --no-build-isolation -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-index --no-deps --no-build-isolation -e $(CLIENT)
	@touch $@

$(UV): Makefile
	@$(PYTHON) -m venv .local/uv
	@.local/uv/bin/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
