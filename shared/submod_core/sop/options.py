"""Documentation of the arguments that Sum-of-Parts has in all hosts."""

_EACH = {
    "example_inputs": """example_inputs : {array}, (1, …){keywords}
    An input, which fixes shapes and is used otherwise for the `baseline` "random_colour" alone:
    {images}, sequences (N, T, D) whose features lie along T, token ids or vectors (N, T).""",
    "features": """features : int, array_like of int or None
    Unit of the groups: square patches of that many pixels a side, a label map with −1 for elements
    that always stay, or each element; of sequences (N, D, T) a label map (1, T) lies along T.
    {mask_of_a_call}""",
    "layer": """layer : str, optional
    The backbone's layer that embeds the features, by the mean of its output under each. By default
    the last with at least as many places as there are features, or else the last that has
    places.""",
    "encoder": """encoder : {model}, optional
    Embeds the features instead: inputs → (N, n, k); trained with the rest where it has
    parameters.""",
    "finetune": """finetune : bool
    Train a copy of the backbone up to `layer`, as the papers do, instead of sharing its frozen
    layers.""",
    "classifier": """classifier : str, optional
    The {linear} layer (or 1 × 1 convolution) that makes logits of hidden states; by default the
    last.""",
    "class_weights": """class_weights : array_like, (C, h), optional
    Start of the selector's queries; by default the classifier's rows.""",
    "baseline": """baseline : float, array_like of float, (C,), or str
    Replaces the features outside of a group, in the model's input space; for tokens the id of the
    mask token. An array has a number for each channel. By name, for images alone and as under LiMA:
    "blur" and "channel_mean", each of the image itself, and "random_colour", one for all images: it
    is drawn once (seed 0), between the lowest and the highest value of each channel of
    `example_inputs`, and saved with the model. For another draw give its values.""",
    "batch_size": """batch_size : int
    Masked inputs in one call of the backbone: it bounds memory, and does not change the result.""",
    "groups": """groups : int
    m, the number of groups.""",
    "top": """top : float in (0, 1]
    τ, the share of features in each group.""",
    "heads": """heads : int
    Heads of the attention; at most `groups`.""",
    "alpha": """alpha : float, optional
    Factor of the attention's scores (SOP, Eq. 44); by default 1/√p, with p the size of a
    projection.""",
    "beta": """beta : float
    Factor of the selector's scores (Eq. 45): the larger, the fewer groups are used.""",
    "positions": """positions : float
    Weight of the features' places beside the layer's embedding of them, at least 0: 0 for
    transformers, whose layers know places.""",
    "blur": """blur : int, optional
    Side of the Gaussian kernel, odd, that smooths the attention over a grid of patches or a row of
    tokens or words; the papers take 5 and 15. A row is each example's own: padding, and tokens that
    always stay, are not part of it.""",
    "continuous": """continuous : bool
    v1's generator: sparsemax of the attention's scores instead of hard groups.""",
    "feature_mask": """feature_mask : {array} of int, (1 or N, …), optional
    Features of these inputs, ids 0 … n_i − 1 without gaps over the axes of `features`; −1 always
    stays.""",
    "top_of_a_call": """top : float in (0, 1], optional
    Share of features in each group; by default the model's own.""",
    "targets": """targets : {array}, (N,) of int or (N, C)
    Classes, or a number for each output.""",
    "loss": """loss : {{"cross_entropy", "binary_cross_entropy", "squared_error"}}, optional
    Loss of the scaled contributions: of classes, or rows of shares of them that sum to 1 (Eq. 48);
    of several labels at a time, each in [0, 1]; of values (Eq. 49). By default whole numbers are
    classes, and floats are values; floats that look like labels are refused.""",
    "remove": """remove : bool
    Groups hold all but their highest features instead: the rest once those are deleted.""",
    "epochs": """epochs, batch_size : int
    Passes over the examples, and examples in a step.""",
    "lr": """lr, weight_decay : float
    Of AdamW; 5e-6 is the papers' rate, for models trained on a million images.""",
    "seed": """seed : int
    Orders the examples.""",
    "checkpoint": """checkpoint : path, optional
    File (an .npz archive) that a run writes every `checkpoint_every` steps and at its end, and that
    it resumes from where it exists. A run that was killed ends where one that was not does; with
    more `epochs` a run goes on. All else must be as before: the options, the model (its settings,
    layers and frozen weights), the number of examples with the first, middle and last of them, and
    the versions of the libraries. What code of your own computes is not compared.""",
    "checkpoint_every": """checkpoint_every : int
    Steps between two writes.""",
    "show_progress": """{show_progress} : bool
    Show a progress bar, counting steps.""",
    "losses": """
Returns
-------
list of float
    The loss of each step.

Raises
------
ValueError
    If an argument is out of range; if targets are no classes of the model, or not finite; if a loss
    is not finite: the message names the step, and weights and checkpoint are those before it; if
    the checkpoint is of another run (the message says what differs), of another kind, damaged, in
    use by another run, or cannot be written.""",
    "errors": """Raises
------
TypeError, ValueError
    If an argument is of the wrong type or does not fit the backbone; the message names it.

References
----------
.. [1] Sum-of-Parts: Self-Attributing Neural Networks with End-to-End Learning of Feature
   Groups: {source}.""",
}

_TOGETHER = {
    "wrapping": "layer encoder finetune classifier class_weights baseline batch_size",
    "attentions": "groups top heads alpha beta positions blur continuous",
    "of_a_call": "feature_mask top_of_a_call",
    "optimisation": "epochs lr seed",
    "run": "checkpoint checkpoint_every show_progress losses",
}

OPTIONS = _EACH | {
    name: "\n".join(_EACH[each] for each in entries.split()) for name, entries in _TOGETHER.items()
}
"""NumPy-style entries for `submod_core._docs.documented`; some names stand for several."""
