# Everything runs in a virtual environment of its own, .venv; nothing outside this folder is touched.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_EXTRA ?=
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Quiet, and never waiting for an answer: this also runs where nobody sits.
INSTALL := $(PIP) install --quiet --no-input $(PIP_EXTRA) -c constraints.txt
# What a board installs offline. JetPack 6 has Python 3.10, JetPack 7 has 3.12.
WHEELHOUSE := build/wheelhouse
BOARD_PYTHON ?= 3.10
BOARD_MACHINE ?= aarch64
BOARD_EXTRAS ?= serve,images,sign,mqtt
# Wheels for C libraries up to Ubuntu 22.04's.
PLATFORMS := $(foreach libc,2014 _2_17 _2_26 _2_27 _2_28 _2_31 _2_34 _2_35,--platform manylinux$(libc)_$(BOARD_MACHINE))
# pip judges `python_version < "3.11"` by the Python it runs in, not by --python-version: what only an older one needs is
# named here. A newer one leaves it lying.
BACKPORTS := tomli exceptiongroup typing_extensions
RUNTIME_PYTHON := 3.10
CODESIGN_PYTHON := 3.11

.DEFAULT_GOAL := help
.PHONY: help demo test lint wheelhouse clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    compile a bundle for a simulated board and serve it, on digits that need no download'
	@echo 'make test    lint, then run all tests but the slow ones (those: $(BIN)/pytest -m slow)'
	@echo 'make lint    ruff check, ruff format --check, mypy --strict'
	@echo 'make wheelhouse  all that a board installs, in $(WHEELHOUSE). Copy it there, then on the board, offline:'
	@echo "             pip install --no-index --find-links wheelhouse 'edge-codesign[serve,images,sign,mqtt]'"
	@echo 'make clean   remove $(VENV), build and caches'
	@echo
	@echo 'Variables:'
	@echo '  PYTHON       interpreter that makes $(VENV); $(CODESIGN_PYTHON) or newer; now: $(PYTHON)'
	@echo '  TORCH_INDEX  URL of a package index to take torch from. The default build for Linux may bring'
	@echo '               gigabytes of CUDA libraries; a CPU-only build, which the PyTorch site offers from an'
	@echo '               index of its own, is enough for everything here.'
	@echo '  BOARD_PYTHON, BOARD_MACHINE, BOARD_EXTRAS'
	@echo '               of the board that a wheelhouse is for; now: $(BOARD_PYTHON), $(BOARD_MACHINE), $(BOARD_EXTRAS)'
	@echo '  PIP_EXTRA    further options for every pip install, such as --find-links FOLDER'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo '$(PYTHON) is older than Python $(CODESIGN_PYTHON); to do: make PYTHON=/path/to/python$(CODESIGN_PYTHON)' >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# torch comes first and alone, since an index that has it may lack the pinned versions of everything else.
$(VENV)/torch.stamp: constraints.txt | $(BIN)/python
ifneq ($(TORCH_INDEX),)
	$(INSTALL) --no-deps --index-url '$(TORCH_INDEX)' torch
endif
	@touch $@

$(VENV)/codesign.stamp: pyproject.toml constraints.txt $(VENV)/torch.stamp
	$(INSTALL) -e '.[codesign]'
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt $(VENV)/torch.stamp
	$(INSTALL) -e '.[test]'
	@touch $@

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict --python-version $(CODESIGN_PYTHON) -p codesign
	$(BIN)/mypy --strict --python-version $(RUNTIME_PYTHON) -p runtime

test: lint
	$(BIN)/pytest -n 2 -m 'not slow'

demo: $(VENV)/codesign.stamp
	$(BIN)/codesign compile --data digits --board orin-nano-super --device cpu --epochs 7 --generations 3 \
		--out build/demo --cache build/cache --resume
	$(BIN)/edge-runtime install build/demo/bundle --root build/board
	$(BIN)/edge-runtime run --root build/board --data build/demo/test.npz
	@echo
	@echo 'The report: $(CURDIR)/build/demo/report.html'

# The wheel just built is named by its path: an index might have something else under its name.
wheelhouse: | $(BIN)/python
	rm -rf $(WHEELHOUSE)
	$(PIP) wheel --quiet --no-input $(PIP_EXTRA) --no-deps --wheel-dir $(WHEELHOUSE) .
	$(PIP) download --quiet --no-input $(PIP_EXTRA) -c constraints-board.txt --dest $(WHEELHOUSE) --only-binary :all: \
		--implementation cp --python-version $(BOARD_PYTHON) $(PLATFORMS) \
		"$$(ls $(WHEELHOUSE)/edge_codesign-*.whl)[$(BOARD_EXTRAS)]" $(BACKPORTS)
	@echo '$(WHEELHOUSE): for Python $(BOARD_PYTHON) on $(BOARD_MACHINE); on the board, offline:'
	@echo "  pip install --no-index --find-links wheelhouse 'edge-codesign[$(BOARD_EXTRAS)]'"

clean:
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find codesign runtime tests -type d -name __pycache__ -prune -exec rm -rf {} +
