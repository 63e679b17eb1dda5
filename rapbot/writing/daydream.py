"""The daydream: in idle time, link something the opponent is about with something far away, and keep what is good.

Aim: "LLM Daydreaming" (Gwern Branwen, 2025): sample pairs of concepts from memory, look for a link, let a critic keep
the few good ones, feed them back.  Here a pair is *a thing rappers claim, own or call us* × *a distant noun*; the link
is a word both share (`rapbot.writing.links`) or a rhyme between the two; the critic knows the grid, the rhyme, the
distance and what was thought already.  What is kept is a couplet with an open slot, ready before the opponent says the
word.

*Conventions.*  `Dreamer.step` is one pair and costs a few milliseconds, so whoever drives it can stop in time; it reads
no clock and does no I/O.  Same seed and memory, same dream.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rapbot.errors import UserError
from rapbot.language.nouns import NounEntry, NounLexicon
from rapbot.language.rhyme import rhyme_key
from rapbot.protocols import G2p, Lexicon
from rapbot.rhythm.slots import FIT_COST
from rapbot.writing.arsenal import Couplet, Filler, fill, with_article
from rapbot.writing.checker import Checker
from rapbot.writing.ideas import Idea, idea_couplet
from rapbot.writing.links import Frame, Links, affinities, distance, group_of, load_links, meets

KEEP = 0.62  # what the critic must give; about one pair in five
RISE, HALF_WAY = 0.2, 400  # how much more it asks the more was kept, half of it after so many
ABOUT_THEM = 0.7  # share of dreams about what this opponent was heard to say, where anything is known
TWIN_SHARE = 0.15  # of dreams look for a rhyme between the two
BPM, SPAN_BEATS = 90.0, 4  # where a line must lie well to be kept
CLAIMED = frozenset("animal job royalty hero weather magic monster legend space fire creature outlaw".split())
NOT_Y = frozenset(
    "abstract time number place insult family crew feeling rap money fame body law tax sleep party".split()
)  # groups whose nouns are no things to compare with
_FAR_SLOT = re.compile(r"\{(aY|Y|W)\}")
_SENTENCE_START = re.compile(r"[.?!] \"?$")
LONGEST_Y = 3  # syllables
SAMPLES = 3  # nouns of the open slot every idea is tried with


@dataclass(frozen=True)
class Heard:
    """Something an opponent is about: the word as heard, its kind of anchor and its category."""

    text: str
    kind: str
    category: str


@dataclass
class Tally:
    """What a dream has come to."""

    tried: int = 0
    kept: int = 0


class Dreamer:
    """One stream of dreams.  Not for concurrent use."""

    def __init__(
        self,
        links: Links,
        nouns: NounLexicon,
        checker: Checker,
        second: Lexicon,
        seed: int,
        heard: Sequence[Heard] = (),
        kept: Iterable[Idea] = (),
    ) -> None:
        """``heard`` is what opponents were about so far; ``kept`` are ideas that need not be had again."""
        self.tally = Tally()
        self._nouns, self._checker, self._second = nouns, checker, second
        self._rng = np.random.default_rng(seed)
        self._heard = tuple(heard)
        self._links, self._ties = links, affinities(links, nouns)
        things = [entry for entry in nouns.by_hand if entry.number == "sg" and not entry.lemma.count(" ") > 1]
        self._things = [entry for entry in things if not nouns.is_blocked(entry.lemma)]
        self._of_term: dict[str, list[NounEntry]] = {}
        self._far_before: dict[str, list[tuple[str, str]]] = {}
        self._tails: dict[tuple[tuple[str, tuple[str, ...]], ...], list[NounEntry]] = {}
        for entry in self._things:
            for sound in self._second.pronunciations(_last(entry.lemma))[:1]:
                self._tails.setdefault(rhyme_key(sound), []).append(entry)
        self._seen = {idea.id for idea in kept}
        self._uses: Counter[str] = Counter(part for idea in kept for part in (*idea.seeds, idea.couplet.shape))
        self._frames = {head: [f for f in links.frames if f.head == head] for head in {f.head for f in links.frames}}

    def step(self) -> Idea | None:
        """One pair, linked and judged; None where the link or the critic failed."""
        self.tally.tried += 1
        twin = self._rng.random() < TWIN_SHARE
        idea = self._twin() if twin else self._shared()
        floor = KEEP + RISE * self.tally.kept / (self.tally.kept + HALF_WAY)
        if idea is None or idea.id in self._seen or idea.critic < floor:
            return None
        self._seen.add(idea.id)
        self._uses.update((*idea.seeds, idea.couplet.shape))
        self.tally.kept += 1
        return idea

    # ------------------------------------------------------------------ links

    def _shared(self) -> Idea | None:
        """Two things that have one word in common."""
        words = self._links.shared
        theirs = self._theirs()
        if theirs is not None:
            words = tuple(w for w in words if any(meets(term, theirs) for term in w.terms)) or words
        shared = words[self._pick([self._fresh(w.word) for w in words])]
        own = [t for t in shared.terms if theirs is not None and meets(t, theirs)] or list(shared.terms)
        near = own[self._pick([1.0] * len(own))]
        if near.startswith('"'):
            return None  # an open slot needs a category
        group = group_of(near, self._nouns)
        head = "insult" if group == "insult" else "claim" if group in CLAIMED else "poss"
        far_terms = [t for t in shared.terms if group_of(t, self._nouns) != group]
        far = [thing for term in far_terms for thing in self._far_of(term)]
        frames = self._frames.get(head, [])
        if not far or not frames:
            return None
        gaps = [distance(group, other, self._ties) for _, other in far]
        k = self._pick([gap * self._fresh(noun) for gap, (noun, _) in zip(gaps, far, strict=True)])
        thing = far[k][0]
        frame = frames[self._pick([self._fresh(_shape(f)) for f in frames])]
        lines = _filled(frame, thing, shared.word)
        needs = {"insult": f"insult:{near} sg", "claim": f"claim:{near} sg been", "poss": f"poss:{near} sg owned"}[head]
        move = "insult" if head == "insult" else "flip"
        couplet = _couplet(move, needs, frame, lines)
        if couplet is None:
            return None
        mean_cost = self._cost(couplet, [e.lemma for e in self._nouns_of(near) if " " not in e.lemma])
        if mean_cost is None:
            return None
        puns = len({group_of(t, self._nouns) for t in shared.terms})
        critic = self._critic(frame, gaps[k], mean_cost, min(1.0, (puns - 1) / 3), (shared.word, thing))
        why = f"frame {frame.id}: {near} and {thing} both have {shared.word}"
        return Idea(couplet, "shared", (near, thing), round(gaps[k], 3), critic, why)

    def _twin(self) -> Idea | None:
        """A noun that rhymes with what they are or call us."""
        heads = [head for head in ("insult-twin", "claim-twin") if self._frames.get(head)]
        if not heads:
            return None
        head = heads[self._pick([1.0] * len(heads))]
        theirs = self._theirs(("insult",) if head == "insult-twin" else ("claim", "job"))
        pool = [e for e in self._things if (e.group == "insult") == (head == "insult-twin") and "been" in e.frames]
        near = theirs or pool[self._pick([self._fresh(e.lemma) for e in pool])]
        sounds = self._second.pronunciations(_last(near.lemma))
        if not sounds:
            return None
        key = rhyme_key(sounds[0])
        rhymes = [e for e in self._tails.get(key, ()) if self._may_be_far(e) and e.group != near.group]
        rhymes = [e for e in rhymes if self._checker.confirmed(_last(near.lemma), _last(e.lemma))]
        rhymes = [e for e in rhymes if not _within(near.lemma, e.lemma)]
        if not rhymes:
            return None
        gaps = [distance(near.group, e.group, self._ties) for e in rhymes]
        k = self._pick([gap * self._fresh(e.lemma) for gap, e in zip(gaps, rhymes, strict=True)])
        frames = self._frames[head]
        frame = frames[self._pick([self._fresh(_shape(f)) for f in frames])]
        needs = "insult:any sg" if head == "insult-twin" else "claim:any sg been"
        move = "insult" if head == "insult-twin" else "flip"
        couplet = _couplet(move, needs, frame, _filled(frame, rhymes[k].lemma, ""))
        if couplet is None:
            return None
        mean_cost = self._cost(couplet, [near.lemma])
        if mean_cost is None:
            return None
        rich = min(1.0, len(key) / 2)
        critic = self._critic(frame, gaps[k], mean_cost, rich, (near.lemma, rhymes[k].lemma))
        why = f"frame {frame.id}: {rhymes[k].lemma} rhymes with {near.lemma}"
        return Idea(couplet, "twin", (near.lemma, rhymes[k].lemma), round(gaps[k], 3), critic, why, near.lemma)

    # ------------------------------------------------------------------ judging

    def _critic(self, frame: Frame, gap: float, cost: float, luck: float, parts: Sequence[str]) -> float:
        """0..1: the frame's mark, how far apart, how it lies on the grid, how lucky the word, how fresh the parts."""
        mark = {3: 1.0, 2: 0.6}.get(frame.score, 0.0)
        fit = 1.0 - min(1.0, max(0.0, cost) / FIT_COST)
        fresh = min(self._fresh(part) for part in (*parts, _shape(frame)))
        return round(0.3 * mark + 0.25 * gap + 0.15 * fit + 0.15 * luck + 0.15 * fresh, 4)

    def _cost(self, couplet: Couplet, nouns: Sequence[str]) -> float | None:
        """Mean slot cost of both lines with sample nouns in the open slot; None where one does not pass."""
        if not nouns:
            return None
        chosen = [nouns[k] for k in self._rng.permutation(len(nouns))[:SAMPLES]]
        costs: list[float] = []
        for noun in chosen:
            lines = fill(couplet, {"X": Filler(noun), "I": Filler(noun)})
            if self._checker.faults(lines, BPM, SPAN_BEATS, frozenset()):
                return None
            plans = self._checker.slots(lines, BPM, SPAN_BEATS)
            if isinstance(plans, int):
                return None
            costs += [plan.cost for plan in plans]
        return sum(costs) / len(costs)

    # ------------------------------------------------------------------ sampling

    def _theirs(self, kinds: Sequence[str] = ()) -> NounEntry | None:
        """Something this opponent is about, by chance; None where nothing is known or the dream wanders off."""
        about = [h for h in self._heard if not kinds or h.kind in kinds]
        if not about or self._rng.random() >= ABOUT_THEM:
            return None
        one = about[self._pick([self._fresh(h.text) for h in about])]
        return next((e for e in self._nouns.senses(one.text) if e.category == one.category), None)

    def _nouns_of(self, term: str) -> list[NounEntry]:
        if term not in self._of_term:
            self._of_term[term] = [entry for entry in self._things if meets(term, entry)]
        return self._of_term[term]

    def _far_of(self, term: str) -> list[tuple[str, str]]:
        """(noun, group) of the distant things a term stands for; a quoted noun need not be in the lexicon."""
        if term not in self._far_before:
            noun = term.strip('"')
            if term.startswith('"'):
                found = [(noun, group_of(term, self._nouns))] if self._sayable(noun) else []
            else:
                found = [(entry.lemma, entry.group) for entry in self._nouns_of(term) if self._may_be_far(entry)]
            self._far_before[term] = found
        return self._far_before[term]

    def _may_be_far(self, entry: NounEntry) -> bool:
        return entry.group not in NOT_Y and entry.lemma == entry.lemma.lower() and self._sayable(entry.lemma)

    def _sayable(self, noun: str) -> bool:
        spoken = None if self._nouns.is_blocked(noun) else self._checker.spoken(noun)
        return spoken is not None and len(spoken.syllables) <= LONGEST_Y

    def _fresh(self, part: str) -> float:
        return 1.0 / (1.0 + 0.5 * self._uses[part])

    def _pick(self, weights: Sequence[float]) -> int:
        """An index by weight."""
        total = np.cumsum(weights)
        return int(np.searchsorted(total, self._rng.random() * total[-1], side="right"))


def open_dreamer(
    g2p: G2p,
    second_lexicon: Lexicon,
    nouns: NounLexicon,
    models: Path,
    seed: int,
    heard: Sequence[Heard] = (),
    kept: Iterable[Idea] = (),
) -> Dreamer:
    """A dreamer over the tables in the folder ``models``; the rest as `Dreamer` takes it.

    Raises:
        UserError: a table that does not follow its format, naming the line.
    """
    links = load_links(models / "daydream")
    return Dreamer(links, nouns, Checker(g2p, second_lexicon), second_lexicon, seed, heard, kept)


def _shape(frame: Frame) -> str:
    return f"dream-{frame.id}"


def _within(a: str, b: str) -> bool:
    """Does one noun end in the other ("wildcat", "cat")?  That is no rhyme but an echo."""
    return a.endswith(_last(b)) or b.endswith(_last(a))


def _last(noun: str) -> str:
    return noun.rpartition(" ")[2]


def _filled(frame: Frame, far: str, shared: str) -> tuple[str, str]:
    """The frame's lines with the distant noun and the shared word in them, the opponent's slot left open."""
    words = {"aY": with_article(Filler(far)), "Y": far, "W": shared}
    first, second = frame.lines

    def put(line: str, begins: bool) -> str:
        def word(match: re.Match[str]) -> str:
            text = words[match.group(1)]
            starts = _SENTENCE_START.search(line[: match.start()]) or (begins and not match.start())
            return text[:1].upper() + text[1:] if starts else text

        return _FAR_SLOT.sub(word, line)

    return put(first, True), put(second, first.rstrip("\"”'")[-1:] in (".", "!", "?"))


def _couplet(move: str, needs: str, frame: Frame, lines: tuple[str, str]) -> Couplet | None:
    try:
        return idea_couplet(move, needs, _shape(frame), frame.score, lines)
    except UserError:  # a noun with a character the bank's format does not allow
        return None
