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
from dataclasses import dataclass, replace

import numpy as np

from rapbot.writing.candidates import Candidate
from rapbot.writing.vocabulary import Vocabulary

SECTION_COUPLETS = 4  # eight bars: one running image each
BEAM = 16
PER_ROLE = 36  # candidates kept for a role; far more than a section can use
PER_ANCHOR = 7  # and for one anchor in a role, so that a rich category does not crowd the others out

MARK_WEIGHT = 0.9  # one mark of the blind reader
NOISE, SURPRISE_NOISE = 0.55, 1.2  # spread of the seeded choice at --surprise 0, and what 1 adds
NEW_ANCHORS = (1.3, 1.2, 0.9, 0.2)  # worth of the first, second … anchor answered in a section; the last one counts on
SAME_ANCHOR = -0.5  # a second couplet on an anchor already answered, where no image carries it
THREAD = 3.1  # a continuation that follows its flip
THREAD_CLOSE = 1.7  # a closer on the section's image
CALLBACK = 0.9  # closing on their own insult
HAS_CHAIN = 1.0  # a flip whose image has a continuation and a closer
OFF_ROLE = -1.2  # a couplet that fills a place it was not meant for
FILLER = -1.5  # nothing was answered
UNTHREADED_FLIP = -0.7  # a second flip beside a running image: the list effect
LAST_RHYME = 0.35  # the first couplet picks up the opponent's last rhyme
SHARED_WORD = -0.25  # a content word heard a moment ago
REPEATED_FAMILY, REPEATED_PROP, REPEATED_OPENER = -6.0, -3.0, -3.0  # only where nothing else is left

REBUTS = frozenset(("insult", "threat", "plug", "lack"))
MIDDLES = frozenset(("name", "pun", "place", "crew", "family", "list", "echo", "count", "lowconf"))
FILLERS = frozenset(("open", "boast", "punch"))
HOPELESS, HOPELESS_AFTER = 1.5, 4  # a line five syllables over the comfortable length fits no bar; do not try it
OVERLAP_STOP = frozenset(
    "you your yours you're i i'm i've i'd i'll me my it it's its they them their the a an and but or so then than "
    "that this there there's here is are was were be been have has had do does did don't not no to of in on at by "
    "for from with up out off down back as if when what who how why which just got get all one two he him his she "
    "her we us our will would can could say said says that's who's they'd you'd you've you'll into over through "
    "about right left still only even".split()
)


@dataclass(frozen=True)
class Taste:
    """What pulls the choice besides quality: a persona's leanings, and how far from the obvious to go (0..1)."""

    moves: Mapping[str, float]
    writers: Mapping[str, float]
    surprise: float
    long_line_cost: float
    long_line_syllables: int


@dataclass(frozen=True)
class _State:
    worth: float
    chosen: tuple[Candidate, ...]
    answered: frozenset[str]
    section_answers: int
    image: str
    flip: Candidate | None
    threaded: int
    ids: frozenset[str]
    shapes: frozenset[str]
    families: frozenset[str]
    openers: frozenset[str]
    props: frozenset[str]


_START = _State(0.0, (), frozenset(), 0, "", None, 0, *([frozenset()] * 5))


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
    candidates: Sequence[Candidate], taste: Taste, seed: Sequence[int], rhyming_ends: frozenset[str] = frozenset()
) -> list[Candidate]:
    """Candidates with their final worth: mark, taste, metre and the seeded dice.  Same input and seed, same worth.

    ``seed`` should hold a digest of what was heard beside the user's seed, or every opponent meets the same favourites.
    """
    rng = np.random.default_rng(list(seed))
    spread = NOISE + SURPRISE_NOISE * taste.surprise
    dice: dict[str, float] = {}
    out = []
    for candidate in candidates:
        couplet = candidate.couplet
        if couplet.id not in dice:  # one throw an entry: two fillings of a couplet do not get two chances
            dice[couplet.id] = float(rng.normal(0.0, spread))
        worth = candidate.value + MARK_WEIGHT * (couplet.score - 2) + dice[couplet.id]
        worth += taste.moves.get(couplet.move, 0.0) + taste.writers.get(couplet.id.split("-")[0], 0.0)
        long = max(0, candidate.longest_line - taste.long_line_syllables)
        worth -= taste.long_line_cost * long + HOPELESS * max(0, long - HOPELESS_AFTER)
        if couplet.id in rhyming_ends:
            worth += LAST_RHYME * (couplet.move in REBUTS | FILLERS)
        out.append(replace(candidate, value=worth))
    return out


def plan_couplets(
    candidates: Sequence[Candidate],
    count: int,
    vocabulary: Vocabulary,
    banned: Iterable[tuple[str, tuple[str, str]]] = (),
) -> tuple[Candidate, ...]:
    """The best sequence of ``count`` couplets; shorter where the bank holds no more that may stand together.

    Args:
        candidates: weighed (see `weigh`).
        banned: keys of candidates the checker refused.
    """
    refused = frozenset(banned)
    table = _Table([c for c in candidates if c.key not in refused], vocabulary)
    beam = [_START]
    sizes = sections(count)
    for number, size in enumerate(sizes):
        beam = [replace(s, section_answers=0, image="", flip=None, threaded=0) for s in beam]
        for position in range(size):
            last = position == size - 1
            final = last and number == len(sizes) - 1
            grown = _grow(beam, table, position, last, final, strict=True)
            if not grown:
                grown = _grow(beam, table, position, last, final, strict=False)
            if not grown:
                return beam[0].chosen
            beam = grown
    return beam[0].chosen


class _Table:
    """Candidates by role, best first, and what each brings that must not meet twice."""

    def __init__(self, candidates: Sequence[Candidate], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        ranked = sorted(candidates, key=lambda c: (-c.value, c.couplet.id, c.lines))
        self.rebuts = _best(c for c in ranked if c.couplet.move in REBUTS)
        self.flips = _best((c for c in ranked if c.couplet.move == "flip"), PER_ROLE * 2)
        self.middles = _best(c for c in ranked if c.couplet.move in MIDDLES)
        self.fillers = [c for c in ranked if c.couplet.move in FILLERS][:PER_ROLE]
        self.closers = _best(c for c in ranked if c.couplet.move == "close" and c.couplet.needs.head != "image")
        self.conts: dict[str, list[Candidate]] = {}
        self.image_closers: dict[str, list[Candidate]] = {}
        for candidate in ranked:
            if candidate.couplet.move == "cont":
                self.conts.setdefault(candidate.couplet.image, []).append(candidate)
            elif candidate.couplet.move == "close" and candidate.couplet.needs.head == "image":
                self.image_closers.setdefault(candidate.couplet.image, []).append(candidate)
        self.props = {c.couplet.id: c.couplet.words & vocabulary.props for c in ranked}
        self.content = {c.couplet.id: c.couplet.words - OVERLAP_STOP for c in ranked}

    def chain(self, candidate: Candidate) -> float:
        """How much of an image a flip can start: 0, ½ (a continuation or a closer) or 1 (both)."""
        image = candidate.couplet.image
        cont = any(self.follows(c, candidate) for c in self.conts.get(image, ()))
        close = any(self.follows(c, candidate) for c in self.image_closers.get(image, ()))
        return (cont + close) / 2

    def follows(self, candidate: Candidate, flip: Candidate) -> bool:
        """May a continuation or closer of an image follow this flip?

        "after:animal.pet claim" follows only where "you" are the animal, "after:monster.ghost" only a noun that is one.
        """
        needs = candidate.couplet.needs
        if needs.stance and needs.stance != ("poss" if flip.couplet.needs.head == "poss" else "claim"):
            return False
        if needs.term is None or "." not in needs.term or needs.term == flip.couplet.needs.term or not flip.bound:
            return True
        anchor = flip.bound[0]
        return self.vocabulary.term(needs.head, needs.term).met_by(anchor.text, anchor.category, None)


def _best(candidates: Iterable[Candidate], limit: int = PER_ROLE) -> list[Candidate]:
    counts: dict[tuple[str, ...], int] = {}
    out: list[Candidate] = []
    for candidate in candidates:
        key = candidate.answered or (candidate.couplet.move,)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= PER_ANCHOR:
            out.append(candidate)
        if len(out) == limit:
            break
    return out


# ------------------------------------------------------------------------------------------------ the search


def _grow(
    beam: Sequence[_State], table: _Table, position: int, last: bool, final: bool, *, strict: bool
) -> list[_State]:
    grown: list[_State] = []
    for state in beam:
        for candidate, bonus in _options(state, table, position, last, final):
            following = _add(state, candidate, bonus, table, strict)
            if following is not None:
                grown.append(following)
    grown.sort(key=lambda s: (-s.worth, tuple(c.key for c in s.chosen)))
    return _distinct(grown)


def _distinct(states: Sequence[_State]) -> list[_State]:
    """The best `BEAM` states, no two with the same couplets in another order.

    Half the beam is kept for states with a running image: its worth shows only one couplet later.
    """
    seen: set[frozenset[str]] = set()
    room = {True: BEAM // 2, False: BEAM // 2}
    out = []
    for state in states:
        threaded = state.flip is not None
        if state.ids not in seen and room[threaded]:
            seen.add(state.ids)
            room[threaded] -= 1
            out.append(state)
        if not any(room.values()):
            break
    return out


def _options(state: _State, table: _Table, position: int, last: bool, final: bool) -> Iterable[tuple[Candidate, float]]:
    """What may come next, with the worth of its place in the arc."""
    first_of_verse = not state.chosen
    before_rebut = OFF_ROLE if first_of_verse and table.rebuts else 0.0  # what was thrown is returned first
    for c in table.rebuts:
        yield c, 0.6 if position == 0 else -0.2 if not last else -0.8
    for c in table.flips:
        place = 0.3 if position == 1 else 0.0 if position == 0 and not first_of_verse else -0.3
        place += UNTHREADED_FLIP if state.image else 0.0
        yield c, place + before_rebut + (OFF_ROLE if last else HAS_CHAIN * table.chain(c))
    for c in table.middles:
        yield c, (-0.5 if first_of_verse else -0.1) + before_rebut + (OFF_ROLE if final else 0.0)
    if state.flip is not None:
        adjacent = state.chosen[-1].couplet.image == state.image
        for c in table.conts.get(state.image, ()) if adjacent else ():  # "it" must still be what was last spoken of
            if table.follows(c, state.flip):
                yield c, THREAD - 0.9 * max(0, state.threaded - 1) + (OFF_ROLE if final else 0.0)
        if last:
            for c in table.image_closers.get(state.image, ()):
                if table.follows(c, state.flip):
                    yield c, THREAD_CLOSE - 0.4 * (not final) - 0.4 * (not adjacent)
    if final:
        for c in table.closers:
            yield c, CALLBACK if c.bound else -0.3
    for c in table.fillers:
        opening = 0.8 if c.couplet.move == "open" and first_of_verse else 0.0
        if c.couplet.move != "open" or first_of_verse:
            yield c, FILLER + opening + (OFF_ROLE if final else 0.0)


def _add(state: _State, candidate: Candidate, bonus: float, table: _Table, strict: bool) -> _State | None:
    couplet = candidate.couplet
    if couplet.id in state.ids or couplet.shape in state.shapes:
        return None
    family = table.vocabulary.family(couplet.shape)
    props = table.props[couplet.id]
    worth = candidate.value + bonus
    for clash, price in (
        (family in state.families, REPEATED_FAMILY),
        (couplet.opener in state.openers, REPEATED_OPENER),
        (bool(props & state.props), REPEATED_PROP),
    ):
        if clash and strict:
            return None
        worth += price * clash
    new = [text for text in candidate.answered if text not in state.answered]
    for k in range(len(new)):
        worth += NEW_ANCHORS[min(state.section_answers + k, len(NEW_ANCHORS) - 1)]
    if candidate.answered and not new and couplet.move != "close":
        worth += SAME_ANCHOR
    if any(anchor.text in state.answered for anchor in candidate.bound) and couplet.move not in ("close", "cont"):
        worth += SAME_ANCHOR
    if state.chosen:
        worth += SHARED_WORD * min(3, len(table.content[couplet.id] & table.content[state.chosen[-1].couplet.id]))
    starts = couplet.move == "flip" and not state.image and bool(couplet.image) and couplet.image != "any"
    follows = couplet.move == "cont"
    return _State(
        worth=state.worth + worth,
        chosen=(*state.chosen, candidate),
        answered=state.answered | frozenset(candidate.answered),
        section_answers=state.section_answers + len(new),
        image=couplet.image if starts else state.image,
        flip=candidate if starts else state.flip,
        threaded=state.threaded + (starts or follows),
        ids=state.ids | {couplet.id},
        shapes=state.shapes | {couplet.shape},
        families=state.families | {family},
        openers=state.openers | {couplet.opener},
        props=state.props | props,
    )
