"""One profile for all property tests: no deadline, since a busy machine is no fault of the code.

`make soak` draws more examples than the ordinary tests.
"""

from hypothesis import settings
from soak.amounts import SOAK

settings.register_profile(
    "submod", deadline=None, print_blob=True, max_examples=15 if SOAK == 1 else 200
)
settings.load_profile("submod")
