"""Perform the bundled opponent verses and write each with its exact truth.

    python tests/data/verses/render.py            # from a checkout with rapbot installed

For every table of `verses.toml`: NAME.flac (24 kHz mono, voice over one of our beats, or a cappella) and NAME.json,
the truth: words and syllables with the vowel onset wanted and achieved, beats and bar lines, and what was said.  The
voice is the male register of the reply's engine, never the voice that answers.  How each recording begins differs on
purpose: on the bar line, after an intro, or in the middle of a bar.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import numpy as np

from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import MIX_RATE_HZ
from rapbot.rhythm.slots import plan_slots
from rapbot.rhythm.timeline import Timeline
from rapbot.sound.backing import render_backing
from rapbot.sound.files import write_audio
from rapbot.voicing.assemble import place
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import voice_spec

HERE = Path(__file__).parent
FILE_RATE_HZ = 24_000  # enough for every recogniser and half the repository's bytes
VOICE = "brick"
VOICE_OVER_BEAT_DB = 5.0
TAIL_BEATS = 2  # a recording goes on a little after the last word


def main() -> None:
    verses = tomllib.loads((HERE / "verses.toml").read_text())
    wanted = sys.argv[1:] or list(verses)
    text, model = HibariText(), HibariVoice()
    for name in wanted:
        render(name, verses[name], text, model)


def render(name: str, spec: dict, text: HibariText, model: HibariVoice) -> None:
    lead_beats = float(spec.get("lead_beats", 0.0))
    timeline = Timeline(spec["bpm"], MIX_RATE_HZ)
    timeline = Timeline(spec["bpm"], MIX_RATE_HZ, 0.0, timeline.sample_of(lead_beats))
    voice = Voice(model, voice_spec(VOICE), spec["seed"])
    starts = [timeline.sample_of(4 * i) for i in range(len(spec["lines"]))]
    takes, truth_words, truth_syllables = [], [], []
    for i, (line, start) in enumerate(zip(spec["lines"], starts, strict=True)):
        words = accent_final(text.pronounce(line))
        syllables = line_syllables(words)
        plan = plan_slots(syllables, spec["bpm"])
        take = voice.render(words, plan.slots, spec["bpm"], seed=spec["seed"] + i)
        takes.append(take)
        line_s = start / MIX_RATE_HZ
        for syllable, slot, sung in zip(syllables, plan.slots, take.syllables, strict=True):
            truth_syllables.append(
                {
                    "line": i,
                    "word": syllable.word_text,
                    "slot": slot,
                    "stress": syllable.stress,
                    "target_s": round(line_s + sung.target_s, 4),
                    "onset_s": round(line_s + sung.onset_s, 4),
                }
            )
        for k, word in enumerate(words):
            first = next(j for j, syllable in enumerate(syllables) if syllable.word_index == k)
            truth_words.append(
                {"line": i, "text": word.text, "vowel_s": round(line_s + take.syllables[first].onset_s, 4)}
            )
    end = timeline.sample_of(4 * len(starts) + TAIL_BEATS)
    track = np.zeros(end, np.float32)
    placed = place(takes, starts, MIX_RATE_HZ)[:end]
    track[: len(placed)] = placed
    mix = track / np.abs(track).max() * 0.7
    if spec["style"] != "none":
        loop = render_backing(spec["style"], spec["bpm"], 8, spec["seed"], MIX_RATE_HZ).samples.mean(axis=1)
        beat = loop.take(np.arange(end) - timeline.sample_of(0), mode="wrap")
        mix = mix + beat * (_rms(mix) / _rms(beat) * 10 ** (-VOICE_OVER_BEAT_DB / 20))
    else:
        mix = mix + np.random.default_rng(spec["seed"]).standard_normal(end).astype(np.float32) * 10 ** (-65 / 20)
    mix = mix / np.abs(mix).max() * 0.85
    from scipy.signal import resample_poly

    write_audio(HERE / f"{name}.flac", resample_poly(mix, 1, 2).astype(np.float32), FILE_RATE_HZ)
    beats = [timeline.sample_of(b) / MIX_RATE_HZ for b in range(-int(lead_beats), 4 * len(starts) + TAIL_BEATS)]
    truth = {
        "bpm": spec["bpm"],
        "style": spec["style"],
        "voice": VOICE,
        "beat_origin_s": round(timeline.sample_of(0) / MIX_RATE_HZ, 6),
        "beats_s": [round(b, 6) for b in beats],
        "end_s": round(float(np.flatnonzero(np.abs(track) > 1e-3)[-1]) / MIX_RATE_HZ, 4),
        "lines": spec["lines"],
        "words": truth_words,
        "syllables": truth_syllables,
    }
    (HERE / f"{name}.json").write_text(json.dumps(truth, indent=1) + "\n")
    print(f"{name}: {end / MIX_RATE_HZ:.1f} s, {len(truth_words)} words, {len(truth_syllables)} syllables")


def _rms(samples: np.ndarray) -> float:
    loud = np.abs(samples) > 0.01
    return float(np.sqrt(np.mean(samples[loud] ** 2)))


if __name__ == "__main__":
    main()
