"""Nouns: what kind of thing a word names, how it can stand to its owner, and which words are never to be used.

Aim: a couplet about a pet must never meet a tractor, so a noun carries a hand-set category, number and frames.  Unknown
nouns stay unknown: in our readings a wrong category was worse than none, and a general thesaurus taken whole got one in
three wrong.  So only what lies below a few safe roots of WordNet is taken from it (``nouns_wordnet.txt``, read last).

*Conventions.*  One noun a line, ``noun|category.sub|number|frames|home|image``: number is ``sg``, ``pl`` or ``mass``;
frames are comma-separated ways of standing to the noun (owned, worn, driven, played, eaten, drunk, been, done, lived,
used, said); ``home`` is where it belongs ("a coop", "Ohio"); ``image`` names the running image it starts.  Everything
before ``home`` is lower case, words of a compound separated by one space.  ``#`` starts a comment.  A noun may occur
again as another *sense*; a look-up for a frame takes the first sense that has it ("ice" is worn, "cold as ice" is not
jewelry).  A category says what the noun *is*, never what it goes with: a funeral is an event, though its image is the
hospital.  Elders of the family (uncles) are filed with parents, the rest of it (cousins) with siblings.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Mapping
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

# Things we are called are listed as insults; whoever owns one has a plain thing.  The other insults ("insult.nobody")
# name nothing that can be had: owned, worn or eaten, such a noun has no category.
OWNED_AS = {
    "insult.appliance": "house.part", "insult.cleaner": "tool.other", "insult.computer": "tech.computer",
    "insult.printer": "tech.computer", "insult.machine": "tech.gadget", "insult.assistant": "tech.gadget",
    "insult.vending": "tech.gadget", "insult.toy": "toy.other", "insult.code": "tech.app", "insult.junk": "tool.other",
}  # fmt: skip

# Categories whose nouns are things that can be owned and touched, and of these the ones that can be picked up and
# carried ("your X fell off the chair").  Read noun by noun: categories where more than one in ten is an event, a person
# or an idea ("party.thing": gift, guest; "tech.phone": headset, phone call) are left out, so False says "not surely".
CARRIED = frozenset(
    "clothing.hat clothing.jacket clothing.other clothing.shoes jewelry.chain jewelry.metal jewelry.other jewelry.ring "
    "jewelry.stone jewelry.watch food.dessert food.dish food.fruit food.ingredient food.snack food.vegetable "
    "drink.alcohol drink.hot drink.soft tool.hand tool.kitchen tool.other instrument.string instrument.wind "
    "weapon.blade weapon.gun toy.build toy.doll toy.other award.prize hair.product medicine.drug book.kind art.tool "
    "office.gear sleep.bed plant.flower".split()
)
THINGS = CARRIED | frozenset(
    "furniture.bed furniture.decor furniture.seat furniture.storage furniture.table tool.garden tool.power "
    "instrument.drum instrument.keys weapon.bomb weapon.other toy.outdoor vehicle.bike vehicle.boat vehicle.car "
    "vehicle.plane vehicle.toy vehicle.truck tech.computer tech.gadget music.gear house.part fire.tool plant.tree "
    "plant.other creature.thing insult.appliance insult.cleaner insult.printer insult.toy insult.vending".split()
)

# When may an unlisted compound be taken for its last word ("bike helmet" for a helmet, "license plate" for no plate)?
# Where the compounds the lists hold mostly are what their last word is: those of the word itself, and of its category
# as much evidence as `CATEGORY_WEIGHT` compounds.  A list holds the compounds that surprise sooner than the plain ones,
# so a plain one counts `PLAIN_WEIGHT` times; a category without compounds is as good as `USUAL` says.
PLAIN_WEIGHT = 2.0
CATEGORY_WEIGHT = 2.0
USUAL = 0.8
ENOUGH = 0.5
# Words that in many compounds name another thing of their shape or use ("suction cup", "gene pool"), however few are
# listed.
SHIFTING = frozenset(
    "attack band bank bar base bed bell belt block board boat bolt book bottle bowl box break bug button cake can "
    "cap card case cell chain charm check clip club coat cord court cover cup dealer deck door drive drop drum "
    "engine eye face fan field fish foot frame game gear hammer hand head hole hook horn horse house iron jack jam "
    "key king lace lady land light line lock lord man mark market mask master match mine mouse mouth nail neck "
    "needle net note nut pack pad paper pass person pin pipe pit plant plate plug point pool pot press punch rack "
    "rail ring road roll room root rose saddle screen seat sheet shell ship shot shower sign skin slip space spot "
    "spring stage stand star stick stock stone strap strip suit tag tail tank tape test tie tooth top track trap "
    "trip trunk tube wall watch wave wheel window wing woman worm yard".split()
)
_JOINTS = frozenset("of in on to for from with at by and or the a".split())

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "kids": "kid", "feet": "foot", "teeth": "tooth",
    "geese": "goose", "mice": "mouse", "people": "person", "wolves": "wolf", "knives": "knife", "wives": "wife",
    "lives": "life", "leaves": "leaf", "loaves": "loaf", "halves": "half", "shelves": "shelf", "thieves": "thief",
    "scarves": "scarf", "calves": "calf", "hooves": "hoof", "elves": "elf", "dice": "die", "oxen": "ox",
    "lice": "louse", "cacti": "cactus", "fungi": "fungus",
}  # fmt: skip
_IRREGULAR_PLURAL = {one: many for many, one in _IRREGULAR.items() if one not in ("person", "die", "kid")}
_F_TO_V = frozenset("wolf knife wife life leaf loaf half shelf thief scarf calf hoof elf self".split())
# How a blocked word hides: digits and signs that stand in for letters, runs of one letter, and, of the few that lie in
# no plain word but one, inside a longer word.  In rot13 so that nobody has to read them here.
_DISGUISE = str.maketrans("013457@$!", "oieastasi")
_STRETCHED = re.compile(r"(.)\1{2,}")
_GLUED = re.compile(codecs.decode("(?<!f)(?:avttre|avttn)|snttbg", "rot13"))

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


def is_thing(category: str) -> bool:
    """True where every noun of the category surely names a thing one can own and touch; no person, event or idea."""
    return category in THINGS


def is_carried(category: str) -> bool:
    """True where every noun of the category surely names a thing one can pick up and carry."""
    return category in CARRIED


class NounLexicon:
    """Nouns by form, blocked nouns, and first names.  Immutable after construction; look-ups are dictionary reads."""

    def __init__(
        self,
        entries: Iterable[NounEntry],
        blocked: Iterable[str] = (),
        first_names: Iterable[str] = (),
        derived: Iterable[NounEntry] = (),
    ) -> None:
        """``derived`` are entries read last whose compounds got the category of their last word: no evidence of it."""
        by_hand = self._by_hand = tuple(entries)
        self._entries = (*by_hand, *derived)
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
        for form in [form for form in every if form.count(" ") + form.count("-") == 1]:  # and "bowtie", "wifi"
            every.setdefault(form.replace("-", " ").replace(" ", ""), every[form])
        self._senses = {
            form: tuple(senses) for form, senses in every.items() if not self._refused(form, form in listed)
        }
        self._max_words = max((form.count(" ") + 1 for form in self._senses), default=1)
        self._compound_starts = frozenset(form.partition(" ")[0] for form in self._senses if " " in form)
        self._speaks_for = _speaking_words(by_hand, self._senses)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[NounEntry, ...]:
        """Every listed sense, in file order."""
        return self._entries

    @property
    def by_hand(self) -> tuple[NounEntry, ...]:
        """The senses that people listed; the rest of `entries` came out of a dictionary."""
        return self._by_hand

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
        (`OWNED_AS`) or, where there is none and the list does not say that it is had so, nothing.
        """
        senses = self.senses(noun) or self.senses(" ".join(noun.lower().split()))
        if not senses:
            return None
        if frame is None:
            return senses[0]
        having = [sense for sense in senses if frame in sense.frames]
        best = min(having, key=lambda sense: sense.frames.index(frame), default=senses[0])
        if frame in ("been", "said") or best.group != "insult":
            return best
        if best.category in OWNED_AS:
            return replace(best, category=OWNED_AS[best.category])
        return best if having else None

    def headed(self, noun: str, frame: str | None = None) -> NounEntry | None:
        """As `lookup`; for an unlisted compound, what its last word says where that word may speak for it.

        "Bike helmet" is a helmet; a "license plate" is no plate, and "tree house" is how some write "treehouse".
        """
        form = " ".join(noun.lower().split())
        entry = self.lookup(form, frame)
        words = form.split(" ")
        if entry is not None or len(words) == 1 or self.senses(form) or self.is_blocked(form):
            return entry
        if not _JOINTS.isdisjoint(words):
            return None  # "maid of honor" does not end in what it is
        joined = self.lookup("".join(words), frame) if len(words) == 2 else None
        if joined is not None:
            return joined
        head = self.lookup(words[-1], frame)
        if head is None or SHIFTING & {head.noun, head.lemma, *singulars(head.lemma)}:
            return None
        return head if self._speaks_for.get(head.lemma, False) else None

    def is_blocked(self, noun: str) -> bool:
        """True for a noun never to build on, in either number or disguised, and for an unlisted compound of one."""
        form = " ".join(noun.lower().split())
        listed = form in self._senses
        return self._refused(form, listed) or (not listed and self._hides_one(form))

    def _hides_one(self, form: str) -> bool:
        """Is a blocked word spelled with digits, dots, hyphens or accents here, stretched, glued, or a plural in z?"""
        bare = "".join(c for c in unicodedata.normalize("NFKD", form) if not unicodedata.combining(c)).lower()
        for text in dict.fromkeys((bare, bare.translate(_DISGUISE))):
            for word in (*re.split(r"[^a-z]+", text), re.sub(r"[^a-z']", "", text)):
                for shown in (word, _STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word)):
                    if shown in self._blocked or shown.rstrip("sz") in self._blocked or _GLUED.search(shown):
                        return True
        return False

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


def _speaking_words(by_hand: Iterable[NounEntry], senses: Mapping[str, tuple[NounEntry, ...]]) -> dict[str, bool]:
    """Whether each listed single noun may speak for compounds that end in it (see `ENOUGH`), by lemma."""
    of_word: dict[str, list[float]] = {}
    of_category: dict[str, list[float]] = {}
    firsts = {entry.lemma: entry for entry in reversed(tuple(by_hand))}  # the usual sense of each
    for compound in firsts.values():
        _, space, last = compound.lemma.rpartition(" ")
        if not space or " of " in compound.lemma or last not in senses:
            continue
        head = senses[last][0]
        agrees = compound.category == head.category
        for counts in (of_word.setdefault(head.lemma, [0.0, 0.0]), of_category.setdefault(head.category, [0.0, 0.0])):
            counts[0] += PLAIN_WEIGHT * agrees
            counts[1] += PLAIN_WEIGHT if agrees else 1.0
    out = {}
    for heads in senses.values():
        head = heads[0]
        plain, every = of_category.get(head.category, (0.0, 0.0))
        share = (plain + CATEGORY_WEIGHT * USUAL) / (every + CATEGORY_WEIGHT)
        plain, every = of_word.get(head.lemma, (0.0, 0.0))
        out[head.lemma] = (plain + CATEGORY_WEIGHT * share) / (every + CATEGORY_WEIGHT) >= ENOUGH
    return out


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
    """The lexicon in ``folder``: the noun lists (`NOUN_FILES`), the block list and the first names."""
    by_hand: list[NounEntry] = []
    for name in HAND_FILES:
        by_hand.extend(parse_nouns((folder / name).read_text(encoding="utf-8"), name))
    derived = parse_nouns((folder / WORDNET_FILE).read_text(encoding="utf-8"), WORDNET_FILE)
    blocked = parse_words((folder / BLOCK_FILE).read_text(encoding="utf-8"))
    names = parse_words((folder / NAME_FILE).read_text(encoding="utf-8"))
    return NounLexicon(by_hand, blocked, names, derived)
