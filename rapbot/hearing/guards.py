"""Words not to believe.

Aim: Whisper invents words over music and silence and gets caught in loops; three simple tests remove what no rapper
says. Each takes words in order and returns those it keeps, unchanged and in order.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapbot.values import Word

MAX_WORDS_PER_S = 8.0  # double-time rap reaches 8 syllables, hardly 8 words, a second
RATE_SPAN_WORDS = 6  # words over which the rate is judged: a burst of three can be honest timing error
MIN_WORD_S = 0.1  # in such a run the words with a length of their own are the real ones beside it
MAX_PHRASE_WORDS = 6  # longest phrase looked for in a loop
MAX_REPEATS = 4  # a hook may say a phrase four times running; a loop goes on


def inside_speech(words: Sequence[Word], regions: Sequence[tuple[float, float]]) -> tuple[Word, ...]:
    """Words of which at least the middle lies in a region."""
    kept = []
    for word in words:
        middle_s = (word.start_s + word.end_s) / 2
        if any(start_s <= middle_s <= end_s for start_s, end_s in regions):
            kept.append(word)
    return tuple(kept)


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words with every immediate repeat of a phrase beyond the fourth removed."""
    kept: list[Word] = []
    for word in words:
        kept.append(word)
        for length in range(1, MAX_PHRASE_WORDS + 1):
            if repeats(kept, length) > MAX_REPEATS:
                del kept[-length:]
                break
    return tuple(kept)


def repeats(words: Sequence[Word], length: int) -> int:
    """How often the last ``length`` words stand in a row at the end."""
    texts = [word.text.lower() for word in words]
    phrase = texts[len(texts) - length :]
    if len(phrase) < length:
        return 0
    count = 0
    while texts[len(texts) - length * (count + 1) : len(texts) - length * count] == phrase:
        count += 1
        if length * (count + 1) > len(texts):
            break
    return count


def speakable(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words without runs that come faster than anyone speaks (what is left of a loop squeezed into a moment)."""
    too_fast = [False] * len(words)
    for first in range(len(words) - RATE_SPAN_WORDS + 1):
        last = first + RATE_SPAN_WORDS - 1
        if words[last].end_s - words[first].start_s < RATE_SPAN_WORDS / MAX_WORDS_PER_S:
            for index in range(first, last + 1):
                too_fast[index] |= words[index].end_s - words[index].start_s < MIN_WORD_S
    return tuple(word for word, fast in zip(words, too_fast, strict=True) if not fast)


def believable(words: Sequence[Word], regions: Sequence[tuple[float, float]]) -> tuple[Word, ...]:
    """Words that pass all three tests."""
    return without_loops(speakable(inside_speech(words, regions)))
