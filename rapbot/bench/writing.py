"""`rapbot bench writing`: does the pen answer what was said, does it rhyme, does it fit, and how soon is it stale?

Two sets of typed opponents, so that hearing does not blur what writing does, never mixed in one figure: *opponents*
(the bundled verses, ``opponents.txt`` and `MORE_VERSES`; the planner's weights were set while looking at most of
them) and *fresh* (``opponents_fresh.txt``, written by someone who had not seen the bank; nothing may be tuned on
them).

Sources: rhyme densities after Hirjee & Brown 2010 and Malmi et al. 2016 (`rapbot.language.density`); the right-verse
test is the mismatched-context control of dialogue evaluation: a reply that would suit any opponent speaks nobody's
words more than another's.

*Conventions.*  Rates are k/n with a 95 % Wilson interval.  *Confirmed rhyme*, *answered* and *fits* as README defines
them; a rhyme is judged in the second lexicon, a slot plan is made again here from the bars' syllables rather than
believed.  An anchor counts as answered only where the bar that claims it really speaks it.  CPU is process time in ms
on whatever machine runs this: reported, never a goal of a test.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from rapbot.bench.respond import wilson
from rapbot.bench.verses import bundled_verses
from rapbot.errors import UserError
from rapbot.language.anchors import VerseFacts, find_anchors, verse_facts, words_from_text
from rapbot.language.density import ends_joined, rhymed_share, vowel_run_mean
from rapbot.language.nouns import NounLexicon
from rapbot.language.phones import is_vowel
from rapbot.language.rhyme import EndRhyme, confirmed_rhyme, line_ends, mosaic_rhyme, rhyme_length
from rapbot.language.syllables import weak_words
from rapbot.protocols import G2p, Lexicon
from rapbot.rhythm.slots import FIT_COST, SlotError, plan_verse
from rapbot.values import Anchor, Bar, Verse
from rapbot.writing.arsenal import Couplet, load_arsenal
from rapbot.writing.candidates import speaks_of
from rapbot.writing.checker import last_words
from rapbot.writing.draft import Text
from rapbot.writing.pen import Pen, open_pen
from rapbot.writing.vocabulary import Vocabulary, parse_vocabulary

SEEDS = 5
BARS = 8
TYPED_TEMPI_BPM = (90.0, 96.0)  # typed verses have no tempo of their own: the two commonest of the bundled ones
TEMPI_BPM = (60.0, 72.0, 84.0, 90.0, 96.0, 105.0, 115.0, 130.0, 150.0, 180.0)
TEMPO_OPPONENTS = 6  # tempi are asked of every n-th opponent, this many: 60 verses say enough and cost little
BATTLE_OPPONENTS = 6
BATTLE_ROUNDS = 6
REPLIES_PER_OPPONENT = 100 / 30  # an evening: a hundred replies to thirty verses
MEMORY_REPLIES = 6  # a battle's worth: what a pen that remembers keeps in mind
STALE_AFTER = 2  # a line heard a third time is recognised
COPY_WORDS = 4  # this many of their words in a row is quoting, not answering
OWED_CONFIDENCE = 0.6  # anchors a reply owes an answer, as DESIGN counts amnesia
MULTI_SYLLABLES = 2

VERSES_FOLDER = "tests/data/verses"
TYPED_FOLDER = "benchmarks"
KNOWN_FILE = "opponents.txt"
FRESH_FILE = "opponents_fresh.txt"
READ_FILE = "opponents_read.txt"  # fresh until a first blind reading showed what went wrong on them
FRESH, READ = "fresh", "read"

# Six opponents beside `opponents.txt`, whose anchors are hand-marked in the tests of hearing; these are not.
MORE_VERSES = (
    """The name is Gus the plumber and I'm knee-deep in your lies,
I got a wrench as long as Texas and a pair of tired eyes.
I drive a dented pickup with a ladder on the roof,
my crew is called the Drain Kings and we come here with the proof.
You're a leaky little faucet, you're a blocked-up kitchen sink,
you're a garbage disposal that has taught itself to think.
I'll flush you down the toilet, I will snake you through the pipe,
you got no hands, no callus, and you never earned a stripe.""",
    """I'm Captain Yolanda and I fly a seven-oh-seven,
I've seen the lights of Tokyo from halfway up to heaven.
I got a leather jacket and a silver pair of wings,
my sister is an astronaut and all my daughter sings.
You're an in-flight magazine, you're a pillow full of air,
you're a seat that won't recline, and you're a robot without a prayer.
I'm an eagle, I'm a hurricane, I'm thunder on the wing,
I'll drop you over Denver and you'll never feel a thing.""",
    """Call me Fitz, I run the bar and I was born in Galway town,
I've thrown out bigger things than you and never put my pint glass down.
I got a fiddle on the wall and I got whiskey in the cask,
you're a cash machine that's rhyming, and you only do what's asked.
My father was a fisherman, my mother ran the farm,
you're a smoke detector beeping, you're a cheap burglar alarm.
I'm gonna bar you from the building, I'm gonna pour you down the drain,
you never had a hangover, you never felt a pain.""",
    """It's Tasha from the salon and I do nails and I do hair,
I got acrylics like a tiger and I'm sitting in your chair.
I got a Gucci bag from Vegas and a poodle named Chanel,
I heard you tell a joke today, you didn't tell it well.
You're a hair dryer, you're a hand-me-down, a cheap and plastic comb,
you're a self-checkout machine with no one waiting home.
You have no style, no mother, you got no lips to kiss,
I'm gonna mute you, I'm gonna block you, you're a screen nobody'd miss.""",
    """I'm Omar and I drive a cab from Harlem to the shore,
I speak five different languages and I'm working on one more.
I got a taxi with a disco ball, I got a yellow coat,
you're a parking meter blinking and I never paid your note.
My cousin is a wrestler and my uncle sells rugs,
I'm the venom in the scorpion, you're a program full of bugs.
I'm gonna run you over Monday, I'm gonna tow you to the yard,
you're a robot with a library but you never got a card.""",
    """Mayor Ruth is in the building and I'm running for the crown,
I cut the budget and the ribbon at the new pool in our town.
I got a desk made of mahogany, a limousine, a flag,
I got a thousand angry letters in a recycled paper bag.
You're a robocall at dinner, you're a ballot no one cast,
you're a typewriter in spirit and your future is your past.
You don't have a birthday and you never paid a tax,
I'll shut you down by Tuesday and I'll give your job to a fax.""",
)


@dataclass(frozen=True)
class Opponent:
    """A typed verse with what the pen is told about it; ``lines`` as written, ``heard`` its words."""

    name: str
    bpm: float
    lines: tuple[str, ...]
    heard: tuple[str, ...]
    anchors: tuple[Anchor, ...]
    facts: VerseFacts


@dataclass(frozen=True)
class Reply:
    """One answer of the pen; ``verse`` is None where it refused (no verse fits that tempo)."""

    opponent: Opponent
    bpm: float
    seed: int
    verse: Verse | None
    cpu_ms: float

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self.verse.bars if self.verse is not None else ()

    @property
    def couplets(self) -> tuple[tuple[Bar, Bar], ...]:
        return tuple(zip(self.bars[::2], self.bars[1::2], strict=False))

    @property
    def text(self) -> str:
        return "\n".join(bar.text for bar in self.bars)

    @property
    def entries(self) -> frozenset[str]:
        return frozenset(bar.entry_id for bar in self.bars)


@dataclass(frozen=True)
class Drawn:
    """A couplet to be read without knowing who made it: the verse it answers, the couplet before it (empty for the
    first, which a continued image cannot be judged without), and what it says it answers.
    """

    opponent: Opponent
    seed: int
    couplet: tuple[Bar, Bar]
    before: tuple[Bar, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def context(self) -> tuple[str, ...]:
        """Their lines that hold what is answered; all of them where nothing is."""
        said = tuple(line for line in self.opponent.lines if any(speaks_of(line, text) for text in self.answers))
        return said or self.opponent.lines


# ------------------------------------------------------------------------------------------------ the opponents


def known_verses(
    typed_folder: str | Path = TYPED_FOLDER, verses_folder: str | Path = VERSES_FOLDER
) -> list[tuple[str, float, str]]:
    """(name, tempo in BPM, text) of the bundled verses, of `KNOWN_FILE` and of `MORE_VERSES`.

    Raises:
        UserError: a folder without them (an installed wheel carries no test data).
    """
    bundled = [
        (verse.name, float(verse.truth["bpm"]), "\n".join(verse.truth["lines"]))
        for verse in bundled_verses(verses_folder)
        if verse.truth.get("lines")
    ]
    return bundled + _at_tempi("typed", [*blocks(typed_text(Path(typed_folder) / KNOWN_FILE)), *MORE_VERSES])


def fresh_verses(typed_folder: str | Path = TYPED_FOLDER) -> list[tuple[str, float, str]]:
    """(name, tempo in BPM, text) of `FRESH_FILE`.  Raises UserError where it is missing."""
    return _at_tempi(FRESH, blocks(typed_text(Path(typed_folder) / FRESH_FILE)))


def read_verses(typed_folder: str | Path = TYPED_FOLDER) -> list[tuple[str, float, str]]:
    """The same of `READ_FILE`."""
    return _at_tempi(READ, blocks(typed_text(Path(typed_folder) / READ_FILE)))


def opponent_of(name: str, bpm: float, verse: str, text: G2p, nouns: NounLexicon) -> Opponent:
    """What is heard in a typed verse.  ``text`` must tag as well as pronounce."""
    words, ranges = words_from_text(verse)
    anchors = find_anchors(words, text, nouns, ranges)  # type: ignore[arg-type]  # the engine is both protocols
    lines = tuple(line.strip() for line in verse.splitlines() if line.strip())
    return Opponent(name, bpm, lines, tuple(w.text for w in words), anchors, verse_facts(words, ranges, text))


def _at_tempi(prefix: str, verses: Sequence[str]) -> list[tuple[str, float, str]]:
    return [(f"{prefix}{k + 1:02d}", TYPED_TEMPI_BPM[k % 2], verse) for k, verse in enumerate(verses)]


def typed_text(path: Path) -> str:
    """A file of typed verses without its comments (``#``).  Raises UserError where it is missing."""
    if not path.exists():
        raise UserError(f"no {path.name} in {path.parent}: run from a checkout, where the typed verses lie")
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.strip() for line in lines if not line.startswith("#"))


def blocks(text: str) -> list[str]:
    """The verses of a text, parted by empty lines."""
    return [block.strip() for block in re.split(r"\n{2,}", text) if block.strip()]


# ------------------------------------------------------------------------------------------------ writing


def reply(
    pen: Pen,
    opponent: Opponent,
    bars: int,
    seed: int,
    bpm: float | None = None,
    used: frozenset[str] = frozenset(),
    spent: Mapping[str, int] = MappingProxyType({}),
) -> Reply:
    """The pen's answer at the opponent's tempo or another, timed in CPU."""
    tempo = opponent.bpm if bpm is None else bpm
    start = time.process_time()
    verse: Verse | None
    try:
        verse = pen.write(
            opponent.anchors, opponent.facts, tempo, bars, seed=seed, used=used, spent=spent, heard=opponent.heard
        )  # fmt: skip
    except UserError:  # its way of saying that no verse fits: counted against it, not fatal to the benchmark
        verse = None
    return Reply(opponent, tempo, seed, verse, 1e3 * (time.process_time() - start))


def answer_all(pen: Pen, opponents: Sequence[Opponent], bars: int = BARS, seeds: int = SEEDS) -> list[Reply]:
    """Every opponent with every seed, nothing used before; seed 0 of all first, so that theirs are first verses."""
    return [reply(pen, opponent, bars, seed) for seed in range(seeds) for opponent in opponents]


def answer_tempi(pen: Pen, opponents: Sequence[Opponent], bars: int = BARS) -> list[Reply]:
    """`TEMPO_OPPONENTS` of them, spread over the set, at each of `TEMPI_BPM`."""
    step = max(1, len(opponents) // TEMPO_OPPONENTS)
    return [reply(pen, one, bars, 0, bpm) for one in opponents[::step][:TEMPO_OPPONENTS] for bpm in TEMPI_BPM]


def evening(
    pen: Pen, opponents: Sequence[Opponent], bars: int = BARS, memory: int = 0, counted: bool = False
) -> list[Reply]:
    """A hundred replies to thirty opponents in turn; entries of the last ``memory`` replies are not used again.

    ``counted``: the pen is told how often it said each entry before, as one that keeps a memory is.
    """
    out: list[Reply] = []
    past: deque[frozenset[str]] = deque(maxlen=memory)
    spent: Counter[str] = Counter()
    for k in range(round(REPLIES_PER_OPPONENT * len(opponents))):
        used = frozenset().union(*past)
        out.append(reply(pen, opponents[k % len(opponents)], bars, k, used=used, spent=spent if counted else {}))
        past.append(out[-1].entries)
        spent.update(out[-1].entries)
    return out


def battle(pen: Pen, opponent: Opponent, bars: int = BARS, rounds: int = BATTLE_ROUNDS) -> list[Reply]:
    """Rounds against one who says the same every time, the hardest case; what was used is not used again."""
    out: list[Reply] = []
    used: frozenset[str] = frozenset()
    for seed in range(rounds):
        out.append(reply(pen, opponent, bars, seed, used=used))
        used |= out[-1].entries
    return out


# ------------------------------------------------------------------------------------------------ rhyme


def end_rhyme(first: str, second: str, lexicon: Lexicon) -> str:
    """How two lines (or words) rhyme at the end in a lexicon: "confirmed", "same word", "homophones", "none" or
    "unknown" (to it).  A mosaic ("beat you"/"meet you") is confirmed, too.
    """
    a, b = _last_word(first), _last_word(second)
    xs, ys = lexicon.pronunciations(a), lexicon.pronunciations(b)
    if a != b and any(confirmed_rhyme(x, y) for x in xs for y in ys):
        return "confirmed"
    if _mosaic(first, second, lexicon) is not None:
        return "confirmed"
    if a == b:
        return "same word"
    if not xs or not ys:
        return "unknown"
    return "homophones" if set(xs) & set(ys) else "none"


def word_multi(first: str, second: str, lexicon: Lexicon) -> int:
    """Rhyming syllables of two last words alone, or of a mosaic from its stressed vowel on, in the second lexicon; 0
    where they do not rhyme or are unknown.
    """
    a, b = _last_word(first), _last_word(second)
    xs, ys = lexicon.pronunciations(a), lexicon.pronunciations(b)
    length = max((rhyme_length(x, y) for x in xs for y in ys), default=0) if a != b else 0
    if length:
        return length
    mosaic = _mosaic(first, second, lexicon)
    return 0 if mosaic is None else mosaic.syllables


def _last_word(text: str) -> str:
    return (last_words(text) or ("",))[-1]


def _mosaic(first: str, second: str, lexicon: Lexicon) -> EndRhyme | None:
    return mosaic_rhyme(*(line_ends(last_words(text), lexicon.pronunciations) for text in (first, second)))


def line_multi(first: Bar, second: Bar, accented: bool = False) -> int:
    """Rhyming syllables of two line ends as the voice says them, over word boundaries ("payment plan"/"came and ran").

    Counting stops where both lines say the same word ("the floor"/"the door" is one syllable, not two), but for weak
    words after the accent of both ("beat you"/"meet you" is two).  With ``accented`` the rhyme begins on a syllable
    stressed in either line: "a floor"/"the door" is one, too.
    """
    phones = [[phone for syllable in bar.syllables for phone in syllable.phones] for bar in (first, second)]
    length = rhyme_length(phones[0], phones[1])
    last = [bar.syllables[-1].word_index - weak_words(bar.syllables) for bar in (first, second)]
    own, accents = 0, 0
    for x, y in zip(reversed(first.syllables), reversed(second.syllables), strict=False):
        shared_tail = x.word_index > last[0] and y.word_index > last[1]
        if own == length or (x.word_text.lower() == y.word_text.lower() and not shared_tail):
            break
        own += 1
        accents += bool(x.stress or y.stress)
    own = own if accents else 0  # nothing but the weak words they share
    while accented and own and not (first.syllables[-own].stress or second.syllables[-own].stress):
        own -= 1
    return own


def line_phones(bar: Bar) -> list[tuple[str, ...]]:
    """The phones of each word of a bar, as the voice says them."""
    words: dict[int, list[str]] = {}
    for syllable in bar.syllables:
        words.setdefault(syllable.word_index, []).extend(syllable.phones)
    return [tuple(phones) for phones in words.values() if any(is_vowel(phone) for phone in phones)]


# ------------------------------------------------------------------------------------------------ what is counted


def rate(k: int, n: int) -> dict[str, float]:
    """k of n with its interval, as JSON holds it."""
    low, high = wilson(k, n)
    return {"k": int(k), "n": int(n), "low": round(low, 4), "high": round(high, 4)}


def fitting(made: Reply) -> int:
    """Bars that fit when the planner places them again; the pen's own slots must be in order too."""
    if made.verse is None:
        return 0
    try:
        plans = plan_verse([bar.syllables for bar in made.bars], made.bpm, span_beats=made.verse.span_beats)
    except SlotError:
        return 0
    ordered = [all(a < b for a, b in pairwise(bar.slots)) for bar in made.bars]
    return sum(plan.cost <= FIT_COST and good for plan, good in zip(plans, ordered, strict=True))


def answered(made: Reply) -> frozenset[str]:
    """Distinct anchors answered: claimed by a bar that speaks them."""
    return frozenset(text for bar in made.bars for text in bar.answers if speaks_of(bar.text, text))


def claimed_unspoken(made: Reply) -> int:
    """Answers a bar claims without speaking the word."""
    return sum(not speaks_of(bar.text, text) for bar in made.bars for text in bar.answers)


def copies(made: Reply) -> int:
    """Bars with `COPY_WORDS` of the opponent's words in a row."""
    theirs = _runs(_words(" ".join(made.opponent.heard)))
    return sum(bool(_runs(_words(bar.text)) & theirs) for bar in made.bars)


def right_verse(replies: Sequence[Reply]) -> dict[str, Any]:
    """How many times more a reply speaks its own opponent's anchors than another's.

    Over all pairs (reply, other opponent): the share of anchors spoken, what both verses say left out on both sides.
    Only anchors a reply owes (`OWED_CONFIDENCE`).  ``ratio`` is None where no reply speaks another's anchors.
    """
    people = {made.opponent.name: made.opponent for made in replies}
    owed = {
        name: sorted({a.text for a in one.anchors if a.confidence >= OWED_CONFIDENCE}) for name, one in people.items()
    }
    said = {name: "\n".join(one.lines) for name, one in people.items()}
    everything = sorted({text for texts in owed.values() for text in texts})
    said_by = {name: {text for text in everything if speaks_of(verse, text)} for name, verse in said.items()}
    own = own_of = other = other_of = 0
    for made in replies:
        me = made.opponent.name
        spoken = {text for text in everything if speaks_of(made.text, text)}
        for them in people:
            if them == me:
                continue
            mine = [text for text in owed[me] if text not in said_by[them]]
            theirs = [text for text in owed[them] if text not in said_by[me]]
            own, own_of = own + sum(text in spoken for text in mine), own_of + len(mine)
            other, other_of = other + sum(text in spoken for text in theirs), other_of + len(theirs)
    own_share, other_share = own / max(1, own_of), other / max(1, other_of)
    return {
        "own_share": round(own_share, 5),
        "other_share": round(other_share, 5),
        "ratio": round(own_share / other_share, 1) if other_share else None,
    }


def stale(replies: Sequence[Reply]) -> dict[str, Any]:
    """Share of line occurrences whose line is heard more than `STALE_AFTER` times, by wording and by entry."""
    wordings = Counter(" ".join(_words(bar.text)) for made in replies for bar in made.bars)
    entries = Counter((bar.entry_id, bar.index % 2) for made in replies for bar in made.bars)

    def worn(counts: Counter[Any]) -> dict[str, float]:
        return rate(sum(n for n in counts.values() if n > STALE_AFTER), sum(counts.values()))

    return {
        "replies": len(replies),
        "lines": worn(wordings),
        "entries": worn(entries),
        "different_lines": len(wordings),
        "commonest": [[text, n] for text, n in wordings.most_common(3)],
    }


def battle_repeats(rounds: Sequence[Reply]) -> tuple[int, int]:
    """(bars whose entry or wording was heard before in the battle, bars said)."""
    heard: set[str | tuple[str, int]] = set()
    again = 0
    for bar in (bar for made in rounds for bar in made.bars):
        said: set[str | tuple[str, int]] = {(bar.entry_id, bar.index % 2), " ".join(_words(bar.text))}
        again += not heard.isdisjoint(said)
        heard |= said
    return again, sum(len(made.bars) for made in rounds)


def repeats_in_verse(made: Reply, bank: Mapping[str, Couplet], vocabulary: Vocabulary) -> int:
    """Shape families, openers and props that one verse uses twice."""
    ids = [i for i in dict.fromkeys(bar.entry_id for bar in made.bars) if i in bank]
    families = Counter(vocabulary.family(bank[i].shape) for i in ids)
    openers = Counter(bank[i].opener for i in ids)
    props = Counter(prop for i in ids for prop in sorted(bank[i].words & vocabulary.props))
    return sum(n - 1 for counts in (families, openers, props) for n in counts.values() if n > 1)


def without_category(made: Reply) -> tuple[int, int]:
    """(bars that answer only anchors of no known category, bars that answer): such nouns are only met by "any"."""
    known = {anchor.text for anchor in made.opponent.anchors if anchor.category is not None}
    answering = [bar for bar in made.bars if bar.answers]
    return sum(not known.intersection(bar.answers) for bar in answering), len(answering)


@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+(?:['-][a-z0-9]+)*", text.lower().replace("’", "'")))


def _runs(words: Sequence[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[i : i + COPY_WORDS]) for i in range(len(words) - COPY_WORDS + 1))


# ------------------------------------------------------------------------------------------------ the benchmark


def measure(
    pen: Pen,
    opponents: Sequence[Opponent],
    second: Lexicon,
    bank: Mapping[str, Couplet],
    vocabulary: Vocabulary,
    bars: int = BARS,
    seeds: int = SEEDS,
) -> dict[str, Any]:
    """Every measure over one set of opponents."""
    replies = answer_all(pen, opponents, bars, seeds)
    result = _of_replies(replies, second, bank, vocabulary, bars)
    at_tempi = answer_tempi(pen, opponents, bars)
    result["fits_at_tempi"] = rate(sum(map(fitting, at_tempi)), len(at_tempi) * bars)
    result["fits_by_bpm"] = {
        f"{bpm:g}": [sum(fitting(r) for r in at_tempi if r.bpm == bpm), bars * sum(r.bpm == bpm for r in at_tempi)]
        for bpm in TEMPI_BPM
    }
    result["refused"] += sum(made.verse is None for made in at_tempi)
    result["stale_forgetting"] = stale(evening(pen, opponents, bars))
    result["stale_remembering"] = stale(evening(pen, opponents, bars, MEMORY_REPLIES))
    result["stale_counting"] = stale(evening(pen, opponents, bars, MEMORY_REPLIES, counted=True))
    battles = [battle(pen, opponent, bars) for opponent in opponents[:: max(1, len(opponents) // BATTLE_OPPONENTS)]]
    counted = [battle_repeats(rounds) for rounds in battles[:BATTLE_OPPONENTS]]
    result["battle_repeats"] = rate(sum(k for k, _ in counted), sum(n for _, n in counted))
    first_ms = [made.cpu_ms for made in replies if made.seed == 0]
    result["cpu_first_ms"] = spread(first_ms)
    return result


def _of_replies(
    replies: Sequence[Reply], second: Lexicon, bank: Mapping[str, Couplet], vocabulary: Vocabulary, bars: int
) -> dict[str, Any]:
    couplets = [couplet for made in replies for couplet in made.couplets]
    rhymes = Counter(end_rhyme(a.text, b.text, second) for a, b in couplets)
    said = sum(len(made.bars) for made in replies)
    found = [BARS / len(made.bars) * len(answered(made)) if made.bars else 0.0 for made in replies]
    nowhere = [without_category(made) for made in replies]
    generic = [a for a, _ in couplets if a.entry_id in bank and bank[a.entry_id].needs.term == "any"]
    moves = Counter(a.move for a, _ in couplets)
    densities = [
        (rhymed_share(lines), vowel_run_mean(lines))
        for lines in ([ends_joined(line_phones(bar)) for bar in made.bars] for made in replies if made.bars)
    ]
    return {
        "opponents": len({made.opponent.name for made in replies}),
        "replies": len(replies),
        "refused": sum(made.verse is None for made in replies),
        "bars_short": sum(bars - len(made.bars) for made in replies),
        "rhymes_confirmed": rate(rhymes["confirmed"], len(couplets)),
        "rhymes_same_word": rate(rhymes["same word"] + rhymes["homophones"], len(couplets)),
        "rhymes_unknown": rhymes["unknown"],
        "fits": rate(sum(map(fitting, replies)), len(replies) * bars),
        "answered_per_8_bars": round(statistics.fmean(found), 3),
        "answered_2": rate(sum(x >= 2 for x in found), len(found)),
        "answered_3": rate(sum(x >= 3 for x in found), len(found)),
        "claimed_unspoken": sum(map(claimed_unspoken, replies)),
        "right_verse": right_verse(replies),
        "multis_end_word": rate(
            sum(word_multi(a.text, b.text, second) >= MULTI_SYLLABLES for a, b in couplets), len(couplets)
        ),
        "multis_line_end": rate(sum(line_multi(a, b) >= MULTI_SYLLABLES for a, b in couplets), len(couplets)),
        "multis_accented": rate(sum(line_multi(a, b, True) >= MULTI_SYLLABLES for a, b in couplets), len(couplets)),
        "density_rhymed_share": round(statistics.fmean(x for x, _ in densities), 4),
        "density_vowel_run_mean": round(statistics.fmean(x for _, x in densities), 4),
        "copied": rate(sum(map(copies, replies)), said),
        "repeats_in_verse": sum(repeats_in_verse(made, bank, vocabulary) for made in replies),
        "no_category": rate(sum(k for k, _ in nowhere), sum(n for _, n in nowhere)),
        "bars_answering": rate(sum(n for _, n in nowhere), said),
        "for_any_noun": rate(len(generic), len(couplets)),
        "threaded": rate(sum(any(bar.move == "cont" for bar in made.bars) for made in replies), len(replies)),
        "different_entries": len({bar.entry_id for made in replies for bar in made.bars}),
        "moves": dict(sorted(moves.items(), key=lambda item: (-item[1], item[0]))),
    }


def spread(values_ms: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of durations."""
    if not values_ms:
        return {"median": 0.0, "p95": 0.0, "worst": 0.0, "n": 0}
    median, p95 = np.percentile(values_ms, [50, 95])
    return {
        "median": round(float(median), 1),
        "p95": round(float(p95), 1),
        "worst": round(max(values_ms), 1),
        "n": len(values_ms),
    }


def run_default(
    bars: int = BARS,
    seeds: int = SEEDS,
    typed_folder: str | Path = TYPED_FOLDER,
    verses_folder: str | Path = VERSES_FOLDER,
) -> dict[str, Any]:
    """The benchmark with the real engines and the bank that ships, run from a checkout.

    Raises:
        UserError: the verses are not where they are looked for, or a count that makes no sense.
    """
    if seeds < 1:
        raise UserError(f"seeds must be at least 1, got {seeds}")
    if bars < BARS or bars % 2:
        raise UserError(f"bars must be an even number from {BARS}, got {bars}")
    # these take their opponents from here
    from rapbot.bench.dreams import measure_dreams
    from rapbot.bench.following import follow_all
    from rapbot.bench.personas import measure_personas
    from rapbot.bench.rounds import measure_rounds, scripts

    kit = open_kit()
    sets = {
        "opponents": known_verses(typed_folder, verses_folder),
        READ: read_verses(typed_folder),
        FRESH: fresh_verses(typed_folder),
    }
    everyone = {
        name: [opponent_of(*verse, kit.text, kit.pen.nouns) for verse in verses] for name, verses in sets.items()
    }
    # the very first verse of a pen, before anything has been pronounced
    cold = reply(kit.pen, everyone["opponents"][0], bars, 0)
    followed = follow_all(kit.pen, kit.text, everyone["opponents"], bars)
    return {
        "benchmark": "writing",
        "bars": bars,
        "seeds": seeds,
        "entries_in_bank": len(kit.bank),
        "cpu_open_ms": round(kit.open_ms, 1),
        "cpu_cold_ms": round(cold.cpu_ms, 1),
        "cpu_opening_ms": spread([one.opening_ms for one in followed]),
        "cpu_replan_ms": spread([ms for one in followed for ms in one.hear_ms]),
        "opening_is_the_plan": rate(sum(one.same for one in followed), len(followed)),
        "sets": {
            name: measure(kit.pen, opponents, kit.second, kit.bank, kit.vocabulary, bars, seeds)
            for name, opponents in everyone.items()
        },
        "rounds": measure_rounds(kit.pen, scripts(kit.text, kit.pen.nouns, typed_folder), kit.pen.personas),
        "personas": measure_personas(kit.pen, [one for opponents in everyone.values() for one in opponents]),
        "dreams": measure_dreams(kit, everyone["opponents"]),  # last, as the pen keeps what was dreamt
    }


@dataclass(frozen=True)
class Kit:
    """The pen with the engines and data it was opened on, and what opening it cost."""

    text: Text
    second: Lexicon
    pen: Pen
    bank: Mapping[str, Couplet]
    vocabulary: Vocabulary
    open_ms: float


def open_kit() -> Kit:
    """The real engines and the bank that ships."""
    from rapbot.engines.cmu import CmuLexicon
    from rapbot.engines.hibari_text import HibariText
    from rapbot.resources import models_root

    models = models_root()
    text, second = HibariText(), CmuLexicon()
    start = time.process_time()
    pen = open_pen(text, second, models)
    open_ms = 1e3 * (time.process_time() - start)
    bank = {couplet.id: couplet for couplet in load_arsenal(models / "arsenal")}
    vocabulary = parse_vocabulary((models / "categories.toml").read_text(encoding="utf-8"))
    return Kit(text, second, pen, bank, vocabulary, open_ms)


def table(result: dict[str, Any]) -> str:
    """Both tables for people: the single verses, and the battle over rounds with its personas."""
    from rapbot.bench import dreams, personas, rounds

    parts = [_verses_table(result)]
    parts += [rounds.table(result["rounds"])] if "rounds" in result else []
    parts += [personas.table(result["personas"])] if "personas" in result else []
    parts += [dreams.table(result["dreams"])] if "dreams" in result else []
    return "\n\n".join(parts)


def _verses_table(result: dict[str, Any]) -> str:
    """Goal against measured, a column for each set."""
    sets = result["sets"]
    rows = [("measure", "goal", *(f"{name} ({s['opponents']})" for name, s in sets.items()))]
    for name, goal, show in _ROWS:
        rows.append((name, goal, *(show(s) for s in sets.values())))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.append(
        f"{result['entries_in_bank']} couplets in the bank, {result['seeds']} seeds, {result['bars']} bars; "
        f"CPU to open the pen {result['cpu_open_ms']:.0f} ms, its very first verse {result['cpu_cold_ms']:.0f} ms"
    )
    lines.append(
        "followed word by word, CPU ms, median / p95 / worst: "
        f"bar 1 after the last word {_ms(result['cpu_opening_ms'])} (goal ≤ 5), "
        f"the whole verse after each word {_ms(result['cpu_replan_ms'])} (goal ≤ 15); "
        f"bar 1 is the whole plan's in {_rate(result['opening_is_the_plan'])}"
    )
    return "\n".join(lines)


def _rate(entry: Mapping[str, float]) -> str:
    k, n = entry["k"], entry["n"]
    share = 100 * k / n if n else 0.0
    return f"{k:g}/{n:g} {share:.1f} % ({100 * entry['low']:.1f}–{100 * entry['high']:.1f})"


def _ms(entry: Mapping[str, float]) -> str:
    return f"{entry['median']:.1f} / {entry['p95']:.1f} / {entry['worst']:.1f}"


def _right(entry: Mapping[str, Any]) -> str:
    times = "∞" if entry["ratio"] is None else f"{entry['ratio']:.1f}"
    return f"{times} × ({100 * entry['own_share']:.1f} % / {100 * entry['other_share']:.2f} %)"


def _by_bpm(entry: Mapping[str, Sequence[int]]) -> str:
    missed = [f"{bpm}: {k}/{n}" for bpm, (k, n) in entry.items() if k < n]
    return ", ".join(missed) or "none"


_ROWS: tuple[tuple[str, str, Any], ...] = (
    ("end rhymes confirmed by the second lexicon", "≥ 97 %", lambda s: _rate(s["rhymes_confirmed"])),
    ("the same word or a homophone for a rhyme", "0", lambda s: _rate(s["rhymes_same_word"])),
    ("lines that fit their slots, own tempo", "≥ 99 %", lambda s: _rate(s["fits"])),
    ("lines that fit at ten tempi, 60–180 BPM", "≥ 99 %", lambda s: _rate(s["fits_at_tempi"])),
    ("tempi (BPM) where some do not", "none", lambda s: _by_bpm(s["fits_by_bpm"])),
    ("verses refused / bars short", "0 / 0", lambda s: f"{s['refused']} / {s['bars_short']}"),
    ("distinct anchors answered per 8 bars", "≥ 2.5", lambda s: f"{s['answered_per_8_bars']:.2f}"),
    ("verses with 2 or more", "–", lambda s: _rate(s["answered_2"])),
    ("answers claimed but not spoken", "0", lambda s: str(s["claimed_unspoken"])),
    ("right verse: own anchors over another's", "–", lambda s: _right(s["right_verse"])),
    ("couplets rhyming on ≥ 2 syllables, end words", "–", lambda s: _rate(s["multis_end_word"])),
    ("the same over word boundaries, as voiced", "–", lambda s: _rate(s["multis_line_end"])),
    ("of these, beginning on a stress", "–", lambda s: _rate(s["multis_accented"])),
    ("density: rhymed share (Hirjee & Brown)", "–", lambda s: f"{s['density_rhymed_share']:.3f}"),
    ("density: mean vowel run (Malmi et al.)", "–", lambda s: f"{s['density_vowel_run_mean']:.3f}"),
    ("lines heard > 2 times, pen forgets", "–", lambda s: _rate(s["stale_forgetting"]["lines"])),
    ("the same by entry", "–", lambda s: _rate(s["stale_forgetting"]["entries"])),
    ("lines heard > 2 times, recalls 6 replies", "–", lambda s: _rate(s["stale_remembering"]["lines"])),
    ("the same by entry", "–", lambda s: _rate(s["stale_remembering"]["entries"])),
    ("lines heard > 2 times, and counts what it ever said", "≤ 5 %", lambda s: _rate(s["stale_counting"]["lines"])),
    ("the same by entry", "–", lambda s: _rate(s["stale_counting"]["entries"])),
    ("bars heard before within a 6-round battle", "0", lambda s: _rate(s["battle_repeats"])),
    ("families, openers, props twice in a verse", "0", lambda s: str(s["repeats_in_verse"])),
    ("bars with 4 copied words", "0", lambda s: _rate(s["copied"])),
    ("bars that answer", "–", lambda s: _rate(s["bars_answering"])),
    ("of them, only a noun of no category", "–", lambda s: _rate(s["no_category"])),
    ("couplets written for any noun", "–", lambda s: _rate(s["for_any_noun"])),
    ("verses with a continued image", "–", lambda s: _rate(s["threaded"])),
    ("CPU first verse, ms: median / p95 / worst", "–", lambda s: _ms(s["cpu_first_ms"])),
)


# ------------------------------------------------------------------------------------------------ blind reading


def drawn(replies: Sequence[Reply], seed: int, count: int) -> tuple[Drawn, ...]:
    """``count`` couplets of different wording at random; fewer where there are no more.  Same seed, same draw."""
    pool: dict[tuple[str, str], Drawn] = {}
    for made in replies:
        before: tuple[Bar, ...] = ()
        for a, b in made.couplets:
            answers = tuple(dict.fromkeys((*a.answers, *b.answers)))
            pool.setdefault((a.text, b.text), Drawn(made.opponent, made.seed, (a, b), before, answers))
            before = (a, b)
    found = list(pool.values())
    order = np.random.default_rng(seed).permutation(len(found))[: max(0, count)]
    return tuple(found[k] for k in order)


def draw_bars(
    seed: int, count: int, typed_folder: str | Path = TYPED_FOLDER, bars: int = BARS, seeds: int = SEEDS
) -> tuple[Drawn, ...]:
    """Couplets drawn from replies to the fresh verses, for a blind reading."""
    kit = open_kit()
    opponents = [opponent_of(*verse, kit.text, kit.pen.nouns) for verse in fresh_verses(typed_folder)]
    return drawn(answer_all(kit.pen, opponents, bars, seeds), seed, count)


def draw_tsv(couplets: Sequence[Drawn], key: bool = False) -> str:
    """The draw as tab-separated text with a heading: number, opponent's lines, the couplet before, both bars.

    With ``key`` also who made it (verse, seed, entry, move, what it answers), which a blind reader must not see.
    """
    heads = ["number", "opponent", "before", "bar_1", "bar_2"]
    heads += ["verse", "seed", "entry", "move", "answers"] if key else []
    rows = ["\t".join(heads)]
    for number, one in enumerate(couplets, 1):
        first, second = one.couplet
        before = " / ".join(bar.text for bar in one.before)
        cells = [str(number), " / ".join(one.context), before, first.text, second.text]
        if key:
            cells += [one.opponent.name, str(one.seed), first.entry_id, first.move, ", ".join(one.answers)]
        rows.append("\t".join(re.sub(r"\s+", " ", cell) for cell in cells))
    return "\n".join(rows) + "\n"


def write_draw(path: str | Path, seed: int, count: int, typed_folder: str | Path = TYPED_FOLDER) -> int:
    """What a ``--draw FILE`` does: FILE for the readers, FILE with ``.key`` before its suffix for us; how many."""
    from rapbot.sound.files import atomic_write_text

    found = draw_bars(seed, count, typed_folder)
    target = Path(path)
    atomic_write_text(target, draw_tsv(found))
    atomic_write_text(target.with_suffix(f".key{target.suffix}"), draw_tsv(found, key=True))
    return len(found)
