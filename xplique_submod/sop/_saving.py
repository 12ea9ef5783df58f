"""Files of a Keras model: whole or not at all, for inference with any number of inputs."""

import os
from typing import Any

import tensorflow as tf

from submod_core._files import whole_file

keras = tf.keras


class Saved(keras.Model):  # type: ignore[name-defined]
    """A model with an example of its inputs."""

    example_inputs: Any

    def save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        """Write the model as Keras does, but whole or not at all.

        An earlier file stays where writing fails.

        Parameters
        ----------
        filepath : str or PathLike
            Ends in ".keras"; remote files are left to Keras alone.
        overwrite : bool
            False asks before an existing file is replaced.
        **options
            Of `keras.Model.save`.

        Raises
        ------
        ValueError
            If it ends in ".h5" or ".hdf5".
        """
        path = os.fspath(filepath) if isinstance(filepath, str | os.PathLike) else ""
        if str(path).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"`filepath` (={str(path)!r}) must end in '.keras': HDF5 files hold functional and "
                "sequential models alone; `save_weights` writes '.weights.h5'"
            )
        ours = str(path).endswith(".keras") and "://" not in str(path)
        if not ours or (os.path.exists(path) and not overwrite):
            super().save(filepath, overwrite=overwrite, **options)
            return
        with whole_file(path) as unfinished:
            super().save(unfinished, **options)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **options: Any,
    ) -> None:
        """Write an artefact for inference, as `keras.Model.export` does.

        Parameters
        ----------
        filepath, format, verbose, **options
            Of `keras.Model.export`.
        input_signature
            By default any number of inputs like the example that the model was made with.
        """
        if input_signature is None:
            example = self.example_inputs
            shape = (None, *example.shape[1:])
            input_signature = [keras.InputSpec(shape=shape, dtype=example.dtype.name)]
        super().export(
            filepath, format, verbose=verbose, input_signature=input_signature, **options
        )
