"""The voices: a timbre and a usual delivery with a name, a licence and a cost."""

from __future__ import annotations

from dataclasses import dataclass

from rapbot.errors import UserError
from rapbot.voicing.delivery import Delivery
from rapbot.voicing.timbre import Timbre


@dataclass(frozen=True)
class VoiceSpec:
    """A named voice: under which licence, its timbre and its usual delivery."""

    name: str
    description: str
    licence: str
    cost: str
    timbre: Timbre
    delivery: Delivery
    engine: str = "hibari"  # what speaks it
    live: bool = True  # quick enough to answer in the same bar


_LICENCE = "Apache-2.0 (hibari-tts 0.2.1, voice heart)"
_COST = "about 45 ms of one core a bar, the first 300 ms in 16"

VOICES: dict[str, VoiceSpec] = {
    spec.name: spec
    for spec in (
        VoiceSpec(
            "heart",
            "the reply voice: a woman in her own register, quick, with attitude",
            _LICENCE,
            _COST,
            Timbre(),
            Delivery(transpose_semitones=-1.0, pitch_range=1.35, accent_semitones=2.2),
        ),
        VoiceSpec(
            "brick",
            "a man, low and flat-footed: the opponent of the bundled verses",
            _LICENCE,
            _COST,
            Timbre(0.82, 0.94, 1.3, 0.015, -1.328, (4.5, -2.0, -1.5, 1.3, -2.5, 1.9, 0.5)),
            Delivery(transpose_semitones=-9.0, pitch_range=1.1, accent_semitones=1.8),
        ),
        VoiceSpec(
            "spark",
            "small, bright and fast on the accents",
            _LICENCE,
            _COST,
            Timbre(1.2, 1.006, 0.8, 0.226, 1.709, (-4.5, 2.6, -3.4, 3.2, -0.2, -0.8, -4.4)),
            Delivery(transpose_semitones=4.5, pitch_range=1.6, accent_semitones=3.0),
        ),
        VoiceSpec(
            "smoke",
            "half whispered, almost on one note, behind the beat",
            _LICENCE,
            _COST,
            Timbre(0.879, 0.905, 0.844, 0.399, -1.698, (-4.9, 3.8, -5.0, -2.4, 1.4, 1.6, -2.0)),
            Delivery(transpose_semitones=-3.0, pitch_range=0.45, accent_semitones=0.8, late_ms=12.0),
        ),
        VoiceSpec(
            "boss",
            "a young man who declaims, wide melody, hard accents",
            _LICENCE,
            _COST,
            Timbre(0.893, 0.968, 0.908, 0.0, 2.0, (-1.9, -5.0, 3.9, 3.8, 0.3, -4.0, 1.4)),
            Delivery(transpose_semitones=-5.5, pitch_range=1.7, accent_semitones=3.2, energy_db=1.0),
        ),
    )
}
DEFAULT_VOICE = "heart"
OPPONENT_VOICE = "brick"


# Voices of sound alone (`rapbot.voicing.spoken`): for answers made ahead.
_KOKORO = "Apache-2.0 (Kokoro-82M by hexgrad), MIT (ONNX export by thewh1teagle)"
_KOKORO_COST = "about 2 s of one core a bar; `rapbot models install kokoro` (66 MB)"
_JOE = "licence unclear (Piper joe: tagged MIT/CC0, but fine-tuned from lessac, recorded for research only)"
_JOE_COST = "about 0.3 s of one core a bar; `rapbot models install piper-joe` (58 MB)"
_OWN = Delivery(accent_semitones=0.0)  # melodies are the network's own

SPOKEN_VOICES: dict[str, VoiceSpec] = {
    spec.name: spec
    for spec in (
        VoiceSpec(
            "kumo",
            "a man of few words, dark and even",
            _KOKORO,
            _KOKORO_COST,
            Timbre(),
            _OWN,
            "kokoro:jm_kumo",
            live=False,
        ),
        VoiceSpec(
            "fox", "a woman, warm and amused", _KOKORO, _KOKORO_COST, Timbre(), _OWN, "kokoro:jf_gongitsune", live=False
        ),
        VoiceSpec("joe", "a plain American man", _JOE, _JOE_COST, Timbre(), _OWN, "piper-joe", live=False),
    )
}


COQUI = "coqui"
_COQUI_LICENCE = "that of your model (coqui-tts, MPL-2.0, is an extra)"


def all_voices() -> dict[str, VoiceSpec]:
    """Every voice there is, the live ones first."""
    return {**VOICES, **SPOKEN_VOICES}


def voice_spec(name: str) -> VoiceSpec:
    """The voice of that name, ``coqui:FOLDER`` being a model of the user's.  Raises UserError naming the known ones."""
    if name.startswith(f"{COQUI}:") and name != f"{COQUI}:":
        return VoiceSpec(name, "a coqui-tts model", _COQUI_LICENCE, "your model's", Timbre(), _OWN, COQUI, live=False)
    voices = all_voices()
    if name not in voices:
        raise UserError(f"no voice is called '{name}': choose from {', '.join(voices)} or coqui:FOLDER")
    return voices[name]
