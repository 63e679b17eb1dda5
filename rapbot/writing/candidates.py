"""Candidates: every couplet that could answer something the opponent said, with its slots filled and its worth.

Aim: decide *relevance* here, once, so that the planner only has to choose.  An anchor is answered when its word is
spoken and the couplet's claim uses its kind: a possession devalued, a claim flipped, a threat returned, an insult
worn with pride.

*Conventions.*  A candidate's ``value`` has no unit; 0 is an ordinary couplet, +1 about one mark of the blind reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations
from types import MappingProxyType

from rapbot.language.anchors import VerseFacts
from rapbot.language.nouns import NounLexicon, is_thing
from rapbot.values import Anchor, Number
from rapbot.writing.arsenal import Couplet, Filler, agrees, bare, estimated_syllables, fill
from rapbot.writing.rounds import NO_HISTORY, History, Recalled
from rapbot.writing.vocabulary import ANY, Vocabulary

FLIP_CONFIDENCE = 0.5  # a misheard word in a flip is the one mistake everybody hears
RECENCY_WEIGHT = 0.4  # the last thing said is what the room remembers
RARITY_WEIGHT = 0.25  # a vending machine is worth more than a dog
CONFIDENCE_WEIGHT = 0.5
SHORT_VERSE_WORDS = 30  # under this a line about how short it was is true
FAST_SYLLABLES_PER_BAR, SLOW_SYLLABLES_PER_BAR = 15, 6  # MCFlow: 4 to 15 a bar; beyond is worth a remark
MANY_REPEATS = 3
MEASURED_WORTH = 0.8  # a remark that is true of this very verse
SILENCE_WORTH = 2.0  # where nothing was heard, saying so is the only honest opening
MOST_KEPT = 40_000  # fillings; a battle makes about a tenth
RECALL_WORTH = 1.0  # to have been listened to a round ago is what rooms love most
RECALL_AGAIN = -0.6  # what they say again now is answered, not recalled
SET_UP_WORTH = 3.0  # a trap costs a laugh now and wins two in a later round …
SPRING_WORTH = 2.5  # … where it must be sprung
RECALLING = frozenset(("callback", "spring"))
ABOUT_MOVES = frozenset(("flip", "close", "concede", "setup"))  # what takes up a claim or a thing of theirs
UNBOUND_HEADS = ("after", "image", "none")
COUNTABLE_WORDS = 20  # fewer are not worth counting aloud
UNCOUNTABLE = 1000  # `number_words` ends here, and so does a line
PAIR_CONFIDENCE = 0.8  # a list of what they only seemed to say is a list of nothing
GENERIC = -0.7  # a joke that fits any thing is told where none fits this one
PAIRS_KEPT = 12  # of their things side by side; a list holds two

MENTIONED = -0.6  # a word in passing: the sense it was meant in is a guess ("the clock's tick")
# Which kinds of anchor may serve a flip's head, and how well (0 is perfect).
FLIP_KINDS: Mapping[str, Mapping[str, float]] = {
    "claim": {"claim": 0.0, "job": 0.0, "boast": 0.0, "simile": -0.6},
    "job": {"job": 0.0, "claim": 0.0},
    "poss": {"possession": 0.0, "family": 0.0, "crew": -0.2},
    "said": {
        "claim": 0.0,
        "job": 0.0,
        "possession": -0.1,
        "boast": 0.0,
        "simile": -0.4,
        "said": MENTIONED,
        "place": -0.4,
    },
}
# How the opponent said they stand to a thing, where the couplet only makes sense one way.
FRAME_FITS: Mapping[str, frozenset[str]] = {
    "made": frozenset(("made", "owned", "done", "used")),
    "grown": frozenset(("made", "owned", "done")),
    "given": frozenset(("made", "owned", "drunk")),
    "played": frozenset(("played", "owned", "done", "said", "been")),
    "studied": frozenset(("studied", "owned", "made", "said", "done")),
    "driven": frozenset(("driven", "owned")),
    "worn": frozenset(("worn", "owned")),
    "lived": frozenset(("lived",)),
}
# Regions that need their article, and threats that need more than "me" to make sense ("I'll line you up").
PLACES_WITH_THE = frozenset("south north west east midwest bronx hood".split())
UNSAYABLE_THREATS = frozenset("line knock pop put set run own lead call".split())
# Words for a following that may replace "crew" in a couplet about one.
CREW_WORDS = frozenset(("squad", "gang", "team", "clique", "posse", "mob", "band"))
# Kinds of anchor that may be returned, by head.
THROWN_KINDS: Mapping[str, tuple[str, ...]] = {
    "insult": ("insult",), "verb": ("threat",), "lack": ("lack",), "place": ("place",), "crew": ("crew",),
    "family": ("family",),
}  # fmt: skip
RETURNED_AS_INSULT: Mapping[str, tuple[str, ...]] = {"said": ("said",), "claim": ("insult", "lack")}  # in that move
OWN_SLOT: Mapping[str, str] = {"insult": "I", "verb": "V", "lack": "L", "place": "P"}  # by head; "X" elsewhere
OWN_TOPIC = frozenset(("claim", "job", "possession", "boast"))  # what they say of themselves, not merely mention
# Groups that a line for any thing does not fit: people, and what cannot be held.
NO_THING = frozenset(("family", "crew", "job", "person", "abstract", "feeling", "time", "number", "place"))
UNLISTED = frozenset(("family", "body", "crew"))  # groups nobody puts side by side with a thing ("children and a hip")
COMPANION_KINDS: Mapping[str, str] = {"N": "name", "P": "place", "I": "insult", "V": "threat", "L": "lack"}
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "x x twenty thirty forty fifty sixty seventy eighty ninety".split()


@dataclass(frozen=True)
class Candidate:
    """A couplet with its slots filled.

    ``bound`` are the anchors it takes up (first the one its needs name), ``answers`` for each line the anchor texts
    spoken there.
    """

    couplet: Couplet
    lines: tuple[str, str]
    bound: tuple[Anchor, ...]
    answers: tuple[tuple[str, ...], tuple[str, ...]]
    value: float

    @property
    def key(self) -> tuple[str, tuple[str, str]]:
        return self.couplet.id, self.lines

    @cached_property
    def answered(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.answers[0] + self.answers[1]))

    @property
    def longest_line(self) -> int:
        """Syllables of the longer line, estimated from spelling."""
        return _longest(self.lines)


@dataclass(frozen=True)
class Situation:
    """What the pen knows when it starts to write; after the ``last_round`` nothing comes that a trap could wait for."""

    anchors: tuple[Anchor, ...]
    facts: VerseFacts
    history: History = NO_HISTORY
    last_round: bool = True
    spelling: Mapping[str, str] = field(default_factory=dict)
    name_likenesses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weak_rhyme: bool = False

    @cached_property
    def last_line(self) -> int:
        """The latest line that an anchor stands in."""
        return max((anchor.line_index for anchor in self.anchors), default=0)

    @property
    def silent(self) -> bool:
        """Nothing was heard at all."""
        return not self.anchors and self.facts.word_count == 0


@dataclass(frozen=True)
class _Filling:
    """Both lines with their slots filled, and the anchors spoken in each."""

    lines: tuple[str, str]
    answers: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class _Match:
    """A couplet that an anchor satisfies; ``whole`` where the anchor fills all its slots, in words that agree."""

    couplet: Couplet
    fit: float
    fillers: Mapping[str, Filler]
    companions: bool
    whole: _Filling | None


@dataclass(frozen=True)
class _Pair:
    """Two things for a list."""

    anchors: tuple[Anchor, Anchor]
    fillers: Mapping[str, Filler]
    worth: float


def _kinds(couplet: Couplet) -> tuple[str, ...]:
    """Kinds of anchor one of which alone can satisfy it; empty where it needs something else."""
    if couplet.needs.head in FLIP_KINDS and couplet.move in ABOUT_MOVES | RECALLING:
        return tuple(FLIP_KINDS[couplet.needs.head])
    if couplet.needs.head == "name" and couplet.move == "callback":
        return ("name",)
    return _thrown_kinds(couplet)


def _thrown_kinds(couplet: Couplet) -> tuple[str, ...]:
    """Kinds of anchor that a couplet returns; empty where it returns nothing."""
    head = couplet.needs.head
    if couplet.move == "insult" and head in RETURNED_AS_INSULT:
        return RETURNED_AS_INSULT[head]
    return THROWN_KINDS.get(head, ())


def _filling(couplet: Couplet, fillers: Mapping[str, Filler], bound: tuple[Anchor, ...]) -> _Filling | None:
    """None where a slot stays open or a filler does not agree."""
    if not all(bare(slot) in fillers and agrees(couplet, slot, fillers[bare(slot)]) for slot in couplet.slots):
        return None
    lines = fill(couplet, fillers)
    if couplet.needs.head == "crew" and bound and bound[0].text in CREW_WORDS:
        lines = (_in_their_word(lines[0], bound[0].text), _in_their_word(lines[1], bound[0].text))
    return _Filling(lines, (_spoken(lines[0], bound), _spoken(lines[1], bound)))


def _by_slot(item: tuple[str, Filler]) -> str:
    return item[0]


def is_keepsake(category: str) -> bool:
    """A thing to own and touch that is not eaten up."""
    return is_thing(category) and category.partition(".")[0] not in ("food", "drink")


def _in_place(couplet: Couplet, situation: Situation) -> bool:
    """May a line that answers nothing be said now?"""
    if couplet.move == "setup":
        return not situation.last_round
    return not (situation.silent and _about_their_verse(couplet))


def _about_their_verse(couplet: Couplet) -> bool:
    """A remark that there must have been a verse for."""
    return couplet.needs.head == "none" and couplet.move in ("punch", "open")


class Matcher:
    """Finds candidates in one arsenal.

    The same anchors come again at every word the opponent adds, so fillings are kept; what they are worth is not, as it
    hangs on all that was said.
    """

    def __init__(
        self,
        couplets: Iterable[Couplet],
        vocabulary: Vocabulary,
        nouns: NounLexicon,
        about: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``about`` names, by entry id, the one word of the opponent that a couplet was made for."""
        self._about = about
        self._couplets = tuple(couplets)
        self._vocabulary = vocabulary
        self._nouns = nouns
        self._matched_before: dict[tuple[str | None, ...], tuple[_Match, ...]] = {}
        self._filled_before: dict[tuple[str, tuple[tuple[str, Filler], ...], tuple[str, ...]], _Filling | None] = {}
        usual = [c for c in self._couplets if c.move not in RECALLING]
        free = [c for c in usual if c.needs.head in UNBOUND_HEADS and not c.slots]
        unbound = [Candidate(c, c.lines, (), ((), ()), 0.0) for c in free]
        self._free = [c for c in unbound if c.couplet.needs.head == "none"]
        self._carrying: dict[str, list[Candidate]] = {}  # continuations and closers by image
        for candidate in unbound:
            if candidate.couplet.needs.head != "none":
                self._carrying.setdefault(candidate.couplet.image, []).append(candidate)
        bound = [c for c in usual if c.needs.head not in UNBOUND_HEADS or c.slots]
        self._callbacks: dict[str, list[Couplet]] = {}  # by kind, as `_about_one`
        self._springs: dict[str, list[Couplet]] = {}  # by the trap's name
        for couplet in self._couplets:
            if couplet.move == "spring":
                self._springs.setdefault(couplet.image, []).append(couplet)
            for kind in _kinds(couplet) if couplet.move == "callback" else ():
                self._callbacks.setdefault(kind, []).append(couplet)
        self._about_one: dict[str, list[Couplet]] = {}  # by the kind of anchor that may satisfy it
        for couplet in bound:
            for kind in _kinds(couplet):
                self._about_one.setdefault(kind, []).append(couplet)
        self._others = [c for c in bound if not _kinds(c)]

    @property
    def couplets(self) -> tuple[Couplet, ...]:
        return self._couplets

    def candidates(self, situation: Situation, only: Sequence[Anchor] | None = None) -> list[Candidate]:
        """Everything usable here; what takes up an anchor first, anchor by anchor; ``only`` what takes up these.

        Continuations and image closers come unbound, and only those of an image that a flip could start.
        """
        if len(self._filled_before) > MOST_KEPT:
            self._filled_before.clear()
            self._matched_before.clear()
        out: list[Candidate] = []
        for anchor in situation.anchors if only is None else only:
            weight = _weight(anchor, situation)
            for match in self._matches(anchor, situation):
                couplet, value = match.couplet, match.fit + weight
                if couplet.move == "setup":
                    if situation.last_round:
                        continue
                    value += SET_UP_WORTH
                if match.whole is not None:
                    out.append(Candidate(couplet, match.whole.lines, (anchor,), match.whole.answers, value))
                elif match.companions:
                    out.extend(self._filled(couplet, match.fillers, (anchor,), situation, value))
        if only is None:
            pairs = self._pairs(situation)
            for couplet in self._others:
                out.extend(self._of(couplet, situation, pairs))
            out.extend(c for c in self._free if _in_place(c.couplet, situation))
            out.extend(self._recalled(situation))
        images = dict.fromkeys(candidate.couplet.image for candidate in out if candidate.couplet.move == "flip")
        for image in images:
            out.extend(self._carrying.get(image, ()))
        return out

    def _recalled(self, situation: Situation) -> Iterator[Candidate]:
        """Callbacks to earlier rounds, and traps that were set there."""
        now = {anchor.text for anchor in situation.anchors}
        recalled = situation.history.recalled()
        for past in recalled:
            value = RECALL_WORTH + RECALL_AGAIN * (past.anchor.text in now) + _rarity(past.anchor)
            for couplet in self._callbacks.get(past.anchor.kind, ()):
                yield from self._quoting(couplet, past, situation, value)
        about = {past.anchor.text: past for past in recalled if past.anchor.kind != "name"}
        for trap in situation.history.traps():
            for couplet in self._springs.get(trap.name, ()):
                if trap.about in about:
                    yield from self._quoting(couplet, about[trap.about], situation, SPRING_WORTH)
                elif not couplet.slots:
                    yield from self._filled(couplet, {}, (), situation, SPRING_WORTH)

    def _quoting(self, couplet: Couplet, past: Recalled, situation: Situation, value: float) -> Iterator[Candidate]:
        anchor = past.anchor
        named = couplet.needs.head == "name"
        fit = 0.0 if named else self._fit(couplet, anchor)
        if fit is not None:
            slot = "N" if named else OWN_SLOT.get(couplet.needs.head, "X")
            fillers = {slot: self.filler(anchor, situation), "R": Filler(past.when)}
            yield from self._filled(couplet, fillers, (anchor,), situation, value + fit)

    def filler(self, anchor: Anchor, situation: Situation) -> Filler:
        """The anchor's word as it is written: names and places with capitals, brands as the noun lists spell them."""
        if anchor.kind == "name":
            return Filler(capitalised(anchor.text), "sg", proper=True)
        spelled = situation.spelling.get(anchor.text, anchor.text)
        if anchor.kind == "place" and (spelled == anchor.text or anchor.text in PLACES_WITH_THE):
            entry = self._nouns.lookup(anchor.text)
            generic = entry is not None and entry.category == "place.kind"
            if anchor.text in PLACES_WITH_THE:
                spelled = f"the {capitalised(spelled)}"
            else:
                spelled = f"the {spelled}" if generic else capitalised(spelled)
        category = anchor.category or ""
        capital = spelled[:1].isupper() and not spelled.isupper()  # "a GPS", but "Siri"
        proper = anchor.kind == "place" or (capital and self._vocabulary.is_proper(anchor.text, category))
        return Filler(spelled, anchor.number, proper)

    # ------------------------------------------------------------------ by head

    def _of(self, couplet: Couplet, situation: Situation, pairs: Sequence[_Pair]) -> Iterator[Candidate]:
        """What a couplet becomes that is not about one anchor alone."""
        head = couplet.needs.head
        if head in ("name", "pun"):
            yield from self._names(couplet, situation)
        elif head == "list":
            yield from self._lists(couplet, situation, pairs)
        elif head == "lowconf":
            yield from self._misheard(couplet, situation)
        elif head in UNBOUND_HEADS:
            if not (situation.silent and _about_their_verse(couplet)):
                yield from self._filled(couplet, {}, (), situation, 0.0)
        else:
            yield from self._measured(couplet, situation)

    def _matches(self, anchor: Anchor, situation: Situation) -> tuple[_Match, ...]:
        """Every couplet that one anchor alone satisfies, whatever else was said."""
        if anchor.confidence < FLIP_CONFIDENCE:
            return ()
        key = anchor.kind, anchor.text, anchor.number, anchor.category, anchor.frame
        if key not in self._matched_before:
            filler = self.filler(anchor, situation)
            self._matched_before[key] = tuple(
                self._match(couplet, anchor, fit, filler)
                for couplet in self._about_one.get(anchor.kind, ())
                if (fit := self._fit(couplet, anchor)) is not None
            )
        return self._matched_before[key]

    def _match(self, couplet: Couplet, anchor: Anchor, fit: float, filler: Filler) -> _Match:
        slot = OWN_SLOT.get(couplet.needs.head, "X")
        companions = bool({bare(slot) for slot in couplet.slots} - {slot})
        whole = None if companions else _filling(couplet, {slot: filler}, (anchor,))
        return _Match(couplet, fit, {slot: filler}, companions, whole)

    def _fit(self, couplet: Couplet, anchor: Anchor) -> float | None:
        """How well an anchor serves a couplet's need (0 is perfectly); None where it does not."""
        needs = couplet.needs
        if self._about.get(couplet.id, anchor.text) != anchor.text:
            return None
        if needs.head in FLIP_KINDS and couplet.move in ABOUT_MOVES | RECALLING:
            fit = FLIP_KINDS[needs.head].get(anchor.kind)
            if fit is None:
                return None  # a trap's word that is now somebody's name
            if couplet.move == "close" and (anchor.kind in ("boast", "place") or anchor.category is None):
                return None
            if needs.head == "said" and not couplet.slots:
                if anchor.kind not in OWN_TOPIC or (anchor.category or "").endswith((".person", ".people")):
                    return None  # "You talk of money" to somebody who said "a quarter in the slot"; "school" for a kid
            if needs.term == ANY and needs.head == "poss" and not is_keepsake(anchor.category or ""):
                return None  # a line for any thing calls it "it", takes it along and sets it down
            if needs.term == ANY and needs.head != "claim":
                if _group(anchor) in NO_THING:
                    return None
                fit += GENERIC * (couplet.move in ("flip", "close"))
            fits = self._meets(couplet, anchor) and _frame_fits(couplet, anchor)
            return fit if fits else None
        return 0.0 if self._returned(couplet, anchor) else None

    def _returned(self, couplet: Couplet, anchor: Anchor) -> bool:
        """May something thrown at us, or named, be taken up by this couplet?"""
        needs = couplet.needs
        if needs.term in (None, "any") and needs.head == "insult" and not _nameable(anchor):
            return False
        if not self._meets(couplet, anchor) or not _frame_fits(couplet, anchor):
            return False
        if needs.head == "verb" and anchor.text in UNSAYABLE_THREATS:
            return False
        if needs.head == "place" and anchor.frame == "said":
            return False  # they were there, or somebody else is from there
        # "he's my partner" is no crew
        return not (needs.head == "crew" and anchor.number == "sg" and anchor.category == "crew.member")

    def _meets(self, couplet: Couplet, anchor: Anchor) -> bool:
        return self._vocabulary.meets(couplet.needs.head, couplet.needs.term, anchor, self._nouns)

    def _names(self, couplet: Couplet, situation: Situation) -> Iterator[Candidate]:
        common = {a.text for a in situation.anchors if a.kind != "name"}
        for anchor in situation.anchors:
            if anchor.kind != "name" or anchor.confidence < FLIP_CONFIDENCE or anchor.text in common:
                continue  # "I'm Coach" of a coach names nobody
            fillers = {"N": self.filler(anchor, situation)}
            extra = 0.0
            if couplet.needs.head == "pun":
                likeness = situation.name_likenesses.get(anchor.text, ())
                if not likeness or couplet.needs.term not in (*likeness, "any"):
                    continue
                fillers["Q"] = Filler(likeness[0])
                extra = 1.0  # a name that really sounds like that is the best luck a rapper has
            yield from self._filled(couplet, fillers, (anchor,), situation, extra + _weight(anchor, situation))

    def _lists(self, couplet: Couplet, situation: Situation, pairs: Sequence[_Pair]) -> Iterator[Candidate]:
        for pair in pairs:
            yield from self._filled(couplet, pair.fillers, pair.anchors, situation, pair.worth)

    def _pairs(self, situation: Situation) -> tuple[_Pair, ...]:
        """Every two of their things that may stand side by side."""
        things = [
            anchor for anchor in situation.anchors
            if anchor.kind in ("claim", "job", "possession") and anchor.confidence >= PAIR_CONFIDENCE
            and anchor.category is not None and anchor.category.partition(".")[0] not in UNLISTED
        ]  # fmt: skip
        weights = [_weight(thing, situation) for thing in things]
        both = [
            (-(weights[i] + weights[j]) / 2, i, j)
            for i, j in combinations(range(len(things)), 2)
            if things[i].text != things[j].text and things[i].category != things[j].category
        ]
        fillers = [self.filler(thing, situation) for thing in things]
        return tuple(
            _Pair((things[i], things[j]), {"X": fillers[i], "Y": fillers[j]}, -worth)
            for worth, i, j in sorted(both)[:PAIRS_KEPT]
        )

    def _misheard(self, couplet: Couplet, situation: Situation) -> Iterator[Candidate]:
        unsure = [a for a in situation.anchors if a.confidence < FLIP_CONFIDENCE and a.kind not in ("said", "name")]
        if couplet.needs.term == "two" or "two" in couplet.needs.flags:
            for first, second in zip(unsure, unsure[1:], strict=False):
                fillers = {"X": Filler(first.text), "Y": Filler(second.text)}
                yield from self._filled(couplet, fillers, (), situation, 0.0)
                break
        elif unsure:
            yield from self._filled(couplet, {}, (), situation, 0.0)

    def _measured(self, couplet: Couplet, situation: Situation) -> Iterator[Candidate]:
        facts, needs = situation.facts, couplet.needs
        fillers: dict[str, Filler] = {}
        if needs.head == "echo":
            if facts.rhyme_pair is None or ("weak" in needs.flags and not situation.weak_rhyme):
                return
            if any(self._nouns.is_blocked(word) for word in facts.rhyme_pair):
                return
            fillers = {"w1": Filler(facts.rhyme_pair[0]), "w2": Filler(facts.rhyme_pair[1])}
        elif needs.head == "count":
            if not COUNTABLE_WORDS <= facts.word_count < UNCOUNTABLE:
                return
            fillers = {"nw": Filler(number_words(facts.word_count))}
        elif needs.head == "rep":
            entry = self._nouns.lookup(facts.repeated[0]) if facts.repeated else None
            if facts.repeated is None or entry is None or entry.number == "pl" or facts.repeated[1] >= UNCOUNTABLE:
                return
            fillers = {"X": Filler(facts.repeated[0], entry.number), "n": Filler(number_words(facts.repeated[1]))}
        elif not fact_holds(needs.term or "", situation):
            return
        worth = SILENCE_WORTH * situation.silent + MEASURED_WORTH * (needs.head == "fact" and needs.term != "first")
        yield from self._filled(couplet, fillers, (), situation, worth)

    # ------------------------------------------------------------------ building

    def _filled(
        self,
        couplet: Couplet,
        fillers: Mapping[str, Filler],
        bound: tuple[Anchor, ...],
        situation: Situation,
        value: float,
    ) -> Iterator[Candidate]:
        fillers, bound = self._with_companions(couplet, fillers, bound, situation)
        key = couplet.id, tuple(sorted(fillers.items(), key=_by_slot)), tuple(anchor.text for anchor in bound)
        if key not in self._filled_before:
            self._filled_before[key] = _filling(couplet, fillers, bound)
        filling = self._filled_before[key]
        if filling is not None:
            yield Candidate(couplet, filling.lines, bound, filling.answers, value)

    def _with_companions(
        self, couplet: Couplet, fillers: Mapping[str, Filler], bound: tuple[Anchor, ...], situation: Situation
    ) -> tuple[Mapping[str, Filler], tuple[Anchor, ...]]:
        """Further slots ("{N}, you'll {V} me?") take the surest anchor of their kind."""
        missing = sorted(({bare(slot) for slot in couplet.slots} - set(fillers)) & set(COMPANION_KINDS))
        filled = dict(fillers)
        for slot in missing:
            kind = COMPANION_KINDS[slot]
            sure = [
                a
                for a in situation.anchors
                if a.kind == kind and _nameable(a) and (a.number == "sg" or kind != "insult")
            ]
            if sure:
                anchor = max(sure, key=lambda a: (a.confidence, a.line_index))
                filled[slot] = self.filler(anchor, situation)
                bound = (*bound, anchor)
        return filled, bound


# ------------------------------------------------------------------------------------------------ facts and words


def fact_holds(name: str, situation: Situation) -> bool:
    """Is a measured remark true of this verse?  An unknown fact never holds."""
    facts = situation.facts
    bars = sorted(facts.syllables_per_bar)
    middle = bars[len(bars) // 2] if bars else 0
    if name == "silence":
        return situation.silent
    if situation.silent:
        return False
    if name == "first":
        return True
    if name == "short":
        return facts.word_count < SHORT_VERSE_WORDS
    if name == "fast":
        return middle >= FAST_SYLLABLES_PER_BAR
    if name == "slow":
        return 0 < middle <= SLOW_SYLLABLES_PER_BAR
    if name == "repeat":
        return len(facts.last_words) > len(set(facts.last_words)) or (
            facts.repeated is not None and facts.repeated[1] > MANY_REPEATS
        )
    return False


def number_words(number: int) -> str:
    """0 to 999 in words ("sixty-one")."""
    if not 0 <= number < 1000:
        raise ValueError(f"number must lie in 0..999, got {number}")
    if number < 20:
        return NUMBER_WORDS[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens] + (f"-{NUMBER_WORDS[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{NUMBER_WORDS[hundreds]} hundred" + (f" and {number_words(rest)}" if rest else "")


def capitalised(text: str) -> str:
    """Every word with a capital ("new york" -> "New York"), the rest as it is."""
    return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))


def speaks_of(text: str, anchor_text: str) -> bool:
    """Does a line speak an anchor's word or an inflection of it?"""
    spoken = " ".join(_stems(text))
    wanted = " ".join(_stems(anchor_text))
    if not wanted:
        return False  # no Latin letter in it, and the empty pattern is found everywhere
    if re.search(rf"\b{re.escape(wanted)}\b", spoken):
        return True
    verb, _, particle = anchor_text.partition(" ")  # "take down" is spoken as "take me down"
    if particle and re.search(rf"\b{re.escape(verb)} me {re.escape(particle)}\b", text.lower()):
        return True
    return anchor_text == "unplug" and re.search(r"\bplug\b", text.lower()) is not None


def _spoken(line: str, bound: Sequence[Anchor]) -> tuple[str, ...]:
    return tuple(anchor.text for anchor in bound if speaks_of(line, anchor.text))


@lru_cache(maxsize=MOST_KEPT)
def _longest(lines: tuple[str, str]) -> int:
    return max(estimated_syllables(line) for line in lines)


@lru_cache(maxsize=4096)
def _stems(text: str) -> tuple[str, ...]:
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]s\b", "", text.lower()))
    return tuple(re.sub(r"(?<=[a-z]{3})(?:es|s)$", "", word) for word in words)


def _in_their_word(line: str, word: str) -> str:
    return re.sub(r"\bcrew\b", word, line)


def _frame_fits(couplet: Couplet, anchor: Anchor) -> bool:
    for flag in sorted(couplet.needs.flags):
        fitting = FRAME_FITS.get(flag)
        if fitting is not None and anchor.frame is not None and anchor.frame not in fitting:
            return False
    return True


def _group(anchor: Anchor) -> str:
    if anchor.kind in ("family", "crew"):
        return anchor.kind
    return (anchor.category or "").partition(".")[0]


def _nameable(anchor: Anchor) -> bool:
    """Sure enough to speak, and a thing rather than a quality ("a toaster", not "boring")."""
    category = anchor.category or ""
    if anchor.kind == "insult" and (not category or category.endswith(".quality")):
        return False
    return anchor.confidence >= FLIP_CONFIDENCE


def _weight(anchor: Anchor, situation: Situation) -> float:
    recency = anchor.line_index / situation.last_line if situation.last_line else 1.0
    return RECENCY_WEIGHT * recency + _rarity(anchor) + CONFIDENCE_WEIGHT * (anchor.confidence - 0.9)


def _rarity(anchor: Anchor) -> float:
    rarity = 1.0 if " " in anchor.text or len(anchor.text) >= 8 else 0.5 if len(anchor.text) >= 6 else 0.0
    return RARITY_WEIGHT * rarity


__all__ = [
    "Candidate", "Filler", "Matcher", "Number", "Situation", "capitalised", "fact_holds", "number_words", "speaks_of",
]  # fmt: skip
