"""Documentation of the arguments that SEA-NN has in all hosts."""

OPTIONS = {
    "learning": """settings : Learning, optional
    The function and how it is learned; by default `Learning()`.
side : int
    Images are seen as at most side × side cells.
thresholds : sequence of int
    Numbers of highest pixels in the binary maps, at full resolution.""",
    "errors": """Raises
------
TypeError, ValueError
    If an argument is of the wrong type or out of range.

References
----------
.. [1] Submodular Ensembled Attribution for Neural Networks (SEA-NN): {source}.""",
    "maps": """maps : sequence of {array}, each (N, H, W) or (N, n)
    The maps of each method.

Returns
-------
{returned}, (N, H, W) or (N, n)

Raises
------
ValueError
    If the shapes differ, or a map is constant or not finite.""",
    "source": """name : str
    Name of the source in errors.
absolute : bool
    Sum the channels' absolute values rather than the channels.

Raises
------
NonFiniteOutputError
    If a map is not finite.
ValueError
    If the source gives anything but maps of such a shape.""",
}
"""NumPy-style entries for `submod_core._docs.documented`."""
