# `make demo` and `make test` need Python 3.11 or newer, make, git and a C++ compiler; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=
# Two processes at once; tests/conftest.py says what stays together.
PARALLEL ?= -n 2 --dist loadgroup --no-loadscope-reorder
# Installed before anything asks for it, so that nothing else chooses a build; `make test TORCH=torch==2.9.1` takes another.
TORCH ?= torch==2.13.0

.PHONY: demo test test-all test-firefox fuzz bench training-data lint docs web web-check web-generate screenshots clean
.DEFAULT_GOAL := demo

# Core only: encodes the bundled recording, decodes it, prints numbers and draws a picture.
demo: $(VENV)/.core
	$(BIN)/motes demo

# Everything but the tests marked slow.
test: $(VENV)/.dev web
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

# Everything.
test-all: $(VENV)/.dev web
	$(BIN)/python -m pytest -m "slow or not slow" $(PYTEST_ARGS)

# The studio's page in Firefox, which Debian has as firefox-esr.
test-firefox: $(VENV)/.dev web
	$(BIN)/python -m pytest -m firefox $(PYTEST_ARGS)

# Readers of .mote files against mutants, with another seed each time: `make fuzz MINUTES=60`. What goes wrong is kept in tests/fuzz/crashes.
MINUTES ?= 2
FUZZ_ARGS ?=
fuzz: $(VENV)/.dev
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/fuzz/fuzz.py --minutes $(MINUTES) $(FUZZ_ARGS)

# Each benchmark prints its table; benchmarks/README.md tells what each needs.
bench: $(VENV)/.dev
	for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# Sets for training, and those for tests, rendered anew into DATA: `make training-data DATA=/data HOURS=3`. IMPULSE_RESPONSE_PATH may name rooms for
# training, TEST_ROOMS others for tests; docs/data.md says where everything comes from.
DATA ?= training-data
HOURS ?= 3
JOBS ?= 2
TEST_ROOMS ?=
FROM := $(DATA)/sources
FONTS := $(FROM)/fluid-soundfont-gm/usr/share/sounds/sf2/FluidR3_GM.sf2 $(FROM)/musescore-general-soundfont/usr/share/sounds/sf3/MuseScore_General_Full.sf3 \
	$(FROM)/opl3-soundfont/usr/share/sounds/sf2/OPL-3_FM_128M.sf2
KITS := $(FROM)/hydrogen-drumkits
MORE_KITS := $(FROM)/hydrogen-data/usr/share/hydrogen/data/drumkits $(FROM)/lmms-common/usr/share/lmms/samples/drums
SOURCES := $(FONTS:%=--soundfont %) --patches $(FROM)/freepats --samples $(FROM)/piano
DRUMS := $(KITS:%=--one-shots %) $(MORE_KITS:%=--one-shots %)
training-data: $(VENV)/.dev
	$(BIN)/python tools/fetch_training_data.py $(FROM)
	$(BIN)/motes data render $(DATA)/notes --hours $(HOURS) --seed 4 --jobs $(JOBS) $(SOURCES) $(DRUMS) --scores $(FROM)/scores --additive 0.2 --written 0.6
	$(BIN)/motes data render $(DATA)/unpitched --set unpitched --hours 1 --seed 5 --jobs $(JOBS) $(SOURCES) $(DRUMS) --one-shots $(FROM)/sonic-pi-samples
	$(BIN)/motes data render $(DATA)/natural --set unpitched --hours 1 --seed 6 --jobs $(JOBS) $(SOURCES)
	IMPULSE_RESPONSE_PATH=$(TEST_ROOMS) $(BIN)/motes data render $(DATA)/test --test --soundfont $(FROM)/timgm6mb-soundfont/usr/share/sounds/sf2/TimGM6mb.sf2
	IMPULSE_RESPONSE_PATH=$(TEST_ROOMS) $(BIN)/motes data render $(DATA)/test-drums --set test-drums --one-shots $(KITS)
	IMPULSE_RESPONSE_PATH=$(TEST_ROOMS) $(BIN)/motes data render $(DATA)/test-nature --set test-nature
	IMPULSE_RESPONSE_PATH=$(TEST_ROOMS) $(BIN)/motes data render $(DATA)/test-piano --set test-piano --samples $(FROM)/piano

lint: $(VENV)/.dev web-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

# The page of the studio, with the Node.js that .venv holds; nothing is done where it is newer than what it is built from.
PAGE := src/motes/studio/page/index.html
web: $(VENV)/.dev $(PAGE)

$(PAGE): $(shell find studio/web -path studio/web/node_modules -prune -o -type f -print) | $(VENV)/.dev
	$(BIN)/python tools/build_page.py

# Types, tests and format of the page's sources, and whether what is generated from them is up to date.
web-check: $(VENV)/.dev
	$(BIN)/python tools/build_page.py --check

# The types of the server's answers, for the page, and the script of reports, from the page's sources: both are committed.
web-generate: $(VENV)/.dev
	$(BIN)/python tools/build_page.py --generate

# The pictures of the studio, of reports and of scenes that the documentation shows; benchmarks/README.md names what draws the others.
screenshots: $(VENV)/.dev web
	$(BIN)/python tools/studio_pictures.py docs/images
	$(BIN)/python tools/page_pictures.py docs/images

clean:
	rm -rf $(VENV) build dist src/motes/studio/page studio/web/node_modules docs/_build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "motes needs Python 3.11 or newer; say which with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml | $(BIN)/python
	MOTES_NO_PAGE=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	MOTES_NO_PAGE=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/.core
