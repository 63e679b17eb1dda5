"""Nouns: what kind of thing a word names, how it can stand to its owner, and which words are never to be used.

Aim: a couplet about a pet must never meet a tractor, so a noun carries a hand-set category, number and frames.  Unknown
nouns stay unknown: in our readings a wrong category was worse than none, and a general thesaurus taken whole got one in
three wrong.  So only what lies below a few safe roots of WordNet is taken from it (``nouns_wordnet.txt``, read last).

*Conventions.*  One noun a line, ``noun|category.sub|number|frames|home|image``: number is ``sg``, ``pl`` or ``mass``;
frames are comma-separated ways of standing to the noun (owned, worn, driven, played, eaten, drunk, been, done, lived,
used, said); ``home`` is where it belongs ("a coop", "Ohio"); ``image`` names the running image it starts.  Everything
before ``home`` is lower case, words of a compound separated by one space.  ``#`` starts a comment.  A noun may occur
again as another *sense*; a look-up for a frame takes the first sense that has it ("ice" is worn, "cold as ice" is not
jewelry).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from rapbot.errors import UserError
from rapbot.values import Number

HAND_FILES = ("nouns.txt", "nouns_more.txt", "nouns_senses.txt")  # best checked first: the first sense is the usual one
WORDNET_FILE = "nouns_wordnet.txt"  # made by models/make_wordnet_nouns.py: only nouns that the hand lists lack
NOUN_FILES = (*HAND_FILES, WORDNET_FILE)
BLOCK_FILE = "nouns_block.txt"
NAME_FILE = "first_names.txt"
FRAMES = frozenset("owned worn driven played eaten drunk been done lived used said".split())

# Things we are called are listed as insults; whoever owns one has a plain thing.
OWNED_AS = {
    "insult.appliance": "house.part", "insult.cleaner": "tool.other", "insult.computer": "tech.computer",
    "insult.printer": "tech.computer", "insult.machine": "tech.gadget", "insult.assistant": "tech.gadget",
    "insult.vending": "tech.gadget", "insult.toy": "toy.other", "insult.code": "tech.app", "insult.junk": "tool.other",
}  # fmt: skip

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "kids": "kid", "feet": "foot", "teeth": "tooth",
    "geese": "goose", "mice": "mouse", "people": "person", "wolves": "wolf", "knives": "knife", "wives": "wife",
    "lives": "life", "leaves": "leaf", "loaves": "loaf", "halves": "half", "shelves": "shelf", "thieves": "thief",
    "scarves": "scarf", "calves": "calf", "hooves": "hoof", "elves": "elf", "dice": "die", "oxen": "ox",
    "lice": "louse", "cacti": "cactus", "fungi": "fungus",
}  # fmt: skip
_IRREGULAR_PLURAL = {one: many for many, one in _IRREGULAR.items() if one not in ("person", "die", "kid")}
_F_TO_V = frozenset("wolf knife wife life leaf loaf half shelf thief scarf calf hoof elf self".split())
# These end in s and are one thing (or none): stripping the s would invent a word.
_SINGULAR_IN_S = re.compile(r"(?:ss|us|is|ous|ics|news|gas|lens|boss|bass|chess|tennis|series|species)$")


@dataclass(frozen=True)
class NounEntry:
    """What is known of a noun.  ``noun`` is the form that was asked for, ``lemma`` the form the file lists."""

    noun: str
    lemma: str
    category: str
    number: Number
    frames: tuple[str, ...]
    home: str
    image: str

    @property
    def group(self) -> str:
        """The category without its sub-type: "animal" of "animal.pet"."""
        return self.category.partition(".")[0]


def _inflected_word(noun: str) -> tuple[str, str, str]:
    """A compound cut around the word that takes the plural: "lines" of "lines of code", else the last word."""
    front, joint, back = noun.partition(" of ")
    lead, space, word = front.rpartition(" ")
    return lead + space, word, joint + back


def singulars(noun: str) -> tuple[str, ...]:
    """Forms that ``noun`` may be the plural of, likeliest first; empty where it does not look plural.

    One word of a compound is changed ("vending machines" -> "vending machine", "lines of code" -> "line of code").
    """
    lead, last, rest = _inflected_word(noun)
    if last in _IRREGULAR:
        return (lead + _IRREGULAR[last] + rest,)
    if len(last) < 3 or not last.endswith("s") or _SINGULAR_IN_S.search(last):
        return ()
    forms: list[str] = []
    if last.endswith("ies") and len(last) > 4:
        forms.append(last[:-3] + "y")
    if last.endswith("ves"):
        forms += [last[:-3] + "f", last[:-3] + "fe"]
    if last.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        forms.append(last[:-2])
    forms.append(last[:-1])
    return tuple(lead + form + rest for form in dict.fromkeys(forms))


def plural(noun: str) -> str:
    """The regular (or listed irregular) plural of a singular noun; one word of a compound changes."""
    lead, last, rest = _inflected_word(noun)
    if last in _IRREGULAR_PLURAL:
        return lead + _IRREGULAR_PLURAL[last] + rest
    if last in _F_TO_V:
        many = re.sub(r"fe?$", "ves", last)
    elif last.endswith("y") and last[-2:-1] not in ("a", "e", "i", "o", "u", ""):
        many = last[:-1] + "ies"
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        many = last + "es"
    else:
        many = last + "s"
    return lead + many + rest


def looks_plural(noun: str) -> bool:
    """True where the word's form alone says more than one ("snacks", "wolves"; not "bus", "chess")."""
    return bool(singulars(noun))


class NounLexicon:
    """Nouns by form, blocked nouns, and first names.  Immutable after construction; look-ups are dictionary reads."""

    def __init__(
        self, entries: Iterable[NounEntry], blocked: Iterable[str] = (), first_names: Iterable[str] = ()
    ) -> None:
        self._entries = tuple(entries)
        self._blocked = frozenset(form for noun in blocked for form in (noun, plural(noun)))
        self._first_names = frozenset(first_names)
        listed: dict[str, list[NounEntry]] = {}
        inflected: dict[str, list[NounEntry]] = {}
        for entry in self._entries:
            listed.setdefault(entry.lemma, []).append(entry)
            if entry.number == "pl":  # the lists hold some nouns only in the plural; one of the shoes is still a shoe
                for form in singulars(entry.lemma)[-1:]:
                    inflected.setdefault(form, []).append(replace(entry, noun=form, number="sg"))
            else:
                for form in _plurals(entry.lemma):
                    inflected.setdefault(form, []).append(replace(entry, noun=form, number="pl"))
        every = inflected | listed
        for form in [form for form in every if "-" in form]:  # recognisers write "spider man" and "Spider-Man"
            every.setdefault(form.replace("-", " "), every[form])
        self._senses = {
            form: tuple(senses) for form, senses in every.items() if not self._refused(form, form in listed)
        }
        self._max_words = max((form.count(" ") + 1 for form in self._senses), default=1)
        self._compound_starts = frozenset(form.partition(" ")[0] for form in self._senses if " " in form)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[NounEntry, ...]:
        """Every listed sense, in file order."""
        return self._entries

    @property
    def max_words(self) -> int:
        """Words in the longest listed compound."""
        return self._max_words

    def starts_compound(self, word: str) -> bool:
        """True where some listed compound begins with this word."""
        return word in self._compound_starts

    def senses(self, noun: str) -> tuple[NounEntry, ...]:
        """Every sense of a lower-case noun or compound in either number, the usual one first; empty where unknown."""
        return self._senses.get(noun) or (self._senses.get(noun.replace("-", " "), ()) if "-" in noun else ())

    def lookup(self, noun: str, frame: str | None = None) -> NounEntry | None:
        """The entry for a noun or compound in either number; None where it is unknown or blocked.

        ``number`` is that of the form asked for: "dogs" is ``pl`` though "dog" is listed.  With a ``frame`` the
        sense that lists it earliest is preferred; owning something listed as an insult gives the plain thing
        (`OWNED_AS`).
        """
        senses = self.senses(noun) or self.senses(" ".join(noun.lower().split()))
        if not senses:
            return None
        if frame is None:
            return senses[0]
        having = [sense for sense in senses if frame in sense.frames]
        best = min(having, key=lambda sense: sense.frames.index(frame), default=senses[0])
        if frame not in ("been", "said") and best.category in OWNED_AS:
            return replace(best, category=OWNED_AS[best.category])
        return best

    def is_blocked(self, noun: str) -> bool:
        """True for a noun never to build on, in either number, and for an unlisted compound that contains one."""
        form = " ".join(noun.lower().split())
        return self._refused(form, form in self._senses)

    def _refused(self, form: str, listed: bool) -> bool:
        if form in self._blocked:
            return True
        if listed or " " not in form:
            return False  # "cotton candy" is listed on purpose though "cotton" is blocked
        words = form.split(" ")
        return any(
            " ".join(words[start : start + size]) in self._blocked
            for size in range(1, len(words))
            for start in range(len(words) - size + 1)
        )

    def is_first_name(self, word: str) -> bool:
        """True for a listed given or stage name."""
        return word.lower() in self._first_names


def _plurals(lemma: str) -> tuple[str, ...]:
    return (plural(lemma), lemma + "es") if lemma.endswith("o") else (plural(lemma),)


def parse_nouns(text: str, source: str = "nouns") -> tuple[NounEntry, ...]:
    """Entries of one noun list, in order.

    Raises:
        UserError: a line that does not have the six fields, naming it (the lists may be edited by hand).
    """
    out: list[NounEntry] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 6:
            raise UserError(f"{source} line {number}: expected noun|category|number|frames|home|image, got {line!r}")
        noun, category, count, frames, home, image = fields
        if count not in get_args(Number):
            raise UserError(f"{source} line {number}: number must be sg, pl or mass, got {count!r}")
        stands = tuple(frame for frame in frames.split(",") if frame)
        unknown = sorted(set(stands) - FRAMES)
        if unknown:
            raise UserError(f"{source} line {number}: unknown frame {unknown[0]!r}; known: {', '.join(sorted(FRAMES))}")
        kind: Number = "sg" if count == "sg" else "pl" if count == "pl" else "mass"
        out.append(NounEntry(noun.lower(), noun.lower(), category, kind, stands, home, image))
    return tuple(out)


def parse_words(text: str) -> tuple[str, ...]:
    """Lower-case words or phrases, one a line (or several, comma-separated); ``#`` starts a comment."""
    out: list[str] = []
    for raw in text.splitlines():
        line = raw.partition("#")[0]
        out.extend(word.strip().lower() for word in line.split(",") if word.strip())
    return tuple(out)


def load_nouns(folder: Path) -> NounLexicon:
    """The lexicon in ``folder``: the noun lists, the block list and the first names (see `NOUN_FILES`)."""
    entries: list[NounEntry] = []
    for name in NOUN_FILES:
        entries.extend(parse_nouns((folder / name).read_text(encoding="utf-8"), name))
    blocked = parse_words((folder / BLOCK_FILE).read_text(encoding="utf-8"))
    names = parse_words((folder / NAME_FILE).read_text(encoding="utf-8"))
    return NounLexicon(entries, blocked, names)
