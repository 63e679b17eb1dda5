"""The checker: what every bar must satisfy, whoever wrote it.

Aim: the makers propose, the constraints dispose.  A couplet passes when its ends rhyme in a lexicon other than the one
that speaks them *and* as the voice will say them, each line fits its bar at this tempo, no slot is left open, and no
four words in a row are the opponent's own.

*Conventions.*  Lines are judged as written.  Their ends are the last words, or, where those do not rhyme, what
`rapbot.language.rhyme.line_ends` makes of them ("beat you / meet you"); a line then ends on ``weak`` words after its
accent, which only its partner can tell.  Slots are 16ths from the line's own bar line (`rapbot.rhythm.slots`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from rapbot.language.rhyme import (
    MAX_END_SYLLABLES,
    EndRhyme,
    confirmed_rhyme,
    ends_rhyme,
    line_ends,
    mosaic_rhyme,
    rhyme_length,
    tail,
)
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import G2p, Lexicon
from rapbot.rhythm.slots import FIT_COST, SlotError, SlotPlan, plan_slots, plan_verse
from rapbot.values import PronouncedWord, Syllable
from rapbot.writing.arsenal import end_word, words_of

COPY_WORDS = 4  # this many of their words in a row is quoting, not answering
_ON_THE_LAST_WORD = (0, 0)


@dataclass(frozen=True)
class SpokenLine:
    """A line as the voice will say it: words with sounds (the end accented) and syllables."""

    text: str
    words: tuple[PronouncedWord, ...]
    syllables: tuple[Syllable, ...]


class Checker:
    """Judges couplets; remembers pronunciations, which are what costs time.  Not for concurrent use."""

    def __init__(self, g2p: G2p, second_lexicon: Lexicon) -> None:
        self._g2p = g2p
        self._second = second_lexicon
        self._spoken: dict[tuple[str, int], SpokenLine | None] = {}
        self._rhymes: dict[tuple[str, str], bool] = {}
        self._lengths: dict[tuple[str, str], int] = {}
        self._couplets: dict[tuple[str, str], EndRhyme | None] = {}
        self._misfits: dict[tuple[str, int, float, int, str], str] = {}

    def spoken(self, text: str, weak: int = 0) -> SpokenLine | None:
        """The line's sounds, ``weak`` words after its accent; None where it cannot be pronounced."""
        key = text, weak
        if key not in self._spoken:
            self._spoken[key] = self._pronounce(text, weak)
        return self._spoken[key]

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
        return self._end_rhyme(lines) is not None

    def weak_words(self, lines: tuple[str, str]) -> tuple[int, int]:
        """For each line how many last words follow its accent: 0 unless the couplet rhymes only so ("beat you")."""
        rhyme = self._end_rhyme(lines)
        return _ON_THE_LAST_WORD if rhyme is None else rhyme.weak

    def rhymed_syllables(self, lines: tuple[str, str]) -> int:
        """Syllables of the rhyme from its stressed vowel on (second lexicon): "gold" 1, "nervous", "meet you" 2."""
        rhyme = self._end_rhyme(lines)
        return 0 if rhyme is None else rhyme.syllables

    def spoken_couplet(self, lines: tuple[str, str]) -> tuple[SpokenLine | None, SpokenLine | None]:
        """Both lines' sounds, the accents where the rhyme is."""
        first, second = self.weak_words(lines)
        return self.spoken(lines[0], first), self.spoken(lines[1], second)

    def faults(
        self,
        lines: tuple[str, str],
        bpm: float,
        span_beats: int,
        copied: frozenset[tuple[str, ...]],
        flow: str = "straight",
    ) -> list[str]:
        """What is wrong with a couplet at this tempo, in words; empty where nothing is.

        ``copied`` are the opponent's runs of `COPY_WORDS` words (see `runs`).
        """
        out: list[str] = []
        weak = self.weak_words(lines)
        ends = _quoted_end(lines[0], weak[0]), _quoted_end(lines[1], weak[1])
        if not self.rhymes(lines):
            out.append(f"{ends[0]} and {ends[1]} are no confirmed rhyme")
        sounds: list[tuple[str, ...]] = []
        for line, after in zip(lines, weak, strict=True):
            if "{" in line or "}" in line:
                out.append(f"open slot in {line!r}")
                continue
            spoken = self.spoken(line, after)
            if spoken is None:
                out.append(f"cannot be pronounced: {line!r}")
            else:
                sounds.append(tuple(phone for word in spoken.words[-1 - after :] for phone in word.phones))
                if misfit := self._misfit(spoken, after, bpm, span_beats, flow):
                    out.append(misfit)
            if runs(words_of(line)) & copied:
                out.append(f"copies the opponent: {line!r}")
        heard = confirmed_rhyme if weak == _ON_THE_LAST_WORD else ends_rhyme
        if len(sounds) == 2 and not heard(sounds[0], sounds[1]):
            out.append(f"the voice does not rhyme {ends[0]} with {ends[1]}")
        return out

    def slots(
        self, lines: Sequence[str], bpm: float, span_beats: int, flow: str = "straight"
    ) -> tuple[SlotPlan, ...] | int:
        """Plans of a whole verse, pickups kept off the line before; or the first line that does not fit.

        Lines go in couplets; one left over at the end lands on its last word.
        """
        weak = [n for pair in zip(lines[::2], lines[1::2], strict=False) for n in self.weak_words(pair)]
        syllables = []
        for index, line in enumerate(lines):
            spoken = self.spoken(line, weak[index] if index < len(weak) else 0)
            if spoken is None:
                return index
            syllables.append(spoken.syllables)
        try:
            plans = plan_verse(syllables, bpm, span_beats=span_beats, flow=flow)
        except SlotError:
            return self._first_misfit(syllables, bpm, span_beats, flow)
        return next((index for index, plan in enumerate(plans) if plan.cost > FIT_COST), plans)

    def _first_misfit(self, syllables: Sequence[Sequence[Syllable]], bpm: float, span_beats: int, flow: str) -> int:
        for count in range(1, len(syllables)):
            try:
                plan_verse(syllables[:count], bpm, span_beats=span_beats, flow=flow)
            except SlotError:
                return count - 1
        return len(syllables) - 1

    def _end_rhyme(self, lines: tuple[str, str]) -> EndRhyme | None:
        if lines not in self._couplets:
            first, second = end_word(lines[0]), end_word(lines[1])
            if self.confirmed(first, second):
                rhyme: EndRhyme | None = EndRhyme(_ON_THE_LAST_WORD, self._length(first.lower(), second.lower()))
            else:
                rhyme = mosaic_rhyme(*(line_ends(last_words(line), self._second.pronunciations) for line in lines))
            self._couplets[lines] = rhyme
        return self._couplets[lines]

    def _length(self, first: str, second: str) -> int:
        """Syllables two confirmed end words rhyme on."""
        if (first, second) not in self._lengths:
            pairs = product(self._second.pronunciations(first), self._second.pronunciations(second))
            sounds = [(x, y) for x, y in pairs if confirmed_rhyme(x, y)]
            self._lengths[first, second] = max(min(len(tail(x)), rhyme_length(x, y)) for x, y in sounds)
        return self._lengths[first, second]

    def _misfit(self, spoken: SpokenLine, weak: int, bpm: float, span_beats: int, flow: str) -> str:
        key = spoken.text, weak, bpm, span_beats, flow
        if key not in self._misfits:
            self._misfits[key] = _misfit(spoken, bpm, span_beats, flow)
        return self._misfits[key]

    def _pronounce(self, text: str, weak: int) -> SpokenLine | None:
        try:
            words = accent_final(self._g2p.pronounce(text), weak)
            return SpokenLine(text, words, line_syllables(words)) if words else None
        except ValueError:  # both engines' way of saying that this is not sayable
            return None


def runs(words: Sequence[str], length: int = COPY_WORDS) -> frozenset[tuple[str, ...]]:
    """Every run of ``length`` words."""
    return frozenset(tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def last_words(line: str) -> tuple[str, ...]:
    """The words a line may rhyme on, lower case; of "ninety-nine" at its end the part that rhymes, "nine"."""
    words = words_of(line)[-MAX_END_SYLLABLES:]
    return (*words[:-1], end_word(line).lower()) if words else ()


def _quoted_end(line: str, weak: int) -> str:
    return repr(" ".join(last_words(line)[-1 - weak :])) if weak else repr(end_word(line))


def _misfit(spoken: SpokenLine, bpm: float, span_beats: int, flow: str) -> str:
    try:
        plan = plan_slots(spoken.syllables, bpm, span_beats=span_beats, flow=flow)
    except SlotError as error:
        return str(error)
    if plan.cost > FIT_COST:
        count = len(spoken.syllables)
        return f"{count} syllables sit badly in a bar at {bpm:g} BPM (cost {plan.cost:.2f}): {spoken.text!r}"
    return ""
