"""Ray as an engine: shards on the actors of one machine or of a cluster."""

from collections.abc import Iterator
from typing import Any

from submod_core.dataset._extras import needed
from submod_core.dataset.engines import MOST_DEATHS, Work, deadly
from submod_core.dataset.manifest import Manifest
from submod_core.dataset.worker import Done, Worker


class RayActors:
    """Shards on Ray actors, each with a model of its own; Ray starts again those that die.

    Ray only schedules: what is done stands in the folder, whose files are the same as those of any
    other engine.

    Parameters
    ----------
    recipe : tuple
        Arguments of `Worker`; Ray sends them to the actors.
    n_workers : int or None
        None for as many as the cluster has room for.
    num_gpus : float
        Share of a GPU that an actor holds.
    address : str or None
        Of a cluster to join ("auto" finds a running one); None starts Ray on this machine.
    """

    def __init__(
        self, recipe: tuple[Any, ...], n_workers: int | None, num_gpus: float, address: str | None
    ) -> None:
        self.ray: Any = needed("ray", "engine='ray'")
        self._started = not self.ray.is_initialized()
        if self._started:
            quiet: dict[str, Any] = {"log_to_driver": False}
            if address is None:
                quiet |= {"include_dashboard": False}
            self.ray.init(address=address, **quiet)
        self._recipe, self._num_gpus = recipe, num_gpus
        room = self.ray.cluster_resources()
        most = room.get("GPU", 0) / num_gpus if num_gpus else room.get("CPU", 1)
        self.n_workers = n_workers or max(1, int(most))
        self.actors = [self._actor()]

    def _actor(self) -> Any:
        # Ray itself starts a dead actor again, and runs its shard once more.
        options = {"num_cpus": 1, "num_gpus": self._num_gpus, "max_restarts": -1}
        options["max_task_retries"] = MOST_DEATHS - 1
        return self.ray.remote(Worker).options(**options).remote(*self._recipe)

    def manifest(self) -> Manifest:
        """See `Engine`."""
        found: Manifest = self._get(self.actors[0].manifest_.remote())
        self._manifest = found
        return found

    def _get(self, reference: Any) -> Any:
        """Result of a call; the error itself rather than Ray's wrapping of it."""
        try:
            return self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from error

    def results(self, work: Work) -> Iterator[Done]:
        """See `Engine`."""
        wanted = min(self.n_workers, len(work.shards))
        self.actors += [self._actor() for _ in range(wanted - len(self.actors))]
        under_way: dict[Any, tuple[int, int]] = {}

        def hand_out(place: int) -> None:
            given = work.next(place)
            if given is not None:
                k, options = given
                ask = self.actors[place].agreed_run
                under_way[ask.remote(self._manifest.fingerprint, k, **options)] = place, k

        for place in range(len(self.actors)):
            hand_out(place)
        while under_way:
            (reference,), _ = self.ray.wait(list(under_way), num_returns=1)
            place, k = under_way.pop(reference)
            try:
                done: Done = self._get(reference)
            except self.ray.exceptions.RayActorError as error:
                raise RuntimeError(deadly(k)) from error
            hand_out(place)
            yield done

    def close(self) -> None:
        """See `Engine`."""
        for actor in self.actors:
            self.ray.kill(actor)
        if self._started:
            self.ray.shutdown()
