"""What holds for all tests."""

from hypothesis import settings

# A deadline is a timed test: on a busy machine it fails for nothing.
settings.register_profile("haac", deadline=None)
settings.load_profile("haac")
