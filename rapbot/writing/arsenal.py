"""The arsenal: hand-written couplets with typed slots, and how a slot takes the opponent's own word.

Aim: taste lives in the bank, where a reader marked every couplet; this module only guarantees that what comes out of
a slot is grammatical.  The unit is the couplet because the second line already knows what the first is about (rhyme
search and small language models were rated worse in every form tried).

*Conventions.*  One couplet a line, ``id|move|needs|shape|image|score|line1|line2``; ``#`` starts a comment.
``needs`` is ``head[:term] [number] [flags]``: *head* says which kind of anchor (claim, poss, job, said, insult, verb,
lack, name, place, crew, family), which earlier image (after, image) or which measured fact (fact, echo, count, rep)
it answers, *term* is a name of the vocabulary, *number* sg, pl, any or none.  Slots: ``{X}`` the noun, ``{aX}`` with
its article, ``{Y}``/``{aY}`` a second one, ``{I}``/``{aI}`` the insult, ``{N}`` name, ``{P}`` place, ``{V} me`` the
threat, ``{L}`` what we lack, ``{w1}`` ``{w2}`` two rhyme words, ``{nw}`` a word count, ``{n}`` a count, ``{Q}`` a
word their name sounds like, ``{R}`` when it was said ("last round", "round one").
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal, get_args

from rapbot.errors import UserError
from rapbot.values import Number

Heat = Literal["clean", "street", "raw"]
HEATS: tuple[str, ...] = get_args(Heat)

MOVES = frozenset(
    "flip cont close insult threat plug lack concede name pun place crew family list echo count lowconf open boast "
    "punch callback setup spring".split()
)
HEADS = frozenset(
    "claim poss job said insult verb lack name pun place crew family list echo count rep lowconf fact after image "
    "none".split()
)
NUMBERS = frozenset(("sg", "pl", "any", "none"))
STANCES = frozenset(("claim", "poss"))  # of an image: whether "you" are the thing, or own it
SLOTS = frozenset("X aX Y aY I aI N P V L R w1 w2 nw n Q".split())
COUPLET_FILES = ("couplets.txt", "couplets_new.txt", "couplets_more.txt", "rounds.txt")

OVERLAP_STOP = frozenset(
    "you your yours you're i i'm i've i'd i'll me my it it's its they them their the a an and but or so then than "
    "that this there there's here is are was were be been have has had do does did don't not no to of in on at by "
    "for from with up out off down back as if when what who how why which just got get all one two he him his she "
    "her we us our will would can could say said says that's who's they'd you'd you've you'll into over through "
    "about right left still only even".split()
)

_SLOT = re.compile(r"\{(\w+)\}")
_AFTER_STOP = re.compile(r"(?:^|[.?!] )\"?$")  # what stands before a slot that begins a sentence
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z0-9]+)*['’]?")
# What makes a template speak of its noun in the singular, so that a plural cannot take its place.
_SINGULAR_ABOUT_X = re.compile(
    r"\{X\}(?:'s| is\b| was\b| has\b| heard itself\b)|\b(?:it|it's|its|itself)\b", re.IGNORECASE
)
_VOWEL_LETTERS = re.compile(r"[aeiouy]+")


@dataclass(frozen=True)
class Needs:
    """What a couplet asks for before it may be used.

    ``stance`` is "claim", "poss" or "" (either); ``flags`` holds the rest (how the thing is used, "weak", a
    heat).
    """

    head: str
    term: str | None
    number: str
    stance: str
    flags: frozenset[str]

    @property
    def heat(self) -> str:
        """The mildest ``--heat`` that allows it, as marked by hand."""
        return next((heat for heat in ("raw", "street") if heat in self.flags), "clean")


@dataclass(frozen=True)
class Filler:
    """A word for a slot; ``proper`` nouns take no article, nor do plurals ("tigers") and masses ("gold")."""

    text: str
    number: Number = "sg"
    proper: bool = False


@dataclass(frozen=True)
class Couplet:
    """One entry.  ``score`` is the blind reader's mark (2 or 3); ``image`` the picture it belongs to ("any" none)."""

    id: str
    move: str
    needs: Needs
    shape: str
    image: str
    score: int
    lines: tuple[str, str]

    @cached_property
    def slots(self) -> frozenset[str]:
        return frozenset(_SLOT.findall(" ".join(self.lines)))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its own words, lower case, possessive 's cut off; slots left out."""
        text = _SLOT.sub(" ", " ".join(self.lines)).lower()
        return frozenset(re.sub(r"'s$|'$", "", word) for word in _WORD.findall(text))

    @cached_property
    def number(self) -> int:
        """A number of its own, the same in every run."""
        return zlib.crc32(self.id.encode())

    @cached_property
    def writer(self) -> str:
        """Who wrote it: the part of its id before the dash."""
        return self.id.partition("-")[0]

    @cached_property
    def content(self) -> tuple[str, ...]:
        """Its words that carry meaning, in alphabetical order."""
        return tuple(sorted(self.words - OVERLAP_STOP))

    @cached_property
    def opener(self) -> str:
        """The template it opens with; two bars of one template in a verse are noticed before their wording is."""
        return opener_of(self.lines[0])

    @cached_property
    def end_words(self) -> tuple[str, str]:
        """The last word of each line, lower case; "" where the line ends in a slot."""
        return _fixed_end(self.lines[0]), _fixed_end(self.lines[1])


# ------------------------------------------------------------------------------------------------ reading the bank


def parse_couplets(text: str, source: str = "couplets") -> tuple[Couplet, ...]:
    """Couplets of one file, in order.

    Raises:
        UserError: a line that does not follow the format, naming it.
    """
    out: list[Couplet] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            try:
                out.append(_couplet(line))
            except ValueError as error:
                raise UserError(f"{source} line {number}: {error}") from None
    return tuple(out)


def load_arsenal(folder: Path) -> tuple[Couplet, ...]:
    """Every couplet of the bank in ``folder`` (`COUPLET_FILES`; all but the first may be absent), ids unique.

    Raises:
        UserError: a line that does not follow the format, or an id used twice.
    """
    out: list[Couplet] = []
    for name in COUPLET_FILES:
        path = folder / name
        if path.exists() or name == COUPLET_FILES[0]:
            out.extend(parse_couplets(path.read_text(encoding="utf-8"), name))
    seen: set[str] = set()
    for couplet in out:
        if couplet.id in seen:
            raise UserError(f"couplet id {couplet.id} is used twice in {folder.name}/")
        seen.add(couplet.id)
    return tuple(out)


def parse_needs(text: str) -> Needs:
    """Needs from their notation.  Raises ValueError naming what is not understood."""
    tokens = text.split()
    if not tokens:
        raise ValueError("needs are empty")
    head, _, term = tokens[0].partition(":")
    if head not in HEADS:
        raise ValueError(f"unknown needs head {head!r}; known: {', '.join(sorted(HEADS))}")
    numbers = [token for token in tokens[1:] if token in NUMBERS]
    stances = [token for token in tokens[1:] if token in STANCES]
    if len(numbers) > 1 or len(stances) > 1:
        raise ValueError(f"needs {text!r} name two numbers or two stances")
    flags = frozenset(token for token in tokens[1:] if token not in NUMBERS | STANCES)
    return Needs(head, term or None, numbers[0] if numbers else "any", stances[0] if stances else "", flags)


def _couplet(line: str) -> Couplet:
    fields = line.split("|")
    if len(fields) != 8:
        raise ValueError(
            f"expected id|move|needs|shape|image|score|line1|line2, got {len(fields)} fields in {line[:60]!r}"
        )
    identifier, move, needs, shape, image, score, first, second = (field.strip() for field in fields)
    if move not in MOVES:
        raise ValueError(f"unknown move {move!r}; known: {', '.join(sorted(MOVES))}")
    if score not in ("0", "1", "2", "3"):
        raise ValueError(f"score must be 0 to 3, got {score!r}")
    unknown = sorted(set(_SLOT.findall(first + second)) - SLOTS)
    if unknown:
        raise ValueError(f"unknown slot {{{unknown[0]}}}")
    if not first or not second:
        raise ValueError(f"{identifier} has an empty line")
    return Couplet(identifier, move, parse_needs(needs), shape, image, int(score), (first, second))


# ------------------------------------------------------------------------------------------------ filling slots


def fill(couplet: Couplet, fillers: Mapping[str, Filler]) -> tuple[str, str]:
    """Both lines with their slots filled, agreement checked, sentences beginning with a capital.

    ``fillers`` are keyed by the bare slot ("X", "I", "V" …).

    Raises:
        ValueError: a slot without a filler, or a filler whose number the template cannot take.
    """
    for slot in sorted(couplet.slots):
        filler = fillers.get(bare(slot))
        if filler is None:
            raise ValueError(f"{couplet.id}: nothing to put in {{{slot}}}")
        if not agrees(couplet, slot, filler):
            raise ValueError(f"{couplet.id}: {filler.text!r} ({filler.number}) does not agree with {{{slot}}}")
    first, second = (_fill_line(line, fillers) for line in couplet.lines)
    return first, second


def agrees(couplet: Couplet, slot: str, filler: Filler) -> bool:
    """Can the template take a word of this number?

    A mass noun may stand in for a singular where no article is asked for ("your coffee … it"); a plural never may where
    the couplet calls its noun "it".
    """
    if slot not in ("X", "aX", "Y", "aY", "I", "aI", "L"):
        return True
    wanted = couplet.needs.number if bare(slot) != "Y" else "any"
    if wanted == "sg":
        return filler.number == "sg" or (filler.number == "mass" and not slot.startswith("a"))
    if wanted == "pl":
        return filler.number == "pl"
    return filler.number != "pl" or slot in ("aX", "aY") or not _SINGULAR_ABOUT_X.search(" ".join(couplet.lines))


def with_article(filler: Filler) -> str:
    """The word with "a" or "an", or bare where it takes none."""
    if filler.proper or filler.number != "sg" or filler.text.lower().startswith("the "):
        return filler.text
    return f"{_article(filler.text)} {filler.text}"


def _fill_line(line: str, fillers: Mapping[str, Filler]) -> str:
    out: list[str] = []
    last = 0
    for match in _SLOT.finditer(line):
        out.append(line[last : match.start()])
        slot = match.group(1)
        filler = fillers[bare(slot)]
        end = match.end()
        if slot == "V":
            text, end = _threat(filler.text, line, end)
        else:
            text = with_article(filler) if slot in ("aX", "aY", "aI") else filler.text
        if _AFTER_STOP.search(line[: match.start()]):
            text = text[:1].upper() + text[1:]
        out.append(text)
        last = end
    out.append(line[last:])
    return "".join(out)


def _threat(verb: str, line: str, end: int) -> tuple[str, int]:
    """ "{V} me" for "take down" is "take me down"; returns the text and where the template goes on."""
    base, _, particle = verb.partition(" ")
    if particle and line[end:].startswith(" me"):
        return f"{base} me {particle}", end + len(" me")
    return verb, end


def bare(slot: str) -> str:
    """The key a slot's filler has: "X" for both {X} and {aX}."""
    return slot[1:] if slot in ("aX", "aY", "aI") else slot


_AN_LETTERS = frozenset("AEFHILMNORSX")  # letters whose names begin with a vowel sound: an FBI agent
_LETTERWISE = frozenset(
    "mc dj mvp nba nfl fbi cia mri mp3 suv ufo vip vcr vhs atm rv lp ep html api id ipo irs xl".split()
)
_A_DESPITE_VOWEL = re.compile(r"^(?:uni(?!n)|use|usu|eu|one\b|once|ufo|ukulele|u-|ute)", re.IGNORECASE)
_AN_DESPITE_CONSONANT = re.compile(r"^(?:hour|honest|honor|heir|herb\b)", re.IGNORECASE)


def _article(noun: str) -> str:
    head = re.split(r"[ -]", noun)[0]
    letterwise = head.lower() in _LETTERWISE or (
        head.isupper() and len(head) > 1 and not re.search("[AEIOU]", head[1:3])
    )
    if letterwise:
        return "an" if head[0].upper() in _AN_LETTERS else "a"
    if _AN_DESPITE_CONSONANT.match(noun):
        return "an"
    if _A_DESPITE_VOWEL.match(noun):
        return "a"
    return "an" if noun[:1].lower() in "aeiou" else "a"


# ------------------------------------------------------------------------------------------- counting, comparing


def words_of(text: str) -> tuple[str, ...]:
    """Lower-case words of a written line, apostrophes kept."""
    return tuple(word.lower().replace("’", "'") for word in _WORD.findall(text))


def end_word(line: str) -> str:
    """The last word of a written line, as spelled; of "ninety-nine" the part that rhymes, "nine"."""
    found = _WORD.findall(line)
    return found[-1].strip("'’").rpartition("-")[2] if found else ""


def estimated_syllables(line: str) -> int:
    """Syllables of a written line guessed from spelling: enough to sort by, never to place on a beat."""
    return sum(_estimated(word) for word in words_of(line))


@lru_cache(maxsize=8192)
def _estimated(word: str) -> int:
    low = word.partition("'")[0]
    groups = len(_VOWEL_LETTERS.findall(low))
    if groups > 1 and low.endswith("e") and not low.endswith(("le", "ee")):
        groups -= 1
    elif groups > 1 and low.endswith("ed") and not low.endswith(("ted", "ded")):
        groups -= 1
    return max(1, groups)


def opener_of(line: str) -> str:
    """The template a first line opens with.

    A line that opens by throwing the opponent's word back as a question ("A shark?", "No heart?", "You'll smash me?")
    has the template of its kind; any other its first two words.
    """
    start = line.lstrip('"').split("?")[0] if "?" in line[:34] else ""
    if re.match(r"^(?:so you're|you're|you are) \{aX\}", line, re.IGNORECASE):
        return "you're {aX}"
    if start and re.match(r"^(?:\{a?[IXY]\}|An? [\w -]+|No \{L\}|No \w+)$", start):
        return "echo?"
    if start and re.match(r"^(?:You'll|You'd|To|Oh,|You're going to|You're gonna) ?\{V\}", start):
        return "{V} me?"
    if start and re.match(r"^I'm ", start):
        return "i'm?"
    if re.match(r"^(?:since you're|as|for) \{aX\}", line, re.IGNORECASE):
        return "as {aX}"
    tokens = [token.strip('",.:;!?').lower() for token in line.split()[:2]]
    return " ".join(tokens)


def heat_of(couplet: Couplet, street_words: Iterable[str]) -> str:
    """The mildest ``--heat`` that allows the couplet: by its own flag, else by its words."""
    marked = couplet.needs.heat
    if marked == "clean" and couplet.words & frozenset(street_words):
        return "street"
    return marked


def _fixed_end(line: str) -> str:
    if re.search(r"\{\w+\}['\"”.,!?…]*$", line):
        return ""
    return end_word(line).lower()
