"""Anchors: what the opponent claimed, owns, threatens and calls us, found in plain recognised words.

Aim: a bar that answers something has to know how it was said.  "I'm a shark" is flipped, "my jacket" is devalued, "I'll
smash you" is returned, "you're a toaster" is worn with pride; a bare noun is only mentioned.  Recognisers give no
reliable punctuation or case, so every pattern here reads lower-cased words, part-of-speech tags and pauses; a capital
inside a sentence only adds evidence.

*Conventions.*  Words are `Word`s in time order; ``lines`` are ranges of word indexes (bars).  Phrases may run over a
line end, as rappers do, but not over a pause or punctuation.  An anchor's confidence is the lowest recogniser
confidence among its own words times the pattern's own reliability.  Threat texts are base verbs that fit before "me"
("smash", "unplug"); one with a particle ("take down") takes the object between ("take me down").  Categories are the
noun lexicon's, plus ``threat.*`` (unplug, delete, off, hack, water, hit), ``said.*`` (cantfeel, notreal, livedit) and
``insult.quality`` for adjectives ("boring").
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rapbot.language.nouns import NounLexicon, singulars
from rapbot.language.phones import is_vowel
from rapbot.language.phrases import (
    ARTICLES,
    CLAUSE_TAGS,
    COUNTING,
    DETERMINERS,
    EMPTY,
    FILLERS,
    FUNCTION_WORDS,
    PAUSE_S,
    VOCATIVES,
    WORD,
    Phrase,
    Reader,
    Token,
    tokens_of,
)
from rapbot.language.rhyme import GROUP_SCORE, rhyme_score
from rapbot.protocols import G2p, Tagger
from rapbot.values import Anchor, AnchorKind, Number, Word

TYPED_WORD_S = 0.3  # typed opponents get words this far apart, so that "every word so often" means something
TYPED_LINE_GAP_S = 0.6  # above PAUSE_S: a typed line end is a pause
LINE_WORDS = 10  # a line with no pause in it is cut here: the median bar of MCFlow holds 11 syllables, 8-9 words
MIN_LINE_WORDS = 4  # and a pause sooner than this is a breath inside the line

# How much each way of saying it can be trusted, read off the marked verses (benchmarks/opponents.txt).
SURE = 0.97  # an explicit frame: "my name is", "you're nothing but a", "I'll ... you"
LIKELY = 0.85  # the frame allows another reading
LOOSE = 0.7  # noun unknown to the lexicon, or a frame that often misleads
LOCATED = 0.55  # "in my bag": theirs, but only where something else is
DOUBTFUL = 0.4  # below what any punch is built on
QUOTABLE = 0.5  # a word heard less surely is never quoted back
MENTION = 0.5  # a known noun, merely mentioned; below the 0.6 that DESIGN counts as owed an answer


@dataclass(frozen=True)
class VerseFacts:
    """What can be counted in a verse, for lines that say so ("you used sixty-one words").

    ``last_words`` ends each line; ``rhyme_pair`` is their last rhyming pair of neighbouring (or alternate) line ends;
    ``syllables_per_bar`` has one count per line; ``repeated`` is their most repeated content word and how often.
    """

    word_count: int
    last_words: tuple[str, ...]
    rhyme_pair: tuple[str, str] | None
    syllables_per_bar: tuple[int, ...]
    repeated: tuple[str, int] | None
    duration_s: float


# ------------------------------------------------------------------------------------------------ word classes

STOP = frozenset(
    "thing things way ways lot lots time times day days night bit kind sort part side one ones man men guy guys dude "
    "people person stuff half name names mind life end place turn word words line lines verse verses rhyme rhymes rap "
    "rapper rappers bar bars beat beats mic microphone microphones show shows game reason chance point case fact idea "
    "world today tonight tomorrow yesterday minute second hour week month year years moment matter deal problem "
    "nothing nobody somebody everybody everyone something anything sound style number everything anyone someone hell "
    "damn shit fuck ass bitch god lord mouth eye eyes face hand hands head feet foot chest arm arms back finger "
    "fingers body ear ears ground inside piece pieces promise harm fun work luck sense rest town city state street "
    "streets nineties eighties ten top bottom start middle question answer trick move moves round rounds battle".split()
)  # bare mentions of these answer nothing; a few may still be claimed or lacked, see the callers
_BODY_PREPOSITIONS = frozenset("on in around at off under over from to with".split())

_CREW = frozenset(
    "crew squad gang team boys homies clique posse mob fam guys girls dudes click homeboys brothers clan "
    "band army".split()
)
_TITLES = frozenset(
    "mc dj big lil little young doctor dr professor king queen captain lady sir mister mr miss ms mrs".split()
)
_ANNOUNCEMENTS = frozenset(
    ("on the mic", "on the microphone", "in the building", "in the house", "is the name", "is my name", "on the track")
)
_ARRIVALS = frozenset(("has arrived", "is here", "has landed", "is back", "just arrived", "just walked"))
_NOT_A_NAME = frozenset(
    "irish italian mexican american german french english chinese african asian latin catholic christian "
    "serious hungry "
    "maybe back when later now up out crazy names name what whatever anything the a an if ready sorry sure here there "
    "coming going gonna done good fine great right wrong tired sick hot cold mad bad real true fresh fly cool dope ill "
    "down off on in at all alone about still just only never always not so too very back high low free rich broke "
    "live born made built raised better best worse worst killing spitting rapping rolling riding running taking".split()
)

# Verb form -> frame.  Only verbs that put the object in the speaker's hands.
_POSSESS: dict[str, str] = {}
for _frame, _verbs in {
    "driven": "drive drove driving drivin whip whipping ride rode riding ridin cruise cruising cruisin fly flew flying "
    "sail sailing race racing park parked steer push pushing pushin",
    "played": "play played playing playin strum strumming spin spinning shred",
    "worn": "wear wore wearing wearin rock rocked rocking rockin sport sporting flex flexing flexin",
    "eaten": "eat ate eating eatin munch munching chew chewing",
    "drunk": "drink drank drinking drinkin sip sipping sippin pour pouring",
    "made": "cook cooked cooking cookin bake baked baking bakin build built building brew brewed brewing "
    "grill grilling fry frying make made making makin grow growing knit knitting fix fixed fixing write wrote writing",
    "studied": "teach taught teaching study studied studying learn learned learning",
    "done": "do doing did practice practise",
    "owned": "own owned have had got bought buy keep kept hold carry collect collecting stack stacking sell sold "
    "selling raise raised run ran running feed walk milk milking train trained need hide brought bring",
}.items():
    _POSSESS.update(dict.fromkeys(_verbs.split(), _frame))
_VEHICLE_PATH = re.compile(
    r"^(?:pull(?:ed|ing|in)?|roll(?:ed|ing|in)?|show(?:ed|ing)?|creep(?:ing)?|come|came|step(?:ped)?)$"
)
_PARTICLES = frozenset("up in on around down out with off through".split())
_MODALS = frozenset("will gonna would can could must".split())
_TO_CUES = frozenset("going about bout came come here want trying got need ready meant born built made".split())
_PRONOUN_OBJECT = frozenset(("you", "em", "ya"))
_OBJECT_NOUNS = frozenset("robot machine computer toaster bot thing program toy".split())
# Verbs that hurt: enough to be a threat with "your ..." as object, or without any modal ("I eat you").
_THREATS = frozenset(
    "smash crush break beat kill destroy burn bury eat cook roast end delete unplug hack erase wipe fry melt toast "
    "slap punch kick knock drown flush trash scrap recycle crack snap shred slice dice chop cut stomp squash bash "
    "wreck ruin murder slay finish silence reboot reset format uninstall dismantle drain serve smoke body bomb blast "
    "blow shoot stab torch embarrass humiliate school expose replace outlast outrap dethrone defeat demolish "
    "dominate bite swallow spank whip tear rip shut turn switch power throw toss dump hammer pound grind crumble "
    "dissect bench box spray soak splash knife saw sink flatten pulverize obliterate annihilate punish drop mop "
    "sweep fold bend peel boil bake crash jam short trap haunt hunt chase drag outshine clown lap vaporize "
    "freeze shock zap debug patch overwrite corrupt pop electrocute rust disconnect deactivate terminate "
    "eliminate evict retire devour carve bruise maul axe sting strike poison".split()
)
# Not threats even with a modal and "you": "I'll show you", "let me tell you".
_HARMLESS = frozenset(
    "tell show let give see ask say know teach call make thank love need want help hear get have meet bring find keep "
    "offer promise buy like believe follow watch wish send lend owe warn remind hand introduce understand be do feel "
    "miss leave put".split()
)
_NEEDS_PARTICLE = {
    "shut": ("down", "off", "up"), "turn": ("off", "down"), "switch": ("off",), "power": ("off", "down"),
    "take": ("down", "out", "apart"), "knock": ("out", "down", "off"), "tear": ("apart", "down", "up"),
    "rip": ("apart", "up"), "blow": ("up", "away", "out"), "throw": ("away", "out"), "toss": ("out", "away"),
    "wipe": ("out", "off"), "pull": ("apart",), "lay": ("out", "down"), "put": ("down", "away", "out"),
    "sit": ("down",), "set": ("off",), "run": ("over",), "leave": ("behind",), "send": ("home", "back", "packing"),
    "pick": ("apart",), "break": ("down",), "burn": ("down", "up"), "cut": ("off", "down", "up"), "chew": ("up",),
    "drag": ("out", "off"),
}  # fmt: skip
_WHOLE_WITHOUT_PARTICLE = frozenset(("break", "burn", "cut", "knock", "drag", "rip", "wipe", "throw", "toss"))
_COMPLEMENTS = frozenset("for as up into onto how what a an the your my".split())
_OFF = frozenset(("shut down", "shut off", "turn off", "turn down", "switch off", "power off", "power down"))
_THREAT_CATEGORY = {
    "unplug": "threat.unplug", "disconnect": "threat.unplug", "delete": "threat.delete", "erase": "threat.delete",
    "uninstall": "threat.delete", "hack": "threat.hack", "drown": "threat.water", "soak": "threat.water",
    "splash": "threat.water", "flush": "threat.water", "spray": "threat.water", "deactivate": "threat.off",
}  # fmt: skip

# Adjectives thrown at us; "quality" because nothing is named.
_QUALITIES = frozenset(
    "boring fake broken plastic old rusty ugly weak wack trash slow cheap basic heartless soulless lifeless frozen "
    "robotic artificial outdated obsolete useless worthless cold hollow empty brainless mindless stale corny lame dumb "
    "stupid hideous defective glitchy buggy generic mechanical synthetic unoriginal predictable".split()
)
_BOASTS = frozenset(
    "best greatest illest hottest realest baddest coldest hardest fastest finest smartest toughest nicest".split()
)
_COPYING = frozenset(
    "steal stole stealing copy copied copying bite biting bit repeat repeating plagiarize mimic".split()
)
_MACHINE_GROUPS = frozenset(
    "insult.machine insult.appliance insult.computer insult.printer insult.vending insult.cleaner "
    "insult.assistant".split()
)
_PEOPLE = frozenset(("family", "job", "person", "royalty", "crew", "school"))
_TOO_PLAIN = frozenset(("abstract", "number", "time"))
_PROPER_PLACES = frozenset("place.city place.country place.state place.borough".split())
_PLACE_CUES = frozenset("from in of out over across through to around rep reppin represent representing for".split())
_HOME_CUES = frozenset("from rep reppin represent representing".split())


# ------------------------------------------------------------------------------------------------ tokens


@dataclass(frozen=True)
class _Found:
    kind: AnchorKind
    text: str
    number: Number
    category: str | None
    frame: str | None
    first: int
    stop: int
    reliability: float


def words_from_text(text: str) -> tuple[tuple[Word, ...], tuple[range, ...]]:
    """A typed verse as words: confidence 1.0, `TYPED_WORD_S` apart, a pause after each line; and its line ranges."""
    words: list[Word] = []
    lines: list[range] = []
    now_s = 0.0
    for line in unicodedata.normalize("NFKC", text).splitlines():  # "ﬁsh" and full-width letters are plain ones
        start = len(words)
        for piece in line.replace("—", " — ").replace("/", " ").split():
            if WORD.search(piece):
                words.append(Word(piece, round(now_s, 3), round(now_s + TYPED_WORD_S, 3), 1.0))
                now_s += TYPED_WORD_S
            elif len(words) > start:  # a dash on its own is punctuation after the word before
                last = words[-1]
                words[-1] = Word(last.text + piece[:1], last.start_s, last.end_s, 1.0)
        if len(words) > start:
            lines.append(range(start, len(words)))
            now_s += TYPED_LINE_GAP_S
    return tuple(words), tuple(lines)


def guess_lines(words: Sequence[Word]) -> tuple[range, ...]:
    """Line ranges where no bars are known: cut at pauses, else every `LINE_WORDS` words."""
    lines: list[range] = []
    start = 0
    for i in range(1, len(words) + 1):
        paused = i < len(words) and words[i].start_s - words[i - 1].end_s > PAUSE_S
        if i == len(words) or (paused and i - start >= MIN_LINE_WORDS) or i - start >= LINE_WORDS:
            lines.append(range(start, i))
            start = i
    return tuple(lines)


def find_anchors(
    words: Sequence[Word], tagger: Tagger, nouns: NounLexicon, lines: Sequence[range] | None = None
) -> tuple[Anchor, ...]:
    """Everything in ``words`` that a bar could answer, in the order it was said.

    Args:
        words: recognised or typed (`words_from_text`) words.
        tagger: part-of-speech tags of lower-case words.
        nouns: the noun lexicon; blocked nouns never become anchors.
        lines: word ranges of the bars; guessed from pauses where None.
    """
    if not words:
        return ()
    spans = guess_lines(words) if lines is None else lines
    line_of = {index: number for number, span in enumerate(spans) for index in span}
    reader = Reader(tokens_of(words, tagger), nouns)
    taken: set[int] = set()
    found: list[_Found] = []
    for pattern in (_names, _threats, _lacks, _insults, _claims, _possessions, _similes, _places, _phrases_said):
        for hit in pattern(reader, taken):
            if nouns.is_blocked(hit.text) or not _sayable(hit.text):
                continue
            found.append(hit)
            taken.update(range(hit.first, hit.stop))
    found.extend(_mentions(reader, taken))
    anchors = [_anchor(hit, reader.tokens, words, line_of) for hit in found]
    return _strongest(anchors)


def _sayable(text: str) -> bool:
    """True for Latin letters and digits: any other script the voice spells out or guesses at."""
    if not any(c.isascii() and c.isalnum() for c in text):
        return False
    return all(c.isascii() or unicodedata.name(c, "").startswith("LATIN") for c in text if c.isalpha())


def _anchor(hit: _Found, tokens: Sequence[Token], words: Sequence[Word], line_of: dict[int, int]) -> Anchor:
    owners = sorted({tokens[k].word for k in range(hit.first, hit.stop)})
    heard = min(words[index].confidence for index in owners)
    first = owners[0]
    return Anchor(
        text=hit.text,
        kind=hit.kind,
        number=hit.number,
        category=hit.category,
        frame=hit.frame,
        start_s=words[first].start_s,
        confidence=round(min(1.0, max(0.0, heard * hit.reliability)), 4),
        line_index=line_of.get(first, 0),
    )


def _strongest(anchors: Sequence[Anchor]) -> tuple[Anchor, ...]:
    """One anchor per (kind, lemma), the surest; mentions of a noun that has a better anchor go."""
    best: dict[tuple[str, str], Anchor] = {}
    for anchor in sorted(anchors, key=lambda a: (-a.confidence, a.start_s, a.kind, a.text)):
        best.setdefault((anchor.kind, _lemma(anchor)), anchor)
    firm = {_lemma(anchor) for anchor in best.values() if anchor.kind != "said"}
    kept = [a for a in best.values() if a.kind != "said" or _lemma(a) not in firm]
    return tuple(sorted(kept, key=lambda a: (a.start_s, a.kind, a.text)))


def _lemma(anchor: Anchor) -> str:
    forms = singulars(anchor.text) if anchor.number == "pl" else ()
    return forms[-1] if forms else anchor.text


# ------------------------------------------------------------------------------------------------ patterns
# Each takes the reader and the tokens already taken, and yields what it finds; order in `find_anchors` is precedence.


def _names(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    for i in range(reader.count):
        explicit = _after_naming(reader, i)
        if explicit is not None:
            yield from _named(reader, explicit)
            continue
        if reader.says(i, "i", "am") or reader.says(i, "it", "is") or reader.says(i, "this", "is"):
            name = _name_at(reader, i + 2)
            if name is not None:
                yield name
        elif reader.nouns.is_first_name(reader.text(i)) and (_announced(reader, i + 1) or _cheered(reader, i)):
            yield _Found("name", reader.text(i), "sg", None, None, i, i + 1, SURE)
        else:
            stop = _presented(reader, i)
            if stop is not None:
                yield _Found("name", reader.joined(i, stop), "sg", None, None, i, stop, LIKELY)


def _after_naming(reader: Reader, i: int) -> int | None:
    """The token after "my name is", "they call me", "known as", "I go by"; else None."""
    if reader.text(i) in ("my", "the") and reader.text(i + 1) == "name" and reader.text(i + 2) in ("is", "'s"):
        return i + 3
    if reader.text(i) in ("call", "calls", "called") and reader.text(i + 1) == "me":
        return i + 2
    if reader.says(i, "know", "me", "as"):
        return i + 3
    if reader.says(i, "known", "as") or reader.says(i, "go", "by"):
        return i + 2 if reader.owner(i) in ("i", "we", "") else None
    bare = reader.ended(i) or reader.text(i - 1) in ("stage", "rap", "government")
    if reader.text(i) == "name" and reader.text(i + 1) in ("is", "'s") and bare:
        return i + 2
    return None


def _presented(reader: Reader, i: int) -> int | None:
    """Where a name at the start of a sentence ends that somebody is presented by: "Big Sal in the building",
    "Lady Vex has arrived", "Theo's my name"; None where there is none.
    """
    if i and not reader.ended(i):
        return None
    stop = i
    while reader.text(stop) in _TITLES and stop - i < 2:
        stop += 1
    token = reader.tokens[stop] if stop < reader.count else None
    if token is None or token.text in FUNCTION_WORDS or token.text in DETERMINERS or token.text in EMPTY:
        return None
    if stop == i and (not token.tag.startswith("NN") or reader.nouns.lookup(token.text) is not None):
        return None  # "Diamonds on the mic": every sentence begins with a capital
    if reader.nouns.is_blocked(token.text) or token.text in _NOT_A_NAME:
        return None
    after = stop + 1
    owned = reader.text(after) == "'s"
    coming = reader.joined(after, min(after + 2, reader.count))
    mine = owned and reader.says(after + 1, "my", "name")
    here = (owned or reader.text(after) == "is") and reader.text(after + 1) in ("here", "back")
    return after if _announced(reader, after) or mine or here or coming in _ARRIVALS else None


def _announced(reader: Reader, i: int) -> bool:
    """ "... on the mic", "... in the building", "... is the name"."""
    return reader.joined(i, min(i + 3, reader.count)) in _ANNOUNCEMENTS


def _cheered(reader: Reader, i: int) -> bool:
    """ "hands up for ...", "make some noise for ...", "give it up for ..."."""
    return reader.text(i - 1) == "for" and reader.text(i - 2) in ("up", "noise", "way", "room")


def _named(reader: Reader, i: int) -> Iterator[_Found]:
    i = reader.skip(i, FILLERS)
    if i >= reader.count:
        return
    if reader.text(i) in ("the", "a", "an"):
        phrase = reader.phrase(i)
        if phrase is not None:
            yield _claim(reader, phrase)
        return
    stop = i
    while reader.text(stop) in _TITLES and stop - i < 2 and not reader.tokens[stop].ends:
        stop += 1
    token = reader.tokens[stop] if stop < reader.count else None
    if token is None or token.text in FUNCTION_WORDS or token.text in DETERMINERS:
        if stop == i:
            return
        stop -= 1  # "they call me Queen": the title is the name
        token = reader.tokens[stop]
    listed = reader.nouns.is_first_name(token.text)
    if (
        not listed
        and not token.capital
        and (token.text in _NOT_A_NAME or token.tag.startswith(("RB", "VBG", "IN", "JJR")))
    ):
        return
    if reader.nouns.is_blocked(token.text):
        return
    entry = None if listed or stop > i else reader.nouns.lookup(token.text, "been")
    if entry is not None and entry.number == "sg" and "been" in entry.frames:
        kind: AnchorKind = (
            "job" if entry.group == "job" else "claim"
        )  # "they call me genius": boast or name, who can say
        claim, name = (LOOSE, SURE) if token.capital else (LIKELY, LOOSE)
        yield _Found(kind, token.text, "sg", entry.category, "been", stop, stop + 1, claim)
        yield _Found("name", token.text, "sg", None, None, stop, stop + 1, name)
        return
    stop += 1
    if (
        stop < reader.count
        and not token.ends
        and reader.tokens[stop].capital
        and reader.text(stop) not in FUNCTION_WORDS
    ):
        stop += 1  # "Marcus Jones", where the recogniser marks the surname
    yield _Found("name", reader.joined(i, stop), "sg", None, None, i, stop, SURE if listed or token.capital else LIKELY)


def _name_at(reader: Reader, i: int) -> _Found | None:
    """A name after "I'm" or "it's": needs to be listed, to follow a title, or a capital on an unknown word."""
    stop = i
    while reader.text(stop) in _TITLES and stop - i < 2 and stop + 1 < reader.count and not reader.tokens[stop].ends:
        stop += 1
    if stop >= reader.count:
        return None
    token = reader.tokens[stop]
    if token.text in FUNCTION_WORDS or token.text in DETERMINERS or token.text in _NOT_A_NAME:
        return None
    known = reader.compound(stop)
    if known is not None and known[0] > stop + 1 and known[1] is not None and known[1].group == "place":
        return None  # "I'm Long Beach" names a town
    titled = (
        stop > i and token.tag.startswith("NN") and reader.text(i) not in ("big", "little", "young", "king", "queen")
    )
    unknown_capital = (
        token.capital and reader.nouns.lookup(token.text) is None and not token.tag.startswith(("VB", "RB"))
    )
    listed = reader.nouns.is_first_name(token.text)
    if not (listed or titled or unknown_capital) or reader.nouns.is_blocked(token.text):
        return None
    stop += 1
    if (
        stop < reader.count
        and not token.ends
        and reader.tokens[stop].capital
        and reader.nouns.lookup(reader.text(stop)) is None
    ):
        stop += 1
    return _Found("name", reader.joined(i, stop), "sg", None, None, i, stop, SURE if listed or titled else LOOSE)


def _threats(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    i = 0
    while i < reader.count:
        hit = _threat_at(reader, i)
        if hit is None:
            i += 1
            continue
        while hit is not None:
            yield hit
            i = hit.stop
            also = i + (reader.text(i) in ("and", "then", "or"))  # "I'll reboot you and reset you"
            hit = _threat_with(reader, also, True) if also > i and reader.text(also) in _THREATS else None


def _threat_at(reader: Reader, i: int) -> _Found | None:
    verb = _verb_after_modal(reader, i)
    promised = verb is not None
    if verb is None:
        if reader.text(i) not in ("i", "we") and not reader.ended(i):
            return None
        verb = reader.skip(i + (reader.text(i) in ("i", "we")), FILLERS)
        if reader.text(verb) not in _THREATS:
            return None
        if reader.text(i) not in ("i", "we") and not reader.ended(verb):
            return None
    return _threat_with(reader, verb, promised)


def _threat_with(reader: Reader, verb: int, promised: bool) -> _Found | None:
    """The threat whose verb is token ``verb``, where it has us (or something of ours) as object."""
    base = reader.text(verb)
    if not base:
        return None
    plugged = _plug_pulled(reader, verb)
    if plugged is not None:
        return _Found("threat", "unplug", "sg", "threat.unplug", "said", verb, plugged, SURE if promised else LIKELY)
    object_at = verb + 1
    particle = ""
    if reader.text(object_at) in ("up", "down", "out", "off", "away", "apart", "over") and not reader.tokens[verb].ends:
        particle = reader.text(object_at)
        object_at += 1
    target = reader.text(object_at)
    at_us = target in _PRONOUN_OBJECT
    at_ours = target in ("your", "this", "that") and base in _THREATS and _ours(reader, object_at)
    if not (at_us or at_ours) or (base not in _THREATS and base not in _NEEDS_PARTICLE and not promised):
        return None
    if at_us and not particle and reader.text(object_at + 1) in _NEEDS_PARTICLE.get(base, ()):
        particle = reader.text(object_at + 1)
    fitting = _NEEDS_PARTICLE.get(base, ())
    whole = base in _WHOLE_WITHOUT_PARTICLE or base not in _NEEDS_PARTICLE
    if base in _HARMLESS and particle not in fitting:
        return None
    if not whole and particle not in fitting:
        return None
    if reader.tag(verb)[:2] not in ("VB", "NN", "JJ") or base in FUNCTION_WORDS:
        return None
    text = base if whole else f"{base} {particle}"
    category = "threat.off" if text in _OFF else _THREAT_CATEGORY.get(base, "threat.hit")
    strong = base in _THREATS or base in _NEEDS_PARTICLE
    reliability = SURE if promised and strong else LIKELY if strong else LOOSE
    if not strong and reader.text(object_at + 1) in _COMPLEMENTS and not reader.ended(object_at + 1):
        reliability = DOUBTFUL  # "I'll use you for a doorstop": "use me" says nothing
    return _Found("threat", text, "sg", category, "said", verb, object_at + 1, reliability)


def _verb_after_modal(reader: Reader, i: int) -> int | None:
    """The verb promised after "I'll", "gonna", "came to", "let me" ...; None where token i starts no such promise."""
    text = reader.text(i)
    if text == "ill" and reader.text(i + 2) in ("you", "your"):
        return i + 1  # a recogniser's "I'll" without its apostrophe
    if text in _MODALS and reader.text(i - 1) not in ("you", "he", "she", "they", "it"):
        if text != "gonna" and reader.text(i - 1) not in ("i", "we", "and", "who") and not reader.ended(i):
            return None
        j = i + 1
    elif text in _TO_CUES and reader.text(i + 1) == "to" and reader.owner(i) in ("i", "we", ""):
        j = i + 2
    elif text in ("let", "watch") and reader.text(i + 1) == "me":
        j = i + 2
    else:
        return None
    return reader.skip(j, FILLERS)


def _plug_pulled(reader: Reader, i: int) -> int | None:
    """Token after "pull the plug" / "yank your cord"; None where it is not that."""
    if reader.text(i) not in ("pull", "yank", "pulling", "snatch"):
        return None
    j = reader.skip(i + 1, frozenset(("the", "your", "that", "out", "damn", "little")))
    return j + 1 if j > i + 1 and reader.text(j) in ("plug", "cord", "plugs", "cable", "wires", "wire") else None


def _ours(reader: Reader, i: int) -> bool:
    """Is the object at token i something of ours ("your server", "this robot")?"""
    phrase = reader.phrase(i)
    if phrase is None:
        return False
    return reader.text(i) == "your" or phrase.group == "insult" or phrase.text in _OBJECT_NOUNS


def _lacks(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    for i in range(reader.count):
        start = _lack_at(reader, i)
        if start is None:
            continue
        for owner in _list(reader, start, frozenset(("no", "a", "an", "any"))):
            phrase = reader.possessed(owner)
            reliability = SURE if phrase.entry else LOOSE
            yield _Found(
                "lack", phrase.text, phrase.number, phrase.category, "owned", phrase.head, phrase.stop, reliability
            )


def _lack_at(reader: Reader, i: int) -> int | None:
    """Where the thing we are said to lack begins."""
    text = reader.text(i)
    if text == "you":
        j = reader.skip(i + 1, FILLERS)
        if reader.says(j, "are", "missing"):
            return j + 2
        if reader.text(j) in ("got", "have", "had", "own") and reader.text(j + 1) in ("no", "zero"):
            return j + 1
        if reader.text(j) in ("have", "had") and reader.text(j + 1) == "got" and reader.text(j + 2) == "no":
            return j + 2
        if reader.text(j) in ("don't", "ain't", "never", "didn't", "can't", "won't", "haven't", "will"):
            k = reader.skip(j + 1, FILLERS | frozenset(("never", "ever")))
            if reader.text(j) == "will" and reader.text(k - 1) != "never":
                return None
            if reader.text(k) in ("have", "got", "own", "had", "need"):
                k += 1
                k += reader.text(k) == "got"
                return k if reader.text(k) != "to" and reader.text(k - 1) != "need" else None
        if reader.text(j) == "lack":
            return j + 1
        return None
    if text in ("where", "where's") and reader.text(i + 1) == "is" and reader.text(i + 2) == "your":
        return i + 2
    if text == "without" and reader.owner(i) == "you":
        return i + 1
    if text == "with" and reader.text(i + 1) == "no":
        return i + 1 if reader.owner(i) in ("you", "") or not reader.owner(i).startswith("i") else None
    return None


def _list(reader: Reader, i: int, joins: frozenset[str], reach: int = 0) -> Iterator[Phrase]:
    """The phrase at token i and those coordinated with it ("no heart, no soul", "a chain and a watch").

    Up to ``reach`` tokens may lie between a phrase and the pause or "and" before the next ("a boat out in Miami and a
    condo"), none of them a verb or a pronoun.
    """
    phrase = reader.phrase(i)
    while phrase is not None:
        yield phrase
        j = phrase.stop
        for _ in range(reach):
            if reader.ended(j) or reader.text(j) in ("and", "or") or reader.tag(j) in CLAUSE_TAGS:
                break
            j += 1
        joined = reader.text(j) in ("and", "or", "plus")
        j += joined
        if not (joined or reader.ended(j) or (reader.text(j) == "no" and "no" in joins)) or reader.text(j) not in joins:
            return
        phrase = reader.phrase(j)
        if phrase is not None and _runs_into_verb(reader, phrase):
            return


def _runs_into_verb(reader: Reader, phrase: Phrase) -> bool:
    """A new subject, not a list item: "..., my dog got more flow"."""
    return reader.tag(phrase.stop) in ("VBZ", "VBD", "VBP", "MD") and not reader.tokens[phrase.stop - 1].ends


def _insults(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    for i in range(reader.count):
        if reader.text(i) in _COPYING and reader.owner(i) == "you" and reader.text(i - 1) != "like":
            yield _Found("insult", reader.text(i), "mass", "insult.copy", "said", i, i + 1, LOOSE)
        start = _insult_at(reader, i)
        if start is None:
            continue
        j, reliability = start
        adjective = reader.text(j)
        if adjective in _QUALITIES and (
            reader.ended(j + 1) or not reader.nounish(j + 1) or reader.text(j + 1) in VOCATIVES
        ):
            yield _Found("insult", adjective, "mass", _quality_category(reader, adjective), "been", j, j + 1, SURE)
            continue
        for owner in _list(reader, j, ARTICLES | frozenset(("just", "nothing")), reach=4):
            phrase = reader.possessed(owner)
            if phrase.determiner in COUNTING and phrase.group in _TOO_PLAIN:
                break  # "you're six months late"
            if phrase is not owner:
                yield _insult(reader, phrase, reliability)
                continue
            if not phrase.determiner and phrase.entry is None:
                break  # "you're tired", mistagged: a bare unknown word insults nobody
            if not phrase.determiner and phrase.number == "sg" and phrase.group != "insult":
                break
            if phrase.determiner == "the" and phrase.group in _PEOPLE:
                reliability = min(
                    reliability, DOUBTFUL
                )  # "you talk like the lady on the train": she is not what we are
            yield _insult(reader, phrase, reliability)
            if reader.text(phrase.stop) == "of" and reader.text(phrase.stop + 1) in ARTICLES:
                inner = reader.phrase(phrase.stop + 1)  # "a toy of a bot": two insults in one
                if inner is not None and inner.group == "insult":
                    yield _insult(reader, inner, reliability)


def _insult(reader: Reader, phrase: Phrase, reliability: float) -> _Found:
    sure = reliability if phrase.entry is not None else min(reliability, LOOSE)
    category = reader.category(phrase, "been")
    return _Found("insult", phrase.text, phrase.number, category, "been", phrase.head, phrase.stop, sure)


def _quality_category(reader: Reader, adjective: str) -> str:
    entry = reader.nouns.lookup(adjective)
    return entry.category if entry is not None and entry.group == "insult" else "insult.quality"


def _insult_at(reader: Reader, i: int) -> tuple[int, float] | None:
    """Where the insult's noun phrase begins after "you're", "you ain't nothing but", "you sound like" ..."""
    softeners = FILLERS | frozenset(
        ("nothing", "but", "more", "than", "such", "like", "so", "basically", "too", "kind", "of")
    )
    if reader.text(i) != "you":
        if reader.text(i) in ("nothing", "just") and reader.text(i + 1) in ("but", "a") and reader.ended(i):
            return reader.skip(
                i, softeners
            ), LIKELY  # "..., nothing but noise" after an insult, or with "you're" unheard
        return None
    j = reader.skip(i + 1, FILLERS)
    text = reader.text(j)
    if text == "ain't" or (text == "are" and reader.text(j + 1) in ("not", "no", "never")):
        k = j + 1 + (text == "are")
        k = reader.skip(k, FILLERS)
        if reader.text(k) in ("nothing", "but", "shit", "more"):
            return reader.skip(k, softeners | {"shit"}), SURE
        return None  # "you ain't a rapper" denies, it names nothing
    if text == "are" and reader.text(i - 1) not in ("what", "who", "where", "how", "if"):
        k = reader.skip(j + 1, softeners)
        if reader.text(k) in (
            "playing",
            "acting",
            "talking",
            "rapping",
            "looking",
            "sounding",
            "living",
            "playin",
            "actin",
        ):
            return reader.skip(k + 1, softeners), LIKELY
        return k, SURE
    if text in (
        "sound",
        "look",
        "rap",
        "flow",
        "spit",
        "act",
        "talk",
        "move",
        "smell",
        "feel",
        "sounding",
        "walk",
        "dress",
    ):
        k = reader.skip(j + 1, FILLERS | frozenset(("kind", "of", "exactly", "more")))
        return (k + 1, SURE) if reader.text(k) == "like" else None
    if text in ("little", "dumb", "stupid", "lousy", "old", "rusty", "broken", "cheap", "big") or reader.tag(
        j
    ).startswith("NN"):
        phrase = reader.phrase(j)
        if phrase is not None and phrase.group == "insult" and j == i + 1:
            return j, LIKELY  # vocative: "you little toaster"
    return None


def _claims(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    for i in range(reader.count):
        start = _claim_at(reader, i)
        if start is None:
            continue
        for phrase in _list(reader, start, ARTICLES | frozenset(("the", "part"))):
            if phrase.head in taken or phrase.determiner in COUNTING:
                break
            bare = not phrase.determiner and phrase.number == "sg" and not reader.ended(phrase.stop)
            if bare or (not phrase.determiner and (phrase.entry is None or "been" not in phrase.entry.frames)):
                break  # "I'm fire." is a claim, "I'm home ..." is not
            yield _claim(reader, phrase)
            if reader.text(phrase.stop) == "of":
                # "the king of algebra": what they rule is worth a mention of its own
                realm = reader.phrase(phrase.stop + 1)
                if realm and realm.entry and realm.text not in STOP and realm.group != "place":
                    yield _Found(
                        "said", realm.text, realm.number, realm.category, "said", realm.head, realm.stop, MENTION
                    )
    for i in range(reader.count):
        if reader.text(i) in _BOASTS or reader.says(i, "number", "one"):
            if (
                reader.owner(i) in ("i", "we")
                and reader.text(i - 1) in ("the", "am", "at")
                or reader.says(i - 1, "number")
            ):
                stop = i + 1 + (reader.text(i) == "number")
                if not reader.nounish(stop) or reader.tokens[stop - 1].ends:
                    yield _Found("boast", reader.joined(i, stop), "sg", None, "been", i, stop, LIKELY)


def _claim(reader: Reader, phrase: Phrase) -> _Found:
    category = reader.category(phrase, "been")
    kind: AnchorKind = "job" if category is not None and category.startswith("job.") else "claim"
    reliability = SURE if phrase.entry is not None else LOOSE
    return _Found(kind, phrase.text, phrase.number, category, "been", phrase.head, phrase.stop, reliability)


def _claim_at(reader: Reader, i: int) -> int | None:
    """Where the claimed noun phrase begins after "I'm", "I was", "I work as" ..."""
    if reader.text(i) in ("trained", "work", "worked", "working", "train") and reader.text(i + 1) == "as":
        return i + 2 if reader.owner(i) in ("i", "we", "") else None
    if reader.text(i) == "as" and reader.text(i - 1) in ("day", "born") and reader.text(i + 1) in ARTICLES:
        return i + 1
    if reader.text(i) not in ("i", "we"):
        return None
    j = reader.skip(i + 1, FILLERS)
    if reader.says(j, "used", "to", "be"):
        j += 3
    elif reader.text(j) in ("am", "be", "was", "are", "were", "became", "become"):
        j += 1
    elif reader.says(j, "have", "been"):
        j += 2
    else:
        return None
    j = reader.skip(j, FILLERS | frozenset(("such", "kind", "of", "more", "than")))
    if reader.text(j) in ("not", "no", "never", "like"):
        return None
    return j


def _possessions(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    i = 0
    mine: set[int] = set()
    while i < reader.count:
        start, frame, sure = _possession_at(reader, i, i - 1 in taken or i - 1 in mine)
        if start is None:
            i += 1
            continue
        stop = i + 1
        located = False
        for phrase in _list(reader, start, ARTICLES | frozenset(("my", "some")), reach=5):
            if any(k in taken for k in range(phrase.head, phrase.stop)):
                break
            if frame == "driven":
                phrase = reader.vehicle_within(phrase) or phrase
            hit, stop = _owned(reader, phrase, frame, sure, i)
            if hit is None:
                break
            located = located or hit.reliability == LOCATED
            if located:  # "to my dentist and a glacier to my brother"
                hit = replace(hit, reliability=LOCATED)
            yield hit
            mine.update(range(hit.first, hit.stop))
            if reader.says(stop, "full", "of"):
                filling = reader.phrase(stop + 2)  # "a closet full of sneakers"
                if filling is not None and filling.entry is not None and filling.head not in taken:
                    hit, stop = _owned(reader, filling, None, True, i)
                    if hit is not None:
                        yield hit
            thing = reader.possessed(phrase)  # "my grandma's lasagna": hers, and theirs to be proud of
            if thing is not phrase and not any(k in taken for k in range(thing.head, thing.stop)):
                owned, stop = _owned(reader, thing, None, True, i)
                if owned is not None:
                    yield owned
        i = max(i + 1, min(stop, reader.count))


def _possession_at(reader: Reader, i: int, after_hit: bool) -> tuple[int | None, str | None, bool]:
    """(first token of what is owned, frame, whether the frame is explicit) for a possession starting at token i."""
    text = reader.text(i)
    if text in ("my", "our"):
        return i, None, True
    frame = _POSSESS.get(text)
    if frame is not None:
        owner = reader.owner(i)
        if owner in ("i", "we") or (
            owner == "" and reader.ended(i) and text not in ("keep", "hold", "make", "run", "bring", "need")
        ):
            j = i + 1
            j += reader.text(j) == "got" and text == "have"
            if text in ("play", "playing", "played", "run") and reader.says(j, "with"):
                return None, None, False
            j = reader.skip(j, _PARTICLES | FILLERS)
            if reader.text(j) in ("my", "our"):
                return j, None if frame == "owned" else frame, True
            if reader.text(j) in ("no", "your", "this", "that", "to", "any"):
                return None, None, False
            return j, None if frame == "owned" else frame, reader.text(j) in DETERMINERS
        return None, None, False
    if _VEHICLE_PATH.match(text) and reader.owner(i) in ("i", "we", ""):
        j = reader.skip(i + 1, frozenset(("up", "through", "out", "around")))
        if reader.text(j) in ("in", "on", "with") and reader.text(j + 1) in DETERMINERS - {"your", "this", "that"}:
            phrase = reader.phrase(j + 1)
            if phrase is not None and (phrase.group == "vehicle" or (reader.text(j) == "with" and phrase.entry)):
                return j + 1, "driven" if phrase.group == "vehicle" else None, True
            if phrase is not None and reader.vehicle_within(phrase) is not None:
                return j + 1, "driven", True
    if reader.text(i) in ("on", "around", "under", "in") and reader.text(i + 1) == "my" and i:
        return None, None, False
    return _fragment_at(reader, i, after_hit)


def _fragment_at(reader: Reader, i: int, after_hit: bool) -> tuple[int | None, str | None, bool]:
    """ "..., gold chain on my chest": a bare phrase worn or carried on the speaker."""
    if not (reader.ended(i) or after_hit) or reader.text(i) in FUNCTION_WORDS:
        return None, None, False
    phrase = reader.phrase(i)
    if phrase is None or phrase.entry is None or phrase.determiner in ("your", "this", "that", "no"):
        return None, None, False
    carried = reader.text(phrase.stop) in ("on", "around", "in", "under") and reader.text(phrase.stop + 1) == "my"
    return (i, None, True) if carried else (None, None, False)


def _owned(reader: Reader, phrase: Phrase, frame: str | None, sure: bool, cue: int) -> tuple[_Found | None, int]:
    """What owning ``phrase`` makes it: family, crew or a possession; None where it is not worth keeping."""
    text, stop = phrase.text, phrase.stop
    mine = phrase.determiner in ("my", "our")
    head = text.rpartition(" ")[2]
    if mine and phrase.group == "family" and phrase.category != "family.other":
        return _Found("family", text, phrase.number, phrase.category, "owned", phrase.head, stop, SURE), stop
    if mine and (head in _CREW or phrase.group == "crew"):
        return _Found("crew", text, phrase.number, phrase.category, "owned", phrase.head, stop, SURE), stop
    if phrase.group == "body" and reader.text(phrase.start - 1) in _BODY_PREPOSITIONS:
        return None, stop  # "on my chest" says where, not what
    if text in EMPTY or (text in STOP and not (mine and phrase.group in ("rap", "body", "feeling"))):
        return None, stop
    if phrase.group in _TOO_PLAIN or (phrase.category == "place.kind" and not mine):
        return None, stop
    if phrase.determiner in ("more", "enough", "any"):
        return None, stop  # "more room to swim"
    if phrase.entry is None and not (mine or (sure and phrase.determiner)):
        return None, stop
    frame = frame or _default_frame(reader, phrase)
    if frame in ("driven", "done") and (phrase.entry is None or not _frame_fits(phrase, phrase.category, frame)):
        return None, stop  # "I parked in the spot", "I did the thing"
    category = reader.category(
        phrase, frame if frame not in ("made", "studied") else "eaten" if frame == "made" else "done"
    )
    reliability = SURE if phrase.entry is not None and sure else LIKELY if phrase.entry is not None else LOOSE
    if phrase.group in ("rap", "body", "feeling", "book"):
        reliability = min(reliability, LOOSE)  # "my flow", "my words": everybody says so
    if mine and reader.text(cue - 1) in _BODY_PREPOSITIONS and reader.text(cue) in ("my", "our") and frame != "driven":
        reliability = LOCATED
    if phrase.determiner == "the" and frame == "made":
        reliability = LOCATED  # "I fix the lockers": somebody's
    if not _frame_fits(phrase, category, frame):
        reliability = min(reliability, LOOSE)  # "I cook up the heat": said, but not meant
    return _Found("possession", text, phrase.number, category, frame, phrase.head, stop, reliability), stop


def _default_frame(reader: Reader, phrase: Phrase) -> str:
    """How one has a thing of this kind, where only "my" or "got" was said."""
    owned = reader.nouns.lookup(phrase.entry.noun, "owned") if phrase.entry is not None else None
    if owned is not None:
        for frame in owned.frames:
            if frame in ("worn", "driven", "played", "eaten", "drunk"):
                return frame
    return "owned"


_MADE = frozenset("food drink art book music rap tool toy clothing furniture house movie tech fire".split())
_STUDIED = frozenset("school science sport music art instrument gym language book".split())


def _frame_fits(phrase: Phrase, category: str | None, frame: str) -> bool:
    """Can a thing of this category be had this way?  True for unknown nouns: nothing speaks against it."""
    if category is None or phrase.entry is None:
        return True
    group = category.partition(".")[0]
    if frame == "made":
        return group in _MADE
    if frame == "studied":
        return group in _STUDIED
    if frame == "done":
        return group in ("sport", "gym")
    if frame == "driven":
        return (
            group in ("vehicle", "toy", "space", "travel")
            or "driven" in phrase.entry.frames
            or category == "animal.farm"
        )
    return frame == "owned" or frame in phrase.entry.frames


def _similes(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    for i in range(reader.count):
        text = reader.text(i)
        if text not in ("like", "than", "as") or i + 1 >= reader.count:
            continue
        if text == "as" and not (reader.text(i - 2) == "as" and reader.tag(i - 1).startswith(("JJ", "RB"))):
            continue
        if text == "than" and not reader.tag(i - 1).startswith(("JJ", "RB")) and not reader.text(i - 1).endswith("er"):
            continue
        if reader.text(i - 1) == "you" or reader.text(i - 2) == "you" or _in_threat(reader, i, taken):
            continue  # "hit you like a truck": the comparison belongs to the threat
        phrase = reader.phrase(i + 1)
        if phrase is None or phrase.determiner not in ("a", "an", "the", "", "some", "any", "two", "three"):
            continue
        if any(k in taken for k in range(phrase.head, phrase.stop)) or phrase.text in STOP:
            continue
        if phrase.entry is None and phrase.determiner not in ARTICLES:
            continue
        if not phrase.determiner and (reader.tag(phrase.head) not in ("NN", "NNS", "NNP") or phrase.number == "sg"):
            continue
        ours = reader.owner(i) == "you" or (phrase.group == "insult" and reader.owner(i) not in ("i", "we", "my"))
        kind: AnchorKind = "insult" if ours else "simile"
        reliability = (LIKELY if text == "like" else LOOSE) if phrase.entry is not None else LOOSE
        if not ours and reader.owner(i) not in ("i", "we", ""):
            reliability = DOUBTFUL  # "my sister cheats like a crow" makes nobody here a crow
        category = reader.category(phrase, "been")
        yield _Found(kind, phrase.text, phrase.number, category, "been", phrase.head, phrase.stop, reliability)


def _in_threat(reader: Reader, i: int, taken: set[int]) -> bool:
    """Does the clause before token i threaten us ("I'll smash you ... like a bug")?"""
    for k in range(i - 1, max(-1, i - 7), -1):
        if k in taken and reader.text(k) in ("you", "your"):
            return True
        if reader.tokens[k].ends or reader.text(k) in ("i", "and", "so"):
            return False
    return False


def _places(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    i = 0
    while i < reader.count:
        hit = None if i in taken else _place_at(reader, i)
        if hit is not None and not any(k in taken for k in range(hit.first, hit.stop)):
            yield hit
            i = hit.stop
        else:
            i += 1


def _place_at(reader: Reader, i: int) -> _Found | None:
    known = reader.compound(i)
    stop, entry = known if known else (i + 1, reader.nouns.lookup(reader.text(i)))
    cue = reader.text(i - 1) in _PLACE_CUES and not reader.ended(i)
    home = cue and (reader.text(i - 1) in _HOME_CUES or reader.says(i - 2, "out", "of"))
    after_the = reader.text(i - 1) in ("the", "south", "north", "east", "west") and not reader.ended(i)
    entry = next((sense for sense in reader.nouns.senses(reader.joined(i, stop)) if sense.group == "place"), entry)
    if entry is not None and entry.category in _PROPER_PLACES:
        if cue or reader.tokens[i].capital or after_the and reader.text(i - 2) in _PLACE_CUES or reader.tag(i) == "NNP":
            home = home and reader.owner(i - 1) in (
                "i",
                "we",
                "",
            )  # "my partner Stosh from Bridgeport" says where Stosh is
            frame = "lived" if home else "said"  # "in Paris" is no home
            return _Found(
                "place", reader.joined(i, stop), "sg", entry.category, frame, i, stop, SURE if home else LIKELY
            )
        return None
    if entry is None and home and i < reader.count:
        token = reader.tokens[i]
        start = "born" in (reader.text(i - 2),) or reader.owner(i - 1) in ("i", "we", "")
        fits = token.capital or (token.tag in ("NN", "NNP") and start)
        if not fits or token.text in FUNCTION_WORDS or token.text in DETERMINERS or token.text in STOP:
            return None
        return _Found("place", token.text, "sg", None, "lived", i, i + 1, LOOSE if token.capital else 0.6)
    if entry is not None and entry.category == "place.kind" and after_the and reader.text(i - 1) == "the":
        if reader.text(i - 2) in _HOME_CUES or reader.says(i - 3, "out", "of"):
            return _Found("place", reader.joined(i, stop), entry.number, entry.category, "lived", i, stop, LIKELY)
    return None


def _phrases_said(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    """Things said about us or about them that are no noun: cannot feel, not real, lived it."""
    for i in range(reader.count):
        if reader.text(i) in ("feel", "love") and reader.text(i - 1) in ("can't", "don't", "never", "won't"):
            if reader.owner(i - 1) == "you" and i not in taken:
                yield _Found("said", reader.text(i), "mass", "said.cantfeel", "said", i, i + 1, LIKELY)
        elif reader.text(i) in ("real", "alive", "human") and reader.text(i - 1) in (
            "not",
            "ain't",
            "even",
            "never",
            "a",
        ):
            back = reader.joined(max(0, i - 5), i)
            if re.search(r"\byou (?:are (?:not|never)|ain't)\b", back) and not reader.nounish(i + 1):
                yield _Found("said", reader.text(i), "mass", "said.notreal", "said", i, i + 1, LIKELY)
        elif (
            reader.text(i) in ("lived", "live")
            and reader.text(i + 1) in ("it", "this")
            and reader.owner(i) in ("i", "we")
        ):
            yield _Found("said", reader.text(i), "mass", "said.livedit", "said", i, i + 1, LIKELY)


def _mentions(reader: Reader, taken: set[int]) -> Iterator[_Found]:
    """Known nouns nothing else took."""
    i = 0
    while i < reader.count:
        known = reader.compound(i)
        stop, entry = known if known else (i + 1, reader.nouns.lookup(reader.text(i)))
        single = stop == i + 1
        text = reader.joined(i, stop)
        weak = entry is None or entry.group in _TOO_PLAIN or text in STOP or any(k in taken for k in range(i, stop))
        weak = weak or (single and reader.nouns.is_first_name(text))
        if (
            weak
            or not any(reader.tag(k).startswith("NN") for k in range(i, stop))
            or (single and (text in FUNCTION_WORDS or not reader.tag(i).startswith("NN") or len(text) < 3))
        ):
            i += 1
            continue
        assert entry is not None
        about_us = entry.category in _MACHINE_GROUPS and _at_us(reader, i)
        if about_us:
            yield _Found("insult", text, entry.number, entry.category, "been", i, stop, LOOSE if single else LIKELY)
        elif entry.category not in ("place.kind",):
            yield _Found("said", text, entry.number, entry.category, "said", i, stop, MENTION)
        i = stop


def _at_us(reader: Reader, i: int) -> bool:
    """Is the machine named at token i likely to be us ("this robot", "no toaster"), not a thing in the tale?"""
    if reader.owner(i) in ("i", "we"):
        return False
    for k in range(i - 1, max(-1, i - 4), -1):
        text = reader.text(k)
        if text in ("this", "that", "no", "any", "a", "an", "you", "hey", "yo", "listen", "these", "stupid"):
            return True
        if text in ("my", "your", "our", "his", "her", "their", "the") or reader.tokens[k].ends:
            return False
    return False


# ------------------------------------------------------------------------------------------------ facts


def verse_facts(words: Sequence[Word], lines: Sequence[range], g2p: G2p) -> VerseFacts:
    """Counts over a verse; words the pronouncer refuses count one syllable and never rhyme."""
    plain = [_plain(word.text) for word in words]
    counted = [text for text in plain if text]
    ends = tuple(plain[line[-1]] for line in lines if len(line) and plain[line[-1]])
    surely = [
        text if word.confidence >= QUOTABLE and _sayable(text) else "" for text, word in zip(plain, words, strict=True)
    ]
    sure_ends = tuple(surely[line[-1]] for line in lines if len(line) and plain[line[-1]])
    sounds = {text: _phones(text, g2p) for text in dict.fromkeys(counted)}
    syllables = tuple(
        sum(max(1, sum(1 for phone in sounds[plain[i]] if is_vowel(phone))) for i in line if plain[i]) for line in lines
    )
    content = Counter(
        text for text in surely if len(text) > 3 and "'" not in text and text not in FUNCTION_WORDS | DETERMINERS
    )
    repeated = max(content.items(), key=lambda item: (item[1], len(item[0]), item[0]), default=None)
    return VerseFacts(
        word_count=len(counted),
        last_words=ends,
        rhyme_pair=_rhyme_pair(sure_ends, sounds),
        syllables_per_bar=syllables,
        repeated=repeated if repeated is not None and repeated[1] >= 3 else None,
        duration_s=round(words[-1].end_s - words[0].start_s, 3) if words else 0.0,
    )


def _rhyme_pair(ends: Sequence[str], sounds: dict[str, tuple[str, ...]]) -> tuple[str, str] | None:
    for gap in (1, 2):
        for i in range(len(ends) - 1 - gap, -1, -1):
            a, b = ends[i], ends[i + gap]
            if a and b and a != b and rhyme_score(sounds[a], sounds[b]) >= GROUP_SCORE:
                return a, b
    return None


def _plain(text: str) -> str:
    found = WORD.findall(text.replace("’", "'"))
    return " ".join(found).lower().strip("'") if found else ""


def _phones(text: str, g2p: G2p) -> tuple[str, ...]:
    try:
        return tuple(phone for word in g2p.pronounce(text) for phone in word.phones)
    except ValueError:  # the pronouncer's way of saying that this is not a word
        return ()
