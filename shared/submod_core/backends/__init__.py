"""Backends: array operations under one set of names for NumPy, torch and TensorFlow.

Formulas that every framework must compute, with gradients where it has them, are written once on a
`Backend`. Names are those of the array API standard; the few others are explained where they are.
"""

from submod_core.backends.base import Array, Backend, backend_of

__all__ = ["Array", "Backend", "backend_of"]
