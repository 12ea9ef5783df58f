"""Plan of a run over a dataset: ids in order, cut into shards."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from submod_core._checks import check_count, check_sized, check_type, is_whole


@dataclass(frozen=True)
class Plan:
    """Ids of a dataset in order, cut into shards of fixed size.

    The plan does not depend on how many workers there are, so that a run may go on with more or
    fewer of them.

    Parameters
    ----------
    ids : sequence of str
        Name of each example, in the order of the dataset; all different.
    shard_size : int
        Examples in a shard, which is what a killed worker loses at most; the last one may be
        smaller.

    Raises
    ------
    TypeError, ValueError
        If an id is no text, or stands twice, or there is none; or the size is below 1.

    Examples
    --------
    >>> plan = Plan(("a", "b", "c"), shard_size=2)
    >>> plan.n_shards, plan.shard(1), plan.ids_of(1)
    (2, range(2, 3), ('c',))
    """

    ids: tuple[str, ...]
    shard_size: int = 32

    def __post_init__(self) -> None:
        check_type("ids", self.ids, tuple, "a tuple of text")
        check_count("shard_size", self.shard_size)
        object.__setattr__(self, "shard_size", int(self.shard_size))
        for name in self.ids:
            check_type("ids", name, str, "text, each")
        if not self.ids:
            raise ValueError("`ids` must name at least one example: the dataset is empty")
        if twice := [name for name, count in Counter(self.ids).items() if count > 1]:
            raise ValueError(f"`ids` must all differ: {twice[0]!r} stands more than once")

    @classmethod
    def of(cls, dataset: Sequence[object], ids: Sequence[str] | None, shard_size: int) -> "Plan":
        """Plan of a dataset; without `ids` those that it has itself, or the numbers 0 … n−1.

        Ids that are whole numbers, as a dataset may have them, become text.
        """
        if not len(dataset):
            raise ValueError("`dataset` must hold at least one example")
        names = getattr(dataset, "ids", None) if ids is None else ids
        names = range(len(dataset)) if names is None else names
        check_sized("ids", names)
        if len(names) != len(dataset):
            raise ValueError(
                f"`ids` (of length {len(names)}) must have one entry for each of the "
                f"{len(dataset)} examples"
            )
        for name in names:
            if not isinstance(name, str) and not is_whole(name):
                raise TypeError(f"`ids` (with {name!r}) must be text or whole numbers")
        return cls(tuple(map(str, names)), shard_size)

    @property
    def n_shards(self) -> int:
        """Number of shards."""
        return -(-len(self.ids) // self.shard_size)

    def shard(self, k: int) -> range:
        """Places of the k-th shard's examples in the dataset."""
        return range(k * self.shard_size, min((k + 1) * self.shard_size, len(self.ids)))

    def ids_of(self, k: int) -> tuple[str, ...]:
        """Ids of the k-th shard."""
        places = self.shard(k)
        return self.ids[places.start : places.stop]
