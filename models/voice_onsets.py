"""Measures `ONSET_OFFSET_S` of `rapbot.voicing.durations`: where a vowel starts relative to its token.

Usage: ``python models/voice_onsets.py LINES.txt``.  Lines are spoken on the planner's slots with no warping; the offset
of a class is the median of measured onset minus token start.  Lines of the benchmark must not be among them.
"""

from __future__ import annotations

import sys

import numpy as np
from voice_gaps import lines_of

from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.rhythm.slots import SlotError, plan_slots
from rapbot.voicing.durations import onset_class, plan_tokens, spoken_line
from rapbot.voicing.onsets import find_rises, half_rises, vowel_envelope

TEMPI_BPM = (80.0, 90.0, 100.0)
LINES_WANTED = 60


def main(path: str) -> None:
    text, voice = HibariText(), HibariVoice()
    offsets: dict[tuple[str, bool], list[float]] = {}
    for line in lines_of(path)[:LINES_WANTED]:
        try:
            words = accent_final(text.pronounce(line))
            syllables = line_syllables(words)
        except ValueError:
            continue
        coded = voice.encode(spoken_line(words))
        for bpm in TEMPI_BPM:
            try:
                slots = plan_slots(syllables, bpm).slots
            except SlotError:
                continue
            targets_s = np.asarray(slots) * 15.0 / bpm
            plan = plan_tokens(coded, targets_s, voice.hop_s)
            pitch, energy = voice.prosody(coded, plan.frames)
            envelope = vowel_envelope(
                voice.synthesize(voice.decode(coded, plan.frames, pitch, energy), 0), voice.rate_hz
            )
            onsets_s = half_rises(envelope, find_rises(envelope, targets_s + plan.origin_s))
            for nucleus, onset_s in zip(plan.nuclei, onsets_s, strict=True):
                if not np.isnan(onset_s):
                    key = onset_class(coded.tokens, nucleus), nucleus.stress == 1
                    offsets.setdefault(key, []).append(onset_s - plan.edges[nucleus.start] * voice.hop_s)
    for key in sorted(offsets):
        values = np.asarray(offsets[key]) * 1000
        print(f"{key}: {np.median(values) / 1000:.3f} s  ({len(values)} vowels, spread {values.std():.0f} ms)")


if __name__ == "__main__":
    main(sys.argv[1])
