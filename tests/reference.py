"""The papers' formulas and algorithms once more, slowly and without any code of the library."""

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
    """F of LiMA (Eq. 3–8) for one example of a classifier with logits (1, C), one subset after the other."""

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
        scores = (self.consistency_eq_3, self.collaboration_eq_4, self.confidence_eq_5, self.effectiveness_eq_7)
        return sum(w * score(subset) for w, score in zip(self.weights, scores, strict=True) if w)


def importance_eq_11(order, v):
    """Unscaled scores by position, from v of the prefixes of 1 … n regions."""
    scores = [0.0]
    for i in range(1, len(order)):
        scores.append(scores[-1] - abs(v[i] - v[i - 1]))
    return np.array(scores)


def pixelwise_curve(model, x, baseline, saliency, target, steps, insert):
    """Insertion or deletion of one image (C, H, W), pixel by pixel in equal steps; returns the area and the scores."""
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
