"""What it costs to follow an opponent word by word, and what the quick opening gives away for its speed.

*Conventions.*  CPU milliseconds of this process; ``hear`` is `Draft.hear` (everything planned again) after each word,
``opening`` is `Draft.opening` (bar 1) after the last one, when the last plan is a word old.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.bench.writing import Opponent
from rapbot.language.anchors import words_from_text
from rapbot.writing.draft import Draft, Text
from rapbot.writing.pen import Order, Pen


@dataclass(frozen=True)
class Following:
    """One opponent followed to the end; ``same`` where the quick opening is the full plan's first couplet."""

    opening_ms: float
    hear_ms: tuple[float, ...]
    same: bool


def follow(pen: Pen, text: Text, opponent: Opponent, bars: int, seed: int) -> Following:
    """Every word of the verse in turn, as if each had just been committed."""
    words, lines = words_from_text("\n".join(opponent.lines))
    draft = Draft(pen, text, Order(opponent.bpm, bars, seed=seed, theme=seed))
    hear_ms: list[float] = []
    opening_ms, first = 0.0, ""
    for count in range(1, len(words) + 1):
        known = words[:count]
        cut = [range(line.start, min(line.stop, count)) for line in lines if line.start < count]
        if count == len(words):
            start = time.process_time()
            first = draft.opening(known, cut)[0].text
            opening_ms = 1e3 * (time.process_time() - start)
        start = time.process_time()
        verse = draft.hear(known, cut)
        hear_ms.append(1e3 * (time.process_time() - start))
    return Following(opening_ms, tuple(hear_ms), verse.bars[0].text == first)


def follow_all(pen: Pen, text: Text, opponents: Sequence[Opponent], bars: int) -> list[Following]:
    """Each opponent once, with a seed of their own; a first pass over another's verse warms nothing of theirs."""
    return [follow(pen, text, opponent, bars, seed) for seed, opponent in enumerate(opponents)]
