"""Noun phrases in plain recognised words: tokens, compounds, heads, and who the subject of a verb is.

Aim: read "a big red tractor", "my grandma's lasagna" or "a couple lines of code" out of words that have no reliable
punctuation or case.  `rapbot.language.anchors` says what was meant by them.

*Conventions.*  Everything works on lower-cased `Token`s; contractions are two tokens ("i am"), a possessive's "'s" is
one of its own.  A span is [start, stop) in token indexes.  A phrase never runs over a pause or punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.language.nouns import NounEntry, NounLexicon, looks_plural
from rapbot.protocols import Tagger
from rapbot.values import Number, Word

PAUSE_S = 0.35  # longer than the gap between words of one phrase in rap; ends a phrase

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*['’]?")
_CLOSING = re.compile(r"[,.;:!?…—)\"”]$")

_CONTRACTIONS = {
    "i'm": "i am", "im": "i am", "i'll": "i will", "i've": "i have", "ive": "i have", "i'd": "i would",
    "imma": "i gonna", "i'ma": "i gonna", "ima": "i gonna", "i'mma": "i gonna", "you're": "you are",
    "youre": "you are", "you'll": "you will", "youll": "you will", "you've": "you have", "you'd": "you would",
    "we're": "we are", "we'll": "we will", "we've": "we have", "they're": "they are", "it's": "it is",
    "that's": "that is", "thats": "that is", "he's": "he is", "she's": "she is", "who's": "who is",
    "there's": "there is",
    "here's": "here is", "what's": "what is", "where's": "where is", "wheres": "where is", "name's": "name is",
    "outta": "out of", "kinda": "kind of", "gotta": "got to", "wanna": "want to", "finna": "gonna", "gon": "gonna",
    "tryna": "trying to", "dont": "don't", "aint": "ain't", "cant": "can't", "ya": "you", "u": "you", "ur": "you are",
    "ya'll": "you", "y'all": "you", "cannot": "can't", "nobody's": "nobody is", "everybody's": "everybody is",
}  # fmt: skip

ARTICLES = frozenset(("a", "an"))
DETERMINERS = ARTICLES | frozenset(
    "the my your our his her their this that these those some any no all every another more each both one two three "
    "four five six seven eight nine ten twelve twenty hundred thousand million".split()
)
COUNTING = frozenset(
    "these those two three four five six seven eight nine ten twelve twenty hundred thousand million both".split()
)
# May stand between a determiner and its noun whatever the tagger says.
_LOOSE_MODIFIERS = frozenset(
    "own whole same real brand new big old little damn only very so true straight last first next own fresh single "
    "certified official proper broken stupid dumb lousy ugly busted rusty cheap tiny giant huge".split()
)
FUNCTION_WORDS = frozenset(
    "i me you he she it we they us him them who what when where why how which and or but so cause because if then than "
    "as at by for from in into of off on onto out over to up with without under around through about like is am are "
    "was were be been being do does did don't have has had got get will would can could should may might must gonna "
    "not ain't never always just still even too also that this there here 's now again yeah yo hey uh oh nothing "
    "everything anything something".split()
)
FILLERS = frozenset("just only really still even straight always literally basically actually simply also".split())
TITLES = frozenset("mr mrs ms miss mister".split())
# Nouns to the tagger, but they begin a new clause ("a subscription nobody wanted").
_INDEFINITE = frozenset(
    "nobody somebody everybody anybody someone everyone anyone nothing something everything".split()
)
VOCATIVES = frozenset(
    "buddy man honey homie bro dude baby son kid boy girl friend pal bruh darling sir homeboy dawg".split()
)
CLAUSE_TAGS = frozenset(("PRP", "VBZ", "VBD", "VBP", "MD", "WP"))
# After a verb in -s that the tagger took for a plural noun ("my crew runs the block") comes one of these.
_SUBJECT_CLASH_TAGS = frozenset(("DT", "PRP", "PRP$", "TO", "RB", "RP"))

# Nouns too empty to own or be: "my way", "a bit", "the one".
EMPTY = frozenset(
    "thing things way ways lot lots time times day days bit kind sort part one ones half name names end turn reason "
    "point case fact place piece pieces second minute moment matter rest nothing something anything everything stuff "
    "damn hell shit ass fuck bitch god lord well type man guy dude person people somebody someone anyone first last "
    "best worst same such much many few side sure better ready out back sir yeah mine yours it dozen couple "
    "ton tons".split()
)
# More nouns in a row than the name of any thing has: a recogniser in a loop, or a list without commas.  What looks at
# every stretch of a phrase would take days over a thousand.
MOST_HEAD_WORDS = 8
_OTHERS = frozenset("you he she they it who your his her their".split())


@dataclass(frozen=True)
class Token:
    """A lower-case word or half of a contraction.  ``ends`` is true where a phrase cannot run on."""

    text: str
    tag: str
    word: int
    capital: bool
    ends: bool


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: tokens [start, stop), its head words [head, stop), and the noun as it will be spoken."""

    text: str
    number: Number
    entry: NounEntry | None
    start: int
    head: int
    stop: int
    determiner: str

    @property
    def category(self) -> str | None:
        return self.entry.category if self.entry else None

    @property
    def group(self) -> str:
        return self.entry.group if self.entry else ""


def tokens_of(words: Sequence[Word], tagger: Tagger) -> tuple[Token, ...]:
    """Recognised words as tokens; a recogniser's "word" may hold several, a contraction gives two."""
    texts: list[str] = []
    owners: list[int] = []
    for index, word in enumerate(words):
        for raw in WORD.findall(word.text.replace("’", "'")):
            low = raw.lower()
            if low.endswith("'"):
                low = low[:-1]
            if low in _CONTRACTIONS:
                parts = _CONTRACTIONS[low].split()
            elif low.endswith("'s"):
                parts = [low[:-2], "'s"]
            else:
                parts = [low]
            texts.extend(part for part in parts if part)
            owners.extend(index for part in parts if part)
    tags = tagger.tag(texts)
    out: list[Token] = []
    sentence_start = True
    for k, (text, tag, index) in enumerate(zip(texts, tags, owners, strict=True)):
        last_of_word = k + 1 == len(texts) or owners[k + 1] != index
        following = index + 1 < len(words) and words[index + 1].start_s - words[index].end_s > PAUSE_S
        closing = _CLOSING.search(words[index].text.strip("'’")) is not None
        first_of_word = k == 0 or owners[k - 1] != index
        capital = first_of_word and not sentence_start and words[index].text.lstrip("\"'“(")[:1].isupper()
        out.append(Token(text, tag, index, capital, last_of_word and (following or closing)))
        if last_of_word:
            sentence_start = following or words[index].text.rstrip("\"”'")[-1:] in (".", "!", "?")
    return tuple(out)


class Reader:
    """One verse's tokens with the look-ups every pattern needs; keeps no state between calls."""

    def __init__(self, tokens: Sequence[Token], nouns: NounLexicon) -> None:
        self.tokens = tokens
        self.nouns = nouns
        self.count = len(tokens)
        self._compounds = [self._longest(i) for i in range(self.count)]

    def text(self, i: int) -> str:
        return self.tokens[i].text if 0 <= i < self.count else ""

    def tag(self, i: int) -> str:
        return self.tokens[i].tag if 0 <= i < self.count else ""

    def ended(self, i: int) -> bool:
        """True where nothing joins token i to the one before it."""
        return i <= 0 or i > self.count or self.tokens[i - 1].ends

    def skip(self, i: int, words: frozenset[str]) -> int:
        while i < self.count and self.tokens[i].text in words:
            i += 1
        return i

    def category(self, phrase: Phrase, frame: str) -> str | None:
        """The category of the phrase's noun in the sense that this frame calls for ("ice" worn, "cold as ice" been)."""
        entry = self.nouns.lookup(phrase.entry.noun, frame) if phrase.entry else None
        return entry.category if entry else None

    def says(self, i: int, *texts: str) -> bool:
        return all(self.text(i + k) == text for k, text in enumerate(texts))

    def joined(self, start: int, stop: int) -> str:
        return " ".join(token.text for token in self.tokens[start:stop])

    def unbroken(self, start: int, stop: int) -> bool:
        return all(not self.tokens[k].ends for k in range(start, stop - 1))

    def compound(self, i: int) -> tuple[int, NounEntry] | None:
        """The longest listed compound of two or more words starting at token i: (stop, entry)."""
        return self._compounds[i] if 0 <= i < self.count else None

    def _longest(self, i: int) -> tuple[int, NounEntry] | None:
        if not self.nouns.starts_compound(self.text(i)):
            return None
        for size in range(min(self.nouns.max_words, self.count - i), 1, -1):
            if self.unbroken(i, i + size):
                entry = self.nouns.lookup(self.joined(i, i + size))
                if entry is not None:
                    return i + size, entry
        return None

    def nounish(self, i: int) -> bool:
        """Could token i be (part of) the head of a noun phrase?"""
        if not 0 <= i < self.count:
            return False
        token = self.tokens[i]
        if token.text in FUNCTION_WORDS or token.text in DETERMINERS or not token.text[0].isalpha():
            return False
        if token.tag.startswith("NN"):
            return True
        return not token.tag.startswith(("RB", "PRP", "IN", "MD")) and self.nouns.lookup(token.text) is not None

    def phrase(self, i: int) -> Phrase | None:
        """The noun phrase starting at token i (determiner optional), or None."""
        start = i
        determiner = ""
        while self.text(i) in DETERMINERS and not self.tokens[i].ends:
            determiner = determiner or self.text(i)
            i += 1
            if self.text(i) in ("couple", "few", "bunch", "pair") and determiner in ("a", "the", "my"):
                i += 1 + (self.text(i + 1) == "of")  # "a couple (of) lines": the lines are meant
                determiner = "some"
        steps = 0
        while i < self.count and steps < 4:
            if self.compound(i) is not None:
                break
            token = self.tokens[i]
            modifies = token.text in _LOOSE_MODIFIERS or token.tag in ("JJ", "JJR", "JJS", "VBN", "VBG", "CD")
            if token.tag.startswith("NN") and token.text not in _LOOSE_MODIFIERS:
                break
            if not modifies or token.ends or token.text in FUNCTION_WORDS or not self._more_noun(i + 1):
                break
            i += 1
            steps += 1
        if not self.nounish(i) and self.compound(i) is None:
            return None
        return self._head(start, i, determiner)

    def _more_noun(self, i: int) -> bool:
        """A modifier counts only where a noun still follows it within the phrase."""
        for k in range(i, min(i + 3, self.count)):
            if self.nounish(k) or self.compound(k) is not None:
                return True
            token = self.tokens[k]
            if token.ends or token.text in FUNCTION_WORDS or not token.tag.startswith(("JJ", "VB", "CD")):
                return False
        return False

    def _head(self, start: int, i: int, determiner: str) -> Phrase | None:
        known = self.compound(i)
        first, stop = i, known[0] if known else i + 1
        entry = known[1] if known else self.nouns.lookup(self.text(i))
        while stop < self.count and not self.tokens[stop - 1].ends and self._continues(stop, determiner):
            if stop - i >= MOST_HEAD_WORDS:
                return None
            longer = self.compound(stop)
            stop_next = longer[0] if longer else stop + 1
            entry = longer[1] if longer else self.nouns.lookup(self.joined(stop, stop_next))
            first, stop = (stop, stop_next)
        lead = first - 1
        text = self.joined(first, stop)
        if lead >= i and entry is not None and self.nouns.lookup(self.joined(lead, stop)) is None:
            # "diamond watch": both halves known, the pair not; the pair is what they said, the head says what it is
            if self.nouns.lookup(self.text(lead)) is not None and " " not in text:
                text, first = self.joined(lead, stop), lead
                entry = self.nouns.headed(text)  # none where the last word does not speak for it ("license plate")
        for begin in range(i, stop):
            if self.nouns.is_blocked(self.joined(begin, stop)) or self.nouns.is_blocked(self.text(begin)):
                return None
        if stop - first == 1 and (len(text) < 2 or text in EMPTY):
            return None
        return Phrase(text, self._number(text, entry, determiner), entry, start, first, stop, determiner)

    def _continues(self, i: int, determiner: str) -> bool:
        """Does token i still belong to the compound, rather than being the verb after its subject?"""
        token = self.tokens[i]
        if token.text in FUNCTION_WORDS or token.text in DETERMINERS or token.text in _INDEFINITE:
            return False
        entry = self.nouns.lookup(token.text)
        final = token.ends or self.text(i + 1) in ("and", "or", "") or (entry is not None and entry.lemma == token.text)
        if not token.tag.startswith("NN") and not (final and entry is not None and token.tag == "VBZ"):
            return False  # "designer shades": listed as a plural, whatever the tagger makes of it
        if self.nouns.lookup(self.joined(i - 1, i + 1)) is not None:
            return True
        if token.text in VOCATIVES:
            return False  # "you're a dishwasher, buddy" without its comma
        if self.nouns.is_first_name(token.text) or token.text in TITLES:
            return False  # "my nephew Tony" is a nephew, no award; "my neighbor Mrs. Delgado"
        before = self.nouns.lookup(self.text(i - 1))
        if entry is None and (token.capital or (before is not None and before.number == "pl")):
            return False  # "my sternman Curtis", "my clippers hum"
        after = self.tag(i + 1)
        verb_like = token.text.endswith("s") and not token.text.endswith("ss")
        return not (verb_like and after in _SUBJECT_CLASH_TAGS and not token.ends)

    @staticmethod
    def _number(text: str, entry: NounEntry | None, determiner: str) -> Number:
        if determiner in ARTICLES or determiner in ("this", "that", "another", "every", "each", "one"):
            return "sg"
        if determiner in COUNTING:
            return "pl"
        if entry is not None:
            return entry.number
        if looks_plural(text):
            return "pl"
        return "sg" if determiner else "mass"

    def possessed(self, phrase: Phrase) -> Phrase:
        """What "my grandfather's old machine" is about: the phrase after the last possessive 's."""
        while self.text(phrase.stop) == "'s" and not self.tokens[phrase.stop - 1].ends:
            nxt = phrase.stop + 1
            if self.text(nxt) in DETERMINERS or self.tag(nxt) in ("VBG", "VBN", "RB", "JJR", "IN"):
                return phrase  # "my dog's barking": "is"
            thing = self.phrase(nxt)
            if thing is None:
                return phrase
            phrase = thing
        return phrase

    def vehicle_within(self, phrase: Phrase) -> Phrase | None:
        """The phrase cut after its first vehicle: "a Cadillac | gold chain" run together without a pause."""
        for k in range(phrase.start, phrase.stop):
            entry = self.nouns.lookup(self.text(k))
            if entry is not None and entry.group == "vehicle" and k + 1 < phrase.stop:
                if self.nouns.lookup(self.joined(k, phrase.stop)) is None:
                    return Phrase(entry.noun, "sg", entry, phrase.start, k, k + 1, phrase.determiner)
        return None

    def owner(self, i: int) -> str:
        """Who does the verb at token i: the nearest subject to its left ("i", "you", a noun), "" at a phrase start."""
        k = i - 1
        for _ in range(7):
            if k < 0:
                return ""
            text = self.text(k)
            if text in ("i", "we", "you", "he", "she", "they", "it", "who"):
                return text
            if self.tokens[k].ends:
                return ""
            if text in ("don't", "never", "not", "can't", "ain't", "won't", "didn't"):
                return "not"
            if text in _OTHERS or (self.tag(k).startswith("NN") and text not in FUNCTION_WORDS):
                return text
            k -= 1
        return ""
