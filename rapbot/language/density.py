"""How much a verse rhymes, in the two measures the literature uses; always say which.

*Conventions.*  A verse is lines of words, a word its ARPAbet phones (stress digits included).

- `rhymed_share` is the share of syllables that stand in a rhyme (Hirjee & Brown, 2010, "rhyme density"), here between
  words of the same or the next line whose tails score at least `RHYMED_SCORE`.
- `vowel_run_mean` is the mean, over words, of the longest run of vowels, ending at the word, that also ends at one of
  the `MEMORY_WORDS` words before it (Malmi et al., 2016, "DopeLearning", rhyme density).  The same word again does not
  count.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapbot.language.phones import is_vowel
from rapbot.language.rhyme import rhyme_score, tail

Phones = Sequence[str]

RHYMED_SCORE = 0.8  # two words at least this close are heard as a rhyme
MEMORY_WORDS = 15  # DopeLearning's window


def rhymed_share(lines: Sequence[Sequence[Phones]]) -> float:
    """Share of syllables inside rhyming tails, 0 to 1; 0 for an empty verse.

    Words without a stressed vowel (the, of) never rhyme; monosyllables of one line need to differ.
    """
    total = sum(_syllables(word) for line in lines for word in line)
    if total == 0:
        return 0.0
    rhymed = 0
    for k, line in enumerate(lines):
        near = [(k, i, word) for i, word in enumerate(line)]
        for other in (k - 1, k + 1):
            if 0 <= other < len(lines):
                near += [(other, i, word) for i, word in enumerate(lines[other])]
        for i, word in enumerate(line):
            if not any(phone.endswith("1") for phone in word):
                continue
            if any((m, j) != (k, i) and _stressed(w) and rhyme_score(word, w) >= RHYMED_SCORE for m, j, w in near):
                rhymed += len(tail(word))
    return rhymed / total


def ends_joined(line: Sequence[Phones]) -> list[Phones]:
    """The line with the weak words at its end joined to the accented one before them: "meet you" rhymes as one word."""
    accented = next((k for k in range(len(line) - 1, -1, -1) if _stressed(line[k])), len(line) - 1)
    end = tuple(phone for word in line[accented:] for phone in word) if line else ()
    return [*line[:accented], end] if line else []


def vowel_run_mean(lines: Sequence[Sequence[Phones]]) -> float:
    """Mean longest matching vowel run per word, in vowels; 0 for an empty verse."""
    words = [tuple(word) for line in lines for word in line if _syllables(word)]
    if not words:
        return 0.0
    vowels: list[str] = []
    ends: list[int] = []
    for word in words:
        vowels += [phone.rstrip("012") for phone in word if is_vowel(phone)]
        ends.append(len(vowels))
    runs = 0
    for i in range(len(words)):
        best = 0
        for j in range(max(0, i - MEMORY_WORDS), i):
            if words[i] == words[j]:
                continue
            run = 0
            # the run may not reach back over the earlier word itself, or a word would rhyme with its own copy
            while run < ends[i] - ends[j] and run < ends[j] and vowels[ends[i] - 1 - run] == vowels[ends[j] - 1 - run]:
                run += 1
            best = max(best, run)
        runs += best
    return runs / len(words)


def _stressed(word: Phones) -> bool:
    return any(phone.endswith("1") for phone in word)


def _syllables(word: Phones) -> int:
    return sum(1 for phone in word if is_vowel(phone))
