"""Documentation of the options that LiMA and SMDL have in all hosts."""

OPTIONS = {
    "coarse": """coarse : int, tuple of int, array, callable or None
    A coarser division, as `regions`, for many regions at the price of few: groups of regions, each
    of those that overlap most with one of its own, are searched first. Those that come first are
    then divided, as many as `max_model_inputs`, by default 8 for each region, pays for; the others
    are regions of the explanation themselves. Good are groups of about eight regions.""",
    "search": """search : str or Search
    The way to order the regions: a key of `submod_core.SEARCHES`, such as ``"guided"``, which
    evaluates only subsets that a regression favours, or ``"bidirectional"``, the paper's Algorithm
    1; or a search with options, such as ``submod_core.search.Guided(window=0.15)`` or one of your
    own.""",
    "weights": """weights : mapping or Weights, optional
    Weights of the scores, by the names of the paper's or as `Score` objects of your own; scores
    left out have weight 0. By default the paper's (Eq. 8): consistency 20, collaboration 5,
    confidence 0.05, effectiveness 0.01.""",
    "activation": """activation : {{"softmax", "sigmoid", "identity"}}, callable or None
    Turns the outputs into probabilities, over {over}. ``"identity"`` is for outputs that are
    probabilities already; a callable takes the output tensor. None reads the target's value itself,
    of a regression of one or many quantities: consistency and collaboration alone have its unit,
    so that confidence and effectiveness are left out. So are they, with a warning, where a model
    has one output and no classes.""",
    "class_axis": """class_axis : int, optional
    The outputs' axis of classes, where they have more than two. By default 1, as of images
    (N, C, H, W), but the last of three axes, as of sequences (N, T, C).""",
    "features": """features : callable or {layer}, optional
    F of the effectiveness score: a function of {arguments}, or a layer of the model, whose output
    is averaged over space and flattened. By default the output vector.{layer_note}""",
    "distance": """distance : {{"cosine", "angular"}} or callable
    Distance between features: 1 − cosine, angle / π, or a function from (n, d) to (n, n)
    arrays.""",
    "class_embeddings": """class_embeddings : {tensor}, (K, d), optional
    Turns the features into class scores, `scale` · cosine to each row, as in CLIP; with a single
    row the plain cosine is the consistency. The target is then a row, and the model's output only
    serves as features.""",
    "scale": """scale : float
    Factor of the cosines, CLIP's logit scale; above 0.""",
    "max_evaluations": """max_evaluations : int, optional
    Most subsets per example for which the search may ask; guided search asks for single sides of
    subsets, each of which counts. When it runs out, the rest is ordered by its last known
    value.""",
    "autocast": """autocast : torch.dtype, optional
    Run the model under `torch.autocast` in this precision, such as ``torch.bfloat16``: faster
    where the device has units for it. Scores lose digits, and regions that are nearly equal may
    change places. By default whatever holds where `attribute` is called.""",
    "max_model_inputs": """max_model_inputs : int, optional
    Most images per example that may go through the model, those of the curves and of the check
    included. Guided search plans to be best within it, from 2n + 1 images on for n regions, or for
    n groups of them (`coarse`); below 8n images effectiveness is left out, with a warning. Any
    other search needs up to 4n + 2, and orders the rest by its last known value when they run out,
    with a warning.""",
    "layout": """layout : str, optional
    Axes of the inputs, one letter each, as in ``"NCHW"``, ``"NHWC"``, ``"NCDHW"``, ``"NTC"``,
    ``"NCT"``, ``"NHW"``, ``"NF"``: N for the examples, C for the channels of a place, and the axes
    of places. By default {found}""",
    "signed": """signed : bool
    Paint `Explanation.gains` instead of the importance: the evidence of each region in units of the
    score, below 0 where it speaks against the target.""",
    "patches": """patches : int, tuple of int or None
    N of the N × N patches, or their rows and columns; without a prior also of other inputs than
    images, a number for each axis of places. None stands for 10 × 10 patches of images, and for
    the regions that `LiMA` makes of others.""",
    "regions": """regions : int
    The paper's m: number of regions that a prior joins the patches into.""",
    "k": """k : int, optional
    Rank only that many regions. The others share the lowest importance.""",
    "smdl_weights": """weights : mapping or Weights, optional
    Weights of the scores, as in `LiMA`; by default 1 each. Without class probabilities and without
    a confidence model there is no confidence.""",
    "feature_target": """feature_target : bool
    Consistency is the cosine of the features to the whole input's (Eq. 7); {target} must then be
    None.""",
    "confidence_model": """confidence_model : callable, optional
    An evidential model of the same arguments (`submod_core.evidential_loss` trains one), whose
    certainty, Eq. 4, is the confidence. By default the confidence is LiMA's, the entropy of the
    class probabilities.""",
    "max_area": """max_area : float
    At most this share of the input, in (0, 1], may be taken for support.""",
    "sufficient": """share : float in (0, 1]
    Of each example's highest confidence: the score to reach.
value : float, optional
    The score to reach, in place of a share.
n : int
    Most sets of an example; no two of them share a region.

Returns
-------
list of Sufficient, N
    `Sufficient.sets` of each example. The first is the smallest prefix of the order that reaches
    the score, from which regions are dropped one by one, the least important first, until no single
    one can be spared. Each next one is found likewise in what the earlier ones leave. There are
    fewer than `n`, or none, where no further prefix reaches the score.

Raises
------
TypeError, ValueError
    As in `{method}`; also if an explanation is not of its input, model, baseline and target, or a
    share is asked for where the highest confidence is not above 0.""",
    "explain_iter": """budgets : sequence of int, optional
    Rising numbers of images for each input, of each search if it knew nothing; by default 4n, 8n,
    16n, … for n regions, or groups of them, and, at last, the search without a budget. Below 8n
    images effectiveness is left out.

Yields
------
list of Explanation, N
    Each search knows the answers to those before it. Insertion less deletion never falls;
    `model_inputs` counts all images so far.

Raises
------
ValueError
    If the method has a budget of its own or a search that does not plan, or `budgets` do not rise;
    and as in `{method}`.""",
    "mistakes": """Returns
-------
Mistakes
    A list with a `Mistake` for each example that the model takes for another class, drawn by
    `{package}.visualization.plot_mistake`; `Mistake.example` is its place in the batch, and
    `Mistakes.right` are the examples without a mistake.

Raises
------
TypeError, ValueError
    As in `LiMA.{method}`; also if the model already predicts the target of every example, or
    `max_area` is out of range or smaller than an example's first region.

References
----------
.. [1] Chen et al., "Less is More: Efficient Black-box Attribution via
   Minimal Interpretable Subset Selection" (LiMA): §6.4.""",
}
"""NumPy-style entries for `submod_core._docs.documented`."""
