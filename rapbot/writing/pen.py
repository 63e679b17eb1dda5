"""The pen: from what the opponent said to a finished verse on its slots.

Aim: the reply is prepared while the opponent still raps, so a verse must cost little: relevance once (`candidates`),
choice by a small search (`planner`), the dear part, pronouncing, only for what was chosen (`checker`).

*Conventions.*  ``bars`` counts written lines; a verse is made of couplets, so an odd count gives one line less rather
than a set-up without its punch.  Same arguments and seed, same verse.
"""

from __future__ import annotations

import string
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from rapbot.errors import UserError
from rapbot.language.anchors import VerseFacts
from rapbot.language.nouns import NOUN_FILES, NounLexicon, load_nouns
from rapbot.language.rhyme import primary_tail, tail
from rapbot.protocols import G2p, Lexicon
from rapbot.rhythm.slots import HALF_TIME_ABOVE_BPM, SlotPlan, span_beats_for
from rapbot.values import Anchor, Bar, Verse
from rapbot.writing.arsenal import HEATS, Couplet, end_word, heat_of, load_arsenal, words_of
from rapbot.writing.candidates import FLIP_CONFIDENCE, Candidate, Matcher, Situation
from rapbot.writing.checker import Checker, runs
from rapbot.writing.ideas import Idea
from rapbot.writing.makers import Commission, Maker, as_candidates, ask
from rapbot.writing.persona import DEFAULT_PERSONA, Persona, load_personas
from rapbot.writing.planner import PICK_UP, Known, Search, Taste, weigh
from rapbot.writing.richness import richness
from rapbot.writing.rounds import NO_HISTORY, History
from rapbot.writing.style import StyleReader, load_style
from rapbot.writing.vocabulary import Vocabulary, parse_vocabulary

MIN_BARS, MAX_BARS = 2, 64
LONG_METRE_BPM = 92.0  # above it (and below half-time) fourteeners are hurried
LONG_LINE_SYLLABLES = 12
SHORT_LINE, LONG_LINE = 9, 15  # syllables: what the bank's two metres reach
LONG_LINE_COST = 0.45  # per syllable more, above that tempo; the fitting couplets are half the bank
SLOW_LONG_LINE_COST = 0.05  # short couplets land harder at any tempo
AVAILABLE_CONFIDENCE = 0.6  # anchors a reply owes an answer, as the project counts amnesia
BREADTHS = (1, 5)  # of the search; the second where the first finds nothing that fits, as at 60 BPM
MAX_REWRITES = 40  # refused couplets before a verse is given up as it stands; in practice two or three
IDEA_CRITIC, USUAL_CRITIC = 3.0, 0.65  # worth of the critic's whole scale, and what it usually gives
FAR_FETCHED, USUAL_SURPRISE, USUAL_DISTANCE = 4.0, 0.3, 0.6  # what --surprise makes of an idea's distance
RIVALS = 8  # entries that an episode tells beside the one said
PLANS_KEPT = 512  # slot plans of whole verses: most words an opponent adds change nothing
MAKER_COUPLETS, EXAMPLES, BEST_SCORE = 8, 6, 3  # asked of another maker at once; ours it is shown; their mark
LIKENESS = 0.3  # phones to change per phone of the longer word; carcass/Marcus is 0.17


Density = Literal["own", "match", "contrast"]
DENSITIES: tuple[str, ...] = get_args(Density)


@dataclass(frozen=True)
class Order:
    """What is asked of the pen whatever the opponent says; the fields are `Pen.write`'s.

    ``theme`` is what the dice hang on beside the seed; None takes a digest of what was heard, so that no two
    opponents meet the same favourites.  A reply that is planned again at every word keeps its own, or it would change
    its mind.  ``history`` is the battle before this round; traps are set only where it is not the ``last_round``.
    ``density`` says whether our lines are as long as the opponent's (match), long where theirs are short (contrast), or
    as they come (own).  ``leanings`` towards moves were learnt (`rapbot.writing.bandit`); a persona's own are added.

    Raises:
        ValueError: a field out of range.
    """

    bpm: float
    bars: int = 8
    persona: str | None = None
    heat: str = "street"
    surprise: float = 0.3
    seed: int = 0
    used: frozenset[str] = frozenset()
    spent: Mapping[str, int] = field(default_factory=dict)
    theme: int | None = None
    history: History = NO_HISTORY
    last_round: bool = True
    density: Density = "own"
    leanings: Mapping[str, float] = field(default_factory=dict)

    @property
    def said(self) -> frozenset[str]:
        """Entries that must not come again."""
        return self.used | self.history.used

    def __post_init__(self) -> None:
        _check(self.bpm, self.bars, self.heat, self.surprise)
        if self.density not in DENSITIES:
            raise ValueError(f"density must be one of {', '.join(DENSITIES)}, got {self.density!r}")


class Pen:
    """Writes verses from one bank.  Keeps pronunciations between verses; not for concurrent use."""

    def __init__(
        self,
        couplets: Sequence[Couplet],
        vocabulary: Vocabulary,
        nouns: NounLexicon,
        personas: Mapping[str, Persona],
        g2p: G2p,
        second_lexicon: Lexicon,
        spelling: Mapping[str, str] | None = None,
        style: StyleReader | None = None,
    ) -> None:
        self.nouns = nouns
        self._vocabulary = vocabulary
        self._personas: dict[str, Persona] = {}
        self._g2p = g2p
        self._second = second_lexicon
        self._spelling = dict(spelling or {})
        self._style = style
        self._checker = Checker(g2p, second_lexicon)
        self._couplets: tuple[Couplet, ...] = ()
        self._matcher_of: Matcher | None = None
        self._heats: dict[str, int] = {}
        self._richness: dict[str, float] = {}
        self._owners: dict[str, str] = {}
        self._know(couplets)
        for persona in personas.values():
            self.welcome(persona)
        self._ideas: dict[str, Idea] = {}
        self._dreamt = Matcher((), vocabulary, nouns)
        self._pun_sounds: dict[str, tuple[str, ...]] | None = None
        self._last: dict[str, tuple[str, Sequence[Candidate]]] = {}  # what was chosen from what
        self._planned: dict[tuple[tuple[str, ...], float, str], tuple[SlotPlan, ...] | int] = {}
        self._vowels: dict[str, frozenset[str]] = {}
        self._likened: dict[str, tuple[str, ...]] = {}

    @property
    def personas(self) -> tuple[str, ...]:
        """Names of the personas."""
        return tuple(self._personas)

    def persona(self, name: str | None) -> Persona:
        """The persona of that name; None is the default one.  UserError names the known ones."""
        found = self._personas.get(name or DEFAULT_PERSONA)
        if found is None:
            raise UserError(f"no persona is called {name!r}; choose one of {', '.join(self._personas)}")
        return found

    def welcome(self, persona: Persona) -> None:
        """One more persona, or another in place of one of the same name; its own couplets are said by nobody else."""
        own = {couplet.id for couplet in persona.own}
        known = {couplet.id for couplet in self._couplets if self._owners.get(couplet.id) != persona.name}
        if own & known:
            raise UserError(f"persona {persona.name}: couplet id {min(own & known)} is used already; give it another")
        self._couplets = tuple(c for c in self._couplets if self._owners.get(c.id) != persona.name)
        self._personas[persona.name] = persona
        self._owners |= dict.fromkeys(sorted(own), persona.name)
        self._know(persona.own)

    def is_idea(self, entry_id: str) -> bool:
        """Was it dreamt, rather than in the bank?"""
        return entry_id in self._ideas

    def beside(self, entry_id: str) -> tuple[tuple[str, float], ...]:
        """The entries that the last verse could have said in an entry's place, with their worth; the best first."""
        move, weighed = self._last.get(entry_id, ("", ()))
        found: dict[str, float] = {}
        for candidate in weighed:
            if candidate.couplet.move == move:
                found[candidate.couplet.id] = max(candidate.value, found.get(candidate.couplet.id, candidate.value))
        best = nlargest(RIVALS, found.items(), key=lambda item: (item[1], item[0]))
        return tuple((name, round(worth, 3)) for name, worth in best)

    def remember(self, ideas: Iterable[Idea]) -> None:
        """Take ideas to heart: their couplets compete with the bank's from now on."""
        for idea in ideas:
            if idea.id not in self._ideas:
                self._judge(idea.couplet)
            self._ideas[idea.id] = idea
        about = {idea.id: idea.about for idea in self._ideas.values() if idea.about}
        self._dreamt = Matcher((i.couplet for i in self._ideas.values()), self._vocabulary, self.nouns, about)

    def write(
        self,
        anchors: Sequence[Anchor],
        facts: VerseFacts,
        bpm: float,
        bars: int = 8,
        persona: str | None = None,
        heat: str = "street",
        surprise: float = 0.3,
        seed: int = 0,
        used: frozenset[str] = frozenset(),
        heard: Sequence[str] = (),
        spent: Mapping[str, int] = MappingProxyType({}),
        proposed: Sequence[Candidate] = (),
        history: History = NO_HISTORY,
        last_round: bool = True,
        density: Density = "own",
    ) -> Verse:
        """A verse that answers the anchors.

        Args:
            anchors, facts: what was heard (`rapbot.language.anchors`).
            bpm: tempo; lines span two bars above 115 BPM and half a bar below 58.
            bars: written lines, 2 to 64; an odd count gives one less.
            persona: a name from `personas`; None for the default.
            heat: clean, street or raw.
            surprise: 0 the surest choice, 1 far-fetched.
            seed: the dice.
            used: entry ids spent earlier in the battle.
            heard: the opponent's words, to keep from repeating four of them in a row.
            spent: how often each entry was said before this battle; what was said often comes back last.
            proposed: candidates of other makers (`rapbot.writing.makers`); they compete with the bank's.
            history: the battle before this round; what was said in it is not said again, and may be called back to.
            last_round: no trap is set where no round will spring it.
            density: lines as long as theirs (match), the other way round (contrast), or as they come (own).

        Raises:
            ValueError: an argument out of range.
            UserError: an unknown persona.
        """
        order = Order(bpm, bars, persona, heat, surprise, seed, used, spent, None, history, last_round, density)
        return self.answer(anchors, facts, order, heard, proposed)

    def answer(
        self,
        anchors: Sequence[Anchor],
        facts: VerseFacts,
        order: Order,
        heard: Sequence[str] = (),
        proposed: Sequence[Candidate] = (),
    ) -> Verse:
        """`write` for an order that is made already."""
        return self.settled(self.weighed(anchors, facts, order, proposed), order, anchors, heard)[1]

    def weighed(
        self,
        anchors: Sequence[Anchor],
        facts: VerseFacts,
        order: Order,
        proposed: Sequence[Candidate] = (),
        only: Sequence[Anchor] | None = None,
    ) -> list[Candidate]:
        """All that could be said, with what it is worth: the first half of `write`; ``only`` what takes up these.

        Raises:
            UserError: an unknown persona.
        """
        situation = self._situation(anchors, facts, order)
        who = self.persona(order.persona)
        heat = min(order.heat, who.heat, key=HEATS.index)
        candidates = self._candidates(situation, order.said, heat, who, order.surprise, only)
        candidates += [c for c in proposed if self._mild(c.couplet, heat) and c.couplet.id not in order.said]
        theme = _digest(anchors, facts.last_words) if order.theme is None else order.theme
        known = Known(
            self._picks_up(facts, candidates),
            self._multis(candidates),
            self._richness,
            order.spent,
            order.history.answered,
        )
        return weigh(candidates, _taste(who, order, facts), (order.seed, theme), known)

    def settled(
        self,
        weighed: Sequence[Candidate],
        order: Order,
        anchors: Sequence[Anchor],
        heard: Sequence[str] = (),
        begun: Sequence[Candidate] = (),
    ) -> tuple[tuple[Candidate, ...], Verse]:
        """The best verse out of ``weighed`` that passes the checker; it starts with ``begun``, come what may.

        Raises:
            UserError: nothing fits the tempo.
        """
        chosen, plans = self._settle(weighed, order, runs(words_of(" ".join(heard))), begun)
        self._last = {c.couplet.id: (c.couplet.move, weighed) for c in chosen}
        who, bars = self.persona(order.persona).name, self._bars(chosen, plans)
        verse = Verse(bars, order.bpm, line_span(order.bpm), who, _monitors(anchors, chosen, bars, order.history))
        bleed = self._style.bleed(verse) if self._style is not None else None
        return chosen, replace(
            verse, monitors=verse.monitors | ({} if bleed is None else {"style_bleed": round(bleed, 3)})
        )

    def opening(
        self,
        weighed: Sequence[Candidate],
        order: Order,
        heard: Sequence[str] = (),
        begun: Sequence[Candidate] = (),
    ) -> tuple[Candidate, tuple[Bar, ...]]:
        """The first couplet of the verse that ``weighed`` would make, and its bars: all that bar 1 has to wait for.

        Raises:
            UserError: nothing fits.
        """
        copied, span_beats = runs(words_of(" ".join(heard))), line_span(order.bpm)
        search = Search(weighed, self._vocabulary, begun=begun)
        flow = self.persona(order.persona).flow
        banned: set[tuple[str, tuple[str, str]]] = set()
        for _ in range(MAX_REWRITES):
            chosen = search.best(order.bars // 2, banned)[:1]
            if not chosen:
                break
            if not self._checker.faults(chosen[0].lines, order.bpm, span_beats, copied, flow):
                plans = self._slots(chosen, order.bpm, flow)
                if not isinstance(plans, int):
                    return chosen[0], self._bars(chosen, plans)
            banned.add(chosen[0].key)
        raise UserError(f"no couplet fits {order.bpm:g} BPM: ask for another tempo")

    def proposals(
        self,
        maker: Maker,
        anchors: Sequence[Anchor],
        bpm: float,
        count: int = MAKER_COUPLETS,
        seed: int = 0,
        heard: Sequence[str] = (),
    ) -> tuple[list[Candidate], str]:
        """What another maker has to say about the anchors, judged; and why it is nothing, where it is nothing.

        Slow (a language model's time): to be asked ahead, never while somebody waits.
        """
        sure = sorted((a for a in anchors if a.confidence >= FLIP_CONFIDENCE), key=lambda a: -a.line_index)
        if not sure:
            return [], ""
        examples = [c.lines for c in self._couplets if c.score == BEST_SCORE and not c.slots and c.move != "cont"]
        rng = np.random.default_rng((seed, _digest(anchors, ())))
        chosen = [examples[k] for k in rng.permutation(len(examples))[:EXAMPLES]]
        order = Commission(tuple(sure), "", "flip", "", bpm, line_span(bpm), tuple(chosen))
        offer = ask(maker, order, count, seed)
        found = as_candidates(offer.proposals, order, self._checker, self.nouns, runs(words_of(" ".join(heard))))
        remark = offer.remark
        if not found and not remark:
            remark = (
                f"none of {len(offer.proposals)} couplets by {maker.name} passed the checker, the bank answers alone"
            )
        return found, remark

    # ------------------------------------------------------------------ steps

    def _know(self, couplets: Iterable[Couplet]) -> None:
        """Couplets for the bank."""
        new = tuple(couplets)
        self._couplets += new
        for couplet in new:
            self._judge(couplet)
        self._matcher_of = None

    def _judge(self, couplet: Couplet) -> None:
        self._heats[couplet.id] = HEATS.index(heat_of(couplet, self._vocabulary.street_words))
        self._richness[couplet.id] = richness(couplet, self._second)

    @property
    def _matcher(self) -> Matcher:
        if self._matcher_of is None:
            self._matcher_of = Matcher(self._couplets, self._vocabulary, self.nouns)
        return self._matcher_of

    def _situation(self, anchors: Sequence[Anchor], facts: VerseFacts, order: Order) -> Situation:
        names = {a.text: self._likenesses(a.text) for a in anchors if a.kind == "name"}
        weak = facts.rhyme_pair is not None and not self._checker.confirmed(*facts.rhyme_pair)
        return Situation(tuple(anchors), facts, order.history, order.last_round, self._spelling, names, weak)

    def _candidates(
        self,
        situation: Situation,
        used: frozenset[str],
        heat: str,
        who: Persona,
        surprise: float,
        only: Sequence[Anchor] | None = None,
    ) -> list[Candidate]:
        allowed = HEATS.index(heat)
        offered = self._matcher.candidates(situation, only)
        if self._ideas:
            offered = offered + [self._dreamt_of(c, surprise) for c in self._dreamt.candidates(situation, only)]
        found = [
            c
            for c in offered
            if self._heats[c.couplet.id] <= allowed
            and c.couplet.id not in used
            and self._owners.get(c.couplet.id, who.name) == who.name
        ]
        return [c for c in found if self._checker.rhymes(c.lines)]

    def _dreamt_of(self, candidate: Candidate, surprise: float) -> Candidate:
        """The candidate at what its idea is worth: the critic's mark, and for those who like surprise the distance."""
        idea = self._ideas[candidate.couplet.id]
        worth = IDEA_CRITIC * (idea.critic - USUAL_CRITIC)
        worth += FAR_FETCHED * (surprise - USUAL_SURPRISE) * (idea.distance - USUAL_DISTANCE)
        return replace(candidate, value=candidate.value + worth)

    def _mild(self, couplet: Couplet, heat: str) -> bool:
        return HEATS.index(heat_of(couplet, self._vocabulary.street_words)) <= HEATS.index(heat)

    def _picks_up(self, facts: VerseFacts, candidates: Sequence[Candidate]) -> frozenset[str]:
        """Couplets that rhyme with the opponent's last word, which ties the answer to it."""
        if not facts.last_words:
            return frozenset()
        last = facts.last_words[-1]
        vowels = self._rhyme_vowels(last)
        ends = {end_word(c.lines[0]) for c in candidates if c.couplet.move in PICK_UP}
        rhyming = {e for e in ends if vowels & self._rhyme_vowels(e.lower()) and self._checker.confirmed(last, e)}
        return frozenset(
            c.couplet.id for c in candidates if c.couplet.move in PICK_UP and end_word(c.lines[0]) in rhyming
        )

    def _rhyme_vowels(self, word: str) -> frozenset[str]:
        """The vowels a word may rhyme on in the second lexicon; without one in common there is no rhyme."""
        if word not in self._vowels:
            sounds = self._second.pronunciations(word)
            parts = [part[0][0] for sound in sounds for part in (tail(sound), primary_tail(sound)) if part]
            self._vowels[word] = frozenset(parts)
        return self._vowels[word]

    def _multis(self, candidates: Sequence[Candidate]) -> frozenset[str]:
        return frozenset(c.couplet.id for c in candidates if self._checker.rhymed_syllables(c.lines) > 1)

    def _settle(
        self,
        weighed: Sequence[Candidate],
        order: Order,
        copied: frozenset[tuple[str, ...]],
        begun: Sequence[Candidate],
    ) -> tuple[tuple[Candidate, ...], tuple[SlotPlan, ...]]:
        """Plan, check, and plan again without what the checker refused."""
        count, bpm, span_beats = order.bars // 2, order.bpm, line_span(order.bpm)
        flow = self.persona(order.persona).flow
        banned: set[tuple[str, tuple[str, str]]] = set()
        for breadth in BREADTHS:
            search = Search(weighed, self._vocabulary, breadth, begun)
            for _ in range(MAX_REWRITES):
                chosen = search.best(count, banned)
                if len(chosen) < count and breadth < BREADTHS[-1]:
                    break
                new = chosen[len(begun) :]
                refused = {c.key for c in new if self._checker.faults(c.lines, bpm, span_beats, copied, flow)}
                if not refused:
                    plans = self._slots(chosen, bpm, flow)
                    if not isinstance(plans, int):
                        return chosen, plans
                    refused = {chosen[plans // 2].key}
                banned |= refused
        raise UserError(f"no verse of {2 * count} bars fits {bpm:g} BPM: ask for fewer bars or another tempo")

    def _slots(self, chosen: Sequence[Candidate], bpm: float, flow: str) -> tuple[SlotPlan, ...] | int:
        key = tuple(line for c in chosen for line in c.lines), bpm, flow
        if key not in self._planned:
            if len(self._planned) >= PLANS_KEPT:
                self._planned.clear()
            self._planned[key] = self._checker.slots(key[0], bpm, line_span(bpm), flow)
        return self._planned[key]

    def _bars(self, chosen: Sequence[Candidate], plans: Sequence[SlotPlan]) -> tuple[Bar, ...]:
        out: list[Bar] = []
        for k, candidate in enumerate(chosen):
            sounds = self._checker.spoken_couplet(candidate.lines)
            for j, (line, spoken) in enumerate(zip(candidate.lines, sounds, strict=True)):
                assert spoken is not None  # _settle pronounced every line
                plan = plans[2 * k + j]
                out.append(
                    Bar(
                        index=2 * k + j,
                        text=line,
                        move=candidate.couplet.move,
                        entry_id=candidate.couplet.id,
                        answers=candidate.answers[j],
                        rhyme_group=letter(k),
                        end_word=end_word(line),
                        syllables=spoken.syllables,
                        slots=plan.slots,
                        slot_cost=plan.cost,
                        image=candidate.couplet.image,
                    )
                )
        return tuple(out)

    # ------------------------------------------------------------------ names that sound like something

    def _likenesses(self, name: str) -> tuple[str, ...]:
        """Words of the pun couplets that a name nearly sounds like, nearest first."""
        if name not in self._likened:
            self._likened[name] = self._sounding_like(name)
        return self._likened[name]

    def _sounding_like(self, name: str) -> tuple[str, ...]:
        sounds = self._second.pronunciations(name) or self._spelled_out(name)
        if not sounds:
            return ()
        if self._pun_sounds is None:
            targets = sorted(
                {c.needs.term for c in self._couplets if c.needs.head == "pun" and c.needs.term not in (None, "any")}
            )
            pairs = ((target, self._second.pronunciations(target)) for target in targets if target is not None)
            self._pun_sounds = {target: found[0] for target, found in pairs if found}
        scored = sorted((min(_distance(s, sound) for s in sounds), word) for word, sound in self._pun_sounds.items())
        return tuple(word for distance, word in scored if distance <= LIKENESS)

    def _spelled_out(self, name: str) -> tuple[tuple[str, ...], ...]:
        spoken = self._checker.spoken(name)
        return (tuple(phone for word in spoken.words for phone in word.phones),) if spoken else ()


def open_pen(g2p: G2p, second_lexicon: Lexicon, models: Path) -> Pen:
    """The pen over the bank, nouns and personas in the folder ``models``.

    Raises:
        UserError: a data file that does not follow its format, naming the line.
    """
    vocabulary = parse_vocabulary((models / "categories.toml").read_text(encoding="utf-8"))
    return Pen(
        load_arsenal(models / "arsenal"),
        vocabulary,
        load_nouns(models / "nouns"),
        load_personas(models / "personas"),
        g2p,
        second_lexicon,
        load_spelling(models / "nouns"),
        load_style(style) if (style := models / "personas" / "style.json").exists() else None,  # made after its pen
    )


def line_span(bpm: float) -> int:
    """Quarter notes a line of this bank spans: `span_beats_for`, but never less time than a bar has at its fastest.

    Two beats at 66 BPM last 1.8 s, too short for ten syllables; such a line takes the whole slow bar.
    """
    span_beats = span_beats_for(bpm)
    return 4 if span_beats == 2 and 2 / bpm < 4 / HALF_TIME_ABOVE_BPM else span_beats


def load_spelling(folder: Path) -> dict[str, str]:
    """Nouns whose spelling has capitals, keyed by their lower-case form ("bmw" -> "BMW")."""
    out: dict[str, str] = {}
    for name in NOUN_FILES:
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            noun = line.partition("|")[0].strip()
            if noun and not noun.startswith("#") and noun != noun.lower():
                out.setdefault(noun.lower(), noun)
    return out


def letter(index: int) -> str:
    """A, B … Z, AA, AB … for the couplets of a verse."""
    out = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        out = string.ascii_uppercase[rest] + out
    return out


def _taste(who: Persona, order: Order, facts: VerseFacts) -> Taste:
    hurried = LONG_METRE_BPM < order.bpm <= HALF_TIME_ABOVE_BPM
    cost = LONG_LINE_COST if hurried else SLOW_LONG_LINE_COST
    own = frozenset(couplet.id for couplet in who.own)
    aim = line_length(order.density, facts)
    moves = {move: who.moves.get(move, 0.0) + order.leanings.get(move, 0.0) for move in {*who.moves, *order.leanings}}
    return Taste(moves, who.writers, order.surprise, cost, LONG_LINE_SYLLABLES, who.rhyme, who.likes, own, aim)


def line_length(density: Density, facts: VerseFacts) -> float | None:
    """Syllables a line of ours should have, by theirs (the median of their bars); None where it is all the same."""
    if density == "own" or not facts.syllables_per_bar:
        return None
    bars = sorted(facts.syllables_per_bar)
    theirs = bars[len(bars) // 2]
    wanted = theirs if density == "match" else SHORT_LINE + LONG_LINE - theirs
    return min(LONG_LINE, max(SHORT_LINE, wanted))


def _digest(anchors: Sequence[Anchor], last_words: Sequence[str]) -> int:
    """A number that stays the same for the same verse, on every machine and in every run."""
    return zlib.crc32("|".join((*(a.text for a in anchors), *last_words)).encode())


def _monitors(
    anchors: Sequence[Anchor], chosen: Sequence[Candidate], bars: Sequence[Bar], history: History
) -> dict[str, float]:
    """``amnesia``: the share of sure anchors left unanswered; absent where there was none.  ``repetition``: the share
    of bars that hold four words in a row which an earlier bar of the battle held.
    """
    out: dict[str, float] = {}
    available = {a.text for a in anchors if a.confidence >= AVAILABLE_CONFIDENCE}
    answered = {text for c in chosen for text in c.answered}
    if available:
        out["amnesia"] = round(1 - len(available & answered) / len(available), 3)
    said = {run for one in history.rounds for bar in one.verse.bars for run in runs(words_of(bar.text))}
    again = 0
    for bar in bars:
        own = runs(words_of(bar.text))
        again += bool(own & said)
        said |= own
    out["repetition"] = round(again / len(bars), 3) if bars else 0.0
    return out


def _check(bpm: float, bars: int, heat: str, surprise: float) -> None:
    span_beats_for(bpm)  # raises where the tempo is out of range
    if not MIN_BARS <= bars <= MAX_BARS:
        raise ValueError(f"bars must lie in {MIN_BARS}..{MAX_BARS}, got {bars}")
    if heat not in HEATS:
        raise ValueError(f"heat must be one of {', '.join(HEATS)}, got {heat!r}")
    if not 0.0 <= surprise <= 1.0:
        raise ValueError(f"surprise must lie in 0..1, got {surprise}")


def _distance(a: Sequence[str], b: Sequence[str]) -> float:
    """Edits between two pronunciations per phone of the longer; stress digits ignored."""
    x, y = [phone.rstrip("012") for phone in a], [phone.rstrip("012") for phone in b]
    row = list(range(len(y) + 1))
    for i, p in enumerate(x, 1):
        above, row = row, [i]
        for j, q in enumerate(y, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (p != q)))
    return row[-1] / max(len(x), len(y), 1)
