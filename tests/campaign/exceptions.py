"""Public names that the campaign makes no bad calls of, each with the reason."""

CONSTANT = "a constant"
ALIAS = "an alias of types, which nobody calls"
PROTOCOL = "a protocol: derived from or matched, not called"
ABSTRACT = "an abstract base: what is derived from it checks its own options"
ERROR = "an error or a signal, raised by the library"
MODULE = "a module: its own names are gone over"
NO_ARGUMENTS = "takes no arguments"
HOT = "made for each batch of each search: checks would be paid for by every model call"
MADE = "only the library makes it, as the answer of a function whose arguments are checked"
TENSORS = "made in each forward pass, of tensors that are known in part while a graph is traced"
FORM = "a NamedTuple of the form of others; what takes it checks what is in it"

EXCEPTIONS = {
    **dict.fromkeys(
        (
            "ACTIVATIONS",
            "BASELINES",
            "CORRELATIONS",
            "CURVES",
            "DISTANCES",
            "METRICS",
            "NO_CLASSES",
            "ONE_EMBEDDING",
            "SCORES",
            "SEARCHES",
            "THRESHOLDS",
            "TOPS",
            "TWICE",
        ),
        CONSTANT,
    ),
    **dict.fromkeys(
        (
            "Array",
            "Correlation",
            "Distance",
            "LabelMaps",
            "Need",
            "Overlap",
            "Procedure",
            "Regions",
            "SearchRun",
            "Steps",
        ),
        ALIAS,
    ),
    **dict.fromkeys(("Declared", "Oracle"), PROTOCOL),
    **dict.fromkeys(
        ("Backend", "MapMetric", "Metric", "ModelMetric", "Question", "Score", "Search"), ABSTRACT
    ),
    **dict.fromkeys(
        ("BudgetExhausted", "NonFiniteOutputError", "OutOfMemoryError", "UnstableModelError"), ERROR
    ),
    **dict.fromkeys(("metrics", "visualization"), MODULE),
    **dict.fromkeys(
        (
            "Backward",
            "Collaboration",
            "Confidence",
            "Consistency",
            "Lazy",
            "Singletons",
            "Sparsity",
        ),
        NO_ARGUMENTS,
    ),
    **dict.fromkeys(("Answers", "Query", "Responses", "Round"), HOT),
    **dict.fromkeys(
        (
            "Diagnostics",
            "Ensemble",
            "HighestConfidence",
            "Learned",
            "Minimum",
            "Outcome",
            "Primal",
            "Ranking",
        ),
        MADE,
    ),
    **dict.fromkeys(("GroupGenerator", "Groups", "Parts", "Rows"), TENSORS),
    "Curve": "a row of the papers' table `CURVES`, which the library alone fills",
    "Dual": f"{FORM}: see the case of `certified_bound`",
    "Exponential": f"{FORM}: see the case of `relative_error`",
    "Parameters": "weights or their gradients: `DeepSubmodularFunction` checks the weights",
    "RevealOrder": f"{FORM}: see the case of `reveal_order`",
    "LiMAOptions": "the base of each host's `LiMA`, whose options are in its cases",
    "SMDLOptions": "the base of each host's `SMDL`, whose options are in its cases",
    "RegionMethod": ABSTRACT,
    "Mistakes": "a list of what it is given, and the places of the rest",
    "are_explanations": "any value has an answer: it is one, or it is none",
    "covering": "its errors end those of `divide_inputs`, which knows the name of the option",
}
