"""Series, sound, volumes, video."""

from functools import cache

import numpy as np
import torch
from matplotlib.figure import Figure
from other_models import heart, rhythm

from captum_submod import LiMA, tubes
from captum_submod.visualization import (
    plot_series,
    plot_spectrogram,
    plot_video,
    plot_volume,
    series_html,
    spectrogram_html,
    video_html,
    volume_html,
)
from submod_core import Explanation

ODD = 5  # the beat that is upside down


@cache
def _series() -> tuple[np.ndarray, Explanation]:
    """A series with an odd beat, and why it is odd."""
    series = heart(np.random.default_rng(3), ODD)
    lima = LiMA(rhythm(), regions=24, layout="NT")
    return series, lima.explain(torch.from_numpy(series)[None], target=1)[0]


def beats() -> Figure:
    """The odd beat

    A small network was trained to tell whether one of eight beats is upside down. The segment of
    that beat is enough.
    """
    series, one = _series()
    assert 30 * ODD <= np.flatnonzero(one.prefix(1)).mean() < 30 * ODD + 30
    return plot_series(one, series, step=0.025, unit="s", signed=True, title="Why is it odd?")


def beats_page() -> str:
    """A series to touch

    `series_html` of the same beats.
    """
    series, one = _series()
    assert one.smallest_prefix().n_regions < 6
    return series_html(one, series)


RATE, WINDOW = 4000, 128
TIME = torch.arange(RATE) / RATE


def _decibels(sounds: torch.Tensor) -> torch.Tensor:
    """Spectrograms (N, T, F) of sounds (N, T)."""
    window = torch.hann_window(WINDOW)
    spectra = torch.stft(sounds, WINDOW, WINDOW // 2, window=window, return_complex=True)
    return 20 * torch.log10(spectra.abs().mT + 1e-3)


def _loudest(decibels: torch.Tensor) -> torch.Tensor:
    """Logits (N, 4): how loud the loudest 40 cells of each of four bands are."""
    bands = decibels[..., :64].unflatten(-1, (4, 16)).transpose(1, 2).flatten(2)
    return bands.topk(40).values.mean(-1) / 4


@cache
def _sound() -> torch.Tensor:
    """A tone of 300 Hz from 0.3 to 0.6 s, a chirp between 1100 and 1400 Hz, and noise."""
    tone = torch.sin(2 * torch.pi * 300 * TIME) * ((TIME > 0.3) & (TIME < 0.6))
    chirp = 0.4 * torch.sin(2 * torch.pi * (1100 + 150 * TIME) * TIME)
    return tone + chirp + 0.02 * torch.randn(RATE, generator=torch.Generator().manual_seed(0))


@cache
def _spectrogram() -> tuple[torch.Tensor, Explanation]:
    """The sound's spectrogram, and why the lowest band is the loudest."""
    decibels = _decibels(_sound()[None])
    lima = LiMA(_loudest, regions=(7, 5), layout="NTF")
    return decibels[0], lima.explain(decibels, "minimum", 0, perturbations_per_eval=64)[0]


def spectrogram() -> Figure:
    """A tone

    The lowest of four bands is the loudest because of the tone, while it plays; the chirp above
    speaks against it.
    """
    decibels, one = _spectrogram()
    frames, bins = np.nonzero(one.prefix(2))
    assert 0.25 < frames.mean() / len(decibels) < 0.65
    assert bins.mean() < 16
    hertz = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    return plot_spectrogram(one, decibels, seconds=1.0, frequencies=hertz, signed=True)


def spectrogram_page() -> str:
    """A spectrogram to touch

    `spectrogram_html` of the same sound.
    """
    decibels, one = _spectrogram()
    assert one.gains[one.order[0]] > 0
    return spectrogram_html(one, decibels)


def waveform() -> Figure:
    """The same sound as a waveform

    Segments of the sound become silence, and the network sees the spectrogram of what is left.
    """
    lima = LiMA(lambda sounds: _loudest(_decibels(sounds)), regions=20, layout="NT")
    (one,) = lima.explain(_sound()[None], target=0, perturbations_per_eval=32)
    assert 0.3 < TIME[one.prefix(3)].mean() < 0.6
    return plot_series(one, _sound(), step=1 / RATE, unit="s")


@cache
def _volume() -> tuple[torch.Tensor, np.ndarray, Explanation]:
    """Noise with a ball and a rod, the places of the ball, and why there is a ball."""
    z, y, x = np.mgrid[:20, :28, :28]
    ball = (z - 12) ** 2 + (y - 9) ** 2 + (x - 18) ** 2 < 20
    volume = torch.rand(20, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.2
    volume[torch.from_numpy(ball)], volume[:, 20:22, 6:8] = 0.9, 0.9
    lima = LiMA(_ball, regions=40, max_model_inputs=500)
    found = lima.explain(volume[None, None], target=1, perturbations_per_eval=16)
    return volume, ball, found[0]


def _ball(volumes: torch.Tensor) -> torch.Tensor:
    """Logits (N, 2): no ball, a ball; a rod is too thin to fill a window."""
    fullest = torch.nn.functional.avg_pool3d(volumes, 5, 1).amax((1, 2, 3, 4))
    return torch.stack([0 * fullest + 3, 6 * fullest], 1)


def volume() -> Figure:
    """A ball in a volume

    Supervoxels follow the picture. Those of the ball are enough; the rod is as light, but too thin,
    and counts only once the ball is gone.
    """
    volume, ball, one = _volume()
    assert one.prefix(3)[ball].mean() > 0.5
    return plot_volume(one, volume, title="Is there a ball?")


def across() -> Figure:
    """Across another axis

    Slices of the same volume along its last axis, with gains.
    """
    volume, ball, one = _volume()
    assert one.paint(signed=True)[ball].mean() > 0
    return plot_volume(one, volume, axis=2, signed=True)


def volume_page() -> str:
    """A volume to touch

    `volume_html` has its slices side by side.
    """
    volume, _, one = _volume()
    assert len(one.order) > 20
    return volume_html(one, volume, slices=range(2, 20, 3))


@cache
def _video() -> tuple[torch.Tensor, Explanation]:
    """A square that moves in the middle of the time, one that rests, and where motion is."""
    video = 0.001 * torch.rand(16, 32, 32, generator=torch.Generator().manual_seed(0))
    video[:, 20:26, 22:28] = 0.9
    for k in range(16):
        left = 2 + 2 * min(max(k - 4, 0), 8)
        video[k, 4:10, left : left + 6] = 0.9
    moves = lambda videos: 100 * videos.diff(dim=2).abs().mean((1, 2, 3, 4))
    parts = lambda video: tubes(video, (4, 4), spans=2)
    lima = LiMA(moves, regions=parts, layout="NCTHW", activation=None)
    found = lima.explain(video[None, None], "channel_mean", perturbations_per_eval=32)
    return video, found[0]


def video() -> Figure:
    """What moves?

    A tube is a part of the picture over a span of time. The tubes through which the upper square
    moves have the gains; the lower square rests.
    """
    video, one = _video()
    first = one.prefix(4)
    assert not first[:, 16:].any()
    return plot_video(one, video, seconds=1.6, signed=True)


def video_page() -> str:
    """A video to touch

    `video_html` has its frames side by side.
    """
    video, one = _video()
    assert one.curves.insertion[-1] > 0
    return video_html(one, video, frames=range(0, 16, 2))
