"""What can go wrong, by whose fault.

`ValueError`/`TypeError` stay for a caller's mistake in code.  A *user's* mistake (a file that is not audio, a folder
that cannot be written) is a `UserError`: its text is one line that says what to do, and the command line prints just
that line.
"""

from __future__ import annotations


class RapbotError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = 1


class UserError(RapbotError):
    """Something the user can put right; the message is one complete line that says how."""

    exit_code = 2


class EngineError(RapbotError):
    """An engine (recogniser, voice, language model) failed on input it should have handled."""


class EngineUnavailable(EngineError):
    """An engine or its weights are not installed; the message names the extra or the command that installs them."""

    exit_code = 3
