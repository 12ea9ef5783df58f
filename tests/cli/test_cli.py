"""The command line: a photograph, a dataset, what is said of bad arguments, and the report."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut
from skimage.io import imread, imsave

from submod_core import Explanation
from submod_core.cli import main
from submod_core.cli.config import Config
from submod_core.cli.main import _CONFIG
from submod_core.cli.photograph import array_of
from submod_core.dataset import open_explanations

CONFIG = """
host = "captum"
model = "my_models:network"
dataset = "my_models:photographs"
folder = "explanations"
[run]
shard_size = 4
[methods.LiMA]
regions = [2, 2]
arguments = {perturbations_per_eval = 8}
[methods.gradients]
class = "Saliency"
[metrics.insertion]
steps = 4
[metrics.deletion]
steps = 4
[report]
class_names = "my_models:NAMES"
n_examples = 1
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder with the models beside it."""
    shutil.copy(Path(__file__).parent / "my_models.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    (tmp_path / "run.toml").write_text(CONFIG)
    return tmp_path


def call(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_a_photograph_is_explained(place, capsys):
    imsave("astronaut.png", astronaut()[:256, 100:400], check_contrast=False)
    options = ["--size", "32", "--regions", "6", "--search", "greedy"]
    code = call(
        "explain", "astronaut.png", "--model", "my_models:network", "--out", "figure.png",
        "--save", "one.npz", *options,
    )  # fmt: skip
    assert code == 0
    assert "figure: figure.png" in capsys.readouterr().out
    assert imread("figure.png").shape[0] > 300
    assert Explanation.load("one.npz").regions.shape == (32, 32)


def test_a_dataset_from_configuration_to_report(place, capsys):
    assert call("run", "run.toml", "--quiet") == 0
    stored = open_explanations(place / "explanations" / "methods" / "LiMA")
    assert stored.verify().complete
    assert call("run", "run.toml", "--quiet") == 0  # nothing is left to do
    assert call("verify", "explanations") == 0
    assert call("status", "explanations") == 0
    told = capsys.readouterr().out
    assert told.count("6 of 6 examples") >= 12  # two methods and their two metrics, twice
    text = (place / "explanations" / "report.html").read_text()
    for word in ("LiMA", "gradients − LiMA", "insertion", "astronaut", "Random sample", "<svg"):
        assert word in text
    # A gap is told, and filled by the next call.
    (place / "explanations" / "methods" / "LiMA" / "shards" / "000001.parquet").unlink()
    assert call("verify", "explanations") == 1
    assert "2 missing: 4, 5 (not complete)" in capsys.readouterr().out
    assert call("run", "run.toml", "--quiet") == 0
    assert call("verify", "explanations") == 0
    assert not re.search(r"(src|href)=\"(?!data:)", text), "the page needs other files"


BAD = [
    (["run", "nowhere.toml"], "nowhere.toml"),
    (["verify", "nowhere"], "nowhere"),
    (["explain", "no.jpg", "--model", "my_models:network", "--out", "a.png"], "`image`"),
    (["explain", "run.toml", "--model", "my_models:network", "--out", "a.png"], "no image"),
    (["explain", "no.jpg", "--model", "my_models", "--out", "a.png"], "module:function"),
    (["explain", "no.jpg", "--model", "my_models:none", "--out", "a.png"], "cannot be found"),
]


@pytest.mark.parametrize(("arguments", "named"), BAD)
def test_errors_are_one_line_that_names_the_fault(place, capsys, arguments, named):
    assert call(*arguments) == 2
    told = capsys.readouterr().err
    assert named in told
    assert "Traceback" not in told


CHANGES = [
    ('host = "captum"', 'host = "jax"', "`host`"),
    ('model = "my_models:network"', "", "lacks 'model'"),
    ("shard_size = 4", "shard_size = 0", "`shard_size`"),
    ("[methods.LiMA]", "[methods.LIMA]", "no method of captum_submod"),
    ("[metrics.insertion]", "[metrics.instertion]", "`metric`"),
    ("[report]", "[reprot]", "holds 'reprot'"),
    ("[run]", "[run", "no TOML"),
    ("shard_size = 4", 'engine = "dask"', "`engine`"),
]


@pytest.mark.parametrize(("old", "new", "named"), CHANGES)
def test_faults_of_a_configuration_are_named(place, capsys, old, new, named):
    (place / "run.toml").write_text(CONFIG.replace(old, new))
    assert call("run", "run.toml", "--quiet") == 2
    assert named in capsys.readouterr().err


def test_the_configuration_of_the_help_is_one(tmp_path):
    lines = [line[2:] for line in _CONFIG.splitlines() if line.startswith("  ")]
    (tmp_path / "help.toml").write_text("\n".join(lines))
    config = Config.read(str(tmp_path / "help.toml"))
    assert list(config.methods) == ["LiMA", "Saliency"]


def test_the_command_is_installed_and_its_help_teaches():
    command = Path(sys.executable).with_name("submod")
    told = subprocess.check_output([command, "run", "--help"], text=True)
    assert "[methods.LiMA]" in told


def test_a_photograph_is_resized_and_cropped_in_the_middle(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    imsave(tmp_path / "wide.png", wide, check_contrast=False)
    image = array_of(tmp_path / "wide.png", 10, channels_last=False)
    assert image.shape == (3, 10, 10)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, 1, atol=1e-6)


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
def test_the_report_opens_in_a_browser(place):
    call("run", "run.toml", "--quiet")
    page = place / "explanations" / "report.html"
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", f"--user-data-dir={place / 'user'}"]
    options = {"capture_output": True, "text": True, "env": os.environ | {"HOME": str(place)}}
    shot = str(place / "shot.png")
    window = ["--window-size=1000,1400", f"--screenshot={shot}"]
    subprocess.run([BROWSER, *quiet, *window, page.as_uri()], check=True, **options)
    assert len(np.unique(imread(shot)[..., 0])) > 50  # drawn, and not one colour
    dom = subprocess.run([BROWSER, *quiet, "--dump-dom", page.as_uri()], check=True, **options)
    assert dom.stdout.count("<img") >= 8
    assert "Settings" in dom.stdout
