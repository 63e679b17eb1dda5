"""How near does a live voice come to a clip of somebody?  Judged on lines that the leaning was not found with.

For every reference the default voice is leaned as `rapbot voice --reference` does it; then it says the benchmark's
lines on the grid, through the same path as any other voice.  A speaker encoder gives the cosine to the reference before
and after, and the share of the gap closed: the whole gap is what the two halves of the reference score against each
other.  A recogniser says what it cost in words.  References are clips that may be passed on (benchmarks/references),
and where Kokoro is installed voices of its own, which are nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.bench.grid import LINES, for_hearing
from rapbot.bench.respond import word_errors
from rapbot.bench.voices import Encoder, said
from rapbot.errors import EngineUnavailable, UserError
from rapbot.protocols import HEARING_RATE_HZ, AcousticModel, G2p, Utterance, VoiceActivity
from rapbot.rates import at_rate
from rapbot.respond.performer import rehearsal
from rapbot.values import Take
from rapbot.voicing.durations import spoken_line
from rapbot.voicing.reference import lean, reference_speech
from rapbot.voicing.voices import DEFAULT_VOICE, VOICES, VoiceSpec

FOLDER = "benchmarks/references"
KOKORO_STYLES = ("jm_kumo", "jf_nezumi", "jf_gongitsune", "jf_alpha")
READ = (
    "The library on the corner closes at seven in the winter and at nine in the summer.",
    "My sister keeps two goats and a very old tractor behind the house.",
    "If it rains tomorrow we will move the chairs indoors and start a little later.",
    "Nobody remembered who had ordered the second pot of coffee.",
)
GOAL = 0.5


def run_default(folder: str = FOLDER) -> dict[str, Any]:
    """The benchmark with the real engines."""
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice
    from rapbot.engines.silero import SileroVad
    from rapbot.engines.speaker_encoder import SpeakerEncoder
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.resources import weights_dir

    whisper = FasterWhisper(weights_dir("whisper-base"))
    text = HibariText()

    def transcribe(take: Take) -> str:
        return " ".join(word.text for word in whisper.transcribe(for_hearing(take)))

    clips = dict(recorded(Path(folder)))
    clips.update(made(text))
    return run(HibariVoice(), text, SpeakerEncoder(), SileroVad(), transcribe, clips)


def run(
    model: AcousticModel,
    text: G2p,
    encoder: Encoder,
    activity: VoiceActivity,
    transcribe: Callable[[Take], str],
    clips: dict[str, np.ndarray],
    lines: tuple[str, ...] = LINES,
) -> dict[str, Any]:
    """Every clip (16 kHz mono) against the default voice."""
    start = VOICES[DEFAULT_VOICE]
    rehearsed = rehearsal(model, text)

    def performance(spec: VoiceSpec) -> tuple[np.ndarray, int, int]:
        takes = said(model, text, spec, lines)
        counts = [word_errors(line, transcribe(take)) for line, take in zip(lines, takes, strict=True)]
        sound = np.concatenate([take.samples for take in takes])
        return encoder.embed(sound, model.rate_hz), sum(c[0] for c in counts), sum(c[1] for c in counts)

    own, own_edits, words = performance(start)
    rows: list[dict[str, Any]] = []
    for name, clip in clips.items():
        speech = reference_speech(clip, activity)
        target = encoder.embed(speech, HEARING_RATE_HZ)
        leaning = lean(speech, rehearsed, encoder.embed, start)
        found, edits, _ = performance(replace(leaning.spec, name=name))
        before, after = float(own @ target), float(found @ target)
        rows.append(
            {
                "reference": name,
                "speech_s": round(len(speech) / HEARING_RATE_HZ, 1),
                "before": round(before, 3),
                "after": round(after, 3),
                "ceiling": round(leaning.ceiling, 3),
                "closed": round((after - before) / (leaning.ceiling - before), 3),
                "word_edits": edits,
            }
        )
    return {
        "benchmark": "reference",
        "voice": start.name,
        "lines": len(lines),
        "words": words,
        "word_edits_before": own_edits,
        "references": rows,
        "closed_mean": round(float(np.mean([row["closed"] for row in rows])), 3),
        "closed_least": round(min(row["closed"] for row in rows), 3),
    }


def recorded(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The clips in a folder, 16 kHz."""
    from rapbot.sound.files import read_audio

    found = sorted(folder.glob("*.ogg"))
    if not found:
        raise UserError(f"{folder} holds no reference clips: run this from rapbot's repository")
    for path in found:
        audio = read_audio(path)
        yield path.stem, at_rate(audio.samples, audio.rate_hz, HEARING_RATE_HZ)


def made(text: G2p) -> Iterator[tuple[str, np.ndarray]]:
    """Kokoro's voices reading, 16 kHz; none where it is not installed."""
    from rapbot.engines.kokoro import KokoroModel, KokoroSpeaker
    from rapbot.resources import weights_dir

    try:
        model = KokoroModel(weights_dir("kokoro"))
    except EngineUnavailable:
        return
    for style in KOKORO_STYLES:
        speaker = KokoroSpeaker(model, style)
        clips = []
        for line in READ:
            words = text.pronounce(line)
            spoken = speaker.speak(Utterance(words, spoken_line(words)), None, seed=1)
            clips.append(at_rate(spoken.samples, spoken.rate_hz, HEARING_RATE_HZ))
        yield f"kokoro {style}", np.concatenate(clips)


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    rows = [f"{'reference':22} {'speech':>7} {'before':>7} {'after':>7} {'itself':>7} {'closed':>7} {'words lost':>11}"]
    for r in result["references"]:
        rows.append(
            f"{r['reference']:22} {r['speech_s']:5.1f} s {r['before']:7.3f} {r['after']:7.3f} {r['ceiling']:7.3f} "
            f"{r['closed']:7.2f} {r['word_edits']:5d}/{result['words']}"
        )
    lost = sum(r["word_edits"] for r in result["references"])
    words = result["words"] * len(result["references"])
    rows.append(
        f"gap closed: mean {result['closed_mean']:.2f}, least {result['closed_least']:.2f} (goal ≥ {GOAL}); words lost "
        f"{lost}/{words} = {100 * lost / words:.1f} %, {result['voice']} itself {result['word_edits_before']}/"
        f"{result['words']} = {100 * result['word_edits_before'] / result['words']:.1f} %"
    )
    return "\n".join(rows)
