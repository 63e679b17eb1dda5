"""A draft: the reply while the opponent still raps, ready for the next bar line at every word.

Aim: "reactive" has two speeds.  `Draft.hear` reads everything said so far and plans the whole verse again; it is for
the time between two words.  `Draft.opening` is for the moment after the last one, when bar 1 must be on its way to the
voice: it reads the last lines only and lets what is new there compete with the best of the last plan.  What was sent
(`Draft.begin`) stays as it is; later plans continue it.

*Conventions.*  ``words`` and ``lines`` are as `find_anchors` takes them, all of them each time; words
once given never change, the last line may grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import nlargest
from typing import Protocol

from rapbot.language.anchors import find_anchors, verse_facts
from rapbot.protocols import G2p, Tagger
from rapbot.values import Anchor, Bar, Verse, Word
from rapbot.writing.candidates import Candidate
from rapbot.writing.pen import Order, Pen
from rapbot.writing.planner import PICK_UP

RECENT_LINES = 2  # a claim may run over one line end
OPENERS_KEPT = 16  # of the last plan, to compete with what is new


class Text(G2p, Tagger, Protocol):
    """Sounds and tags, as one engine gives both."""


class Draft:
    """One reply, planned again at every word.  Not for concurrent use."""

    def __init__(self, pen: Pen, text: Text, order: Order, proposed: Sequence[Candidate] = ()) -> None:
        """``order`` keeps its dice for the whole turn; ``proposed`` are other makers' candidates."""
        self._pen, self._text = pen, text
        self._order = order if order.theme is not None else replace(order, theme=0)
        self._proposed = tuple(proposed)
        self._anchors: tuple[Anchor, ...] = ()
        self._standing: list[Candidate] = []
        self._begun: list[Candidate] = []
        self._opener: Candidate | None = None
        self._plan: Verse | None = None
        self._planned_on: tuple[object, ...] = ()

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """What the last call found to answer."""
        return self._anchors

    def hear(self, words: Sequence[Word], lines: Sequence[range], finished: bool = False) -> Verse:
        """The whole verse, planned again with all that was said; it starts with what was begun.

        What is counted in a verse (`VerseFacts`) is counted over whole lines, so until the turn is ``finished`` the
        last one is left out; and where a word brought neither a line end nor anything to answer, the plan stands.

        Raises:
            UserError: as `Pen.write`.
        """
        anchors = find_anchors(words, self._text, self._pen.nouns, lines)
        whole = list(lines) if finished else list(lines)[:-1]
        facts = verse_facts(words[: whole[-1].stop] if whole else (), whole, self._text)
        inputs = (anchors, facts, tuple(c.key for c in self._begun))
        if self._plan is None or inputs != self._planned_on:
            weighed = self._pen.weighed(anchors, facts, self._order, self._proposed)
            chosen, self._plan = self._pen.settled(weighed, self._order, anchors, _texts(words), self._begun)
            openers = [c for c in weighed if c.couplet.move in PICK_UP]
            best = nlargest(OPENERS_KEPT, openers, key=lambda c: (c.value, c.key))
            self._standing = list({c.key: c for c in (*chosen, *best)}.values())
            self._opener, self._planned_on = chosen[0], inputs
        self._anchors = anchors
        return self._plan

    def opening(self, words: Sequence[Word], lines: Sequence[range]) -> tuple[Bar, ...]:
        """The first couplet's bars, for now: what the last lines say against the best of the last plan.

        Where something was begun, these are its bars and stay so.

        Raises:
            UserError: as `Pen.opening`.
        """
        if not self._standing:
            return self.hear(words, lines, finished=True).bars[:2]
        recent = tuple(lines)[-RECENT_LINES:]
        first = recent[0].start if recent else 0
        tail = words[first:]
        moved = [range(line.start - first, line.stop - first) for line in recent]
        found = find_anchors(tail, self._text, self._pen.nouns, moved)
        before = len(lines) - len(recent)
        new = tuple(replace(anchor, line_index=anchor.line_index + before) for anchor in found)
        since_s = tail[0].start_s if tail else 0.0
        standing = tuple(a for a in self._anchors if a.start_s < since_s)
        facts = verse_facts(tail, moved, self._text)
        fresh = [a for a in new if a not in self._anchors]
        weighed = self._pen.weighed((*standing, *new), facts, self._order, self._proposed, only=fresh)
        pool = list({c.key: c for c in (*self._begun, *self._standing, *weighed)}.values())
        self._opener, bars = self._pen.opening(pool, self._order, _texts(words), self._begun)
        self._anchors = (*standing, *new)
        return bars

    def begin(self) -> None:
        """The opening of the last call is being said: every later verse starts with it."""
        if self._opener is None:
            raise ValueError("nothing was planned yet, so nothing can be begun")
        if not self._begun:
            self._begun = [self._opener]


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]
