"""Fits the natural-gap table of `rapbot.rhythm.slots` on the durations hibari-tts itself predicts.

Usage: ``python models/voice_gaps.py LINES.txt`` with one line of verse per line (a ``|``-separated arsenal file works:
the last two columns are taken).  Prints the least-squares table in ms and its error on every fifth gap, which is held
out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.language.phones import MANNER, is_vowel
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.rhythm.slots import VOWEL_CLASS
from rapbot.values import Syllable
from rapbot.voicing.durations import spoken_line, token_nuclei

VOICELESS = {"P", "T", "K", "CH", "F", "TH", "S", "SH", "HH"}
LINES_WANTED = 700
SEED = 1
HELD_OUT_EVERY = 5


def lines_of(path: str) -> list[str]:
    """Lines of verse, with a plain word in every slot, in a fixed random order."""
    rows = [row for row in Path(path).read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")]
    lines = [line for row in rows for line in (row.split("|")[-2:] if "|" in row else [row])]
    filled = [
        re.sub(r"\{(\w+)[^}]*\}", lambda m: "a window" if m[1].startswith("a") else "window", line) for line in lines
    ]
    order = np.random.default_rng(SEED).permutation(len(filled))
    return [filled[index] for index in order]


def features(left: Syllable, right: Syllable) -> list[str]:
    out = [f"{VOWEL_CLASS[left.vowel]} {'stressed' if left.stress == 1 else 'weak'}"]
    for phone in (*left.phones[left.vowel_index + 1 :], *right.phones[: right.vowel_index]):
        if is_vowel(phone):
            out.append("merged vowel")
        else:
            out.append(f"{MANNER[phone]} {'voiceless' if phone in VOICELESS else 'voiced'}")
    return out + ["word end"] * left.ends_word + ["pause"] * left.pause_after


def main(path: str) -> None:
    text, voice = HibariText(), HibariVoice()
    rows: list[list[str]] = []
    gaps_ms: list[float] = []
    for line in lines_of(path)[:LINES_WANTED]:
        try:
            words = accent_final(text.pronounce(line))
            syllables = line_syllables(words)
        except ValueError:
            continue  # a line with a word that cannot be pronounced teaches nothing
        coded = voice.encode(spoken_line(words))
        starts = np.concatenate([[0], np.cumsum(coded.durations)]) * coded.duration_s * 1000
        at = [starts[nucleus.start] for nucleus in token_nuclei(spoken_line(words))]
        for k in range(len(syllables) - 1):
            rows.append(features(syllables[k], syllables[k + 1]))
            gaps_ms.append(at[k + 1] - at[k])
    names = sorted({name for row in rows for name in row})
    design = np.asarray([[row.count(name) for name in names] for row in rows], float)
    target = np.asarray(gaps_ms)
    held = np.arange(len(target)) % HELD_OUT_EVERY == 0
    table, *_ = np.linalg.lstsq(design[~held], target[~held], rcond=None)
    left_over = target[held] - design[held] @ table
    for name, value in zip(names, table, strict=True):
        print(f"{name:22} {value:6.0f} ms")
    print(
        f"{len(target)} gaps; held out: R2 {1 - left_over.var() / target[held].var():.2f}, rms {left_over.std():.0f} ms"
    )


if __name__ == "__main__":
    main(sys.argv[1])
