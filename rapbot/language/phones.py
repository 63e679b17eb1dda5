"""Phones: the ARPAbet inventory, the voice's misaki alphabet, and the mapping between them.

Aim: the writer (ARPAbet, as in CMUdict) and the voice (misaki, Kokoro's alphabet) must count the same syllables, or a
line written for eleven slots is spoken on twelve.  The one rule for what counts as a nucleus is `misaki_nuclei`; the
ARPAbet side is derived from it.

*Conventions.*  ARPAbet vowels carry a stress digit: 1 primary, 2 secondary, 0 none.  A misaki string marks stress with
``ˈ``/``ˌ`` directly before the vowel.  Manner classes follow Hirjee & Brown (2010), "Using automated rhyme detection to
characterize rhyming style in rap music", table 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
CONSONANTS = frozenset("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())

MANNER = {
    **dict.fromkeys(("P", "B", "T", "D", "K", "G"), "stop"),
    **dict.fromkeys(("CH", "JH"), "affricate"),
    **dict.fromkeys(("F", "V", "TH", "DH", "S", "Z", "SH", "ZH", "HH"), "fricative"),
    **dict.fromkeys(("M", "N", "NG"), "nasal"),
    **dict.fromkeys(("L", "R"), "liquid"),
    **dict.fromkeys(("W", "Y"), "glide"),
}

PRIMARY, SECONDARY = "ˈ", "ˌ"
PUNCTUATION = frozenset(';:,.!?—…"“”()')
MISAKI_VOWELS = frozenset("AIOWYQaeiouæɑɐɒɔəɚɛɜɪʊʌᵊᵻ")

_VOWEL_OF = {
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "i": "IY", "u": "UW", "æ": "AE", "ɑ": "AA",
    "ɒ": "AA", "a": "AA", "ɔ": "AO", "o": "OW", "ɛ": "EH", "e": "EH", "ɪ": "IH", "ᵻ": "IH", "ʊ": "UH", "ʌ": "AH",
    "ə": "AH", "ɐ": "AH", "ᵊ": "AH", "ɜ": "ER", "ɚ": "ER",
}  # fmt: skip
_CONSONANT_OF = {
    "b": "B", "d": "D", "f": "F", "ɡ": "G", "g": "G", "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N",
    "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "s": "S", "ʃ": "SH", "t": "T", "T": "T", "ɾ": "T", "θ": "TH", "ð": "DH",
    "v": "V", "w": "W", "z": "Z", "ʒ": "ZH", "ʤ": "JH", "ʧ": "CH", "x": "K",
}  # fmt: skip

_SCHWAS = frozenset("əᵊɐ")
# Vowels that swallow a following schwa before /r/ or /l/ when stressed: "fire", "power", "royal", "real" are sung as
# one syllable over a beat, and giving the schwa a 16th of its own is what made the first sketch stumble.
_ABSORBS_SCHWA = frozenset("IWYi")
_SYLLABIC_NASAL = re.compile(r"(?<=[tdszTθðfvkɡpbʃʧʤ])n(?=$|[tdszθ])")


@dataclass(frozen=True)
class Nucleus:
    """One syllable's peak in a misaki string: token span ``[start, end)`` with the stress mark, stress 0/1/2."""

    start: int
    vowel: int
    end: int
    stress: int


def with_syllabic_nasals(misaki: str) -> str:
    """Write the schwa of "button", "didn't" that misaki leaves out: a syllable needs a vowel to sit on a beat."""
    return _SYLLABIC_NASAL.sub("ᵊn", misaki)


def misaki_nuclei(misaki: str) -> tuple[Nucleus, ...]:
    """The syllable peaks of a misaki string, in order.  Linear; never merges across a space or punctuation."""
    out: list[Nucleus] = []
    i, n = 0, len(misaki)
    while i < n:
        char = misaki[i]
        if char not in MISAKI_VOWELS:
            i += 1
            continue
        mark = misaki[i - 1] if i else ""
        stress = 1 if mark == PRIMARY else 2 if mark == SECONDARY else 0
        end = i + 1
        if stress and char in _ABSORBS_SCHWA and end + 1 < n and misaki[end] in _SCHWAS and misaki[end + 1] in "ɹl":
            end += 1
        out.append(Nucleus(i - 1 if stress else i, i, end, stress))
        i = end
    return tuple(out)


def arpabet(misaki: str) -> tuple[str, ...]:
    """ARPAbet phones of a misaki string of one or more words.

    Raises:
        ValueError: a character that is neither a phone, a stress mark, punctuation nor a space.
    """
    out: list[str] = []
    stress = "0"
    i = 0
    while i < len(misaki):
        char = misaki[i]
        if char == PRIMARY:
            stress = "1"
        elif char == SECONDARY:
            stress = "2"
        elif char in _VOWEL_OF:
            phone = _VOWEL_OF[char]
            if char in "əɜ" and i + 1 < len(misaki) and misaki[i + 1] == "ɹ":
                phone = "ER"  # əɹ and ɜɹ are one r-coloured vowel in ARPAbet
                i += 1
            out.append(phone + stress)
            stress = "0"
        elif char in _CONSONANT_OF:
            out.append(_CONSONANT_OF[char])
        elif not (char.isspace() or char in PUNCTUATION or char in "ː̃ʔ"):
            raise ValueError(f"not a misaki phone: {char!r} in {misaki!r}")
        i += 1
    return tuple(out)


def is_vowel(phone: str) -> bool:
    """True for an ARPAbet vowel, with or without its stress digit."""
    return phone.rstrip("012") in VOWELS


def stress_of(phone: str) -> int:
    """The stress digit of an ARPAbet vowel; 0 for a consonant."""
    return int(phone[-1]) if phone[-1].isdigit() else 0
