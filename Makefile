PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint check clean

# ARGS="--image photo.jpg --model torchvision:resnet50" explains a photograph instead.
demo: $(VENV)/ready
	$(RUN) examples/demo.py $(ARGS)

test: $(VENV)/ready
	$(RUN) -m pytest -n 2

lint: $(VENV)/ready
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

check: lint test

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --constraint constraints.txt torch
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo_output *.egg-info
