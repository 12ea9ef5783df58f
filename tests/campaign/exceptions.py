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
WORKERS = "between a worker and its folder, of a manifest's numbers: whole files are the user's"
ANY = "any value has an answer"
FORM = "a NamedTuple of the form of others; what takes it checks what is in it"

EXCEPTIONS = {
    **dict.fromkeys(
        (
            "ACTIVATIONS",
            "BASELINES",
            "CORRELATIONS",
            "CURVES",
            "DISTANCES",
            "KINDS",
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
    **dict.fromkeys(("Declared", "Folder", "Kind", "Oracle"), PROTOCOL),
    **dict.fromkeys(
        (
            "Backend",
            "MapMetric",
            "Metric",
            "ModelMetric",
            "OpenTask",
            "Question",
            "Score",
            "Search",
            "Task",
        ),
        ABSTRACT,
    ),
    **dict.fromkeys(
        (
            "AllFailedError",
            "BudgetExhausted",
            "NonFiniteOutputError",
            "NotExplainedError",
            "OtherRunError",
            "OutOfMemoryError",
            "UnstableModelError",
        ),
        ERROR,
    ),
    **dict.fromkeys(("metrics", "visualization"), MODULE),
    **dict.fromkeys(
        (
            "Backward",
            "Collaboration",
            "Confidence",
            "Consistency",
            "Singletons",
            "Sparsity",
            "TorchvisionProposals",
        ),
        NO_ARGUMENTS,
    ),
    **dict.fromkeys(("Answers", "Parts", "Proposals", "Query", "Responses", "Round"), HOT),
    **dict.fromkeys(
        (
            "Diagnostics",
            "Done",
            "Ensemble",
            "Estimate",
            "Example",
            "GroupStructures",
            "Learned",
            "Manifest",
            "Minimum",
            "Outcome",
            "Prefix",
            "Primal",
            "Ranking",
            "Sufficient",
            "SufficientSet",
            "Verification",
            "Worker",
        ),
        MADE,
    ),
    **dict.fromkeys(("GroupGenerator", "Groups", "Parts", "Rows"), TENSORS),
    **dict.fromkeys(("read_shard", "schema_of", "shard_name", "write_shard"), WORKERS),
    **dict.fromkeys(("describe", "needs_arguments"), ANY),
    "Answer": "of a host's task: `Kind.row` takes what is in it apart",
    "main": "its arguments are a command line's, which its parser refuses: see tests/cli",
    "alike": "takes the examples that `reading` made",
    "differences": "any two descriptions can be compared: see the case of `digest`",
    "ColumnRegions": f"{FORM}: see the case of `column_regions`",
    "Curve": "a row of the papers' table `CURVES`, which the library alone fills",
    "Dual": f"{FORM}: see the case of `certified_bound`",
    "Exponential": f"{FORM}: see the case of `relative_error`",
    "Parameters": "weights or their gradients: `DeepSubmodularFunction` checks the weights",
    "RevealOrder": f"{FORM}: see the case of `reveal_order`",
    "DetectionOptions": "the base of each host's `DetectionScore`, whose options are in its cases",
    "SegmentationOptions": "the base of each host's `SegmentationScore`: see its cases",
    "LiMAOptions": "the base of each host's `LiMA`, whose options are in its cases",
    "SMDLOptions": "the base of each host's `SMDL`, whose options are in its cases",
    "RegionMethod": ABSTRACT,
    "Mistakes": "a list of what it is given, and the places of the rest",
    "are_explanations": ANY,
    **dict.fromkeys(
        ("opencv_seeds", "opencv_slico"),
        "without OpenCV's own modules no call is good: see tests/core/regions/test_opencv.py",
    ),
    "covering": "its errors end those of `divide_inputs`, which knows the name of the option",
}
