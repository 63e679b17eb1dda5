"""The bundled verses with their truth, as the benchmarks see them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapbot.errors import UserError


@dataclass(frozen=True)
class BundledVerse:
    """A recording and its truth file (see ``tests/data/verses/render.py`` for the keys)."""

    name: str
    path: Path
    truth: dict[str, Any]


def bundled_verses(folder: str | Path) -> tuple[BundledVerse, ...]:
    """Every NAME.flac with a NAME.json in ``folder``, by name.

    Raises:
        UserError: no such pair there (an installed wheel carries no test data).
    """
    found = tuple(
        BundledVerse(path.stem, path, json.loads(path.with_suffix(".json").read_text()))
        for path in sorted(Path(folder).glob("*.flac"))
        if path.with_suffix(".json").exists()
    )
    if not found:
        raise UserError(f"no bundled verses in {folder}: run from a checkout, or name their folder with --verses DIR")
    return found
