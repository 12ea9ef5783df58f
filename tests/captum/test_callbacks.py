"""Explanations logged by Lightning's trainer, which change nothing of the training."""

import random
from functools import partial

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from event_files import images_in
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from networks import Noisy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from captum_submod import SMDL, LiMA
from captum_submod.callbacks import ExplanationLogger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*treespec.*:FutureWarning"),
]
METHOD = partial(LiMA, regions=(2, 2), search="singletons")


class Module(pl.LightningModule):
    """Dropout, batch norm, and augmentation that draws from every global generator."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net, self.seen = Noisy(), []

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, index):
        images, labels = batch
        scale = 1 + 0.1 * random.random() + 0.1 * np.random.rand()
        loss = nn.functional.cross_entropy(self(images * scale), labels)
        self.seen.append((self.training, self.net.drop.training))
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)


def data():
    images = torch.rand(12, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    return images, torch.arange(12) % 4


def fit(tmp_path, *callbacks, epochs=4, module=None, **options):
    random.seed(0)
    np.random.seed(0)
    module = module or Module()
    torch.manual_seed(1)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    quiet |= {"enable_checkpointing": False, "logger": False, "default_root_dir": tmp_path}
    quiet |= {"log_every_n_steps": 1}
    loader = DataLoader(TensorDataset(*data()), batch_size=6, shuffle=True)
    trainer = pl.Trainer(max_epochs=epochs, callbacks=list(callbacks), **(quiet | options))
    trainer.fit(module, loader)
    return module


def drawing(model):
    """A method whose making draws from every global generator."""
    torch.rand(1), random.random(), np.random.rand()
    return METHOD(model)


def test_training_goes_on_as_without_it(tmp_path):
    images, labels = data()
    logged = []
    callback = ExplanationLogger(
        images[:2],
        labels[:2],
        lambda *record: logged.append(record),
        drawing,
        every_n_epochs=2,
        titles=["a", "b"],
    )
    plain, explained = fit(tmp_path), fit(tmp_path, callback)
    assert [(name, step) for name, _, step in logged] == [
        ("explanations/0", 4),
        ("explanations/1", 4),
        ("explanations/0", 8),
        ("explanations/1", 8),
    ]
    assert logged[-1][1].get_suptitle() == "b, epoch 4"
    for one, other in zip(
        plain.state_dict().values(), explained.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)
    assert set(explained.seen) == {(True, True)}
    for one, other in zip(plain.parameters(), explained.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad), "the last step's"


def test_what_is_drawn_is_the_explanation_by_the_model_of_then(tmp_path):
    images, labels = data()
    drawn = []

    def plot(explanation, picture, title):
        drawn.append((explanation, picture))

    callback = ExplanationLogger(images[:1], labels[:1], print, METHOD, plot=plot)
    module = fit(tmp_path, callback, epochs=2)
    (wanted,) = METHOD(module).explain(images[:1], target=labels[:1])
    first, last = (explanation for explanation, _ in drawn)
    np.testing.assert_allclose(last.curves.insertion, wanted.curves.insertion, rtol=1e-5)
    assert not np.allclose(first.curves.insertion, wanted.curves.insertion), "of another epoch"
    assert torch.equal(drawn[0][1], images[0])


def test_by_default_figures_go_to_the_trainers_own_loggers(tmp_path):
    images, _ = data()
    loggers = [CSVLogger(tmp_path), TensorBoardLogger(tmp_path, name=None, version="board")]
    smdl = partial(SMDL, patches=2, prior=torch.rand(1, 1, 12, 12), regions=2)
    callback = ExplanationLogger(images[:1], 1, method=smdl, name="digits")
    fit(tmp_path, callback, epochs=1, logger=loggers, precision="bf16-mixed")
    loggers[1].experiment.close()
    ((name, step, pixels),) = images_in(tmp_path / "board")
    assert (name, step) == ("digits/0", 2)
    assert pixels.std() > 10
    with pytest.raises(ValueError, match=r"`log_to` .*CSVLogger"):
        fit(tmp_path, callback, epochs=1, logger=loggers[:1])


def test_what_would_fail_after_an_epoch_fails_before_it(tmp_path):
    images, _ = data()
    module = Module()
    for method in (lambda model: model, lambda model: None):
        with pytest.raises(TypeError, match="`method` made a"):
            fit(tmp_path, ExplanationLogger(images, 1, print, method), module=module)

    class FSDPStrategy(pl.strategies.SingleDeviceStrategy):
        pass

    with pytest.raises(ValueError, match="FSDPStrategy"):
        fit(
            tmp_path,
            ExplanationLogger(images, 1, print, METHOD),
            module=module,
            strategy=FSDPStrategy(device=torch.device("cpu")),
            accelerator="auto",
        )
    assert not module.seen


def test_examples_are_copied():
    images, labels = data()
    callback = ExplanationLogger(images, labels, print)
    images.zero_()
    labels.zero_()
    assert callback.inputs.any()
    assert callback.target.any()
