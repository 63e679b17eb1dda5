"""What every test starts from: one math thread, no model hub, and the same hypothesis examples on every run."""

from __future__ import annotations

from hypothesis import settings

from rapbot.cli import prepare_environment

prepare_environment()  # before any test module imports numpy or an engine

# No deadline: nothing here is a timing test, and a shared machine stalls.  Derandomised: a failure shows again.
settings.register_profile("rapbot", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("rapbot")
