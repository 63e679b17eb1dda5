"""The memory: what was dreamt, said, heard and applauded, in one file that outlives battles, crashes and machines.

Aim: nothing is ever lost or counted twice.  A line never says "once more" but "so often by now", and for each writer
apart: reading a line twice, or the same history from two files, changes nothing, and merging is taking the larger of
two counts (a grow-only counter: Shapiro et al., *Conflict-free Replicated Data Types*, 2011).

*Conventions.*  A file is JSON lines, the first `HEADER`.  Whatever is appended together is one batch: one write under
the file's lock, flushed to the disk, headed by a mark (writer, batch number, digest of the writer's batches so far); it
is remembered whole or, where a crash broke it off, not at all.
A *writer* is one file on one machine, see `writer_here`; two processes on one file are one writer.  The outcomes of one
round are appended together: each batch with outcomes lets older ones fade (`rapbot.writing.bandit`).  Battles number
from 1 in the order they ended; a merged memory goes on from the larger number.  Times are passed in; nothing here reads
a clock.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import platform
import re
import stat
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from rapbot.errors import UserError
from rapbot.writing.arsenal import parse_couplets, words_of
from rapbot.writing.bandit import NOTHING, Tally
from rapbot.writing.daydream import Heard
from rapbot.writing.ideas import Idea, entry_of

SCHEMA = "rapbot.memory/1"
EPISODE_SCHEMA = "rapbot.episode/1"
HEADER = f'{{"schema":"{SCHEMA}"}}\n'.encode()

MAX_BYTES = 64_000_000  # reads in about five seconds; a memory at all its other limits has a third of that
FORGET_BYTES = 512_000_000  # what `forget` and `merge` still open, so that a file that outgrew the limit can be mended
MAX_LINE_BYTES = 65_536  # the longest line written is an episode of some kilobytes; a longer one is no record
MAX_IDEAS = 10_000  # an hour of dreaming keeps about as many, and they are a second of reading
MAX_EPISODES = 10_000  # about four hundred battles of three rounds; they are a second of reading
MAX_CONCEPTS = 20_000
MAX_MARKS = 1_000  # a writer's latest batches, to notice two futures of one past
MAX_CANDIDATES = 32  # of an episode; the rest were never close
MAX_COUNT = 10**9
SPARE_LINES = 20_000  # outdated lines a file may hold before it is rewritten
FADES_BATTLES = 20.0  # an idea that nobody used is worth half after so many battles

ArmKind = Literal["move", "idea", "persona"]
ARM_KINDS: tuple[ArmKind, ...] = get_args(ArmKind)


# ------------------------------------------------------------------------------------------------ what is remembered


@dataclass(frozen=True)
class Dreamt:
    """An idea worth keeping; ``born_s`` is when, in seconds of whatever clock the caller goes by."""

    idea: Idea
    born_s: float = 0.0


@dataclass(frozen=True)
class Said:
    """An entry of the bank or an idea was said once more."""

    entry: str


@dataclass(frozen=True)
class Used:
    """An idea found its moment once more."""

    idea: str


@dataclass(frozen=True)
class Outcome:
    """What a choice brought, ``reward`` 0..1; ``opponent`` is "" where nobody is named."""

    arm_kind: ArmKind
    arm: str
    opponent: str
    reward: float


@dataclass(frozen=True)
class Concept:
    """A noun an opponent used once more: the word, the kind of anchor it was, its category."""

    opponent: str
    text: str
    kind: str
    category: str


@dataclass(frozen=True)
class Battle:
    """A battle ended."""

    opponent: str = ""


@dataclass(frozen=True)
class Episode:
    """One decision: what was known, what could be said at what worth, what was chosen, what it brought.

    ``context`` is a digest of everything the pen knew, ``anchors`` the part of it a reader understands; ``candidates``
    are (entry id, worth); ``outcome`` is 0..1, None where nobody reacted.
    """

    context: str
    anchors: tuple[Heard, ...]
    candidates: tuple[tuple[str, float], ...]
    chosen: str
    outcome: float | None
    persona: str
    round: int
    seed: int
    opponent: str = ""


Record = Dreamt | Said | Used | Outcome | Concept | Battle | Episode


# ------------------------------------------------------------------------------------------------ lines


@dataclass(frozen=True, slots=True)
class _Count:
    """How often something happened by now, as one writer counted it; ``battle`` is the last time.

    ``sums`` of outcomes: those of a `Tally` without its count, then the writer's round and round against the opponent.
    """

    kind: str
    writer: str
    key: tuple[str, ...]
    count: int
    battle: int
    sums: tuple[float, ...] = ()

    @property
    def place(self) -> tuple[str, str, tuple[str, ...]]:
        return self.kind, self.writer, self.key


@dataclass(frozen=True, slots=True)
class _Kept:
    """An idea, and the battle after which it was last had."""

    idea: Idea
    born_s: float
    battle: int


@dataclass(frozen=True, slots=True)
class _Logged:
    """An episode by its writer's batch and place in it."""

    writer: str
    batch: int
    index: int
    battle: int
    episode: Episode


@dataclass(frozen=True, slots=True)
class _Mark:
    """A batch of a writer, the digest of its batches up to here, and how many lines follow that belong to it."""

    writer: str
    batch: int
    chain: str
    lines: int = 0


_Line = _Count | _Kept | _Logged | _Mark

# The names of a count's key, by kind of line; outcomes have sums besides.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "said": ("entry",),
    "used": ("idea",),
    "outcome": ("arm_kind", "arm", "opponent"),
    "concept": ("opponent", "text", "anchor", "category"),
    "battle": ("opponent",),
}
_OPPONENT: Mapping[str, int] = {"outcome": 2, "concept": 0, "battle": 0}  # where in the key the opponent stands
_MARK_BEGINS = b'{"kind":"mark",'
_SUMS = ("reward", "fresh_count", "fresh_reward", "own_count", "own_reward", "round", "own_round")


def _written(line: _Line) -> str:
    """A line of the file, without its end."""
    if isinstance(line, _Count):
        fields: dict[str, Any] = {"kind": line.kind, "writer": line.writer, "count": line.count, "battle": line.battle}
        fields |= dict(zip(_KEYS[line.kind], line.key, strict=True))
        if line.sums:
            fields |= dict(zip(_SUMS, line.sums, strict=True))
    elif isinstance(line, _Kept):
        idea = line.idea
        fields = {
            "kind": "idea",
            "entry": entry_of(idea.couplet),
            "link": idea.link,
            "seeds": list(idea.seeds),
            "distance": idea.distance,
            "critic": idea.critic,
            "provenance": idea.provenance,
            "about": idea.about,
            "born_s": line.born_s,
            "battle": line.battle,
        }
    elif isinstance(line, _Logged):
        fields = {"kind": "episode", "writer": line.writer, "batch": line.batch, "index": line.index}
        fields |= {"battle": line.battle, **episode_json(line.episode)}
    else:
        fields = {"kind": "mark", "writer": line.writer, "batch": line.batch, "chain": line.chain}
        fields["lines"] = line.lines
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)


def episode_json(episode: Episode) -> dict[str, Any]:
    """An episode as schema rapbot.episode/1."""
    return {
        "schema": EPISODE_SCHEMA,
        "context": episode.context,
        "anchors": [[heard.text, heard.kind, heard.category] for heard in episode.anchors],
        "candidates": [[entry, worth] for entry, worth in episode.candidates],
        "chosen": episode.chosen,
        "outcome": episode.outcome,
        "persona": episode.persona,
        "round": episode.round,
        "seed": episode.seed,
        "opponent": episode.opponent,
    }


def _read(raw: bytes) -> _Line:
    """The line, or ValueError/KeyError/TypeError where it is none."""
    if len(raw) > MAX_LINE_BYTES:
        raise ValueError("too long")
    try:
        fields = _DECODER.decode(raw.decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    kind = fields["kind"]
    if kind in _KEYS:
        sums = tuple(_number(fields, name) for name in _SUMS) if kind == "outcome" else ()
        key = tuple(_text(fields, name) for name in _KEYS[kind])
        count = _whole(fields, "count", 1)
        if kind == "outcome" and (key[0] not in ARM_KINDS or not 0.0 <= sums[0] <= count):
            raise ValueError("no such outcome")
        return _Count(kind, _text(fields, "writer"), key, count, _whole(fields, "battle"), sums)
    if kind == "idea":
        return _read_idea(fields)
    if kind == "episode":
        place = _text(fields, "writer"), _whole(fields, "batch", 1), _whole(fields, "index")
        return _Logged(*place, _whole(fields, "battle"), _read_episode(fields))
    if kind == "mark":
        return _Mark(
            _text(fields, "writer"), _whole(fields, "batch", 1), _text(fields, "chain"), _whole(fields, "lines")
        )
    raise ValueError(f"unknown kind {kind!r}")


def _read_idea(fields: Mapping[str, Any]) -> _Kept:
    try:
        (couplet,) = parse_couplets(_text(fields, "entry"), "memory")
    except UserError as error:
        raise ValueError(str(error)) from None
    first, second = fields["seeds"]
    if not isinstance(first, str) or not isinstance(second, str):
        raise ValueError("seeds are no words")
    idea = Idea(
        couplet,
        _text(fields, "link"),
        (first, second),
        _share(fields, "distance"),
        _share(fields, "critic"),
        _text(fields, "provenance"),
        _text(fields, "about"),
    )
    return _Kept(idea, _number(fields, "born_s"), _whole(fields, "battle"))


def _read_episode(fields: Mapping[str, Any]) -> Episode:
    if fields["schema"] != EPISODE_SCHEMA:
        raise ValueError(f"unknown episode {fields['schema']!r}")
    anchors = tuple(Heard(str(text), str(kind), str(category)) for text, kind, category in fields["anchors"])
    candidates = tuple((str(entry), float(worth)) for entry, worth in fields["candidates"])
    outcome = None if fields["outcome"] is None else _share(fields, "outcome")
    return Episode(
        _text(fields, "context"),
        anchors,
        candidates,
        _text(fields, "chosen"),
        outcome,
        _text(fields, "persona"),
        _whole(fields, "round"),
        _whole(fields, "seed", most=2**64),
        _text(fields, "opponent"),
    )


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _number(fields: Mapping[str, Any], name: str) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is no number")
    return value


def _share(fields: Mapping[str, Any], name: str) -> float:
    value = _number(fields, name)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is not in 0..1")
    return value


def _whole(fields: Mapping[str, Any], name: str, least: int = 0, most: int = MAX_COUNT) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is no whole number from {least} to {most}")
    return value


# ------------------------------------------------------------------------------------------------ the contents


class Contents:
    """Everything a memory holds, with its look-ups.  No file, no clock: lines in, answers out."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, tuple[str, ...]], _Count] = {}
        self._kept: dict[str, _Kept] = {}
        self._episodes: dict[tuple[str, int, int], _Logged] = {}
        self._marks: dict[str, dict[int, str]] = {}
        self._spent: Counter[str] = Counter()
        self._used: dict[str, int] = {}  # the battle after which an idea was last used
        self._wordings: dict[str, str] = {}  # of each idea's id, also of those that another copy replaced
        self._order: list[tuple[float, str]] = []  # ideas, the best first
        self._ranks: dict[str, float] = {}
        self._heard: dict[str | None, Counter[Heard]] = {None: Counter()}  # by opponent; None is everybody
        self._paid: dict[str, dict[tuple[str, str, tuple[str, ...]], _Count]] = {kind: {} for kind in ARM_KINDS}
        self._rounds: dict[tuple[str, str | None], int] = {}  # by writer and opponent; None counts all
        self._answers: dict[tuple[str, str | None], Any] = {}  # what was asked since it last changed, by kind of line
        self.battle = 0

    # ------------------------------------------------------------------ look-ups

    @property
    def battles(self) -> int:
        """Battles ended, by whichever machine."""
        return sum(line.count for line in self._counts.values() if line.kind == "battle")

    def spent(self) -> Mapping[str, int]:
        """How often each entry was said."""
        return MappingProxyType(self._spent)

    def ideas(self) -> tuple[Idea, ...]:
        """What was dreamt, the best first."""
        return self._once(("idea", None), lambda: tuple([self._kept[wording].idea for _, wording in self._order]))

    def idea(self, idea_id: str) -> Idea | None:
        """The idea of that id, or what took its place because it says the same."""
        wording = self._wordings.get(idea_id)
        return None if wording is None else self._kept[wording].idea

    def uses(self) -> Mapping[str, int]:
        """How often each idea found its moment."""
        return self._once(("used", None), lambda: MappingProxyType(self._totals("used", 0)))

    def last_used(self, idea_id: str) -> int:
        """The battle after which an idea was last used; 0 where it never was."""
        return self._used.get(idea_id, 0)

    def heard(self, opponent: str | None = None) -> tuple[Heard, ...]:
        """What an opponent (None: anybody) was about, the most frequent first."""

        def ranked() -> tuple[Heard, ...]:
            counts = self._heard.get(opponent, Counter())
            return tuple(sorted(counts, key=lambda h: (-counts[h], h.text, h.kind, h.category)))

        return self._once(("concept", opponent), ranked)

    def tallies(self, arm_kind: ArmKind) -> Mapping[tuple[str, str], Tally]:
        """What each arm was paid, by (arm, opponent), faded to now."""

        def added() -> Mapping[tuple[str, str], Tally]:
            out: dict[tuple[str, str], Tally] = {}
            for _, line in sorted(self._paid[arm_kind].items()):  # in one order, as sums of floats depend on it
                arm, opponent = line.key[1:]
                out[arm, opponent] = out.get((arm, opponent), NOTHING) + self._faded(line)
            return MappingProxyType(out)

        return self._once(("outcome", arm_kind), added)

    def episodes(self) -> tuple[Episode, ...]:
        """Decisions, the oldest first."""
        return tuple(logged.episode for logged in self._logged())

    def opponents(self) -> tuple[str, ...]:
        """Names that something is known about, in alphabetical order."""
        names = {line.key[_OPPONENT[line.kind]] for line in self._counts.values() if line.kind in _OPPONENT}
        names |= {logged.episode.opponent for logged in self._episodes.values()}
        return tuple(sorted(names - {""}))

    def digest(self) -> str:
        """Of all that is remembered; equal for equal memories, however they came about."""
        text = "\n".join(_written(line) for line in self._content())
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    # ------------------------------------------------------------------ growing

    def take(self, line: _Line) -> None:
        """Know a line; one that is known already, or older than what is known, changes nothing."""
        if isinstance(line, _Count):
            self._take_count(line)
        elif isinstance(line, _Kept):
            self._take_idea(line)
        elif isinstance(line, _Logged):
            self.battle = max(self.battle, line.battle)
            place = line.writer, line.batch, line.index
            rival = self._episodes.get(place)
            if rival is None or _written(line) > _written(rival):
                self._episodes[place] = line
        else:
            self._marks.setdefault(line.writer, {})[line.batch] = line.chain

    def _take_count(self, line: _Count) -> None:
        before = self._counts.get(line.place)
        if before is not None and (line.count, line.battle, line.sums) <= (before.count, before.battle, before.sums):
            return
        self._counts[line.place] = line
        self.battle = max(self.battle, line.battle)
        self._stale(line.kind)
        more = line.count - (before.count if before else 0)
        if line.kind == "said":
            self._spent[line.key[0]] += more
        elif line.kind == "used":
            self._used[line.key[0]] = max(self._used.get(line.key[0], 0), line.battle)
            if line.key[0] in self._wordings:
                self._rank(self._wordings[line.key[0]])
        elif line.kind == "concept":
            opponent, *heard = line.key
            for whose in (opponent, None):
                self._heard.setdefault(whose, Counter())[Heard(*heard)] += more
        elif line.kind == "outcome":
            self._paid[line.key[0]][line.place] = line
            for whose, rounds in ((None, line.sums[-2]), (line.key[2], line.sums[-1])):
                who = _first_name(line.writer), whose
                self._rounds[who] = max(self._rounds.get(who, 0), int(rounds))

    def _take_idea(self, line: _Kept) -> None:
        self.battle = max(self.battle, line.battle)
        wording = _wording(line.idea)
        before = self._kept.get(wording)
        self._kept[wording] = line if before is None else _joined(before, line)
        self._wordings[line.idea.id] = min(wording, self._wordings.get(line.idea.id, wording))
        self._rank(wording)

    def _rank(self, wording: str) -> None:
        """Put an idea where it belongs: the critic's mark, fading with the battles in which nobody used it.

        All fade alike, so battles that pass change no order.
        """
        kept = self._kept[wording]
        last = max(kept.battle, self._used.get(kept.idea.id, 0))
        worth = math.log2(kept.idea.critic) + last / FADES_BATTLES if kept.idea.critic > 0.0 else -math.inf
        before = self._ranks.get(wording)
        if before is not None:
            del self._order[bisect_left(self._order, (before, wording))]
        self._ranks[wording] = -worth
        insort(self._order, (-worth, wording))
        self._stale("idea")

    def _stale(self, kind: str) -> None:
        for question in [question for question in self._answers if question[0] == kind]:
            del self._answers[question]

    def batch_of(self, writer: str, records: Iterable[Record]) -> list[_Line]:
        """The lines that say so; the mark comes first, and tells a batch that was broken off from a whole one."""
        number = max(self._marks.get(writer, {0: ""})) + 1
        grown: dict[tuple[str, str, tuple[str, ...]], _Count] = {}
        others: list[_Line] = []
        records = list(records)
        ended = sum(isinstance(record, Battle) for record in records)
        battle = self.battle + ended  # what a batch tells belongs to the battle it ends, if it ends one
        for record in records:
            if isinstance(record, Dreamt):
                others.append(_Kept(record.idea, record.born_s, battle))
            elif isinstance(record, Episode):
                best = sorted(record.candidates, key=lambda c: (c[0] != record.chosen, -c[1], c[0]))[:MAX_CANDIDATES]
                best.sort(key=lambda c: (-c[1], c[0]))
                others.append(_Logged(writer, number, len(others), battle, replace(record, candidates=tuple(best))))
            else:
                kind, key = _place_of(record)
                before = grown.get((kind, writer, key)) or self._counts.get((kind, writer, key))
                sums = self._sums(writer, record, before, (kind, writer, key) in grown)
                line = _Count(kind, writer, key, before.count + 1 if before else 1, battle, sums)
                grown[line.place] = line
        lines = [*grown.values(), *others]
        chain = self._marks.get(writer, {}).get(number - 1, "")
        body = "\n".join((chain, *(_written(line) for line in lines)))
        return [_Mark(writer, number, hashlib.sha256(body.encode()).hexdigest()[:16], len(lines)), *lines]

    def _sums(self, writer: str, record: Record, before: _Count | None, this_round: bool) -> tuple[float, ...]:
        if not isinstance(record, Outcome):
            return ()
        now = self._rounds.get((_first_name(writer), None), 0) + 1
        own_now = self._rounds.get((_first_name(writer), record.opponent), 0) + 1
        tally = NOTHING if before is None else _tally(before)
        if before is not None and not this_round:
            tally = tally.faded(now - int(before.sums[-2]), own_now - int(before.sums[-1]))
        return (*astuple(tally.paid(record.reward))[1:], now, own_now)

    def _faded(self, line: _Count) -> Tally:
        now = self._rounds[_first_name(line.writer), None]
        own_now = self._rounds[_first_name(line.writer), line.key[2]]
        return _tally(line).faded(now - int(line.sums[-2]), own_now - int(line.sums[-1]))

    # ------------------------------------------------------------------ as lines

    def lines(self) -> list[_Line]:
        """All of it, in an order of its own."""
        marks = [
            _Mark(writer, number, self._marks[writer][number])
            for writer in sorted(self._marks)
            for number in sorted(self._marks[writer])[-MAX_MARKS:]
        ]
        return [*marks, *self._content()]

    def _content(self) -> list[_Line]:
        kept = sorted(self._kept.values(), key=lambda k: entry_of(k.idea.couplet))
        return [*self._sorted_counts(), *kept, *self._logged()]

    def _sorted_counts(self) -> list[_Count]:
        return [self._counts[place] for place in sorted(self._counts)]

    def _logged(self) -> list[_Logged]:
        return sorted(self._episodes.values(), key=lambda e: (e.battle, e.writer, e.batch, e.index))

    def bounded(self) -> tuple[Contents, tuple[str, ...]]:
        """What is kept where there is too much of it, and remarks on what is not.

        Ideas go by worth, episodes by age, concepts by count.  What was said and what was paid is never dropped.
        """
        chosen: list[_Line] = []
        remarks: list[str] = []
        concepts = [line for line in self._sorted_counts() if line.kind == "concept"]
        concepts.sort(key=lambda line: -line.count)
        parts: tuple[tuple[str, Sequence[_Line], int], ...] = (
            ("of the ideas with the least worth", [self._kept[wording] for _, wording in self._order], MAX_IDEAS),
            ("of the oldest episodes", self._logged()[::-1], MAX_EPISODES),
            ("of the rarest words of opponents", concepts, MAX_CONCEPTS),
        )
        for what, lines, most in parts:
            chosen += lines[:most]
            if len(lines) > most:
                remarks.append(f"{len(lines) - most} {what} were dropped to keep {most}")
        marks = [line for line in self.lines() if isinstance(line, _Mark)]
        counts = [line for line in self._sorted_counts() if line.kind != "concept"]
        return contents_of([*marks, *counts, *chosen]), tuple(remarks)

    def count(self, forgotten: Callable[[_Line], bool]) -> int:
        """How many lines `without` would leave out; marks tell nothing and stay."""
        return sum(not isinstance(line, _Mark) and forgotten(line) for line in self.lines())

    def without(self, writer: str, forgotten: Callable[[_Line], bool]) -> Contents:
        """What is left where some lines are forgotten.

        Counting begins anew under the next name of ``writer``, or what is counted from now on would be taken for what
        another copy of this memory still knows.
        """
        old = self.writer_now(writer)
        left = [line for line in self.lines() if isinstance(line, _Mark) or not forgotten(line)]
        return contents_of([*left, _Mark(_next_name(old), 1, "")])

    def writer_now(self, writer: str) -> str:
        """The name a writer goes by since it last forgot something."""
        names = [name for name in self._marks if _first_name(name) == writer]
        return max(names, key=_generation, default=writer)

    def fork(self, other: Contents) -> str:
        """A writer whose batches went on in two ways after a copy was made; "" where there is none."""
        for writer in sorted(self._marks.keys() & other._marks.keys()):
            mine, theirs = self._marks[writer], other._marks[writer]
            if any(mine[number] != theirs[number] for number in mine.keys() & theirs.keys()):
                return writer
        return ""

    def size(self) -> int:
        """How many lines it takes."""
        marks = sum(min(len(chains), MAX_MARKS) for chains in self._marks.values())
        return marks + len(self._counts) + len(self._kept) + len(self._episodes)

    def overfull(self) -> bool:
        """Is there so much more than is kept that dropping it is worth a rewriting?"""
        return len(self._kept) > 1.1 * MAX_IDEAS or len(self._episodes) > 1.1 * MAX_EPISODES

    def _totals(self, kind: str, part: int) -> Counter[str]:
        out: Counter[str] = Counter()
        for line in self._counts.values():
            if line.kind == kind:
                out[line.key[part]] += line.count
        return out

    def _once(self, question: tuple[str, str | None], answer: Callable[[], Any]) -> Any:
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]


def contents_of(lines: Iterable[_Line]) -> Contents:
    """What some lines say together."""
    out = Contents()
    for line in lines:
        out.take(line)
    return out


def about_opponent(line: _Line, opponent: str) -> bool:
    """Does a line tell of this opponent?"""
    if isinstance(line, _Logged):
        return line.episode.opponent == opponent
    return isinstance(line, _Count) and line.kind in _OPPONENT and line.key[_OPPONENT[line.kind]] == opponent


def about_idea(line: _Line, idea_id: str) -> bool:
    """Does a line tell of this idea?  Episodes stay: they tell of a decision."""
    if isinstance(line, _Kept):
        return line.idea.id == idea_id
    if not isinstance(line, _Count):
        return False
    if line.kind == "outcome":
        return line.key[:2] == ("idea", idea_id)
    return line.kind in ("said", "used") and line.key[0] == idea_id


def untouched(contents: Contents, battles: int) -> Callable[[_Line], bool]:
    """Tells lines of things that were neither had, said, used, heard nor paid in the last so many battles."""

    def is_old(line: _Line) -> bool:
        if isinstance(line, _Mark):
            return False
        used = contents.last_used(line.idea.id) if isinstance(line, _Kept) else 0
        return contents.battle - max(line.battle, used) > battles

    return is_old


def _place_of(record: Said | Used | Outcome | Concept | Battle) -> tuple[str, tuple[str, ...]]:
    """The kind and key of what is counted."""
    if isinstance(record, Said):
        return "said", (record.entry,)
    if isinstance(record, Used):
        return "used", (record.idea,)
    if isinstance(record, Outcome):
        if record.arm_kind not in ARM_KINDS:
            raise ValueError(f"arm_kind must be one of {', '.join(ARM_KINDS)}, got {record.arm_kind!r}")
        return "outcome", (record.arm_kind, record.arm, record.opponent)
    if isinstance(record, Concept):
        return "concept", (record.opponent, record.text, record.kind, record.category)
    return "battle", (record.opponent,)


def _tally(line: _Count) -> Tally:
    return Tally(line.count, *line.sums[:-2])


def _wording(idea: Idea) -> str:
    """Equal for ideas that differ in case or punctuation only."""
    return " / ".join(" ".join(words_of(line)) for line in idea.couplet.lines)


def _joined(a: _Kept, b: _Kept) -> _Kept:
    """Of two copies of one idea the one the critic liked more, with both provenances, had when the later one was.

    Copies that are liked alike are told apart by their text, so that the order of merging never shows.
    """
    best = min((a.idea, b.idea), key=lambda i: (-i.critic, entry_of(i.couplet), i.link, i.seeds, i.distance, i.about))
    parts = {part for idea in (a.idea, b.idea) for part in idea.provenance.split(" + ")}
    idea = replace(best, provenance=" + ".join(sorted(parts)))
    return _Kept(idea, min(a.born_s, b.born_s), max(a.battle, b.battle))


def _generation(name: str) -> int:
    number = name.partition("~")[2]
    return int(number) if number.isdigit() else 0


def _next_name(name: str) -> str:
    return f"{_first_name(name)}~{_generation(name) + 1}"


def _first_name(name: str) -> str:
    """What a writer was called before it ever forgot."""
    return name.partition("~")[0]


# ------------------------------------------------------------------------------------------------ the file


class Memory:
    """A memory file and what it holds; made by `open_memory`.

    Other processes may write to the file meanwhile: `refresh` learns what they wrote, `append` does so first.  Not for
    concurrent use within a process.
    """

    def __init__(self, path: Path, writer: str, writable: bool, limit_bytes: int) -> None:
        self.path = path
        self.writable = writable
        self.contents = Contents()
        self._writer, self._limit_bytes = writer, limit_bytes
        self._inode: tuple[int, int] | None = None
        self._read_bytes = 0
        self._lines = 0
        self._remarks: dict[str, None] = {}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of this file, each said once."""
        return tuple(self._remarks)

    # look-ups, see `Contents`

    def ideas(self) -> tuple[Idea, ...]:
        return self.contents.ideas()

    def idea(self, idea_id: str) -> Idea | None:
        return self.contents.idea(idea_id)

    def spent(self) -> Mapping[str, int]:
        return self.contents.spent()

    def heard(self, opponent: str | None = None) -> tuple[Heard, ...]:
        return self.contents.heard(opponent)

    def tallies(self, arm_kind: ArmKind) -> Mapping[tuple[str, str], Tally]:
        return self.contents.tallies(arm_kind)

    def episodes(self) -> tuple[Episode, ...]:
        return self.contents.episodes()

    def digest(self) -> str:
        return self.contents.digest()

    # ------------------------------------------------------------------ reading and writing

    def refresh(self) -> None:
        """Learn what was written since the last look."""
        with _locked(self.path, self.writable) as descriptor:
            self._catch_up(descriptor)

    def append(self, records: Sequence[Record]) -> None:
        """Remember, for good: on the disk when this returns, all of it or (where the disk is full) nothing.

        Raises:
            ValueError: a record that could not be read again, as a reward beyond 0..1.
            UserError: the file cannot be written, or has grown to its limit.
        """
        if not records:
            return
        self._must_be_writable()
        with self._exclusive() as descriptor:
            new = self.contents.batch_of(self.contents.writer_now(self._writer), records)
            data = _as_bytes(new)
            for line in data.splitlines():
                _read(line)
            if self._read_bytes + len(data) > self._limit_bytes or self._outgrown():
                grown = contents_of([*self.contents.lines(), *new])
                self._rewrite(descriptor, self._bounded(grown), self._limit_bytes)
                return
            self._add(descriptor, data)
            for one in new:
                self.contents.take(one)
            self._lines += len(new)

    def compact(self) -> None:
        """Rewrite the file with what is worth keeping (`Contents.bounded`), each thing once."""
        self._must_be_writable()
        with self._exclusive() as descriptor:
            self._rewrite(descriptor, self._bounded(self.contents))

    def forget(self, forgotten: Callable[[_Line], bool]) -> int:
        """Forget lines for good; returns how many.  A copy merged later brings back what it still knows."""
        self._must_be_writable()
        with self._exclusive() as descriptor:
            gone = self.contents.count(forgotten)
            if gone:
                self._rewrite(descriptor, self.contents.without(self._writer, forgotten))
        return gone

    def absorb(self, others: Iterable[Contents]) -> None:
        """Know what the others know, each thing counted once.

        Raises:
            UserError: a history that went on in two ways after the file was copied.
        """
        self._must_be_writable()
        with self._exclusive() as descriptor:
            joined = contents_of(self.contents.lines())
            for other in others:
                if writer := joined.fork(other):
                    raise _forked(writer)
                for line in other.lines():
                    joined.take(line)
            self._rewrite(descriptor, self._bounded(joined), MAX_BYTES)

    # ------------------------------------------------------------------ steps, all under the lock

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[int]:
        """The locked file, all of it known.  Where setting damage aside put another file in its place, that one."""
        while True:
            with _locked(self.path, writable=True) as descriptor:
                self._catch_up(descriptor)
                held = os.fstat(descriptor)
                if self._inode == (held.st_dev, held.st_ino):
                    yield descriptor
                    return

    def _must_be_writable(self) -> None:
        if not self.writable:
            raise UserError(f"{self.path}: the memory was opened for reading only; nothing can be written to it")

    def _bounded(self, contents: Contents) -> Contents:
        bounded, remarks = contents.bounded()
        self._say(*remarks)
        return bounded

    def _outgrown(self) -> bool:
        """Is most of the file outdated, or much of it more than is kept?"""
        return self._lines > 2 * self.contents.size() + SPARE_LINES or self.contents.overfull()

    def _say(self, *remarks: str) -> None:
        self._remarks |= dict.fromkeys(remarks)

    def _add(self, descriptor: int, data: bytes) -> None:
        size = os.fstat(descriptor).st_size
        try:
            done = 0
            while done < len(data):  # one write, but for a disk that is full
                done += os.write(descriptor, data[done:])
            os.fsync(descriptor)
        except OSError as error:
            os.ftruncate(descriptor, size)
            raise _os_error(self.path, "cannot be written", error) from error
        self._read_bytes = size + len(data)

    def _catch_up(self, descriptor: int) -> None:
        """Read what is new, put the end of a broken file right, set aside what is no record."""
        status = os.fstat(descriptor)
        if status.st_size > self._limit_bytes:
            raise _too_large(self.path, status.st_size, self._limit_bytes)
        if self._inode != (status.st_dev, status.st_ino) or status.st_size < self._read_bytes:
            self.contents, self._read_bytes, self._lines = Contents(), 0, 0
            self._inode = status.st_dev, status.st_ino
        data = _read_from(descriptor, self._read_bytes)
        if self._read_bytes == 0:
            if HEADER.startswith(data):  # empty, or killed while it was made
                self._begin(descriptor)
                return
            _check_header(self.path, data)
            if b"\n" not in data and self.writable:
                self._add(descriptor, b"\n")
                return
        start = self._read_bytes or data.find(b"\n") + 1  # behind what is known, or behind the header
        body = data if self._read_bytes else data[start:]
        whole = _whole_batches(body)
        if whole < len(body):
            self._torn(descriptor, body[whole:], start + whole)
            body = body[:whole]
        elif body and not body.endswith(b"\n") and self.writable:
            self._add(descriptor, b"\n")
        self._read_bytes = os.fstat(descriptor).st_size if self.writable else start + body.rfind(b"\n") + 1
        bad = [line for line in body.split(b"\n") if line.strip() and not self._taken(line)]
        if bad:
            self._bad(descriptor, bad)

    def _taken(self, raw: bytes) -> bool:
        try:
            self.contents.take(_read(raw))
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        self._lines += 1
        return True

    def _begin(self, descriptor: int) -> None:
        if self.writable:
            os.ftruncate(descriptor, 0)
            self._add(descriptor, HEADER)
        else:
            self._say(f"{self.path}: the memory is empty")

    def _torn(self, descriptor: int, tail: bytes, whole_bytes: int) -> None:
        what = f"{self.path}: what was written last was broken off"
        if not self.writable:
            self._say(f"{what} and is left out")
            return
        aside = self.path.with_name(f"{self.path.name}.torn")
        _set_aside(aside, [tail.removesuffix(b"\n")])
        os.ftruncate(descriptor, whole_bytes)
        os.fsync(descriptor)
        self._say(f"{what}; it was moved to {aside}")

    def _bad(self, descriptor: int, lines: list[bytes]) -> None:
        count = f"{len(lines)} line{'s' * (len(lines) != 1)}"
        if not self.writable:
            self._say(f"{self.path}: {count} cannot be read and are left out")
            return
        aside = self.path.with_name(f"{self.path.name}.bad")
        _set_aside(aside, lines)
        self._rewrite(descriptor, self.contents)
        self._say(f"{self.path}: {count} could not be read and were moved to {aside}; the rest is as it was")

    def _rewrite(self, descriptor: int, contents: Contents, limit_bytes: int = FORGET_BYTES) -> None:
        """Put ``contents`` in the file's place; readers see the old file or the new one."""
        partial = self.path.with_name(f".{self.path.name[:60]}.part")  # one is enough: the lock is held
        lines = contents.lines()
        data = HEADER + _as_bytes(lines)
        if len(data) > limit_bytes:
            raise _too_large(self.path, len(data), limit_bytes)
        try:
            with open(partial, "wb") as file:
                os.fchmod(file.fileno(), stat.S_IMODE(os.fstat(descriptor).st_mode))
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                status = os.fstat(file.fileno())
            os.replace(partial, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise _os_error(self.path, "cannot be rewritten", error) from error
        _sync_folder(self.path.parent)
        self.contents = contents
        self._inode, self._read_bytes, self._lines = (status.st_dev, status.st_ino), len(data), len(lines)


def open_memory(
    path: str | os.PathLike[str],
    writable: bool | None = True,
    writer: str | None = None,
    limit_bytes: int = MAX_BYTES,
) -> Memory:
    """The memory in a file; one that is to be written is made where it is missing.

    ``writable`` None means "if the file allows": where it does not, `Memory.remarks` says that nothing will be learnt.
    ``writer`` names who counts; None takes `writer_here`.  Damage is put right where the file is writable: what cannot
    be read is moved to PATH.torn (a last line broken off) or PATH.bad, and said in `Memory.remarks`.

    Raises:
        UserError: missing, no memory, another schema, too large, not permitted.
    """
    resolved = _checked(Path(path), making=writable is not False)
    may_write = os.access(resolved if resolved.exists() else resolved.parent, os.W_OK)
    if writable and not may_write:
        raise UserError(f"{path}: is write-protected; remove the protection (chmod u+w) or copy the memory")
    memory = Memory(resolved, writer or writer_here(resolved), writable is not False and may_write, limit_bytes)
    if writable is None and not may_write:
        memory._say(f"{path}: is write-protected, so nothing new will be remembered")
    memory.refresh()
    return memory


def merge(into: str | os.PathLike[str], others: Sequence[str | os.PathLike[str]], writer: str | None = None) -> Memory:
    """Bring several memories together in ``into``, which may exist already; merging again changes nothing.

    Counts of one writer are taken from whichever file knows more of them, those of different writers add up.

    Raises:
        UserError: a file that cannot be read, or two that went on differently after one was copied; nothing is written.
    """
    files = [*others, *([into] if os.path.exists(into) else [])]
    read = [open_memory(path, writable=False, limit_bytes=FORGET_BYTES) for path in files]
    for k, one in enumerate(read):
        for other in read[:k]:
            if name := one.contents.fork(other.contents):
                raise _forked(name, f"{other.path} and {one.path}")
    out = open_memory(into, writer=writer, limit_bytes=FORGET_BYTES)
    out.absorb(one.contents for one in read)
    out._say(*(remark for one in read for remark in one.remarks))
    return out


def writer_here(path: str | os.PathLike[str]) -> str:
    """A name for whoever writes this file on this machine: the same in every run, another for a copy elsewhere."""
    machine = ""
    with contextlib.suppress(OSError):
        machine = Path("/etc/machine-id").read_text(encoding="ascii", errors="replace")
    text = "\0".join((machine.strip(), platform.node(), os.path.realpath(path)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _checked(path: Path, *, making: bool) -> Path:
    """Where the file really lies: a link stays a link when the file is rewritten."""
    if "\0" in os.fspath(path):
        raise UserError("a file name cannot hold a null character; choose another name")
    resolved = Path(os.path.realpath(path))
    if resolved.is_dir():
        raise UserError(f"{path}: is a folder; name a memory file in it")
    if resolved.exists() and not resolved.is_file():
        raise UserError(f"{path}: is not a regular file; choose another name")
    if not resolved.exists() and not making:
        raise UserError(f"{path}: there is no such memory; check the path")
    if not resolved.parent.is_dir():
        raise UserError(f"{path}: the folder {path.parent} does not exist; create it or choose another")
    if resolved.exists() and not os.access(resolved, os.R_OK):
        raise UserError(f"{path}: may not be read; change its permissions (chmod u+r)")
    return resolved


@contextlib.contextmanager
def _locked(path: Path, writable: bool) -> Iterator[int]:
    """The open file, locked against writers (and for a writer against readers).

    Whoever waited while the file was rewritten holds the lock of a file that is no longer there, and tries again.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT if writable else os.O_RDONLY
    while True:
        try:
            descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise _os_error(path, "cannot be opened", error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX if writable else fcntl.LOCK_SH)
                there = os.stat(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _os_error(path, "cannot be locked", error) from error
            held = os.fstat(descriptor)
            if (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _read_from(descriptor: int, start: int) -> bytes:
    parts: list[bytes] = []
    while part := os.pread(descriptor, 1 << 22, start):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _check_header(path: Path, data: bytes) -> None:
    first = data.partition(b"\n")[0]
    schema = None
    with contextlib.suppress(ValueError, RecursionError):
        header = json.loads(first[:MAX_LINE_BYTES].decode("utf-8"))
        schema = header.get("schema") if isinstance(header, dict) else None
    if schema == SCHEMA:
        return
    if isinstance(schema, str) and re.fullmatch(r"rapbot\.memory/\d+", schema):
        raise UserError(f"{path}: is written as {schema}, this rapbot reads {SCHEMA}; use the rapbot that wrote it")
    raise UserError(f"{path}: is no rapbot memory (its first line is not a {SCHEMA} header); name another file")


def _whole_batches(body: bytes) -> int:
    """How many bytes at the start are whole: a kill in mid-write leaves a line, or a batch, without its end."""
    lines = body.split(b"\n")
    tail = lines.pop()
    if tail and _is_line(tail):  # broken off exactly before its line end
        lines.append(tail)
        tail = b""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].startswith(_MARK_BEGINS) and _is_line(lines[at]):
            mark = _read(lines[at])
            if isinstance(mark, _Mark) and mark.lines > len(lines) - 1 - at:
                return sum(len(line) + 1 for line in lines[:at])
            break
    return len(body) - len(tail)


def _is_line(raw: bytes) -> bool:
    try:
        _read(raw)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _as_bytes(lines: Iterable[_Line]) -> bytes:
    return "".join(f"{_written(line)}\n" for line in lines).encode()


def _set_aside(path: Path, lines: Sequence[bytes]) -> None:
    try:
        with open(path, "ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _os_error(path, "cannot be written, and what is damaged in the memory must go there", error) from error


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk only when its folder is; some file systems cannot say."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _too_large(path: Path, size_bytes: int, limit_bytes: int) -> UserError:
    return UserError(
        f"{path}: {size_bytes / 1e6:.0f} MB is over the limit of {limit_bytes / 1e6:.0f} MB for a memory; shorten it "
        f"with `rapbot memory forget {path} --older-than-battles 100`"
    )


def _forked(writer: str, files: str = "the files") -> UserError:
    return UserError(
        f"{files} both went on from one copied memory (writer {writer}), so their counts cannot be added up; merge "
        "only the one with the longer history"
    )


def _os_error(path: Path, what: str, error: OSError) -> UserError:
    return UserError(f"{path}: {what} ({(error.strerror or str(error)).lower()}); check the disk and its permissions")
