"""Rhyme: what is one (a fixed rule), how good it is (a score), how long it is, and which line ends belong together.

Aim: over 70 % of the rhymes in rap are not perfect, so a yes/no rule and a graded score are both needed, and they must
not be mixed.  `confirmed_rhyme` is the rule the project reports by; it was fixed before anything was tuned and takes
pronunciations from whichever lexicon the caller trusts.  `rhyme_score` follows Hirjee & Brown (2010), "Using automated
rhyme detection to characterize rhyming style in rap music": vowel, coda and stress similarity, syllable by syllable;
the similarities are set by hand in the order of their log-odds tables, not learned.

*Conventions.*  Phones are ARPAbet with a stress digit on each vowel, of one word or of the last words of a line.  The
*tail* of a pronunciation is everything from its last stressed vowel, primary or secondary ("micro-PHONE"), or from its
last vowel where none is stressed.  The *coda* of a syllable of the tail is every consonant up to the next vowel, so no
choice between "pi-cket" and "pick-et" has to be made.  Scores lie in [0, 1].

The *end* of a line is its last word, or, where that is a pronoun, also the word before it that takes the accent with
the weak words after it ("MEET you", "IN it", "SURE of it"): a mosaic rhyme ("beat you / meet you", "minute / in it").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

from rapbot.language.phones import MANNER, is_vowel, stress_of

# One vowel and the consonants up to the next one: (vowel without digit, coda, stress).
Rime = tuple[str, tuple[str, ...], int]
Phones = tuple[str, ...]

GROUP_SCORE = 0.775  # line ends at least this close share a letter: "rob"/"hot" do, "man"/"mad" do not
GROUP_WINDOW = 4  # lines back: AABB, ABAB and ABBA all fit; further away the ear has let go
MAX_END_SYLLABLES = 4  # of a mosaic from its stressed vowel on; longer ones no longer sound like one word
# Words that may follow a line's accent without taking it.  Only a pronoun can end the line so ("meet you"): a stranded
# preposition or verb is never weak there ("what it's FOR", "who you ARE").
WEAK_PRONOUNS = frozenset("me you him her it us them he she we they ya em".split())
WEAK_PREPOSITIONS = frozenset("in of to for at with from by on".split())
_NEVER_ACCENTED = frozenset("a an the and or but nor than as if my your his its our their".split())
_REDUCED = frozenset(("AH", "IH"))  # unstressed, the two are one vowel in most mouths
_VOWEL_WEIGHT, _CODA_WEIGHT = 0.6, 0.4  # vowels carry a slant rhyme; codas only colour it
_STRESS_PENALTY = 0.9  # "phone" against "microPHONE": heard, a little weaker
_LEAST_VOWEL = 0.3  # vowels further apart than this do not rhyme, whatever the codas

_VOWEL_PAIRS = {
    "AA AO": 0.8, "AH UH": 0.6, "EH IH": 0.55, "IH IY": 0.5, "AE EH": 0.5, "UH UW": 0.5, "EH EY": 0.45, "AA AH": 0.45,
    "AH IH": 0.45, "AO OW": 0.45, "AY OY": 0.4, "AH EH": 0.35, "AE AH": 0.35, "ER UH": 0.35, "AH ER": 0.35,
    "AW OW": 0.35, "OW UW": 0.35, "AA AW": 0.3, "AY EY": 0.3, "EY IY": 0.3, "AE AY": 0.3, "AA AY": 0.3,
}  # fmt: skip
_VOWEL_SIMILARITY = {frozenset(pair.split()): value for pair, value in _VOWEL_PAIRS.items()}
# Rough place of articulation, front to back; neighbours sound alike when the manner does.
_PLACE = {
    **dict.fromkeys(("P", "B", "M", "W"), 0), **dict.fromkeys(("F", "V"), 1), **dict.fromkeys(("TH", "DH"), 2),
    **dict.fromkeys(("T", "D", "S", "Z", "N", "L"), 3), **dict.fromkeys(("SH", "ZH", "CH", "JH", "R", "Y"), 4),
    **dict.fromkeys(("K", "G", "NG"), 5), "HH": 6,
}  # fmt: skip
_VOICED = frozenset("B D G V DH Z ZH JH M N NG L R W Y".split())
_LIGHT = frozenset("S Z T D".split())  # endings that come and go at little cost ("friend"/"friends")


def rimes(phones: Sequence[str]) -> tuple[Rime, ...]:
    """Every vowel of a pronunciation with the consonants that follow it; leading consonants are dropped."""
    out: list[Rime] = []
    vowel, stress = "", 0
    coda: list[str] = []
    for phone in phones:
        if is_vowel(phone):
            if vowel:
                out.append((vowel, tuple(coda), stress))
            vowel, stress, coda = phone.rstrip("012"), stress_of(phone), []
        elif vowel:
            coda.append(phone)
    if vowel:
        out.append((vowel, tuple(coda), stress))
    return tuple(out)


def tail(phones: Sequence[str]) -> tuple[Rime, ...]:
    """The rimes from the last stressed vowel on; from the last vowel where none is stressed; empty without a vowel."""
    parts = rimes(phones)
    for start in range(len(parts) - 1, -1, -1):
        if parts[start][2]:
            return parts[start:]
    return parts[-1:]


def rhyme_key(phones: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The tail without its stress: equal for perfect rhymes, so that they can be looked up."""
    return tuple((vowel, coda) for vowel, coda, _ in tail(phones))


def primary_tail(phones: Sequence[str]) -> tuple[Rime, ...]:
    """The rimes from the last vowel with primary stress on ("LIFEtime" whole); empty where no vowel has it."""
    parts = rimes(phones)
    for start in range(len(parts) - 1, -1, -1):
        if parts[start][2] == 1:
            return parts[start:]
    return ()


def confirmed_rhyme(a_phones: Sequence[str], b_phones: Sequence[str]) -> bool:
    """The rule the project reports by: last stressed vowels equal, codas equal or of one manner class.

    The last stressed vowel is the last with primary or secondary stress in both, or else the last with primary stress
    in both: lexicons disagree on whether the last vowel of "ability" carries a trace of stress.  Tails of several
    syllables are compared syllable by syllable: as many in both, every coda equal or of one manner class (as many
    consonants, each pair of one class), later vowels equal, unstressed AH and IH counting as equal. Two pronunciations
    that are the same throughout are one word (or a homophone), not a rhyme.
    """
    if tuple(a_phones) == tuple(b_phones):
        return False
    return _tails_rhyme(tail(a_phones), tail(b_phones)) or _tails_rhyme(primary_tail(a_phones), primary_tail(b_phones))


def _tails_rhyme(a: tuple[Rime, ...], b: tuple[Rime, ...]) -> bool:
    if not a or len(a) != len(b) or a[0][0] != b[0][0]:
        return False
    return all(
        _same_manner(x[1], y[1]) and (k == 0 or _same_vowel(x, y)) for k, (x, y) in enumerate(zip(a, b, strict=True))
    )


def _same_manner(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    return len(a) == len(b) and all(x == y or MANNER[x] == MANNER[y] for x, y in zip(a, b, strict=True))


def _same_vowel(a: Rime, b: Rime) -> bool:
    if a[0] == b[0]:
        return True
    return not a[2] and not b[2] and a[0] in _REDUCED and b[0] in _REDUCED


def rhyme_score(a_phones: Sequence[str], b_phones: Sequence[str]) -> float:
    """How well two pronunciations rhyme, 0 (not at all) to 1 (perfectly).  Symmetric.

    Zero where they are identical, where the tails differ in syllables, where an open syllable meets a closed one, or
    where the stressed vowels are strangers.
    """
    if tuple(a_phones) == tuple(b_phones):
        return 0.0
    whole = _tail_score(primary_tail(a_phones), primary_tail(b_phones))
    return max(whole, _tail_score(tail(a_phones), tail(b_phones)))


@lru_cache(maxsize=65_536)
def _tail_score(a: tuple[Rime, ...], b: tuple[Rime, ...]) -> float:
    if not a or len(a) != len(b):
        return 0.0
    total = weight = 0.0
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        last = k == len(a) - 1
        if last and (not x[1]) != (not y[1]):
            return 0.0
        vowels = vowel_similarity(x[0], y[0]) if k == 0 or not _same_vowel(x, y) else 1.0
        if k == 0 and vowels < _LEAST_VOWEL:
            return 0.0
        part = _VOWEL_WEIGHT * vowels + _CODA_WEIGHT * coda_similarity(x[1], y[1])
        if bool(x[2] == 1) != bool(y[2] == 1):
            part *= _STRESS_PENALTY
        share = 1.5 if k == 0 else 1.0  # the stressed syllable is where the ear decides
        total += share * part
        weight += share
    return min(1.0, total / weight)


def vowel_similarity(a: str, b: str) -> float:
    """Similarity of two vowels without stress digits: 1 for the same, 0 for strangers."""
    return 1.0 if a == b else _VOWEL_SIMILARITY.get(frozenset((a, b)), 0.0)


@lru_cache(maxsize=16_384)
def coda_similarity(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    """Similarity of two consonant strings by best alignment; 1 for equal, 0 for open against closed."""
    if a == b:
        return 1.0
    if not a or not b:
        return 0.0
    if len(a) > len(b):
        a, b = b, a
    best = 0.0
    for kept in combinations(range(len(b)), len(a)):  # codas hold four consonants at most: few alignments
        matched = sum(consonant_similarity(x, b[k]) for x, k in zip(a, kept, strict=True))
        light = 0.5 if len(b) - 1 not in kept and b[-1] in _LIGHT else 0.0
        best = max(best, (matched + light) / len(b))
    return best


def consonant_similarity(a: str, b: str) -> float:
    """Similarity of two consonants: manner above all, then place, then voice."""
    if a == b:
        return 1.0
    manners = {MANNER[a], MANNER[b]}
    score = 0.45 if len(manners) == 1 else 0.25 if "affricate" in manners and manners & {"stop", "fricative"} else 0.0
    apart = abs(_PLACE[a] - _PLACE[b])
    place = 0.3 if len(manners) == 1 else 0.2  # the same place in another manner ("n"/"l") is a fainter likeness
    score += place if apart == 0 else place / 2 if apart == 1 else 0.0
    return score + (0.1 if (a in _VOICED) == (b in _VOICED) else 0.0)


def rhyme_length(a_phones: Sequence[str], b_phones: Sequence[str]) -> int:
    """Syllables that rhyme, counted back from the end of both: "payment plan" / "came and ran" is 3.

    The last syllables need like codas (never open against closed); before them equal vowels are enough, which is how
    rappers count a multi.  0 where the tails do not match or both are the same throughout.
    """
    if tuple(a_phones) == tuple(b_phones):
        return 0
    a, b = rimes(a_phones), rimes(b_phones)
    needed = len(tail(a_phones))
    if not a or needed != len(tail(b_phones)):
        return 0
    if (not a[-1][1]) != (not b[-1][1]) or coda_similarity(a[-1][1], b[-1][1]) < 0.4:
        return 0
    matched = 0
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if not _same_vowel(x, y):
            break
        matched += 1
    return matched if matched >= needed else 0


# ------------------------------------------------------------------------------------------------- ends of lines


@dataclass(frozen=True)
class LineEnd:
    """One way to end a line: its accented word, how many ``weak`` words follow it, and the sounds of all of them."""

    word: str
    weak: int
    sounds: tuple[Phones, ...]


@dataclass(frozen=True)
class EndRhyme:
    """How two lines rhyme: weak words after the accent in each (none in a rhyme of last words), and on how many
    syllables from its vowel on.
    """

    weak: tuple[int, int]
    syllables: int


def weak_endings(words: Sequence[str]) -> tuple[int, ...]:
    """How many of a line's last words may follow its accent, most first; () where the last word has to take it.

    The accent is the last word that is neither pronoun nor preposition ("SURE of it"); a preposition has it only right
    before the pronoun that ends the line ("still IN it").
    """
    low = [word.lower().replace("’", "'").strip("'") for word in words[-MAX_END_SYLLABLES:]]
    if not low or low[-1] not in WEAK_PRONOUNS:
        return ()
    found: list[int] = []
    for weak in range(1, len(low)):
        word = low[-1 - weak]
        if word in _NEVER_ACCENTED:
            break
        if word in WEAK_PRONOUNS or (word in WEAK_PREPOSITIONS and weak > 1):
            continue
        found.append(weak)
        if word not in WEAK_PREPOSITIONS:
            break
    return tuple(reversed(found))


def line_ends(words: Sequence[str], pronunciations: Callable[[str], Sequence[Phones]]) -> tuple[LineEnd, ...]:
    """Every way to end a line, the last word alone at the end, with the sounds a dictionary gives."""
    if not words:
        return ()
    out: list[LineEnd] = []
    for weak in (*weak_endings(words), 0):
        head, *after = (word.lower() for word in words[len(words) - 1 - weak :])
        # "us" is also listed as an abbreviation of two syllables, which is never weak
        choices = [dict.fromkeys(_weak(x) for x in pronunciations(word) if len(rimes(x)) == 1) for word in after]
        accented = [x for x in pronunciations(head) if primary_tail(x)] or [_raised(x) for x in pronunciations(head)]
        sounds = dict.fromkeys(sum(parts, ()) for parts in product(accented, *choices))
        out.append(LineEnd(head, weak, tuple(sounds)))
    return tuple(out)


def mosaic_rhyme(first: Sequence[LineEnd], second: Sequence[LineEnd]) -> EndRhyme | None:
    """How two lines rhyme over a word boundary, most words first; None where they do not.

    The same word accented in both is no rhyme, whatever follows.
    """
    for a, b in product(first, second):
        if a.word == b.word or not (a.weak or b.weak):
            continue
        syllables = max((ends_rhyme(x, y) for x in a.sounds for y in b.sounds), default=0)
        if syllables:
            return EndRhyme((a.weak, b.weak), syllables)
    return None


def ends_rhyme(a_phones: Sequence[str], b_phones: Sequence[str]) -> int:
    """Syllables on which the ends of two lines rhyme (`confirmed_rhyme`); 0 where they do not or on too many."""
    if tuple(a_phones) == tuple(b_phones):
        return 0
    for of in (primary_tail, tail):
        a, b = of(a_phones), of(b_phones)
        if len(a) <= MAX_END_SYLLABLES and _tails_rhyme(a, b):
            return len(a)
    return 0


def _weak(phones: Phones) -> Phones:
    return tuple(phone[:-1] + "0" if phone[-1].isdigit() else phone for phone in phones)


def _raised(phones: Phones) -> Phones:
    """With a primary stress on the strongest vowel, the last of equals."""
    vowels = [i for i, phone in enumerate(phones) if is_vowel(phone)]
    if not vowels:
        return phones
    at = max(vowels, key=lambda i: (stress_of(phones[i]) > 0, i))
    return (*phones[:at], phones[at].rstrip("012") + "1", *phones[at + 1 :])


def rhyme_letters(ends: Sequence[Sequence[str]]) -> list[str]:
    """A letter per line from the phones of its last word: lines that rhyme share one ("A", "A", "B", "B").

    A line takes the letter of the best match among the `GROUP_WINDOW` lines before it, a repeated word included (it is
    no rhyme, but it is the same sound); a line without phones gets a letter of its own.
    """
    letters: list[str] = []
    made = 0
    for i, phones in enumerate(ends):
        best, letter = 0.0, ""
        for j in range(i - 1, max(-1, i - 1 - GROUP_WINDOW), -1):
            same = bool(phones) and tuple(phones) == tuple(ends[j])
            score = 1.0 if same else rhyme_score(phones, ends[j])
            if score > best:
                best, letter = score, letters[j]
        if best < GROUP_SCORE:
            letter, made = _letter(made), made + 1
        letters.append(letter)
    return letters


def _letter(index: int) -> str:
    """A, B … Z, AA, AB …"""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
