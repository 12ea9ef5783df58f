"""The papers' formulas and algorithms once more, slowly and without any code of the library."""

import itertools
import math

import numpy as np
import torch


def algorithm_1(function, n, n_pending):
    """LiMA, Algorithm 1, line by line; returns the order and the number of evaluations."""
    evaluations = 0
    forward, reverse = [], []

    def value(subset):
        nonlocal evaluations
        evaluations += 1
        return function(frozenset(subset))

    while True:
        remaining = [a for a in range(n) if a not in forward and a not in reverse]
        if not remaining:
            return forward + reverse, evaluations
        values = {a: value([*forward, a]) for a in remaining}
        best = max(remaining, key=lambda a: (values[a], -a))
        forward.append(best)
        remaining.remove(best)
        if len(remaining) > n_pending:
            pending = sorted(remaining, key=lambda a: (values[a], a))[:n_pending]
            worst = {a: value([a, *reverse]) for a in pending}
            reverse.insert(0, min(pending, key=lambda a: (worst[a], a)))


def greedy(function, n):
    """Plain greedy; returns the order and the number of evaluations."""
    evaluations, order = 0, []
    while len(order) < n:
        remaining = [a for a in range(n) if a not in order]
        values = {a: function(frozenset([*order, a])) for a in remaining}
        evaluations += len(values)
        order.append(max(remaining, key=lambda a: (values[a], -a)))
    return order, evaluations


def search(name, function, n, n_pending=8):
    return greedy(function, n) if name == "greedy" else algorithm_1(function, n, n_pending)


class SlowObjective:
    """F of LiMA (Eq. 3–8) for one example and logits (1, C), one subset after the other."""

    def __init__(self, model, x, baseline, mask, target, weights=(20, 5, 0.05, 0.01)):
        self.model, self.x, self.baseline, self.mask, self.target, self.weights = (
            model,
            x,
            baseline,
            mask,
            target,
            weights,
        )
        self.n = int(mask.max()) + 1
        self._distances = {}

    def logits(self, subset):
        masked = self.x.clone()
        for region in range(self.n):
            if region not in subset:
                masked[self.mask == region] = self.baseline[self.mask == region]
        with torch.no_grad():
            return self.model(masked[None])[0].double()

    def consistency_eq_3(self, subset):
        return float(torch.softmax(self.logits(subset), 0)[self.target])

    def collaboration_eq_4(self, subset):
        return 1 - self.consistency_eq_3(set(range(self.n)) - set(subset))

    def confidence_eq_5(self, subset):
        p = torch.softmax(self.logits(subset), 0).tolist()
        return 1 + sum(q * math.log(q) for q in p if q > 0) / math.log(len(p))

    def effectiveness_eq_7(self, subset):
        if len(subset) < 2:
            return 0.0
        return sum(min(self.distance(i, j) for j in subset if j != i) for i in subset)

    def distance(self, i, j):
        if (i, j) not in self._distances:
            a, b = self.logits({i}), self.logits({j})
            self._distances[i, j] = float(1 - a @ b / (a.norm() * b.norm()))
        return self._distances[i, j]

    def __call__(self, subset):
        scores = (
            self.consistency_eq_3,
            self.collaboration_eq_4,
            self.confidence_eq_5,
            self.effectiveness_eq_7,
        )
        return sum(w * score(subset) for w, score in zip(self.weights, scores, strict=True) if w)


def importance_eq_11(order, v):
    """Unscaled scores by position, from v of the prefixes of 1 … n regions."""
    scores = [0.0]
    for i in range(1, len(order)):
        scores.append(scores[-1] - abs(v[i] - v[i - 1]))
    return np.array(scores)


def pixelwise_curve(model, x, baseline, saliency, target, steps, insert):
    """Insertion or deletion of one image (C, H, W) in equal steps: the area and the scores."""
    n = saliency.numel()
    ranked = sorted(range(n), key=lambda p: (-float(saliency.flatten()[p]), p))
    start, end = (baseline, x) if insert else (x, baseline)
    area, scores = [], []
    for step in range(steps + 1):
        count = -(-n * step // steps)
        image = start.clone()
        for p in ranked[:count]:
            image[:, p // x.shape[2], p % x.shape[2]] = end[:, p // x.shape[2], p % x.shape[2]]
        with torch.no_grad():
            scores.append(float(torch.softmax(model(image[None])[0], 0)[target]))
        area.append(count / n)
    return area, scores


# SMDL


def smdl_algorithm_1(saliency, patches, m):
    """SMDL, Algorithm 1: region l of a pixel has (l − 1)·d < rank ≤ l·d, d = N²/m; from 0 on."""
    height, width = saliency.shape
    rows, columns = patches
    cell = [
        [(i * rows // height) * columns + j * columns // width for j in range(width)]
        for i in range(height)
    ]
    scores = {}
    for i in range(height):
        for j in range(width):
            scores.setdefault(cell[i][j], []).append(float(saliency[i, j]))
    ranked = sorted(scores, key=lambda c: (-sum(scores[c]) / len(scores[c]), c))
    d = rows * columns / m
    region = {
        c: next(k for k in range(1, m + 1) if (k - 1) * d < rank <= k * d + 1e-9)
        for rank, c in enumerate(ranked, 1)
    }
    return [[region[cell[i][j]] - 1 for j in range(width)] for i in range(height)]


def evidential_loss_eq_3(outputs, target):
    evidence = [math.exp(max(-10.0, min(10.0, o))) for o in outputs]
    return math.log(sum(e + 1 for e in evidence)) - math.log(evidence[target] + 1)


def uncertainty_eq_4(outputs):
    evidence = [math.exp(max(-10.0, min(10.0, o))) for o in outputs]
    return len(outputs) / sum(e + 1 for e in evidence)


class SlowSMDL(SlowObjective):
    """F of SMDL (Eq. 9): weights 1, evidential confidence, a class or features as the target."""

    def __init__(self, model, x, baseline, mask, target, confidence_model):
        super().__init__(model, x, baseline, mask, target, (1, 1, 1, 1))
        self.confidence_model = confidence_model

    def consistency_eq_3(self, subset):
        if self.target is not None:
            return super().consistency_eq_3(subset)
        a, b = self.logits(subset), self.logits(range(self.n))
        return float(a @ b / (a.norm() * b.norm())) if a.norm() else 0.0

    def confidence_eq_5(self, subset):
        plain, self.model = self.model, self.confidence_model
        outputs = self.logits(subset).tolist()
        self.model = plain
        return 1 - uncertainty_eq_4(outputs)


# Metrics


def ranks(values):
    """Average ranks, ties sharing theirs."""
    ordered = sorted(values)
    return [
        sum(i for i, v in enumerate(ordered, 1) if v == value) / ordered.count(value)
        for value in values
    ]


def pearson(a, b):
    a, b = np.asarray(a) - np.mean(a), np.asarray(b) - np.mean(b)
    return float(sum(a * b) / math.sqrt(sum(a * a) * sum(b * b)))


def gini(values):
    """Mean absolute difference of all pairs over twice the mean."""
    values = [abs(v) for v in values]
    n, mean = len(values), sum(values) / len(values)
    return sum(abs(a - b) for a in values for b in values) / (2 * n * n * mean)


def highest_confidence_eq_15(area, scores, max_area):
    return max(
        (s for a, s in list(zip(area, scores, strict=True))[1:] if a <= max_area + 1e-12),
        default=math.nan,
    )


def target_score(model, image, target):
    with torch.no_grad():
        return float(torch.softmax(model(image[None])[0], 0)[target])


def sliding_corners(saliency, size, n):
    """Corners of the n windows of the highest mean score that do not overlap, at any position."""
    height, width = len(saliency), len(saliency[0])
    means = {
        (i, j): sum(float(saliency[i + a][j + b]) for a in range(size) for b in range(size))
        for i in range(height - size + 1)
        for j in range(width - size + 1)
    }
    chosen = []
    for i, j in sorted(means, key=lambda c: (-round(means[c], 9), c)):
        if len(chosen) < n and all(abs(i - a) >= size or abs(j - b) >= size for a, b in chosen):
            chosen.append((i, j))
    return chosen


def sliding_aupc(model, x, baseline, saliency, target, size, n_patches):
    """SEA-NN's printed AUPC of one draw: windows at all positions, an area that is not divided."""
    image, start = x.clone(), target_score(model, x, target)
    curve = [1.0]
    for i, j in sliding_corners(saliency, size, n_patches):
        image[:, i : i + size, j : j + size] = baseline[:, i : i + size, j : j + size]
        curve.append(target_score(model, image, target) / start)
    return sum((a + b) / 2 for a, b in itertools.pairwise(curve))


def aupc(model, x, baseline, saliency, target, size, n_patches):
    """Square patches in decreasing order of their mean score, each replaced for good."""
    height, width = saliency.shape
    corners = [(i, j) for i in range(0, height, size) for j in range(0, width, size)]
    means = {c: float(saliency[c[0] : c[0] + size, c[1] : c[1] + size].mean()) for c in corners}
    image, start = x.clone(), target_score(model, x, target)
    curve = [1.0]
    for i, j in sorted(corners, key=lambda c: -means[c])[:n_patches]:
        image[:, i : i + size, j : j + size] = baseline[:, i : i + size, j : j + size]
        curve.append(target_score(model, image, target) / start)
    return sum((curve[k] + curve[k + 1]) / 2 for k in range(n_patches)) / n_patches


# Sufficient regions


def sufficient_sets(function, order, score, n):
    """Sets that reach a score, each of the smallest prefix of what is left, without spare ones."""
    found, left = [], list(order)
    while len(found) < n:
        lengths = [k for k in range(1, len(left) + 1) if function(frozenset(left[:k])) >= score]
        if not lengths:
            break
        kept = left[: lengths[0]]
        before = None
        while before != kept:
            before = list(kept)
            for region in reversed(before):
                rest = [r for r in kept if r != region]
                if rest and function(frozenset(rest)) >= score:
                    kept = rest
        found.append(set(kept))
        left = [r for r in left if r not in kept]
    return found


def sop_baseline(baseline, image, example):
    """Values that replace features of an image (H, W, C), element by element.

    `example` is the image that the model was made with.
    """
    made = np.empty_like(image)
    if baseline == "blur":
        return blurred(image, max(image.shape[:2]) / 20)
    for channel in range(image.shape[2]):
        if baseline == "channel_mean":
            made[..., channel] = math.fsum(image[..., channel].ravel()) / image[..., 0].size
        elif baseline == "random_colour":
            draws = np.random.default_rng(0).random(image.shape[2])
            low, high = example[..., channel].min(), example[..., channel].max()
            made[..., channel] = low + draws[channel] * (high - low)
        else:
            made[..., channel] = np.ravel(baseline)[channel if np.ndim(baseline) else 0]
    return made


def blurred(image, sigma):
    """Gaussian blur of an image (H, W, C), which is mirrored at its edges, cut off at 4 σ."""
    reach = int(4 * sigma + 0.5)
    weights = [math.exp(-(k**2) / (2 * sigma**2)) for k in range(-reach, reach + 1)]

    def mirrored(i, n):
        i %= 2 * n
        return i if i < n else 2 * n - 1 - i

    for axis in (0, 1):
        n, moved = image.shape[axis], np.moveaxis(image, axis, 0)
        rows = [
            sum(
                weight * moved[mirrored(i + k, n)]
                for k, weight in zip(range(-reach, reach + 1), weights, strict=True)
            )
            / sum(weights)
            for i in range(n)
        ]
        image = np.moveaxis(np.stack(rows), 0, axis)
    return image
