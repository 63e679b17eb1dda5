"""How richly a couplet rhymes, before its slots are filled.

Aim: the planner weighs hundreds of couplets a word, so the share of rhymed syllables (`rapbot.language.density`) cannot
be measured on each; it hangs on the written words nearly alone and is estimated once for every couplet of the bank.

*Conventions.*  Rhymes here are perfect ones of the second lexicon between stressed content words of one couplet.
"""

from __future__ import annotations

import re

from rapbot.language.phones import is_vowel
from rapbot.language.phrases import FUNCTION_WORDS
from rapbot.language.rhyme import rhyme_key
from rapbot.protocols import Lexicon
from rapbot.writing.arsenal import Couplet, end_word, words_of

SLOT_SYLLABLES = 2  # what fills a slot, in the mean, with its article
_SLOT = re.compile(r"\{[^}]*\}")


def richness(couplet: Couplet, lexicon: Lexicon) -> float:
    """Estimated share of the couplet's syllables that stand in a rhyme, 0 to 1."""
    ends = {end_word(line).lower() for line in couplet.lines}
    total = sum(SLOT_SYLLABLES * len(_SLOT.findall(line)) for line in couplet.lines)
    tails: list[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]]] = []
    for line in couplet.lines:
        for word in words_of(_SLOT.sub(" ", line)):
            sounds = lexicon.pronunciations(word)
            phones = sounds[0] if sounds else ()
            total += sum(map(is_vowel, phones)) or 1
            if phones and (word not in FUNCTION_WORDS or word in ends):
                tails.append((word, rhyme_key(phones)))
    words: dict[tuple[tuple[str, tuple[str, ...]], ...], set[str]] = {}
    for word, sound in tails:
        words.setdefault(sound, set()).add(word)
    rhymed = sum(len(sound) for word, sound in tails if word in ends or len(words[sound]) > 1)
    return rhymed / total if total else 0.0
