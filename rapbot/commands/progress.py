"""A progress bar on stderr for work over two seconds: one line on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTH = 28


@contextmanager
def stage_progress(*, enabled: bool = True) -> Iterator[Callable[[str, float], None]]:
    """Yield ``progress(stage, share)``; the line is wiped at the end, also after an error."""
    shown = enabled and sys.stderr.isatty()

    def progress(stage: str, share: float) -> None:
        if shown:
            filled = round(WIDTH * min(1.0, max(0.0, share)))
            print(f"\r{stage:<12} [{'█' * filled}{' ' * (WIDTH - filled)}]", end="", file=sys.stderr, flush=True)

    try:
        yield progress
    finally:
        if shown:
            print("\r" + " " * (WIDTH + 16) + "\r", end="", file=sys.stderr, flush=True)
