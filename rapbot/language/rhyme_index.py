"""Rhyme search: the words and two-word mosaics that rhyme best with a tail, and the rhymes inside a line.

Aim: the pen asks "what rhymes with *dental care*?" many times a bar, so the answer must cost less than a millisecond
and still be the one an exhaustive comparison with `rhyme_score` would give.  The score follows Hirjee & Brown (2010),
"Using automated rhyme detection to characterize rhyming style in rap music"; a mosaic is a rhyme one side of which is
made of several words ("poet" / "know it").

How: words that share a tail share a score, so the distinct tails are scored, all at once, in tables made from the very
similarities `rapbot.language.rhyme` uses; only tails whose stressed vowel can still reach the floor are looked at.
Mosaics come from two bounded lists: a verb with a weak pronoun (``VERBS`` × ``CLITICS``) is indexed like a word; a
leading word (``FIRST_WORDS``) is set before the words found where the asked tail goes on to the left of them.

*Conventions.*  Phones are ARPAbet with stress digits, of one word or of the last words of a line.  A hit's ``score`` is
`rhyme_score`; its ``length`` is `rhyme_length`, in syllables; ``confirmed`` is `confirmed_rhyme` *in the index's own
lexicon* (the project reports by another one).  Hits are ordered by score plus `LENGTH_BONUS` for each syllable that
rhymes beyond the tail (less where its consonants differ); among equals words come before mosaics, common words before
rare ones.  The same word, a homophone, and a word that is the end of the other, onset included ("leave" / "believe"),
are never hits.  Kinds:

- ``"perfect"``: the sounds from the last stressed vowel on are the same, stress apart, and the rhyme goes no further;
- ``"multi"``: two syllables or more rhyme, further than the tail or without being perfect;
- ``"slant"``: any other word that scores at least `FLOOR`;
- ``"mosaic"``: two words.

Ranks: 1 is the commonest word.  Vowel codes: 0 none, then two per vowel (stressed, weak).  Coda 0 is the empty one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from rapbot.language.density import RHYMED_SCORE
from rapbot.language.phones import CONSONANTS, MANNER, VOWELS, is_vowel
from rapbot.language.rhyme import (
    _CODA_WEIGHT,
    _LEAST_VOWEL,
    _LIGHT,
    _REDUCED,
    _STRESS_PENALTY,
    _VOWEL_WEIGHT,
    GROUP_SCORE,
    Rime,
    coda_similarity,
    consonant_similarity,
    primary_tail,
    rhyme_length,
    rhyme_score,
    rimes,
    tail,
    vowel_similarity,
)

Phones = tuple[str, ...]

KINDS = ("perfect", "slant", "multi", "mosaic")
FLOOR = GROUP_SCORE  # what shares a letter in a rhyme scheme is worth offering, what does not is not
LENGTH_BONUS = 0.05  # a syllable more in the rhyme outweighs a coda of the same manner one place away, not a vowel
_CODA_COST = 0.02  # of that, what unlike consonants after such a syllable take away
_FIRST_SHARE = 1.5  # weight of the stressed syllable in `rhyme_score`; the tests compare the two
_LIKE_CODA = 0.4  # `rhyme_length` asks this much of the last coda
_WINDOW = 6  # vowels compared in the tables; rhymes longer than this are measured one by one
_SPARE = 64  # places beyond k sorted at first; where more are the same sound ("tea" in "-ity"), all are
_SECONDS, _FIRSTS = 8, 3  # second words tried per syllable count, mosaics made of each: variety before completeness
_FIRSTS_TRIED = 8  # leading words compared for each of them
_DIGITS = 9  # scores summed in another order differ by less
_ROUNDING = 10.0**-_DIGITS
_CODA_ROWS = 4096  # rows of coda similarity kept; English has about 1500 codas
_CODAS_READY = 512  # of which so many, the commonest words', are there from the start

# Words that lead into another and never close a line: the first half of a mosaic only.
FUNCTION_WORDS = tuple(
    """the a my your our his her their this that these no some any each every all both what which one two three four
    five six seven eight nine ten more most less such same other own and or but so if when while as at by for from in
    into of off on out over past through to under up with without like than not never ever always just only still even
    too very i you we he she they it me him them who can could will would should must may might do does did is are was
    were be been am have has had get got make made take go""".split()
)
# What may stand before a noun: common adjectives, and nouns that make compounds.
MODIFIERS = tuple(
    """bad big black blind blue bold brave bright brief broke broken bitter brutal busted cheap clean clever cold cool
    common crazy cruel crooked damp dark dead dear deep dental dirty double dry dull dumb dusty easy empty evil fair
    fake false famous fancy fast fat fatal fearless final fine first flat foul free fresh full funny general gentle
    giant gold golden grand great green grey grim guilty half happy hard harsh heavy hidden high hollow holy honest hot
    huge human humble hungry icy idle inner iron lame large last late lazy lethal light little local lone lonely long
    lost loud low lucky mad major mean mellow mental mighty mild minor modern mortal narrow nasty near neat new nice
    noble numb odd old open pale petty plain poor pretty proud pure quick quiet rapid rare raw ready real rented rich
    right rotten rough royal rusty sacred sad safe second secret sentimental serious shallow sharp short sick silent
    silly silver simple single slick slow sly small smart smooth social soft solar solid sore sour special stale steady
    stiff stolen stone strange strong stupid subtle sudden super sweet swift tall tame tender thick thin third tight
    tiny total tough toxic true ugly upper urban vain vital warm weak weird wet white whole wicked wide wild wise wooden
    worst wrong young
    air back bank bar base beat body book bottom brain bread bus cable camp car cash city class club coffee corner
    country court credit crew crowd day death door dream drum engine family father finger fire fish flow food game
    garden ghost glass ground gun hair hand head heart home hood horse house ice kitchen land law leather letter life
    line love lunch market master metal mic mind money moon mother mountain mouth movie music name neck night office
    paper party payment people phone pocket police power rain rap rhyme river road rock roof rubber school sea shoe
    silk sky snow soul sound space spirit spring state steel stock storm street summer sun table teacher thunder time
    tooth town track train trash verse village voice wall war water weather week winter word work world""".split()
)
FIRST_WORDS = FUNCTION_WORDS + MODIFIERS
# Besides the above, words that make no second half: a mosaic that ends in them sounds broken off.
_UNFINISHED = frozenset(FUNCTION_WORDS) | frozenset(
    "there where than an here why how then else yet though because since until upon i'm ah oh um uh".split()
)
# Verbs of one syllable, with their past forms, that take a pronoun.
VERBS = tuple(
    """ask beat beats bend bent bet bite blame bless blew block blow boost bought break bring broke brought build built
    burn bury buy call came catch caught cheat check choke choose chose chop claim clean close cook cost count crack
    crash cross crush curse cut dig do draw dream dress drew drink drive drop drove drown dug eat end face fake fear
    feed feel felt fight find fix flip float flow fold fool force fought found frame free gave get give gives got grab
    grew grip grow had hate haunt have hear heard heat held help hide hit hold hunt hurt join judge jump keep kept kick
    kill kiss knew knock know knows lead learn leave led left lend let lick lift like lit live lock look lose lost love
    made make mark match mean meant meet melt met mind miss move name need owe own pack paid pass pay pick plan plant
    play please plot pour preach press print prove pull pump push put raise ran rate reach read ride rip robbed roast
    rob rock roll rub rule run rush said save saw say scare score search see seek sell send sent set shake shape share
    shook shoot shot shout show shut sing sink skip slap slam slip smash smell smoke snap sold sought speak spell spend
    spent spit split spot spread stab stack stand steal stick stole stood stop stuck stuff sue switch take taste taught
    teach tear tell test thank think thought threw throw tie told took top toss touch trade train treat trick trust try
    turn twist use want warn wash waste watch wear went whip win wipe wish won wore work wrap wreck write wrote
    yell""".split()
)
# Pronouns as they sound after a verb: weak, the h of "him" and "her" gone.
CLITICS: Mapping[str, Phones] = {
    "it": ("IH0", "T"), "him": ("IH0", "M"), "her": ("ER0",), "them": ("DH", "AH0", "M"), "me": ("M", "IY0"),
    "you": ("Y", "UW0"), "us": ("AH0", "S"),
}  # fmt: skip

_VOWEL_ORDER = tuple(sorted(VOWELS))
_CONSONANT_ORDER = tuple(sorted(CONSONANTS))
_PHONES = CONSONANTS | {vowel + digit for vowel in VOWELS for digit in "012"}
_CONSONANT_CODE = {phone: code for code, phone in enumerate(_CONSONANT_ORDER)}
_CODES = 2 * len(_VOWEL_ORDER) + 1


@dataclass(frozen=True)
class RhymeHit:
    """One answer: words that rhyme with what was asked; ``syllables`` of the text, ``length`` syllables that rhyme."""

    text: str
    score: float
    kind: str
    syllables: int
    length: int
    confirmed: bool
    phones: Phones


class RhymedPair(NamedTuple):
    """Two words that rhyme, ``i`` before ``j``; a negative ``i`` counts back from the end of the line before."""

    i: int
    j: int
    score: float


@dataclass(frozen=True)
class _Sound:
    """Phones taken apart: without stress digits, as rimes, and the tails from the last (primary) stress on."""

    phones: Phones
    plain: Phones
    parts: tuple[Rime, ...]
    tail: tuple[Rime, ...]
    primary_tail: tuple[Rime, ...]


@dataclass(frozen=True)
class _Entry:
    text: str
    sound: _Sound


@dataclass(frozen=True)
class _Leading:
    """A first word of a mosaic, the vowels of it that answer, and what they add to the value, the last coda apart."""

    entry: _Entry
    matched: int
    worth: float


@dataclass(frozen=True)
class _CodaRow:
    """One coda against all of the index: its own number (-1: not there), similarities, the same manner throughout."""

    number: int
    similarity: np.ndarray
    same_manner: np.ndarray


@dataclass(frozen=True)
class _TailTable:
    """The distinct tails of one length (T tails of n syllables) and the entries that end in each."""

    vowels: np.ndarray  # int16 [n, T], vowel codes
    codas: np.ndarray  # int32 [n, T], coda numbers
    primary: np.ndarray  # bool [n, T], primary stress
    near: Mapping[str, np.ndarray]  # stressed vowel asked for -> the tails that can reach the floor
    members: np.ndarray  # int32, entries in the order of their tails
    starts: np.ndarray  # int64 [T], first member of each tail
    counts: np.ndarray  # int64 [T]


@dataclass(frozen=True)
class _Found:
    """Entries at or over the floor, as parallel arrays, each entry once."""

    entries: np.ndarray
    scores: np.ndarray
    perfect: np.ndarray  # the same sounds from the stressed vowel on
    confirmed: np.ndarray
    lengths: np.ndarray
    values: np.ndarray  # what the hits are ordered by; entries are numbered by rank, which decides among equals


class RhymeIndex:
    """Rhymes of any tail among ``words`` (spelling -> phones) and the mosaics they make.

    Args:
        words: one pronunciation per word; words without a vowel ("shh") are left out.
        frequency: rank of a word, 1 the commonest; without it the order of ``words`` counts, and unranked words come
            last.
        seconds: the words that may be the second half of a mosaic ("sentimental *chair*"), best all nouns; without it
            any word but function words and contractions.

    Raises:
        ValueError: a phone that is not ARPAbet, naming the word.
    """

    def __init__(
        self,
        words: Mapping[str, Sequence[str]],
        frequency: Mapping[str, int] | None = None,
        seconds: Collection[str] | None = None,
    ) -> None:
        sounds = {text: tuple(phones) for text, phones in words.items() if any(map(is_vowel, phones))}
        for text, phones in sounds.items():
            _check_phones(phones, text)
        if frequency is None:
            frequency = {text: rank for rank, text in enumerate(words, 1)}
        unranked = max(frequency.values(), default=0) + 1
        ordered = sorted(sounds, key=lambda text: (frequency.get(text, unranked), text))
        entries = [_Entry(text, _sound(sounds[text])) for text in ordered]
        self._word_count = len(entries)
        verbs = set(VERBS)
        for verb in (text for text in ordered if text in verbs):
            entries += [_Entry(f"{verb} {clitic}", _sound(sounds[verb] + weak)) for clitic, weak in CLITICS.items()]
        self._entries = entries
        self._coda_numbers: dict[Phones, int] = {(): 0}
        for entry in entries:
            for _, coda, _ in entry.sound.parts:
                self._coda_numbers.setdefault(coda, len(self._coda_numbers))
        self._coda_groups = _by_length(list(self._coda_numbers))
        self._manner_numbers: dict[tuple[str, ...], int] = {}
        for coda in self._coda_numbers:
            self._manner_numbers.setdefault(tuple(MANNER[phone] for phone in coda), len(self._manner_numbers))
        self._manners = np.array([self._manner(coda) for coda in self._coda_numbers], dtype=np.int32)
        self._coda_rows: dict[Phones, _CodaRow] = {}
        self._syllables = np.array([len(entry.sound.parts) for entry in entries], dtype=np.int16)
        self._vowels = _last_vowels([entry.sound.parts for entry in entries])
        self._codas = _last_codas([entry.sound.parts for entry in entries], self._coda_numbers)
        self._needed = np.array([len(entry.sound.tail) for entry in entries], dtype=np.int16)
        self._tables = _tail_tables(entries, self._coda_numbers)
        # a second word must carry the rhyme's stress itself, or the tail would reach into the first
        self._may_be_second = np.array([bool(entry.sound.primary_tail) for entry in entries], dtype=bool)
        self._may_be_second &= np.array([_may_close(entry.text, seconds) for entry in entries], dtype=bool)
        self._may_be_second[self._word_count :] = False
        self._firsts = [_Entry(text, _sound(sounds[text])) for text in FIRST_WORDS if text in sounds]
        self._first_vowels = _last_vowels([entry.sound.parts for entry in self._firsts])
        for coda in list(self._coda_numbers)[:_CODAS_READY]:
            self._coda_row(coda)

    def __len__(self) -> int:
        """Words and verb mosaics in the index."""
        return len(self._entries)

    def top(
        self,
        tail_phones: Sequence[str],
        k: int = 20,
        syllables: int | None = None,
        kinds: Collection[str] = KINDS,
    ) -> tuple[RhymeHit, ...]:
        """The ``k`` best rhymes of what ends in ``tail_phones``, best first; fewer where there are fewer.

        Of words and verb mosaics all are considered; of mosaics with a leading word a selection, made before filtering.

        Args:
            tail_phones: phones of the last word or words; the more syllables, the longer the rhymes found.
            k: at most so many.
            syllables: only texts of so many syllables.
            kinds: only these of `KINDS`.

        Raises:
            ValueError: ``k`` below 1, a kind that is none, or a phone that is not ARPAbet.
        """
        unknown = sorted(set(kinds) - set(KINDS))
        if k < 1 or unknown:
            raise ValueError(f"k must be at least 1, got {k}" if k < 1 else f"no kind of rhyme: {unknown[0]!r}")
        _check_phones(tail_phones, "the tail")
        asked = _sound(tuple(tail_phones))
        if not asked.parts:
            return ()
        found = self._search(asked)
        pool = self._single_hits(asked, found, k, syllables, kinds)
        if "mosaic" in kinds:
            pool += [pair for pair in self._led_mosaics(asked, found) if syllables in (None, pair[1].syllables)]
        pool.sort(key=lambda pair: -pair[0])  # stable: among equals the order they were found in
        best: dict[str, RhymeHit] = {}
        for _, hit in pool:
            best.setdefault(hit.text, hit)  # "love me" is found with a weak "me" and with a strong one
        return tuple(best.values())[:k]

    def _search(self, asked: _Sound) -> _Found:
        """Everything at or over the floor, by either tail of what is asked."""
        parts = []
        for wanted in dict.fromkeys((asked.tail, asked.primary_tail)):
            table = self._tables.get(len(wanted)) if wanted else None
            if table is not None:
                parts.append(self._by_tail(wanted, table))
        if not parts:
            parts.append((np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)))
        if len(parts) == 1:
            rows, scores, perfect, confirmed = parts[0]
        else:  # a word found by both tails keeps the better of each
            rows, place = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
            scores, perfect, confirmed = np.zeros(len(rows)), np.zeros(len(rows), bool), np.zeros(len(rows), bool)
            start = 0
            for found, score, same, sure in parts:
                here = place[start : start + len(found)]
                scores[here] = np.maximum(scores[here], score)
                perfect[here] |= same
                confirmed[here] |= sure
                start += len(found)
        lengths = self._lengths(asked, rows)
        values = scores.copy()
        for k in range(len(asked.tail), min(len(asked.parts), _WINDOW)):
            longer = np.flatnonzero(lengths > k)
            close = self._coda_row(asked.parts[-1 - k][1]).similarity[self._codas[k, rows[longer]]]
            values[longer] += LENGTH_BONUS - _CODA_COST * (1.0 - close)
        return _Found(rows, scores, perfect, confirmed, lengths, np.round(values, _DIGITS))

    def _by_tail(self, wanted: tuple[Rime, ...], table: _TailTable) -> tuple[np.ndarray, ...]:
        """Entries with one tail at or over the floor: their numbers, scores, perfect, confirmed."""
        near = table.near[wanted[0][0]]
        scores, perfect, confirmed = self._tail_scores(wanted, table, near)
        kept = np.flatnonzero(scores >= FLOOR - _ROUNDING)
        counts = table.counts[near[kept]]
        ends = np.cumsum(counts)
        which = np.repeat(np.arange(len(kept)), counts)
        places = np.arange(len(which)) + (table.starts[near[kept]] - (ends - counts))[which]
        return table.members[places], scores[kept][which], perfect[kept][which], confirmed[kept][which]

    def _tail_scores(self, wanted: tuple[Rime, ...], table: _TailTable, near: np.ndarray) -> tuple[np.ndarray, ...]:
        """For each near tail `rhyme_score`, whether it has the same sounds, and whether `confirmed_rhyme` holds."""
        total = np.zeros(len(near))
        perfect = np.ones(len(near), dtype=bool)
        confirmed = np.ones(len(near), dtype=bool)
        weight = 0.0
        for k, (vowel, coda, stress) in enumerate(wanted):
            codas = table.codas[k, near]
            row = self._coda_row(coda)
            vowels = _vowel_tables()[0 if k == 0 else 1][_vowel_code(vowel, stress), table.vowels[k, near]]
            part = _VOWEL_WEIGHT * vowels + _CODA_WEIGHT * row.similarity[codas]
            part[table.primary[k, near] != (stress == 1)] *= _STRESS_PENALTY
            share = _FIRST_SHARE if k == 0 else 1.0
            total += share * part
            weight += share
            same_vowel = vowels == 1.0
            perfect &= same_vowel & (codas == row.number)
            confirmed &= same_vowel & row.same_manner[codas]
        total /= weight
        total[(codas == 0) != (not coda)] = 0.0  # open never meets closed
        return total, perfect, confirmed

    def _lengths(self, asked: _Sound, rows: np.ndarray) -> np.ndarray:
        """`rhyme_length` of each row, up to the window."""
        matched = _matched_vowels(asked.parts, self._vowels, rows)
        last = self._codas[0, rows]
        coda = asked.parts[-1][1]
        needed = len(asked.tail)
        fits = (self._coda_row(coda).similarity[last] >= _LIKE_CODA) & ((last == 0) == (not coda))
        fits &= (self._needed[rows] == needed) & (matched >= needed)
        return np.where(fits, matched, 0)

    def _single_hits(
        self, asked: _Sound, found: _Found, k: int, syllables: int | None, kinds: Collection[str]
    ) -> list[tuple[float, RhymeHit]]:
        """The k best entries of the wanted kinds, with what they are ordered by."""
        multi = (found.lengths >= 2) & ((found.lengths > len(asked.tail)) | ~found.perfect)
        number = np.where(multi, KINDS.index("multi"), np.where(found.perfect, 0, KINDS.index("slant")))
        number[found.entries >= self._word_count] = KINDS.index("mosaic")
        wanted = np.array([kind in kinds for kind in KINDS])[number]
        if syllables is not None:
            wanted &= self._syllables[found.entries] == syllables
        return self._best(asked, found, np.flatnonzero(wanted), number, k)

    def _best(
        self, asked: _Sound, found: _Found, places: np.ndarray, number: np.ndarray, k: int
    ) -> list[tuple[float, RhymeHit]]:
        """The k best of some places, the same sounds left out; ``number`` is each place's kind."""
        values = found.values[places]
        size = k + _SPARE
        if size < len(places):  # only what reaches the size-th best value needs sorting
            cut = np.partition(values, len(values) - size)[len(values) - size]
            out = self._in_order(asked, found, places[values >= cut], number, k)
            if len(out) == k:
                return out
        return self._in_order(asked, found, places, number, k)

    def _in_order(
        self, asked: _Sound, found: _Found, places: np.ndarray, number: np.ndarray, k: int
    ) -> list[tuple[float, RhymeHit]]:
        out: list[tuple[float, RhymeHit]] = []
        for place in places[np.lexsort((found.entries[places], -found.values[places]))].tolist():
            entry = self._entries[found.entries[place]]
            if _same_sound(asked.plain, entry.sound.plain):
                continue
            length = int(found.lengths[place])
            if length >= _WINDOW:
                length = rhyme_length(asked.phones, entry.sound.phones)
            hit = RhymeHit(
                text=entry.text,
                score=min(1.0, float(found.scores[place])),
                kind=KINDS[number[place]],
                syllables=len(entry.sound.parts),
                length=length,
                confirmed=bool(found.confirmed[place]),
                phones=entry.sound.phones,
            )
            out.append((float(found.values[place]), hit))
            if len(out) == k:
                break
        return out

    def _led_mosaics(self, asked: _Sound, found: _Found) -> list[tuple[float, RhymeHit]]:
        """A leading word before the best words that rhyme as a whole and leave some of the tail unanswered."""
        out: list[tuple[float, RhymeHit]] = []
        whole = (found.lengths == self._syllables[found.entries]) & self._may_be_second[found.entries]
        kinds = np.full(len(found.entries), KINDS.index("mosaic"))
        for size in range(len(asked.tail), min(len(asked.parts), _WINDOW)):
            places = np.flatnonzero(whole & (found.lengths == size))
            left = asked.parts[:-size]
            if not len(places):
                continue
            matched = _matched_vowels(left, self._first_vowels, np.arange(len(self._firsts)))
            best = np.argsort(-matched, kind="stable")[:_FIRSTS_TRIED].tolist()
            firsts = [_leading(self._firsts[i], left, int(matched[i])) for i in best if matched[i]]
            # "dental" does not answer "dental care"
            firsts = [first for first in firsts if not _inside(first.entry.sound.plain, asked.plain)]
            if firsts:
                for value, second in self._best(asked, found, places, kinds, _SECONDS):
                    out += _led(asked, value, second, left[-1][1], firsts)
        return out

    def _coda_row(self, coda: Phones) -> _CodaRow:
        """One coda compared with every coda of the index."""
        row = self._coda_rows.get(coda)
        if row is None:
            if len(self._coda_rows) >= _CODA_ROWS:
                self._coda_rows.clear()
            similarity = _similar_codas(coda, self._coda_groups, len(self._coda_numbers))
            row = _CodaRow(self._coda_numbers.get(coda, -1), similarity, self._manners == self._manner(coda))
            self._coda_rows[coda] = row
        return row

    def _manner(self, coda: Phones) -> int:
        """The number of a coda's manner classes; -1 for a sequence no coda of the index has."""
        return self._manner_numbers.get(tuple(MANNER[phone] for phone in coda), -1)


def internal_rhymes(line: Sequence[Sequence[str]], before: Sequence[Sequence[str]] = ()) -> tuple[RhymedPair, ...]:
    """Pairs of words of a line that rhyme, and of the line before with this one, in order of ``j``, then ``i``.

    What counts is what `rapbot.language.density.rhymed_share` counts: both words have a primary stress and score at
    least `RHYMED_SCORE`.  Pairs inside the line before are its own affair.
    """
    words = [tuple(word) for word in (*before, *line)]
    stressed = [any(phone.endswith("1") for phone in word) for word in words]
    out: list[RhymedPair] = []
    for j in range(len(before), len(words)):
        for i in range(j):
            if stressed[i] and stressed[j]:
                score = rhyme_score(words[i], words[j])
                if score >= RHYMED_SCORE:
                    out.append(RhymedPair(i - len(before), j - len(before), score))
    return tuple(out)


def _sound(phones: Phones) -> _Sound:
    return _Sound(phones, _plain(phones), rimes(phones), tail(phones), primary_tail(phones))


def _plain(phones: Phones) -> Phones:
    """Without stress digits, on which two lexicons seldom agree."""
    return tuple(phone.rstrip("012") for phone in phones)


def _leading(entry: _Entry, left: tuple[Rime, ...], matched: int) -> _Leading:
    worth = LENGTH_BONUS * matched
    for k in range(1, matched):
        worth -= _CODA_COST * (1.0 - coda_similarity(left[-1 - k][1], entry.sound.parts[-1 - k][1]))
    return _Leading(entry, matched, worth)


def _led(
    asked: _Sound, value: float, second: RhymeHit, coda: Phones, firsts: Sequence[_Leading]
) -> list[tuple[float, RhymeHit]]:
    """The best mosaics with one second word worth ``value``; ``coda`` is what the sounds between the two answer."""
    plain = _plain(second.phones)
    onset = plain[: next(i for i, phone in enumerate(plain) if is_vowel(phone))]
    ranked: list[tuple[float, int]] = []
    for place, first in enumerate(firsts):
        close = coda_similarity(coda, first.entry.sound.parts[-1][1] + onset)
        ranked.append((-round(value + first.worth - _CODA_COST * (1.0 - close), _DIGITS), place))
    out: list[tuple[float, RhymeHit]] = []
    for cost, place in sorted(ranked):
        text, sound = firsts[place].entry.text, firsts[place].entry.sound
        if text == second.text or _same_sound(asked.plain, sound.plain + plain):
            continue
        hit = RhymeHit(
            text=f"{text} {second.text}",
            score=second.score,
            kind="mosaic",
            syllables=len(sound.parts) + second.syllables,
            length=second.length + firsts[place].matched,
            confirmed=second.confirmed,
            phones=sound.phones + second.phones,
        )
        out.append((-cost, hit))
        if len(out) == _FIRSTS:
            break
    return out


def _may_close(text: str, seconds: Collection[str] | None) -> bool:
    if seconds is not None:
        return text in seconds
    return text.lower() not in _UNFINISHED and "'" not in text


def _check_phones(phones: Sequence[str], where: str) -> None:
    for phone in phones:
        if phone not in _PHONES:
            raise ValueError(f"not an ARPAbet phone: {phone!r} in {where!r}")


def _same_sound(a: Phones, b: Phones) -> bool:
    """True for homophones and for one that is the end of the other, onset included; a bare "own" may meet "phone"."""
    if len(a) > len(b):
        a, b = b, a
    return a == b or (bool(a) and not is_vowel(a[0]) and b[len(b) - len(a) :] == a)


def _inside(part: Phones, whole: Phones) -> bool:
    """True where a word is heard again inside what was asked; single sounds and bare rimes are no word again."""
    if is_vowel(part[0]):
        return False
    return any(whole[i : i + len(part)] == part for i in range(len(whole) - len(part) + 1))


def _vowel_code(vowel: str, stress: int) -> int:
    return 1 + 2 * _VOWEL_ORDER.index(vowel) + (stress == 0)


@lru_cache(maxsize=1)
def _vowel_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By vowel codes: similarity in the stressed syllable, in later ones, and whether two are one vowel."""
    first = np.zeros((_CODES, _CODES))
    same = np.zeros((_CODES, _CODES), dtype=bool)
    for a, x in enumerate(_VOWEL_ORDER):
        for b, y in enumerate(_VOWEL_ORDER):
            first[1 + 2 * a : 3 + 2 * a, 1 + 2 * b : 3 + 2 * b] = vowel_similarity(x, y)
            same[1 + 2 * a : 3 + 2 * a, 1 + 2 * b : 3 + 2 * b] = x == y
            if x in _REDUCED and y in _REDUCED:
                same[2 + 2 * a, 2 + 2 * b] = True
    return first, np.where(same, 1.0, first), same


def _last_vowels(words: Sequence[tuple[Rime, ...]]) -> np.ndarray:
    """Vowel codes counted from the end, int16 [window, words]; 0 before the first."""
    out = np.zeros((_WINDOW, len(words)), dtype=np.int16)
    for i, parts in enumerate(words):
        for k, (vowel, _, stress) in enumerate(reversed(parts[-_WINDOW:])):
            out[k, i] = _vowel_code(vowel, stress)
    return out


def _last_codas(words: Sequence[tuple[Rime, ...]], numbers: Mapping[Phones, int]) -> np.ndarray:
    """Coda numbers counted from the end, int32 [window, words]; 0 before the first."""
    out = np.zeros((_WINDOW, len(words)), dtype=np.int32)
    for i, parts in enumerate(words):
        for k, (_, coda, _) in enumerate(reversed(parts[-_WINDOW:])):
            out[k, i] = numbers[coda]
    return out


def _matched_vowels(parts: tuple[Rime, ...], vowels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How many vowels agree, counted back from the end, per row."""
    same = _vowel_tables()[2]
    going = np.ones(len(rows), dtype=bool)
    matched = np.zeros(len(rows), dtype=np.int64)
    for k, (vowel, _, stress) in enumerate(reversed(parts[-_WINDOW:])):
        going = going & same[_vowel_code(vowel, stress)][vowels[k, rows]]
        matched += going
    return matched


def _tail_tables(entries: Sequence[_Entry], coda_numbers: Mapping[Phones, int]) -> dict[int, _TailTable]:
    by_tail: dict[tuple[Rime, ...], list[int]] = {}
    for number, entry in enumerate(entries):
        for one in dict.fromkeys((entry.sound.tail, entry.sound.primary_tail)):
            if one:
                by_tail.setdefault(one, []).append(number)
    by_length: dict[int, list[tuple[Rime, ...]]] = {}
    for one in by_tail:
        by_length.setdefault(len(one), []).append(one)
    out: dict[int, _TailTable] = {}
    for n, tails in by_length.items():
        counts = np.array([len(by_tail[one]) for one in tails], dtype=np.int64)
        out[n] = _TailTable(
            vowels=np.array([[_vowel_code(one[k][0], one[k][2]) for one in tails] for k in range(n)], dtype=np.int16),
            codas=np.array([[coda_numbers[one[k][1]] for one in tails] for k in range(n)], dtype=np.int32),
            primary=np.array([[one[k][2] == 1 for one in tails] for k in range(n)], dtype=bool),
            near={vowel: _reachable(vowel, tails, n) for vowel in _VOWEL_ORDER},
            members=np.array([number for one in tails for number in by_tail[one]], dtype=np.int32),
            starts=np.cumsum(counts) - counts,
            counts=counts,
        )
    return out


def _reachable(vowel: str, tails: Sequence[tuple[Rime, ...]], n: int) -> np.ndarray:
    """Tails whose stressed vowel is close enough that equal codas and equal later syllables could reach the floor."""

    def best(other: str) -> float:
        like = vowel_similarity(vowel, other)
        if like < _LEAST_VOWEL:
            return 0.0
        return (_FIRST_SHARE * (_VOWEL_WEIGHT * like + _CODA_WEIGHT) + n - 1) / (_FIRST_SHARE + n - 1)

    allowed = {other for other in _VOWEL_ORDER if best(other) >= FLOOR - _ROUNDING}
    return np.array([i for i, one in enumerate(tails) if one[0][0] in allowed], dtype=np.int64)


def _by_length(codas: Sequence[Phones]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Coda numbers and consonant codes [codas, length], by length."""
    groups: dict[int, tuple[list[int], list[list[int]]]] = {}
    for number, coda in enumerate(codas):
        numbers, codes = groups.setdefault(len(coda), ([], []))
        numbers.append(number)
        codes.append([_CONSONANT_CODE[phone] for phone in coda])
    return {n: (np.array(a, dtype=np.int64), np.array(b, dtype=np.int64)) for n, (a, b) in groups.items()}


@lru_cache(maxsize=1)
def _consonant_tables() -> tuple[np.ndarray, np.ndarray]:
    """Similarity of two consonants, and what a light one at the end costs less."""
    like = np.array([[consonant_similarity(a, b) for b in _CONSONANT_ORDER] for a in _CONSONANT_ORDER])
    return like, np.array([0.5 if phone in _LIGHT else 0.0 for phone in _CONSONANT_ORDER])


def _similar_codas(coda: Phones, groups: Mapping[int, tuple[np.ndarray, np.ndarray]], count: int) -> np.ndarray:
    """`coda_similarity` of one coda with all, by the same best alignment."""
    like, light = _consonant_tables()
    codes = [_CONSONANT_CODE[phone] for phone in coda]
    out = np.zeros(count)
    for length, (numbers, others) in groups.items():
        if not length or not codes:
            out[numbers] = 1.0 if length == len(codes) else 0.0
            continue
        best = np.zeros(len(numbers))
        short, long = sorted((length, len(codes)))
        for kept in combinations(range(long), short):
            matched = np.zeros(len(numbers))
            for i, j in enumerate(kept):
                mine, theirs = (codes[i], others[:, j]) if len(codes) == short else (codes[j], others[:, i])
                matched += like[mine, theirs]
            if long - 1 not in kept:
                matched = matched + light[others[:, -1] if len(codes) == short else codes[-1]]
            best = np.maximum(best, matched / long)
        out[numbers] = best
    if codes and len(codes) in groups:
        out[groups[len(codes)][0][(groups[len(codes)][1] == codes).all(axis=1)]] = 1.0
    return out
