"""Phase-window search of Gu et al. (arXiv 2511.10914, and its successor arXiv 2606.18008)."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from submod_core._checks import check_amount, check_count, check_count_or_share, check_share
from submod_core._types import FloatArray, IntArray
from submod_core.search._gains import empty_value
from submod_core.search.base import Search
from submod_core.search.order import Order
from submod_core.search.questions import Steps


@dataclass(frozen=True)
class PhaseWindow(Search):
    """Phases of a global screening, pruning, and picks within a window: PhaseWin.

    A phase admits the best of all open elements, screens the others, and puts off those that are
    far below the best. Picks then look at a window of the most promising alone, several at once
    where they are nearly as good as the best one, until the value no longer rises as it did: the
    next phase begins. What was put off comes last, by one more screening.

    The papers' abstracts name these parts: adaptive pruning, windowed selection, dynamic
    supervision, annealing. The rules below and their constants are those of the released code
    (``Qihuai27/phasewin-va``, ``methods/search/phasewin.py``, as its scripts call it). All
    thresholds are of v(e) = F(S ∪ {e}) − F(∅), with S the elements admitted so far; G is the
    largest v of a screening. The released code takes F itself, which a constant added to F would
    change; here F(∅) is subtracted, not asked for but estimated from the first two screenings. And
    the first look at a window is the screening. A phase that admits nothing after its last look
    leaves values that the next screening asks for again.

    Parameters
    ----------
    window : int, or float in (0, 1)
        Elements in the window, w, or a share of n, rounded down. The first paper's Figure 1 has 16,
        the released code of the second 0.3.
    prune : float in (0, 1]
        β_del, the adaptive pruning: elements with v < β_del · G are put off to the end.
    select : float in (0, 1]
        α_sel: elements with v ≥ α_sel · G may enter the window. A phase ends where no element of
        the window reaches this bar any more.
    accept : float in (0, 1]
        β_win, the window policy: all with v of at least this share of the window's best are
        admitted together, the best first. 1 admits the best alone, with its equals. The released
        code admits them in the order of the screening.
    exit_change : float of at least 0
        δ, the dynamic supervision: with v₀, v₁ of the last two admitted and v₂ of the next, the
        phase ends where v₁/v₂ − v₀/v₁ > δ.
    exit_ratio : float of at least 0
        φ: at such an end the next element is still admitted if v₂ ≥ φ · v₁.
    temperature : float of at least 0
        T₀ of the annealing: an element that would enter the window is put behind the others once a
        phase, with probability 1 / (1 + exp((v/G − α_sel) / T)). By default 0, never: with chance
        the search would not sort a modular function. The released code has 0.5, and since it
        computes with α_sel · G in place of v, a probability of 1/2 at any temperature.
    decay : float of at least 0
        Factor of T from phase to phase.
    seed : int
        Of the chance; at least 0.

    Raises
    ------
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> from submod_core import rank
    >>> ranking = rank(sum, 6, PhaseWindow(window=2))
    >>> ranking.order, ranking.evaluations
    (array([5, 4, 3, 2, 1, 0]), 19)
    """

    window: int | float = 0.3
    prune: float = 0.05
    select: float = 0.6
    accept: float = 0.99
    exit_change: float = 0.02
    exit_ratio: float = 0.98
    temperature: float = 0.0
    decay: float = 0.85
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count_or_share("window", self.window)
        for name in ("prune", "select", "accept"):
            check_share(name, getattr(self, name))
        for name in ("exit_change", "exit_ratio", "temperature", "decay"):
            check_amount(name, getattr(self, name))
        check_count("seed", self.seed, least=0)

    def steps(self, order: Order) -> Steps:
        """Each phase screens twice, before and after its first pick, then looks at its window."""
        put_off = np.zeros(order.n, dtype=bool)
        empty: float | None = None
        chance = _Chance(self)
        while len(kept := order.candidates[~put_off[order.candidates]]):
            values = yield from order.join_front(kept)
            if empty is not None and values.max() <= empty:
                _place(order, kept, values)
                break
            best = int(np.argmax(values))
            order.admit(kept[best], values[best])
            anchor, alone, kept = values[best], np.delete(values, best), np.delete(kept, best)
            if not len(kept):
                break
            values = yield from order.join_front(kept)
            if empty is None:
                empty = empty_value(alone, anchor, values)
            if values.max() <= empty:
                _place(order, kept, values)
                break
            low = values - empty < self.prune * (values.max() - empty)
            put_off[kept[low]] = True
            phase = _Phase(self, order, empty, chance, kept[~low], values[~low])
            yield from phase.picks(float(anchor) - empty)
            chance.cool()
        if len(left := order.candidates):
            _place(order, left, (yield from order.join_front(left)))


class _Chance:
    """Annealing: whether an element is put behind the others before it may enter the window."""

    def __init__(self, search: PhaseWindow) -> None:
        self._temperature, self._decay = search.temperature, search.decay
        self._rng = np.random.default_rng(search.seed)

    def defers(self, above: float) -> bool:
        """Draw for an element whose v/G lies `above` the bar of selection."""
        if not self._temperature:
            return False
        odds = math.exp(min(above / self._temperature, 700.0))
        return bool(self._rng.random() < 1 / (1 + odds))

    def cool(self) -> None:
        """Lower the temperature at the end of a phase."""
        self._temperature *= self._decay


class _Phase:
    """The picks of a phase.

    Parameters
    ----------
    search, order, empty, chance
        The search, the order under construction, the estimate of F(∅), the annealing.
    kept, values : ndarray, (m,)
        The open elements that are not put off, and F(S ∪ {e}) of each by the screening.
    """

    def __init__(
        self,
        search: PhaseWindow,
        order: Order,
        empty: float,
        chance: _Chance,
        kept: IntArray,
        values: FloatArray,
    ) -> None:
        self.search, self.order, self.empty, self.chance = search, order, empty, chance
        self.top = float(values.max()) - empty
        self.bar = search.select * self.top
        self.screened = dict(zip(kept.tolist(), values.tolist(), strict=True))
        ranked = kept[np.argsort(-values, kind="stable")].tolist()
        self.tail = deque(e for e in ranked if self.screened[e] - empty >= self.bar)
        share = search.window < 1
        self.size = max(1, math.floor(search.window * order.n)) if share else int(search.window)
        self.window = [self.tail.popleft() for _ in range(min(self.size, len(self.tail)))]
        self.deferred: set[int] = set()

    def picks(self, anchor: float) -> Steps:
        """Admit from the window until it is spent, or the supervision ends the phase."""
        before, last, first = None, anchor, True
        while self.window:
            looked = np.array(sorted(self.window))
            if first:
                values = np.array([self.screened[e] for e in looked])
            else:
                values = yield from self.order.join_front(looked)
            first, worth = False, values - self.empty
            good = np.flatnonzero(worth >= max(self.bar, self.search.accept * worth.max()))
            if not len(good):
                return
            for k, place in enumerate(good[np.argsort(-worth[good], kind="stable")]):
                now = float(worth[place])
                ends = before is not None and last / now - before / last > self.search.exit_change
                if ends and now < self.search.exit_ratio * last:
                    return
                # F is known of the prefix that the first of those admitted together completes.
                self.order.admit(looked[place], np.nan if k else values[place])
                self.window.remove(int(looked[place]))
                if ends:
                    return
                before, last = last, now
            self._fill()

    def _fill(self) -> None:
        """Let the next elements into the window, each put behind the others at most once."""
        while self.tail and len(self.window) < self.size:
            element = self.tail.popleft()
            above = (self.screened[element] - self.empty) / self.top - self.search.select
            if element not in self.deferred and self.chance.defers(above):
                self.deferred.add(element)
                self.tail.append(element)
            else:
                self.window.append(element)


def _place(order: Order, elements: IntArray, values: FloatArray) -> None:
    """Place elements by F(front ∪ {e}), the largest first."""
    for rank, index in enumerate(np.argsort(-values, kind="stable")):
        order.admit(elements[index], np.nan if rank else values[index])
