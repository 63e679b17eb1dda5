"""What links two concepts: words that belong to both, and hand-written frames that say so.

Aim: bisociation (Koestler, *The Act of Creation*, 1964): the laugh is where two worlds share one word, so "keys" joins
a piano, a jail and a laptop.  ``models/daydream/`` holds the table and the frames; the machine finds the pairs.

*Conventions.*  ``shared.txt``: ``word|number|term,term,…``; a term is a category of the noun lexicon or a noun in
double quotes; ``word`` is said as it follows "has".  ``frames.txt``: ``id|head|score|line1|line2`` with the opponent's
thing in {X}/{aX} (head poss, claim) or {I}/{aI} (insult), the distant one in {Y}/{aY}, the shared word in {W}; heads
that end in ``-twin`` have no {W}: there X ends the first line, Y the second, and they rhyme.  ``#`` starts a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rapbot.errors import UserError
from rapbot.language.nouns import NounEntry, NounLexicon

HEADS = ("poss", "claim", "insult", "claim-twin", "insult-twin")
FRAME_SLOTS = frozenset("X aX I aI Y aY W".split())
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class SharedWord:
    """A word that things of all its terms have."""

    word: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """A couplet with both concepts open; ``score`` is the blind readers' mark."""

    id: str
    head: str
    score: int
    lines: tuple[str, str]

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(_SLOT.findall(" ".join(self.lines)))


@dataclass(frozen=True)
class Links:
    """Both tables."""

    shared: tuple[SharedWord, ...]
    frames: tuple[Frame, ...]


def parse_shared(text: str) -> tuple[SharedWord, ...]:
    """The table of shared words.  Raises UserError naming the line that does not follow the format."""
    out = []
    for number, fields in _rows(text):
        if len(fields) != 3 or not fields[0] or fields[1] not in ("sg", "pl", "mass"):
            raise UserError(f"shared words, line {number}: expected word|sg, pl or mass|term,term…")
        terms = tuple(term.strip() for term in fields[2].split(",") if term.strip())
        if len({_group(term) for term in terms}) < 2:
            raise UserError(f"shared words, line {number}: {fields[0]!r} links nothing, it needs two unlike terms")
        out.append(SharedWord(fields[0], terms))
    return tuple(out)


def parse_frames(text: str) -> tuple[Frame, ...]:
    """The frames.  Raises UserError naming the line that does not follow the format."""
    out = []
    for number, fields in _rows(text):
        if len(fields) != 5 or fields[1] not in HEADS or fields[2] not in ("0", "1", "2", "3"):
            raise UserError(f"frames, line {number}: expected id|{', '.join(HEADS)}|0 to 3|line1|line2")
        frame = Frame(fields[0], fields[1], int(fields[2]), (fields[3], fields[4]))
        unknown = sorted(frame.slots - FRAME_SLOTS)
        if unknown or not frame.slots & {"Y", "aY"} or ("W" in frame.slots) == frame.head.endswith("twin"):
            raise UserError(f"frames, line {number}: {frame.id} needs a {{Y}}, and a {{W}} unless it is a twin")
        out.append(frame)
    return tuple(out)


def load_links(folder: Path) -> Links:
    """``shared.txt`` and ``frames.txt`` of a folder."""
    return Links(
        parse_shared((folder / "shared.txt").read_text(encoding="utf-8")),
        parse_frames((folder / "frames.txt").read_text(encoding="utf-8")),
    )


def meets(term: str, entry: NounEntry) -> bool:
    """Is a noun one of the things a term of the table speaks of?"""
    if term.startswith('"'):
        return entry.lemma == term.strip('"')
    return entry.category == term or entry.category.startswith(term + ".")


def group_of(term: str, nouns: NounLexicon) -> str:
    """The main category of a term; "" for a quoted noun nobody knows."""
    if not term.startswith('"'):
        return _group(term)
    entry = nouns.lookup(term.strip('"'))
    return entry.group if entry is not None else ""


def affinities(links: Links, nouns: NounLexicon) -> Mapping[tuple[str, str], int]:
    """How many shared words tie two groups together: what has many in common lies near."""
    out: dict[tuple[str, str], int] = {}
    for shared in links.shared:
        groups = sorted({group_of(term, nouns) for term in shared.terms})
        for i, a in enumerate(groups):
            for b in groups[i:]:
                out[a, b] = out.get((a, b), 0) + 1
    return out


def distance(a: str, b: str, ties: Mapping[tuple[str, str], int]) -> float:
    """How far two groups lie apart, 0 (the same) to 1 (no word in common)."""
    if a == b:
        return 0.0
    return 1.0 / (1.0 + 0.25 * ties.get((min(a, b), max(a, b)), 0))


def _group(term: str) -> str:
    return term if term.startswith('"') else term.partition(".")[0]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield number, [field.strip() for field in line.split("|")]
