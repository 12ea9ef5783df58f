"""One profile for all property tests: no deadline, since a busy machine is no fault of the code."""

from hypothesis import settings

settings.register_profile("submod", deadline=None, print_blob=True)
settings.load_profile("submod")
