"""One profile for all property tests: no deadline, since a busy machine is no fault of the code.

`make soak` draws more examples than the ordinary tests.
"""

import pytest
from hypothesis import settings
from soak.amounts import SOAK

settings.register_profile(
    "submod", deadline=None, print_blob=True, max_examples=10 if SOAK == 1 else 200
)
settings.load_profile("submod")


@pytest.fixture
def eagerly(request):
    """TensorFlow's functions without graphs: to trace one takes a small network seconds.

    Tests marked `graph` have them all the same.
    """
    if request.node.get_closest_marker("graph"):
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
