"""Are the voices different people?  Cosines between them by a speaker encoder that made none of them.

Each live voice says lines that were not used to choose its timbre; the embedding of a voice is the mean over them, the
figure is the largest cosine between any two voices.  What the same voice scores between two halves of its own lines
stands beside it: that is how alike "the same" is.

*Conventions.*  Embeddings are unit vectors (`rapbot.engines.speaker_encoder`); WER is counted over the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from rapbot.bench.grid import planned
from rapbot.bench.respond import word_errors
from rapbot.protocols import AcousticModel, G2p
from rapbot.values import Take
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import VOICES, VoiceSpec

LINES = (
    "The elevator stopped because it heard you hum,",
    "the doorman asked politely where the noise was from.",
    "You polish up a trophy that you bought online,",
    "the only thing you ever won was second in a line.",
    "I water all my plants with what your fans have cried,",
    "the garden is enormous and the well has dried.",
    "A parrot in the window sang your verse again,",
    "he quit before the chorus and he bit the pen.",
)
BPM = 90.0
GOAL = 0.75


class Encoder(Protocol):
    """Sound to a unit vector that says who speaks."""

    def embed(self, samples: np.ndarray, rate_hz: int) -> np.ndarray:
        """Shape (256,), of a mono clip."""
        ...


def run(
    model: AcousticModel,
    text: G2p,
    encoder: Encoder,
    transcribe: Callable[[Take], str] | None = None,
    voices: Sequence[str] = tuple(VOICES),
    lines: Sequence[str] = LINES,
) -> dict[str, Any]:
    """Cosines between the voices, and what a recogniser makes of each where one is given."""
    whole, halves, errors = [], [], {}
    for name in voices:
        takes = said(model, text, VOICES[name], lines)
        clips = [take.samples for take in takes]
        rate_hz = takes[0].rate_hz
        whole.append(encoder.embed(np.concatenate(clips), rate_hz))
        one, other = (encoder.embed(np.concatenate(half), rate_hz) for half in (clips[::2], clips[1::2]))
        halves.append(float(one @ other))
        if transcribe is not None:
            counts = [word_errors(line, transcribe(take)) for line, take in zip(lines, takes, strict=True)]
            errors[name] = [sum(count[0] for count in counts), sum(count[1] for count in counts)]
    cosines = np.asarray(whole) @ np.asarray(whole).T
    off = cosines - 2 * np.eye(len(voices))
    most = np.unravel_index(int(off.argmax()), off.shape)
    return {
        "voices": list(voices),
        "cosines": np.round(cosines, 3).tolist(),
        "largest": round(float(off.max()), 3),
        "largest_pair": [voices[int(index)] for index in most],
        "own_halves": [round(value, 3) for value in halves],
        "word_errors": errors,
    }


def said(
    model: AcousticModel, text: G2p, spec: VoiceSpec, lines: Sequence[str], bpm: float = BPM, seed: int = 1
) -> list[Take]:
    """The lines by one voice, on the planner's slots."""
    voice = Voice(model, spec)
    out = []
    for index, line in enumerate(lines):
        words, plan = planned(text, line, bpm)
        out.append(voice.render(words, plan.slots, bpm, seed=seed + index))
    return out


def table(result: dict[str, Any]) -> str:
    """The matrix for people."""
    names = result["voices"]
    rows = [" " * 12 + " ".join(f"{name:>7}" for name in names)]
    for name, cosines in zip(names, result["cosines"], strict=True):
        rows.append(f"{name:12}" + " ".join(f"{value:7.3f}" for value in cosines))
    rows.append(f"{'own halves':12}" + " ".join(f"{value:7.3f}" for value in result["own_halves"]))
    rows.append(
        f"largest cosine between two voices {result['largest']} ({' and '.join(result['largest_pair'])}), goal ≤ {GOAL}"
    )
    if result["word_errors"]:
        rows.append("words misheard: " + ", ".join(f"{n} {k}/{m}" for n, (k, m) in result["word_errors"].items()))
    return "\n".join(rows)
