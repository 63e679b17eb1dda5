"""Lyrics with word times, as an LRC file.

Aim: any player that shows karaoke can follow a reply.  The format is "enhanced LRC" (the A2 extension): a line time in
square brackets, a word time in angle brackets before every word, and the line's end in a last pair of angle brackets.

*Conventions.*  Times are seconds from the first sample of the audio file, written as ``mm:ss.xx`` (hundredths).  Times
before the file (a pickup) are written as zero.  Lines are written in the order of their start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_RESERVED = str.maketrans({"[": "(", "]": ")", "<": "(", ">": ")", "\n": " ", "\r": " "})  # would read as time tags


@dataclass(frozen=True)
class LyricWord:
    text: str
    start_s: float


@dataclass(frozen=True)
class LyricLine:
    """One written line: its words in order and when the last one ends."""

    words: tuple[LyricWord, ...]
    end_s: float


def lrc_time(time_s: float) -> str:
    """``mm:ss.xx``; minutes grow past 99 where they must."""
    if not math.isfinite(time_s):
        raise ValueError(f"a lyric time must be finite, got {time_s}")
    hundredths = max(0, math.floor(time_s * 100.0 + 0.5))
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"


def lrc_text(lines: Sequence[LyricLine], title: str = "", artist: str = "rapbot") -> str:
    """The whole file as text, ending in a newline.  Lines without words are left out."""
    out = []
    if title:
        out.append(f"[ti:{title.translate(_RESERVED).strip()}]")
    out.append(f"[ar:{artist.translate(_RESERVED).strip()}]")
    for line in sorted((line for line in lines if line.words), key=lambda line: line.words[0].start_s):
        words = " ".join(f"<{lrc_time(word.start_s)}> {_word_text(word.text)}" for word in line.words)
        out.append(f"[{lrc_time(line.words[0].start_s)}] {words} <{lrc_time(line.end_s)}>")
    return "\n".join(out) + "\n"


def _word_text(text: str) -> str:
    return " ".join(text.translate(_RESERVED).split())
