PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := $(RUN) -m pip install --quiet --constraint constraints.txt
QUIET := TF_CPP_MIN_LOG_LEVEL=3
# One test process a core: threads of their own would only get in each other's way, several times slower.
ALONE := OMP_NUM_THREADS=1

.PHONY: demo pipeline test lint check clean

# ARGS="--image photo.jpg --model torchvision:resnet50" explains a photograph instead.
demo: $(VENV)/captum
	$(RUN) examples/demo.py $(ARGS)

pipeline: $(VENV)/test
	$(QUIET) $(RUN) examples/xplique_pipeline.py $(ARGS)

test: $(VENV)/test
	$(QUIET) $(ALONE) $(RUN) -m pytest -n 2

lint: $(VENV)/test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

check: lint test

$(VENV)/captum: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --editable '.[captum,examples]'
	touch $@

$(VENV)/test: $(VENV)/captum
	$(INSTALL) --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo_output *.egg-info
