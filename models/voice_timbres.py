"""Searches the timbres of `rapbot.voicing.voices`: how far apart can five people be that share one network?

Usage: ``python models/voice_timbres.py [EVALUATIONS]`` (about five minutes at the default).  Each voice starts from the
sketch below, which is what its description promises; one after another, each tries random steps in its own box and
keeps those that bring it further from the voice it is most like (resemblyzer's encoder on lines said on the grid).  A
pull towards the sketch keeps a voice in character where distance is already enough, and in the end each goes back
towards it as far as it can.  ``heart`` stays as it is.  Prints
the timbres found and the largest cosines on lines that were not searched with.  Needs ``rapbot models install
speaker-encoder``.  No line here is one of the benchmark's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np

from rapbot.bench.voices import cosine_rows, said
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.engines.speaker_encoder import SpeakerEncoder
from rapbot.voicing.delivery import Delivery
from rapbot.voicing.timbre import BANDS_HZ, Timbre, dull_db
from rapbot.voicing.voices import VOICES, VoiceSpec

LINES = (
    "We painted every window with a shade of doubt,",
    "and nobody could see us when the lights went out.",
    "The captain had a parrot and a silver tooth,",
    "he sold me half an island and a pound of truth.",
)
CHECK_LINES = (
    "I carry all my trouble in a paper bag,",
    "you wave it at the balcony like a surrender flag.",
    "Give back the golden kettle and the garden hose,",
    "my cousin saw you wearing someone's Sunday clothes.",
    "The referee was sleeping when you hit the floor,",
    "your trainer took the bucket and he locked the door.",
    "I learned it from the thunder and the window pane,",
    "you learned it from a leaflet on a local train.",
)
ROUNDS = 2
EVALUATIONS = 60  # of each voice in each round
FIRST_STEP = 0.2  # of a parameter's range
STEP_UP, STEP_DOWN = 1.35, 0.92  # about one try in five should help (Rechenberg)
ENOUGH_COSINE = 0.68  # the goal is 0.75 on other lines: what is further apart than this counts no more
APART_COSINE = 0.715  # at which a voice may stay nearer to its sketch, where it is understood better
SHARES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
PULL = 0.004  # what a move by a parameter's whole range costs, beside squared cosines above `ENOUGH_COSINE`
SEED = 1

FIELDS = ("formant_warp", "upper_warp", "resonance", "breath", "tilt_db", *(f"band {hz:g} Hz" for hz in BANDS_HZ))
RANGE = np.array([0.1, 0.1, 0.4, 0.3, 2.0, *(5.0 for _ in BANDS_HZ)])  # either way from the sketch
LOW = np.array([0.82, 0.9, 0.8, 0.0, -2.0, *(-6.0 for _ in BANDS_HZ)])
HIGH = np.array([1.2, 1.1, 1.3, 0.5, 2.0, *(6.0 for _ in BANDS_HZ)])
DULL_DB = 2.5  # edge this far under the body, relative to the recording, begins to cost words (whisper base) …
DULL_COST = 0.0005  # … and this a squared dB here

SKETCHES: dict[str, tuple[Timbre, Delivery]] = {
    "brick": (
        Timbre(formant_warp=0.86, upper_warp=0.95, tilt_db=-1.0),
        Delivery(transpose_semitones=-9.0, pitch_range=1.1, accent_semitones=1.8),
    ),
    "spark": (
        Timbre(formant_warp=1.12, tilt_db=1.0),
        Delivery(transpose_semitones=4.5, pitch_range=1.6, accent_semitones=3.0),
    ),
    "smoke": (
        Timbre(formant_warp=0.97, resonance=0.85, breath=0.4, tilt_db=-1.0),
        Delivery(transpose_semitones=-3.0, pitch_range=0.45, accent_semitones=0.8, late_ms=12.0),
    ),
    "boss": (
        Timbre(formant_warp=0.97, upper_warp=1.05, resonance=1.15, bands_db=(-3.0, 0.0, 2.0, 1.0, 2.0, 1.0, 0.0)),
        Delivery(transpose_semitones=-5.5, pitch_range=1.7, accent_semitones=3.2, energy_db=1.0),
    ),
}


@dataclass
class Searched:
    """A voice on its way: where its sketch is, where it stands, how it sounds there."""

    spec: VoiceSpec
    sketch: np.ndarray
    now: np.ndarray
    embedding: np.ndarray
    step: float = FIRST_STEP


def as_vector(timbre: Timbre) -> np.ndarray:
    return np.array(
        [timbre.formant_warp, timbre.upper_warp, timbre.resonance, timbre.breath, timbre.tilt_db, *timbre.bands_db]
    )


def as_timbre(vector: np.ndarray) -> Timbre:
    warp, upper, resonance, breath, tilt_db, *bands_db = (round(float(value), 3) for value in vector)
    return Timbre(warp, upper, resonance, breath, tilt_db, tuple(round(gain, 1) for gain in bands_db))


def main(evaluations: int) -> None:
    model, text, encoder = HibariVoice(), HibariText(), SpeakerEncoder()

    def embedding(spec: VoiceSpec, lines: tuple[str, ...]) -> np.ndarray:
        return encoder.embed_speaker([take.samples for take in said(model, text, spec, lines)], model.rate_hz)

    rng = np.random.default_rng(SEED)
    fixed = embedding(VOICES["heart"], LINES)
    voices: list[Searched] = []
    for name, (timbre, delivery) in SKETCHES.items():
        spec = replace(VOICES[name], timbre=timbre, delivery=delivery)
        vector = as_vector(timbre)
        voices.append(Searched(spec, vector, vector, embedding(spec, LINES)))
    for turn in range(ROUNDS):
        for voice in voices:
            others = np.stack([fixed, *(other.embedding for other in voices if other is not voice)])

            def loss(
                vector: np.ndarray, heard: np.ndarray, voice: Searched = voice, others: np.ndarray = others
            ) -> float:
                away = (vector - voice.sketch) / RANGE
                close = np.maximum(others @ heard - ENOUGH_COSINE, 0.0)
                dull = max(dull_db(as_timbre(vector)) - DULL_DB, 0.0)
                return float((close**2).sum() + PULL * (away**2).mean() + DULL_COST * dull**2)

            best = loss(voice.now, voice.embedding)
            for _ in range(evaluations):
                moved = rng.random(len(FIELDS)) < 0.5
                tried = voice.now + moved * rng.normal(size=len(FIELDS)) * voice.step * RANGE
                tried = np.clip(tried, np.maximum(LOW, voice.sketch - RANGE), np.minimum(HIGH, voice.sketch + RANGE))
                heard = embedding(replace(voice.spec, timbre=as_timbre(tried)), LINES)
                value = loss(tried, heard)
                if value < best:
                    best, voice.now, voice.embedding = value, tried, heard
                voice.step = float(np.clip(voice.step * (STEP_UP if value <= best else STEP_DOWN), 0.05, 0.6))
            print(
                f"round {turn + 1}, {voice.spec.name}: {best:.4f}, closest {(others @ voice.embedding).max():.3f}",
                flush=True,
            )
    for voice in voices:  # of the way from the sketch to what was found, no more than it takes
        others = np.stack([fixed, *(other.embedding for other in voices if other is not voice)])
        for share in SHARES:
            tried = voice.sketch + share * (voice.now - voice.sketch)
            heard = embedding(replace(voice.spec, timbre=as_timbre(tried)), LINES)
            if (others @ heard).max() <= APART_COSINE:
                voice.now, voice.embedding = tried, heard
                print(f"{voice.spec.name}: {share:g} of the way is enough", flush=True)
                break
    found = {"heart": VOICES["heart"]}
    found |= {voice.spec.name: replace(voice.spec, timbre=as_timbre(voice.now)) for voice in voices}
    for name, spec in found.items():
        print(f"{name}: {spec.timbre}")
    print("\n".join(cosine_rows(list(found), np.stack([embedding(spec, CHECK_LINES) for spec in found.values()]))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVALUATIONS)
