"""The checker: what every bar must satisfy, whoever wrote it.

Aim: the makers propose, the constraints dispose.  A couplet passes when its end words rhyme in a lexicon other than
the one that speaks them *and* as the voice will say them, each line fits its bar at this tempo, no slot is left open,
and no four words in a row are the opponent's own.

*Conventions.*  Lines are judged as written.  Slots are 16ths from the line's own bar line (`rapbot.rhythm.slots`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.language.rhyme import confirmed_rhyme, rhyme_length, tail
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import G2p, Lexicon
from rapbot.rhythm.slots import FIT_COST, SlotError, SlotPlan, plan_slots, plan_verse
from rapbot.values import PronouncedWord, Syllable
from rapbot.writing.arsenal import end_word, words_of

COPY_WORDS = 4  # this many of their words in a row is quoting, not answering


@dataclass(frozen=True)
class SpokenLine:
    """A line as the voice will say it: words with sounds (the last accented) and syllables."""

    text: str
    words: tuple[PronouncedWord, ...]
    syllables: tuple[Syllable, ...]


class Checker:
    """Judges couplets; remembers pronunciations, which are what costs time.  Not for concurrent use."""

    def __init__(self, g2p: G2p, second_lexicon: Lexicon) -> None:
        self._g2p = g2p
        self._second = second_lexicon
        self._spoken: dict[str, SpokenLine | None] = {}
        self._rhymes: dict[tuple[str, str], bool] = {}
        self._couplets: dict[tuple[str, str], bool] = {}
        self._lengths: dict[tuple[str, str], int] = {}
        self._misfits: dict[tuple[str, float, int], str] = {}

    def spoken(self, text: str) -> SpokenLine | None:
        """The line's sounds; None where it cannot be pronounced."""
        if text not in self._spoken:
            self._spoken[text] = self._pronounce(text)
        return self._spoken[text]

    def confirmed(self, first: str, second: str) -> bool:
        """Do two end words rhyme in the second lexicon?  Unknown words and one word with itself do not."""
        a, b = first.lower(), second.lower()
        if (a, b) not in self._rhymes:
            self._rhymes[a, b] = a != b and any(
                confirmed_rhyme(x, y) for x in self._second.pronunciations(a) for y in self._second.pronunciations(b)
            )
        return self._rhymes[a, b]

    def rhymes(self, lines: tuple[str, str]) -> bool:
        """Do the ends of a couplet rhyme in the second lexicon?"""
        if lines not in self._couplets:
            self._couplets[lines] = self.confirmed(end_word(lines[0]), end_word(lines[1]))
        return self._couplets[lines]

    def rhymed_syllables(self, lines: tuple[str, str]) -> int:
        """Syllables of the rhyme from its stressed vowel on (second lexicon): "cold/gold" 1, "nervous/service" 2."""
        if lines not in self._lengths:
            pairs = (self._second.pronunciations(end_word(line).lower()) for line in lines)
            first, second = pairs
            sounds = [(x, y) for x in first for y in second if confirmed_rhyme(x, y)]
            self._lengths[lines] = max((min(len(tail(x)), rhyme_length(x, y)) for x, y in sounds), default=0)
        return self._lengths[lines]

    def faults(
        self, lines: tuple[str, str], bpm: float, span_beats: int, copied: frozenset[tuple[str, ...]]
    ) -> list[str]:
        """What is wrong with a couplet at this tempo, in words; empty where nothing is.

        ``copied`` are the opponent's runs of `COPY_WORDS` words (see `runs`).
        """
        out: list[str] = []
        ends = end_word(lines[0]), end_word(lines[1])
        if not self.confirmed(*ends):
            out.append(f"{ends[0]!r} and {ends[1]!r} are no confirmed rhyme")
        for line in lines:
            if "{" in line or "}" in line:
                out.append(f"open slot in {line!r}")
                continue
            spoken = self.spoken(line)
            if spoken is None:
                out.append(f"cannot be pronounced: {line!r}")
            elif misfit := self._misfit(spoken, bpm, span_beats):
                out.append(misfit)
            if runs(words_of(line)) & copied:
                out.append(f"copies the opponent: {line!r}")
        sounds = [spoken.words[-1].phones for line in lines if (spoken := self.spoken(line)) is not None]
        if len(sounds) == 2 and not confirmed_rhyme(sounds[0], sounds[1]):
            out.append(f"the voice does not rhyme {ends[0]!r} with {ends[1]!r}")
        return out

    def slots(self, lines: Sequence[str], bpm: float, span_beats: int) -> tuple[SlotPlan, ...] | int:
        """Plans of a whole verse, pickups kept off the line before; or the first line that does not fit."""
        syllables = []
        for index, line in enumerate(lines):
            spoken = self.spoken(line)
            if spoken is None:
                return index
            syllables.append(spoken.syllables)
        try:
            plans = plan_verse(syllables, bpm, span_beats=span_beats)
        except SlotError:
            return self._first_misfit(syllables, bpm, span_beats)
        return next((index for index, plan in enumerate(plans) if plan.cost > FIT_COST), plans)

    def _first_misfit(self, syllables: Sequence[Sequence[Syllable]], bpm: float, span_beats: int) -> int:
        for count in range(1, len(syllables)):
            try:
                plan_verse(syllables[:count], bpm, span_beats=span_beats)
            except SlotError:
                return count - 1
        return len(syllables) - 1

    def _misfit(self, spoken: SpokenLine, bpm: float, span_beats: int) -> str:
        key = spoken.text, bpm, span_beats
        if key not in self._misfits:
            self._misfits[key] = _misfit(spoken, bpm, span_beats)
        return self._misfits[key]

    def _pronounce(self, text: str) -> SpokenLine | None:
        try:
            words = accent_final(self._g2p.pronounce(text))
            return SpokenLine(text, words, line_syllables(words)) if words else None
        except ValueError:  # both engines' way of saying that this is not sayable
            return None


def runs(words: Sequence[str], length: int = COPY_WORDS) -> frozenset[tuple[str, ...]]:
    """Every run of ``length`` words."""
    return frozenset(tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def _misfit(spoken: SpokenLine, bpm: float, span_beats: int) -> str:
    try:
        plan = plan_slots(spoken.syllables, bpm, span_beats=span_beats)
    except SlotError as error:
        return str(error)
    if plan.cost > FIT_COST:
        count = len(spoken.syllables)
        return f"{count} syllables sit badly in a bar at {bpm:g} BPM (cost {plan.cost:.2f}): {spoken.text!r}"
    return ""
