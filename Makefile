# make lab    build the labs of the course into build/, a folder each, and print what was made and verified
# make test   run every check and every test
# make page   build the page into build/page; needs Node.js with npm; gradlab play serves it
# make page-wheel    put the built page into a wheel, gradlab-page, in build/dist
# make test-web    lint the page's code, and drive the built page in Chromium, as a person would; pictures in build/page-pictures
# make docs   build the site into build/site, with the labs and the page alive in it; open build/site/index.html
# make bench-check, bench-grade, bench-import, bench-map, bench-page, bench-prove, bench-scale, bench-train    measure gradlab beside its peers, into benchmarks/RESULTS.md
# Each sets up .venv first, once; none repeats what is already done.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := dev
CHROMIUM ?= chromium

.PHONY: lab test test-python test-web page page-wheel docs setup clean bench-check bench-grade bench-import bench-map bench-page bench-prove bench-scale bench-train
.DELETE_ON_ERROR:

lab: setup
	@$(BIN)/gradlab lab build courses/*.md --out build

# The page is built and driven while the other tests run.
test: setup
	@if command -v npm >/dev/null && command -v $(CHROMIUM) >/dev/null; then $(MAKE) --no-print-directory --jobs=2 test-python test-web; \
		else $(MAKE) --no-print-directory test-python && \
		echo "The page was not tested: this needs Node.js with npm, and Chromium (apt-get install npm chromium)."; fi

test-python: setup
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q

page: setup page/node_modules/.installed
	@node page/tools/build.mjs build/page $(BIN)/python

page-wheel: page
	@cd page/wheel && $(abspath $(BIN))/python -m hatchling build -t wheel -d $(abspath build/dist)

test-web: page
	@cd page && npm run --silent lint
	@cd page && PYTHON=$(abspath $(BIN))/python node --test test/unit/
	@cd page && PYTHON=$(abspath $(BIN))/python CHROMIUM=$$(command -v $(CHROMIUM)) node test/web.mjs

page/node_modules/.installed: page/package-lock.json
	@cd page && npm ci --no-audit --no-fund --silent
	@touch $@

bench-page: page
bench-check bench-grade bench-import bench-map bench-page bench-prove bench-scale bench-train: bench-%: $(VENV)/.bench-installed
	@$(BIN)/python benchmarks/bench_$*.py $(ARGS)

docs: lab
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory page; \
		else echo "The site shows no living page: this needs Node.js with npm (apt-get install npm)."; fi
	@$(BIN)/python -m sphinx -q -W --keep-going docs build/site
	@echo "build/site/index.html"

setup: $(VENV)/.gradlab-installed $(VENV)/.bwrap-tried

$(VENV)/.bench-installed: $(VENV)/.gradlab-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(VENV)/.gradlab-installed: pyproject.toml $(VENV)/.torch-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@

# Submissions are graded inside bubblewrap, which no Python package brings.
$(VENV)/.bwrap-tried: $(VENV)/.created
	@command -v bwrap >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		apt-get update --quiet=2 && apt-get install --quiet=2 --yes bubblewrap >/dev/null; } || \
		echo "bubblewrap is missing, so that 'gradlab lab grade' will refuse; on Debian: apt-get install bubblewrap" >&2
	@touch $@

# PyTorch by itself and by its exact version: a plain `torch` may bring gigabytes of GPU packages.
$(VENV)/.torch-installed: $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	@touch $@

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "gradlab needs Python 3.11 or newer; say which one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

clean:
	rm -rf build page/node_modules $(VENV)
