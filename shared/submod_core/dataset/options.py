"""Documentation of the arguments that both hosts' dataset functions share."""

OPTIONS = {
    "dataset": """dataset : object
        Map-style: a length, and an item (input, target) for each number; inputs alone are explained
        for what the model predicts. A dataset of torch or Hugging Face, a Keras `Sequence` without
        shuffle, a tuple of arrays, a `submod_core.dataset.ImageFolder`, or a function that makes
        one, itself or as "module:function".""",
    "folder": """folder : str or PathLike
        Folder, or URL of any file system that fsspec knows.""",
    "ids": """ids : sequence of str, optional
        Name of each example; by default the dataset's own `ids`, or 0 … n−1.""",
    "transform": """transform : callable, optional
        From an item of the dataset to (input, target) as the model takes them, without a batch
        axis. Under Captum an input may be a mapping, of keyword arguments of the model.""",
    "seed": """seed : int
        Of methods that draw random numbers: with the place of an example's batch it decides
        them.""",
    "shard_size": """shard_size : int
        Examples that are explained together and written as one file: what a kill loses at most, for
        each worker.""",
    "run": """engine, n_workers, num_gpus, address, retry_failed, show_progress
        See `submod_core.dataset.Run`. By default in this process; under torchrun or SLURM the
        shards of this rank.""",
    "raises": """OtherRunError
        If the folder holds a run of another method, model, ids, version or argument; the
        message lists what differs.
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or another run holds the folder.
    OSError
        If the disk is full or the folder cannot be written to: what was written stays.""",
}
