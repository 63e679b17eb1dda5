"""Syllables of written lines: one rule, shared by the pen (which counts them) and the voice (which sings them).

*Conventions.*  `line_syllables` takes pronounced words and returns one `Syllable` per nucleus of `misaki_nuclei`, in
order; the voice finds the same nuclei in the same misaki string, so the counts agree by construction.  Consonants
between two nuclei of a word follow the maximal onset principle over the English onsets listed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapbot.language.phones import PRIMARY, SECONDARY, arpabet, is_vowel, misaki_nuclei, stress_of
from rapbot.language.rhyme import LineEnd, confirmed_rhyme, mosaic_rhyme, weak_endings
from rapbot.values import PronouncedWord, Syllable

_PAUSES = frozenset(",.;:!?—…")
_NO_MARKS = str.maketrans("", "", PRIMARY + SECONDARY)
_STRONG = {"to": f"t{PRIMARY}u"}  # whose weak vowel in running speech is not the one it has with an accent

_CLUSTERS = frozenset(
    tuple(cluster.split())
    for cluster in (
        "P L,P R,B L,B R,T R,T W,D R,D W,K L,K R,K W,G L,G R,G W,F L,F R,TH R,TH W,SH R,"
        "S P,S T,S K,S M,S N,S F,S L,S W,S P L,S P R,S T R,S K L,S K R,S K W,P Y,B Y,K Y,G Y,F Y,V Y,M Y,HH Y,N Y"
    ).split(",")
)


def legal_onset(consonants: Sequence[str]) -> bool:
    """True where an English syllable may begin with these consonants (the empty onset included)."""
    if len(consonants) == 0:
        return True
    if len(consonants) == 1:
        return consonants[0] != "NG"
    return tuple(consonants) in _CLUSTERS


def split_phones(phones: Sequence[str], nuclei: Sequence[int] | None = None) -> tuple[tuple[str, ...], ...]:
    """Phones of one word cut into syllables.

    ``nuclei`` are the indexes of the vowels that head a syllable (default: every vowel); a vowel not listed stays with
    the syllable before it ("fire").  A word with no vowel gives an empty tuple.
    """
    heads = list(nuclei) if nuclei is not None else [i for i, phone in enumerate(phones) if is_vowel(phone)]
    if not heads:
        return ()
    cuts = [0]
    for left, right in zip(heads, heads[1:], strict=False):
        between = right - 1
        while between > left and not is_vowel(phones[between]):
            between -= 1
        first = between + 1  # first consonant after the last vowel of the left syllable
        cut = next(k for k in range(first, right + 1) if legal_onset(phones[k:right]))
        cuts.append(cut)
    cuts.append(len(phones))
    return tuple(tuple(phones[a:b]) for a, b in zip(cuts, cuts[1:], strict=False))


def word_syllables(word: PronouncedWord) -> tuple[tuple[str, ...], ...]:
    """The syllables of one pronounced word as ARPAbet tuples."""
    heads: list[int] = []
    for nucleus in misaki_nuclei(word.misaki):
        # every vowel before this nucleus in the misaki string is a vowel phone before it in ARPAbet
        heads.append(sum(1 for _ in arpabet(word.misaki[: nucleus.start])))
    return split_phones(word.phones, heads)


def line_syllables(words: Sequence[PronouncedWord]) -> tuple[Syllable, ...]:
    """All syllables of a line, in order.

    Raises:
        ValueError: a word without a vowel, naming it.
    """
    out: list[Syllable] = []
    for index, word in enumerate(words):
        parts = word_syllables(word)
        if not parts:
            raise ValueError(f"{word.text!r} has no vowel to put on the beat")
        for k, phones in enumerate(parts):
            last = k == len(parts) - 1
            stress = next(stress_of(phone) for phone in phones if is_vowel(phone))
            pause = last and any(mark in _PAUSES for mark in word.after)
            out.append(Syllable(phones, stress, index, word.text, last, pause))
    return tuple(out)


def accent_final(words: Sequence[PronouncedWord], weak: int = 0) -> tuple[PronouncedWord, ...]:
    """The line with its accent at the end: on its last word, even where the dictionary leaves that weak ("…is *you*").

    A rap line lands on its last word whatever its part of speech; both the rhyme and the voice need the stress there.
    ``weak`` last words come after the accent instead where the rhyme is a mosaic ("nice to *meet* you").

    Raises:
        ValueError: ``weak`` leaves no word for the accent.
    """
    if not words:
        return ()
    if not 0 <= weak < len(words):
        raise ValueError(f"weak must lie in 0..{len(words) - 1} for this line, got {weak}")
    head = len(words) - 1 - weak
    after = tuple(_respelled(word, word.misaki.translate(_NO_MARKS)) for word in words[head + 1 :])
    return (*words[:head], _accented(words[head], weak), *after)


def weak_words(syllables: Sequence[Syllable]) -> int:
    """How many words of a line follow its last accent: the ``weak`` of `accent_final` that made it."""
    accent = next((s.word_index for s in reversed(syllables) if s.stress == 1), None)
    return 0 if accent is None else syllables[-1].word_index - accent


def spoken_ends(words: Sequence[PronouncedWord]) -> tuple[LineEnd, ...]:
    """Every way to end a line as the voice would say it (see `rapbot.language.rhyme.line_ends`)."""
    out: list[LineEnd] = []
    for weak in (*weak_endings([word.text for word in words]), 0) if words else ():
        end = accent_final(words, weak)[len(words) - 1 - weak :]
        out.append(LineEnd(end[0].text.lower(), weak, (tuple(phone for word in end for phone in word.phones),)))
    return tuple(out)


def weak_by_partner(lines: Sequence[Sequence[PronouncedWord]]) -> tuple[int, ...]:
    """For every line how many last words follow its accent, as the nearest line that rhymes with it decides.

    Lines that rhyme on their last words, or with no line near, land on the last word.
    """
    ends = [spoken_ends(words) for words in lines]
    out: list[int] = []
    for k, own in enumerate(ends):
        weak = 0
        for j in (k + 1, k - 1, k + 2, k - 2):
            if not (0 <= j < len(ends) and own and ends[j]):
                continue
            if confirmed_rhyme(own[-1].sounds[0], ends[j][-1].sounds[0]):
                break
            mosaic = mosaic_rhyme(own, ends[j])
            if mosaic is not None:
                weak = mosaic.weak[0]
                break
        out.append(weak)
    return tuple(out)


def _accented(word: PronouncedWord, weak: int) -> PronouncedWord:
    nuclei = misaki_nuclei(word.misaki)
    if not nuclei or any(nucleus.stress == 1 for nucleus in nuclei):
        return word
    if weak and word.text.lower() in _STRONG:
        return _respelled(word, _STRONG[word.text.lower()])
    strongest = max(nuclei, key=lambda nucleus: (nucleus.stress > 0, nucleus.start))
    return _respelled(word, word.misaki[: strongest.start] + PRIMARY + word.misaki[strongest.vowel :])


def _respelled(word: PronouncedWord, misaki: str) -> PronouncedWord:
    return word if misaki == word.misaki else PronouncedWord(word.text, misaki, arpabet(misaki), word.after)
