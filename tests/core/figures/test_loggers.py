"""Figures to TensorBoard, Weights & Biases, a folder or a function."""

import sys
import types

import numpy as np
import pytest
import torch
from event_files import images_in
from matplotlib.figure import Figure
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from submod_core.figures.loggers import figure_logger, figure_pixels


def figure(colour="red"):
    made = Figure(figsize=(2, 1), dpi=20, facecolor=colour)
    made.subplots().set_axis_off()
    return made


RED = [255, 0, 0]


def test_a_folder_gets_a_file_for_each_step(tmp_path):
    log = figure_logger(tmp_path / "new")
    log("scene/0", figure(), 3)
    log("scene/0", figure("blue"), 4)
    files = sorted((tmp_path / "new" / "scene" / "0").iterdir())
    assert [file.name for file in files] == ["000003.png", "000004.png"]
    assert np.asarray(Image.open(files[0]))[0, 0, :3].tolist() == RED
    for name in ("../elsewhere", "/elsewhere"):
        with pytest.raises(ValueError, match="`name`"):
            log(name, figure(), 0)


@pytest.mark.parametrize("host", ["torch", "tensorflow"])
def test_tensorboard_reads_what_was_logged(host, tmp_path):
    if host == "torch":
        with SummaryWriter(tmp_path) as writer:
            figure_logger(writer)("scene/0", figure(), 7)
    else:
        import tensorflow as tf

        figure_logger(tf.summary.create_file_writer(str(tmp_path)))("scene/0", figure(), 7)
    ((name, step, pixels),) = images_in(tmp_path)
    assert (name, step) == ("scene/0", 7)
    np.testing.assert_array_equal(pixels, figure_pixels(figure()))
    assert pixels[0, 0].tolist() == RED


def wandb(monkeypatch):
    """A stand-in of the package wandb: what a run and `wandb.Image` are called with."""
    module = types.ModuleType("wandb")
    run_module = types.ModuleType("wandb.sdk.wandb_run")

    class Run:
        def __init__(self):
            self.logged = []

        def log(self, data):
            self.logged.append(data)

    Run.__module__ = run_module.__name__
    module.Image = lambda figure, caption: (figure, caption)
    module.run = Run()
    module.log = module.run.log
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


@pytest.mark.parametrize("what", ["the run", "the module"])
def test_a_run_of_weights_and_biases(what, monkeypatch):
    module, drawn = wandb(monkeypatch), figure()
    figure_logger(module.run if what == "the run" else module)("scene/0", drawn, 7)
    assert module.run.logged == [{"scene/0": (drawn, "step 7")}]


def test_loggers_of_lightning(tmp_path):
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    logger = TensorBoardLogger(tmp_path, name=None, version="one")
    figure_logger(logger)("scene/0", figure(), 7)
    logger.experiment.close()
    assert [(name, step) for name, step, _ in images_in(tmp_path / "one")] == [("scene/0", 7)]
    with pytest.raises(TypeError, match="CSVLogger"):
        figure_logger(CSVLogger(tmp_path))

    class WandbLogger:
        def log_image(self, key, images, step):
            self.given = key, images, step

    logger, drawn = WandbLogger(), figure()
    figure_logger(logger)("scene/0", drawn, 7)
    assert logger.given == ("scene/0", [drawn], 7)


def test_a_function_is_taken_as_it_is():
    assert figure_logger(print) is print


@pytest.mark.parametrize("value", [None, 3, "", object(), torch.zeros(1), np, [print]])
def test_anything_else_is_refused(value):
    with pytest.raises(TypeError, match="`log_to`"):
        figure_logger(value)
