"""The plan of a verse: rebut, flip, stay on the image, close.

Aim: sixteen unrelated punchlines read as a list.  A section of eight bars first answers what was thrown at us, then
flips the anchor that has a running image (flip, continuation, closer), stays on it, and closes on it or on the
opponent's own words.  Readers' findings about whole verses are rules here: no couplet, shape, shape family, opener or
prop twice.

The search is a small beam over positions; randomness enters only through the worth of candidates, before the search.

*Conventions.*  A verse is a sequence of couplets in *sections* of up to `SECTION_COUPLETS`; *thread* is the image a
flip started.  Worth has no unit (see `rapbot.writing.candidates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import numpy as np

from rapbot.writing.candidates import RECALLING, Candidate
from rapbot.writing.vocabulary import Vocabulary

SECTION_COUPLETS = 4  # eight bars: one running image each
BEAM = 6  # eight stay on an image in eight verses more of a hundred, at a third more time
PER_ROLE = 14  # candidates kept for a role
FILLERS_KEPT = 8
PER_ANCHOR = 5  # and for one anchor in a role, so that a rich category does not crowd the others out

MARK_WEIGHT = 0.9  # one mark of the blind reader
NOISE, SURPRISE_NOISE = 0.55, 1.2  # spread of the seeded choice at --surprise 0, and what 1 adds
NEW_ANCHORS = (1.3, 1.2, 0.9, 0.2)  # worth of the first, second … anchor answered in a section; the last one counts on
SAME_ANCHOR = -0.5  # a second couplet on an anchor already answered, where no image carries it
THREAD = 3.7  # a continuation that follows its flip
THREAD_CLOSE = 1.7  # a closer on the section's image
CALLBACK = 0.9  # closing on their own insult
HAS_CHAIN = 1.4  # a flip whose image has a continuation and a closer
OFF_ROLE = -1.2  # a couplet that fills a place it was not meant for
FILLER = -1.5  # nothing was answered
UNTHREADED_FLIP = -0.7  # a second flip beside a running image: the list effect
ANSWERED_BEFORE = -0.6  # a second joke on one thing of theirs, a round later, may deny the first
SPENT = 1.2  # said in an earlier battle, each time; what was said in this one is not offered at all
DICE = 4096  # throws a verse has; two entries that share one roll alike
MULTI = 0.8  # a rhyme of two syllables or more, stress and all
OWN_LINE, LIKED = 1.5, 0.25  # a line only this persona has; a word it likes
USUAL_RICHNESS, RICH = 0.15, 6.0  # share of rhymed syllables of the bank, and what a whole more would be worth
LAST_RHYME = 0.35  # the first couplet picks up the opponent's last rhyme
SHARED_WORD = -0.25  # a content word heard a moment ago
REPEATED_FAMILY, REPEATED_PROP, REPEATED_OPENER = -6.0, -3.0, -3.0  # only where nothing else is left

REBUTS = frozenset(("insult", "threat", "plug", "lack", "concede"))
ONCE = RECALLING | {"setup"}  # in a verse; a second one is a habit
MIDDLES = frozenset(("name", "pun", "place", "crew", "family", "list", "echo", "count", "lowconf"))
FILLERS = frozenset(("open", "boast", "punch"))
PICK_UP = REBUTS | FILLERS  # what may take up the opponent's last rhyme
OFF_LENGTH, LONGEST_MISS = 0.5, 4  # a syllable more or less than the line length asked for; and from where on alike
HOPELESS, HOPELESS_AFTER = 1.5, 4  # a line five syllables over the comfortable length fits no bar; do not try it


@dataclass(frozen=True)
class Taste:
    """What pulls the choice besides quality: a persona's leanings, how far from the obvious to go (0..1), how much rich
    rhymes count (1 as usual, 0 not at all), words it likes, the ids of its own lines, and the line length to aim at.
    """

    moves: Mapping[str, float]
    writers: Mapping[str, float]
    surprise: float
    long_line_cost: float
    long_line_syllables: int
    rhyme: float = 1.0
    likes: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    line_syllables: float | None = None


@dataclass(frozen=True)
class Known:
    """What is known of couplets beside what they say.

    ``rhyming_ends`` pick up the opponent's last rhyme, ``multis`` rhyme over two syllables or more, ``richness`` is how
    much of one rhymes (`rapbot.writing.richness`), all by entry id; ``spent`` counts how often an entry was said before
    this battle; ``answered_before`` are anchors that an earlier round answered.
    """

    rhyming_ends: frozenset[str] = frozenset()
    multis: frozenset[str] = frozenset()
    richness: Mapping[str, float] = field(default_factory=dict)
    spent: Mapping[str, int] = field(default_factory=dict)
    answered_before: frozenset[str] = frozenset()


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class _Option:
    """A candidate as the search sees it: what must not meet twice is a bit, so that a clash is one ``&``."""

    candidate: Candidate
    value: float
    rank: int
    entry: int  # one bit a couplet …
    shape: int  # … a shape …
    clashes: int  # … and family, opener and props together, in ranges of their own
    family: int
    opener: int
    props: int
    answered: int  # anchors spoken, one bit each
    bound: int
    content: int  # content words

    def price(self, seen: int) -> float:
        """What meeting what was there already costs."""
        return (
            REPEATED_FAMILY * bool(self.family & seen)
            + REPEATED_OPENER * bool(self.opener & seen)
            + REPEATED_PROP * bool(self.props & seen)
        )


@dataclass(frozen=True, slots=True)
class _State:
    worth: float
    chosen: tuple[_Option, ...]
    answered: int
    section_answers: int
    image: str
    flip: _Option | None
    threaded: int
    entries: int
    shapes: int
    seen: int


_START = _State(0.0, (), 0, 0, "", None, 0, 0, 0, 0)


def sections(couplets: int) -> tuple[int, ...]:
    """How many couplets each section holds: fours, the rest at the end; five stay together."""
    if couplets < 1:
        raise ValueError(f"a verse needs at least one couplet, got {couplets}")
    if couplets == SECTION_COUPLETS + 1:
        return (couplets,)
    full, rest = divmod(couplets, SECTION_COUPLETS)
    sizes = [SECTION_COUPLETS] * full
    if rest == 1 and full:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return tuple(sizes)


def weigh(
    candidates: Sequence[Candidate],
    taste: Taste,
    seed: Sequence[int],
    known: Known = NOTHING_KNOWN,
) -> list[Candidate]:
    """Candidates with their final worth: mark, taste, metre and the seeded dice.  Same input and seed, same worth.

    ``seed`` should hold a digest of what was heard beside the user's seed, or every opponent meets the same favourites.
    """
    rng = np.random.default_rng(list(seed))
    spread = NOISE + SURPRISE_NOISE * taste.surprise
    dice = rng.normal(0.0, spread, DICE).tolist()  # an entry's throw hangs on its name, not on what else may be said
    bases: dict[str, float] = {}  # what a couplet is worth whatever fills it
    out = []
    for candidate in candidates:
        couplet = candidate.couplet
        base = bases.get(couplet.id)
        if base is None:
            base = (
                MARK_WEIGHT * (couplet.score - 2) + dice[couplet.number % DICE] - SPENT * known.spent.get(couplet.id, 0)
            )
            base += taste.moves.get(couplet.move, 0.0) + taste.writers.get(couplet.writer, 0.0)
            base += LAST_RHYME * (couplet.id in known.rhyming_ends and couplet.move in PICK_UP)
            base += OWN_LINE * (couplet.id in taste.own) + LIKED * min(2, len(taste.likes & couplet.words))
            rich = RICH * (known.richness.get(couplet.id, USUAL_RICHNESS) - USUAL_RICHNESS)
            bases[couplet.id] = base = base + taste.rhyme * (rich + MULTI * (couplet.id in known.multis))
        long = candidate.longest_line - taste.long_line_syllables
        if long > 0:
            base -= taste.long_line_cost * long + HOPELESS * max(0, long - HOPELESS_AFTER)
        if taste.line_syllables is not None:
            base -= OFF_LENGTH * min(LONGEST_MISS, abs(candidate.longest_line - taste.line_syllables))
        value = candidate.value + base
        if couplet.move in ("flip", "list") and candidate.bound and candidate.bound[0].text in known.answered_before:
            value += ANSWERED_BEFORE
        out.append(Candidate(couplet, candidate.lines, candidate.bound, candidate.answers, value))
    return out


class Search:
    """The best sequences of couplets out of what could be said; asked again where a checker refused some of it."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        vocabulary: Vocabulary,
        breadth: int = 1,
        begun: Sequence[Candidate] = (),
    ) -> None:
        """``candidates`` weighed (see `weigh`); more ``breadth`` keeps more of them, at that many times the cost.

        ``begun`` come first in every answer, whatever else is better: they are being said.
        """
        self._table = _Table(candidates, vocabulary, breadth, begun)

    def best(self, count: int, banned: AbstractSet[tuple[str, tuple[str, str]]] = frozenset()) -> tuple[Candidate, ...]:
        """The best ``count`` couplets in order; fewer where the bank holds no more that may stand together.

        ``banned`` are the keys of candidates that were refused.
        """
        table, fixed = self._table, self._table.begun
        refused = frozenset(option.rank for option in table.options if option.candidate.key in banned)
        beam = [_START]
        sizes = sections(count)
        for number, size in enumerate(sizes):
            beam = [replace(s, section_answers=0, image="", flip=None, threaded=0) for s in beam]
            for position in range(size):
                last = position == size - 1
                final = last and number == len(sizes) - 1
                if len(beam[0].chosen) < len(fixed):
                    option = fixed[len(beam[0].chosen)]
                    beam = [_added(beam[0], option, beam[0].worth + option.value)]
                    continue
                grown = _grow(beam, table, refused, position, last, final, strict=True)
                if not grown:
                    grown = _grow(beam, table, refused, position, last, final, strict=False)
                if not grown:
                    return tuple(option.candidate for option in beam[0].chosen)
                beam = grown
        return tuple(option.candidate for option in beam[0].chosen)


class _Table:
    """Candidates by role, best first."""

    def __init__(
        self, candidates: Sequence[Candidate], vocabulary: Vocabulary, breadth: int, begun: Sequence[Candidate]
    ) -> None:
        self.vocabulary = vocabulary
        ranked = sorted(candidates, key=lambda c: (-c.value, c.couplet.id, c.lines))
        bits = _Bits(vocabulary)
        by_move: dict[str, list[Candidate]] = {}
        for candidate in ranked:
            by_move.setdefault(_role(candidate), []).append(candidate)

        def best(role: str, limit: int = PER_ROLE) -> list[_Option]:
            return [bits.option(c) for c in _best(by_move.get(role, ()), breadth * limit, breadth * PER_ANCHOR)]

        self.rebuts = best("rebut")
        self.flips = best("flip", PER_ROLE * 2)
        self.middles = best("middle")
        self.fillers = [bits.option(c) for c in by_move.get("filler", [])[: breadth * FILLERS_KEPT]]
        self.closers = best("close")
        self.recalls = best("recall")
        self.setups = best("setup", FILLERS_KEPT)
        self.begun = [bits.option(c) for c in begun]
        images = {option.candidate.couplet.image for option in self.flips}
        images |= {c.couplet.image for c in begun if c.couplet.move == "flip"}
        self.conts: dict[str, list[_Option]] = {}
        self.image_closers: dict[str, list[_Option]] = {}
        for role, table in (("cont", self.conts), ("image close", self.image_closers)):
            for candidate in by_move.get(role, ()):
                if candidate.couplet.image in images:  # what no flip leads to is never reached
                    table.setdefault(candidate.couplet.image, []).append(bits.option(candidate))
        self._chains: dict[int, float] = {}
        self.options = bits.made

    def chain(self, flip: _Option) -> float:
        """How much of an image a flip can start: 0, ½ (a continuation or a closer) or 1 (both)."""
        if flip.rank not in self._chains:
            image = flip.candidate.couplet.image
            cont = any(self.follows(c, flip) for c in self.conts.get(image, ()))
            close = any(self.follows(c, flip) for c in self.image_closers.get(image, ()))
            self._chains[flip.rank] = (cont + close) / 2
        return self._chains[flip.rank]

    def follows(self, option: _Option, flip: _Option) -> bool:
        """May a continuation or closer of an image follow this flip?

        "after:animal.pet claim" follows only where "you" are the animal, "after:monster.ghost" only a noun that is one.
        """
        needs, led = option.candidate.couplet.needs, flip.candidate.couplet.needs
        if needs.stance and needs.stance != ("poss" if led.head == "poss" else "claim"):
            return False
        if needs.term is None or "." not in needs.term or needs.term == led.term or not flip.candidate.bound:
            return True
        anchor = flip.candidate.bound[0]
        return self.vocabulary.term(needs.head, needs.term).met_by(anchor.text, anchor.category, None)


class _Bits:
    """Numbers everything that must not meet twice, in the order it turns up."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tables: dict[str, dict[str, int]] = {}
        self.made: list[_Option] = []

    def bit(self, kind: str, name: str) -> int:
        """A bit of its own for each name of a kind; kinds in one range ("seen") never share one."""
        table = self._tables.setdefault(kind, {})
        return 1 << table.setdefault(name, len(table))

    def bits(self, kind: str, names: Iterable[str]) -> int:
        """All of them."""
        out = 0
        for name in names:
            out |= self.bit(kind, name)
        return out

    def option(self, candidate: Candidate) -> _Option:
        """The candidate for the search."""
        couplet, vocabulary = candidate.couplet, self._vocabulary
        family = self.bit("seen", f"family {vocabulary.family(couplet.shape)}")
        opener = self.bit("seen", f"opener {couplet.opener}")
        props = self.bits("seen", sorted(f"prop {word}" for word in couplet.words & vocabulary.props))
        if couplet.move in ONCE:
            family |= self.bit("seen", "recall" if couplet.move in RECALLING else couplet.move)
        made = _Option(
            candidate,
            candidate.value,
            len(self.made),
            self.bit("entry", couplet.id),
            self.bit("shape", couplet.shape),
            family | opener | props,
            family,
            opener,
            props,
            self.bits("anchor", candidate.answered),
            self.bits("anchor", (anchor.text for anchor in candidate.bound)),
            self.bits("word", couplet.content),
        )
        self.made.append(made)
        return made


def _role(candidate: Candidate) -> str:
    move = candidate.couplet.move
    if move in REBUTS:
        return "rebut"
    if move in MIDDLES:
        return "middle"
    if move in FILLERS:
        return "filler"
    if move in RECALLING:
        return "recall"
    if move == "close" and candidate.couplet.needs.head == "image":
        return "image close"
    return move


def _best(candidates: Iterable[Candidate], limit: int, per_anchor: int) -> list[Candidate]:
    counts: dict[tuple[str, ...], int] = {}
    out: list[Candidate] = []
    for candidate in candidates:
        key = candidate.answered or (candidate.couplet.move,)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= per_anchor:
            out.append(candidate)
        if len(out) == limit:
            break
    return out


# ------------------------------------------------------------------------------------------------ the search


def _grow(
    beam: Sequence[_State],
    table: _Table,
    refused: frozenset[int],
    position: int,
    last: bool,
    final: bool,
    *,
    strict: bool,
) -> list[_State]:
    """The best states one couplet longer.  Worth first, for all; states only for those that stay."""
    grown: list[tuple[float, int, int, int, bool]] = []
    options: list[_Option] = []
    for number, state in enumerate(beam):
        shapes, seen, before = state.shapes, state.seen, state.worth
        content = state.chosen[-1].content if state.chosen else 0
        for option, bonus in _options(state, table, position, last, final):
            if option.shape & shapes or option.rank in refused:
                continue
            worth = before + option.value + bonus
            if option.clashes & seen:
                if strict:
                    continue
                worth += option.price(seen)
            worth += _answers_worth(state, option)
            if content & option.content:
                worth += SHARED_WORD * min(3, (content & option.content).bit_count())
            threaded = state.flip is not None or _starts(state, option)
            grown.append((-worth, number, option.rank, len(options), threaded))
            options.append(option)
    grown.sort()
    return _distinct(beam, grown, options)


def _answers_worth(state: _State, option: _Option) -> float:
    """What the anchors a couplet takes up are worth after those that were taken up before."""
    if not option.bound and not option.answered:
        return 0.0
    move = option.candidate.couplet.move
    new = (option.answered & ~state.answered).bit_count()
    worth = 0.0
    for k in range(new):
        worth += NEW_ANCHORS[min(state.section_answers + k, len(NEW_ANCHORS) - 1)]
    if option.answered and not new and move != "close":
        worth += SAME_ANCHOR
    if option.bound & state.answered and move not in ("close", "cont"):
        worth += SAME_ANCHOR
    return worth


def _starts(state: _State, option: _Option) -> bool:
    """Does a couplet start the running image?"""
    couplet = option.candidate.couplet
    return couplet.move == "flip" and not state.image and bool(couplet.image) and couplet.image != "any"


def _distinct(
    beam: Sequence[_State], grown: Sequence[tuple[float, int, int, int, bool]], options: Sequence[_Option]
) -> list[_State]:
    """The best `BEAM` states, no two with the same couplets in another order.

    Half the beam is kept for states with a running image: its worth shows only one couplet later.
    """
    seen: set[int] = set()
    room = {True: BEAM // 2, False: BEAM // 2}
    out = []
    for negative, number, _, index, threaded in grown:
        entries = beam[number].entries | options[index].entry
        if room[threaded] and entries not in seen:
            seen.add(entries)
            room[threaded] -= 1
            out.append(_added(beam[number], options[index], -negative))
            if not any(room.values()):
                break
    return out


def _options(state: _State, table: _Table, position: int, last: bool, final: bool) -> Iterable[tuple[_Option, float]]:
    """What may come next, with the worth of its place in the arc."""
    first_of_verse = not state.chosen
    before_rebut = OFF_ROLE if first_of_verse and table.rebuts else 0.0  # what was thrown is returned first
    returned = 0.6 if position == 0 else -0.2 if not last else -0.8
    for c in table.rebuts:
        yield c, returned
    place = 0.3 if position == 1 else 0.0 if position == 0 and not first_of_verse else -0.3
    place += (UNTHREADED_FLIP if state.image else 0.0) + before_rebut
    for c in table.flips:
        yield c, place + (OFF_ROLE if last else HAS_CHAIN * table.chain(c))
    for c in table.recalls:
        yield c, (0.2 if position else 0.0) + before_rebut
    for c in table.setups if not first_of_verse and not last else ():
        yield c, 0.0
    between = (-0.5 if first_of_verse else -0.1) + before_rebut + (OFF_ROLE if final else 0.0)
    for c in table.middles:
        yield c, between
    if state.flip is not None:
        adjacent = state.chosen[-1].candidate.couplet.image == state.image
        for c in table.conts.get(state.image, ()) if adjacent else ():  # "it" must still be what was last spoken of
            if table.follows(c, state.flip):
                yield c, THREAD - 0.9 * max(0, state.threaded - 1) + (OFF_ROLE if final else 0.0)
        if last:
            for c in table.image_closers.get(state.image, ()):
                if table.follows(c, state.flip):
                    yield c, THREAD_CLOSE - 0.4 * (not final) - 0.4 * (not adjacent)
    if final:
        for c in table.closers:
            yield c, CALLBACK if c.candidate.bound else -0.3
    for c in table.fillers:
        opens = c.candidate.couplet.move == "open"
        if not opens or first_of_verse:
            yield c, FILLER + (0.8 if opens else 0.0) + (OFF_ROLE if final else 0.0)


def _added(state: _State, option: _Option, worth: float) -> _State:
    couplet = option.candidate.couplet
    starts = _starts(state, option)
    return _State(
        worth=worth,
        chosen=(*state.chosen, option),
        answered=state.answered | option.answered,
        section_answers=state.section_answers + (option.answered & ~state.answered).bit_count(),
        image=couplet.image if starts else state.image,
        flip=option if starts else state.flip,
        threaded=state.threaded + (starts or couplet.move == "cont"),
        entries=state.entries | option.entry,
        shapes=state.shapes | option.shape,
        seen=state.seen | option.clashes,
    )
