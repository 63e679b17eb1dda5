"""What a battle remembers: what both sides said in earlier rounds, and the traps that wait to be sprung.

Aim: a battle is won over rounds.  A callback quotes what the opponent really said, with the round it was said in; a
trap is set in one round with an innocent line and sprung in a later one; nothing is said twice.

*Conventions.*  Rounds count from 1.  A `History` is a value: `after` gives the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.values import Anchor, Verse

ROUND_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SURE = 0.6  # a callback on a misheard word is a lie


@dataclass(frozen=True)
class Round:
    """One exchange: what they said, as it was understood, and our answer."""

    anchors: tuple[Anchor, ...]
    verse: Verse


@dataclass(frozen=True)
class Recalled:
    """An opponent's anchor of an earlier round; ``when`` is how a line says it ("last round", "round one")."""

    anchor: Anchor
    round_number: int
    when: str


@dataclass(frozen=True)
class Trap:
    """A line of ours that was set and not yet sprung: its name (the couplets' image) and what it was about."""

    name: str
    about: str
    round_number: int


@dataclass(frozen=True)
class History:
    """Everything before this round."""

    rounds: tuple[Round, ...] = ()

    @property
    def used(self) -> frozenset[str]:
        """Entries that were said."""
        return frozenset(bar.entry_id for one in self.rounds for bar in one.verse.bars)

    @property
    def answered(self) -> frozenset[str]:
        """Anchors that were answered in some round."""
        return frozenset(text for one in self.rounds for bar in one.verse.bars for text in bar.answers)

    def after(self, anchors: Sequence[Anchor], verse: Verse) -> History:
        """The history with one more round."""
        return History((*self.rounds, Round(tuple(anchors), verse)))

    def recalled(self) -> tuple[Recalled, ...]:
        """What may be quoted, the latest round first; a thing said in several rounds once, where it was last said."""
        found: dict[tuple[str, str], Recalled] = {}
        for number in range(len(self.rounds), 0, -1):
            when = "last round" if number == len(self.rounds) else _round_name(number)
            for anchor in self.rounds[number - 1].anchors:
                if anchor.confidence >= SURE:
                    found.setdefault((anchor.kind, anchor.text), Recalled(anchor, number, when))
        return tuple(found.values())

    def traps(self) -> tuple[Trap, ...]:
        """Traps set in earlier rounds and not sprung since."""
        waiting: dict[str, Trap] = {}
        for number, one in enumerate(self.rounds, 1):
            for bar in one.verse.bars:
                if bar.move == "setup":
                    about = bar.answers[0] if bar.answers else ""
                    before = waiting.get(bar.image)
                    waiting[bar.image] = Trap(bar.image, about or (before.about if before else ""), number)
                elif bar.move == "spring":
                    waiting.pop(bar.image, None)
        return tuple(waiting.values())


NO_HISTORY = History()


def _round_name(number: int) -> str:
    return f"round {ROUND_WORDS[number - 1]}" if number <= len(ROUND_WORDS) else "way back when"
