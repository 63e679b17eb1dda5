"""Syllables of written lines: one rule, shared by the pen (which counts them) and the voice (which sings them).

*Conventions.*  `line_syllables` takes pronounced words and returns one `Syllable` per nucleus of `misaki_nuclei`, in
order; the voice finds the same nuclei in the same misaki string, so the counts agree by construction.  Consonants
between two nuclei of a word follow the maximal onset principle over the English onsets listed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapbot.language.phones import PRIMARY, arpabet, is_vowel, misaki_nuclei, stress_of
from rapbot.values import PronouncedWord, Syllable

_PAUSES = frozenset(",.;:!?—…")

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


def accent_final(words: Sequence[PronouncedWord]) -> tuple[PronouncedWord, ...]:
    """The line with its last word accented where the dictionary leaves it weak ("…keep down is *you*").

    A rap line lands on its last word whatever its part of speech; both the rhyme and the voice need the stress there.
    """
    if not words:
        return ()
    last = words[-1]
    nuclei = misaki_nuclei(last.misaki)
    if not nuclei or any(nucleus.stress == 1 for nucleus in nuclei):
        return tuple(words)
    strongest = max(nuclei, key=lambda nucleus: (nucleus.stress > 0, nucleus.start))
    misaki = last.misaki[: strongest.start] + PRIMARY + last.misaki[strongest.vowel :]
    return (*words[:-1], PronouncedWord(last.text, misaki, arpabet(misaki), last.after))
