"""What is known of the opponent once the recording has been heard: words laid out in bars, anchors, length.

*Conventions.*  Times in seconds from the recording's first sample.  A bar owns the words that start from `PICKUP_SLOTS`
16ths before its line: rappers start early, and a pickup belongs to the line it leads into.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.rhythm.timeline import BEATS_PER_BAR, SLOTS_PER_BAR, SLOTS_PER_BEAT
from rapbot.values import Anchor, BeatGrid, HeardSyllable, Word

SEARCH_SLOTS = 6.0  # a line breaks at most this far from its bar line
REST_WORTH, LONG_REST_S = 3.0, 0.3  # a rest of 0.3 s outweighs three 16ths of distance
SENTENCE_WORTH = 2.5
SENTENCE_HEADS = frozenset(
    "a an and as ask at because but by call check don't every for from get give go got he here his how if in is it "
    "just let like listen look man my no nobody not now of on one or our put say see she so stop take tell that the "
    "their then there these they this those to took try turn wait watch we well what when where who why with yeah yes "
    "yo you your".split()
)
ON_LINE_SLOTS, MAX_PICKUP_SLOTS = 0.5, 3.5  # no distance: on the line to half a 16th, or a pickup of three 16ths
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
    """Consecutive words of one bar form one line; the ranges cover all words in order.

    Recognised word times are some 100 ms off, more than half a 16th, so a line does not simply break where a time
    crosses the bar line: near each one it breaks where the voice rests longest or a sentence begins.
    """
    lines: list[range] = []
    start = 0
    for bar in range(bar_of(words[0].start_s, grid) + 1, bar_of(words[-1].start_s, grid) + 2) if words else ():
        cut = _break_near(words, start, bar, grid)
        if cut > start:
            lines.append(range(start, cut))
            start = cut
    if start < len(words):
        lines.append(range(start, len(words)))
    if len(lines) > 1 and len(lines[-1]) == 1 and _rest_before_s(words, lines[-1].start) < LONG_REST_S:
        lines[-2:] = [range(lines[-2].start, len(words))]  # a rhyme word heard late, not a line of its own
    return tuple(lines)


def _rest_before_s(words: Sequence[Word], i: int) -> float:
    return words[i].start_s - words[i - 1].end_s


def _break_near(words: Sequence[Word], start: int, bar: int, grid: BeatGrid) -> int:
    """Index of the word that begins bar ``bar``: the best break near its line, by rest, capital and distance."""
    slot_s = 60.0 / grid.bpm / SLOTS_PER_BEAT
    line_s = grid.beat_origin_s + bar * SLOTS_PER_BAR * slot_s
    best, best_worth = None, -math.inf
    for i in range(start, len(words)):
        offset = (words[i].start_s - line_s) / slot_s
        if offset < -SEARCH_SLOTS:
            continue
        if offset > SEARCH_SLOTS:
            break
        rest_s = _rest_before_s(words, i) if i > start else LONG_REST_S
        rest = min(rest_s, LONG_REST_S) / LONG_REST_S
        away = max(0.0, offset - ON_LINE_SLOTS, -MAX_PICKUP_SLOTS - offset)
        worth = REST_WORTH * rest + _sentence_worth(words[i].text) - away
        if worth > best_worth:
            best, best_worth = i, worth
    if best is not None:
        return best
    return next((i for i in range(start, len(words)) if bar_of(words[i].start_s, grid) >= bar), len(words))


def _sentence_worth(text: str) -> float:
    """The recogniser writes a capital where it hears a new sentence, but also on every name and every "I"."""
    if not text[:1].isupper():
        return 0.0
    head = text.split("'")[0].lower()
    return SENTENCE_WORTH * (1.0 if head in SENTENCE_HEADS else 0.5 if head == "i" else 0.2)
