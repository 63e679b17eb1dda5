"""What is known of the opponent once the recording has been heard: words laid out in bars, anchors, length.

*Conventions.*  Times in seconds from the recording's first sample.  A bar owns the words that start from `PICKUP_SLOTS`
16ths before its line: rappers start early, and a pickup belongs to the line it leads into.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.rhythm.timeline import BEATS_PER_BAR, SLOTS_PER_BAR
from rapbot.values import Anchor, BeatGrid, HeardSyllable, Word

PICKUP_SLOTS = 2.5  # MCFlow: rhymes end on beat 4 (slot 12); slots 13.5 and later lead into the next bar


@dataclass(frozen=True)
class Opponent:
    """A heard verse.  ``lines`` are ranges into ``words``, one per bar that holds any."""

    words: tuple[Word, ...]
    lines: tuple[range, ...]
    syllables: tuple[HeardSyllable, ...]
    anchors: tuple[Anchor, ...]
    grid: BeatGrid
    end_s: float
    language: str
    language_probability: float

    @property
    def bar_count(self) -> int:
        """Bars from the first word's bar to the last word's, inclusive; 0 where nothing was heard."""
        if not self.words:
            return 0
        return bar_of(self.words[-1].start_s, self.grid) - bar_of(self.words[0].start_s, self.grid) + 1

    def line_text(self, line: range) -> str:
        return " ".join(self.words[i].text for i in line)


def bar_of(time_s: float, grid: BeatGrid) -> int:
    """Index of the bar a word starting at ``time_s`` belongs to (bar 0 begins at the grid's origin)."""
    bar_s = BEATS_PER_BAR * 60.0 / grid.bpm
    return math.floor((time_s - grid.beat_origin_s) / bar_s + PICKUP_SLOTS / SLOTS_PER_BAR)


def lines_by_bar(words: Sequence[Word], grid: BeatGrid) -> tuple[range, ...]:
    """Consecutive words of one bar form one line; the ranges cover all words in order."""
    lines: list[range] = []
    start = 0
    for i in range(1, len(words) + 1):
        if i == len(words) or bar_of(words[i].start_s, grid) != bar_of(words[start].start_s, grid):
            lines.append(range(start, i))
            start = i
    return tuple(lines)
