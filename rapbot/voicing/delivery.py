"""How a line is said: register, melody, accents, energy, timbre.  And the voices, which are deliveries with a name.

Aim: several rappers out of one licensed timbre.  Pitch and energy go through the network's decoder, so a lower voice is
spoken low and not played slow; only the length of the vocal tract (formants) and breath are changed on the spectra.

*Conventions.*  Semitones are relative to the network's own melody; ``pitch_range`` scales its excursions (1 leaves
them, 0 is a monotone); ``formant_warp`` below 1 is a longer vocal tract.  ``late_ms`` lays every syllable behind the
beat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rapbot.protocols import SpeechFrames

VOICED_HZ = 40.0
LOWEST_HZ, HIGHEST_HZ = 60.0, 480.0  # the decoder has heard no speech outside
ACCENT_SIGMA_S = 0.07  # half a syllable at rap's pace
ACCENT_PEAK_S = 0.05  # pitch accents peak a little after the vowel's onset
ACCENT_DB = 1.2  # of an accent of strength 1; the punch (1.4) gets twice as much
ENERGY_UNIT_DB = 2.7  # measured: what one unit of the energy curve adds to a take's level
# Log-magnitude spectra of hibari and how a formant warp reads them: envelopes between bins, phases at the nearest bin.
ENVELOPE_PARTS = (0, 2, 3)
HARMONIC_PART, NOISE_PART = 0, 2
DB_PER_NEPER = 20 / np.log(10)

BREATH_AIR_DB = 12.0  # noise gained between no breath and full breath …
BREATH_BELOW_DB = 22.0  # … starting this far below the harmonics
BREATH_TONE_DB = 14.0  # harmonics lost at the top of the spectrum at full breath


@dataclass(frozen=True)
class Delivery:
    """One way of saying a line."""

    transpose_semitones: float = 0.0
    pitch_range: float = 1.0
    accent_semitones: float = 1.5
    energy_db: float = 0.0
    formant_warp: float = 1.0
    breath: float = 0.0  # 0 as recorded … 1 whispery
    late_ms: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("transpose_semitones", -14.0, 10.0),
            ("pitch_range", 0.0, 3.0),
            ("accent_semitones", 0.0, 6.0),
            ("energy_db", -24.0, 12.0),
            ("formant_warp", 0.7, 1.3),
            ("breath", 0.0, 1.0),
            ("late_ms", 0.0, 60.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low:g}..{high:g}, got {value}")


@dataclass(frozen=True)
class VoiceSpec:
    """A named voice: whose timbre, under which licence, and its usual delivery."""

    name: str
    description: str
    licence: str
    cost: str
    delivery: Delivery


_LICENCE = "Apache-2.0 (hibari-tts 0.2.1, voice heart)"
_COST = "about 60 ms of one core a bar"

VOICES: dict[str, VoiceSpec] = {
    spec.name: spec
    for spec in (
        VoiceSpec(
            "heart",
            "the reply voice: a woman in her own register, quick, with attitude",
            _LICENCE,
            _COST,
            Delivery(transpose_semitones=-1.0, pitch_range=1.35, accent_semitones=2.2),
        ),
        VoiceSpec(
            "brick",
            "a man, low and flat-footed: the opponent of the bundled verses",
            _LICENCE,
            _COST,
            Delivery(transpose_semitones=-8.5, pitch_range=1.1, accent_semitones=1.8, formant_warp=0.86),
        ),
        VoiceSpec(
            "spark",
            "small, bright and fast on the accents",
            _LICENCE,
            _COST,
            Delivery(transpose_semitones=4.0, pitch_range=1.6, accent_semitones=3.0, formant_warp=1.12),
        ),
        VoiceSpec(
            "smoke",
            "half whispered, almost on one note, behind the beat",
            _LICENCE,
            _COST,
            Delivery(
                transpose_semitones=-2.0,
                pitch_range=0.45,
                accent_semitones=0.8,
                formant_warp=0.95,
                breath=0.55,
                late_ms=12.0,
            ),
        ),
        VoiceSpec(
            "boss",
            "a young man who declaims, wide melody, hard accents",
            _LICENCE,
            _COST,
            Delivery(transpose_semitones=-6.5, pitch_range=1.7, accent_semitones=3.2, energy_db=1.0, formant_warp=0.92),
        ),
    )
}
DEFAULT_VOICE = "heart"
OPPONENT_VOICE = "brick"

# What `--affect` names: changes on top of a voice's own delivery.
AFFECTS: dict[str, Delivery] = {
    "plain": Delivery(accent_semitones=0.0),
    "cold": Delivery(pitch_range=0.4, accent_semitones=0.0, energy_db=-1.0),
    "hyped": Delivery(transpose_semitones=1.5, pitch_range=1.35, accent_semitones=1.2, energy_db=1.5),
    "mocking": Delivery(transpose_semitones=1.0, pitch_range=1.8, accent_semitones=1.0),
    "menace": Delivery(transpose_semitones=-1.5, pitch_range=0.7, accent_semitones=0.5, breath=0.15),
}


def with_affect(delivery: Delivery, affect: str) -> Delivery:
    """A delivery coloured by a named affect: ranges multiply, everything else adds, within the limits."""
    if affect not in AFFECTS:
        raise ValueError(f"affect must be one of {', '.join(AFFECTS)}, got {affect!r}")
    change = AFFECTS[affect]
    return replace(
        delivery,
        transpose_semitones=float(np.clip(delivery.transpose_semitones + change.transpose_semitones, -14.0, 10.0)),
        pitch_range=float(np.clip(delivery.pitch_range * change.pitch_range, 0.0, 3.0)),
        accent_semitones=float(np.clip(delivery.accent_semitones + change.accent_semitones, 0.0, 6.0)),
        energy_db=float(np.clip(delivery.energy_db + change.energy_db, -24.0, 12.0)),
        breath=float(np.clip(delivery.breath + change.breath, 0.0, 1.0)),
    )


def shaped_pitch(f0_hz: np.ndarray, times_s: np.ndarray, accents: np.ndarray, delivery: Delivery) -> np.ndarray:
    """The melody of a delivery: range about the line's median, accents as (time, strength) rows, then the register."""
    voiced = f0_hz > VOICED_HZ
    if not voiced.any():
        return f0_hz
    semitones = 12 * np.log2(np.where(voiced, f0_hz, 1.0))
    middle = float(np.median(semitones[voiced]))
    semitones = middle + (semitones - middle) * delivery.pitch_range
    for time_s, strength in accents:
        bump = np.exp(-0.5 * ((times_s - time_s - ACCENT_PEAK_S) / ACCENT_SIGMA_S) ** 2)
        semitones = semitones + delivery.accent_semitones * strength * bump
    shaped = 2 ** ((semitones + delivery.transpose_semitones) / 12)
    return np.where(voiced, np.clip(shaped, LOWEST_HZ, HIGHEST_HZ), f0_hz).astype(np.float32)


def shaped_energy(energy: np.ndarray, times_s: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """More force on the accents, most on the punch, where a speaker's voice would be falling; through the decoder, so
    that a loud vowel is also a brighter one."""
    lift_db = np.zeros(len(energy))
    for time_s, strength in accents:
        bump = np.exp(-0.5 * ((times_s - time_s - ACCENT_PEAK_S) / ACCENT_SIGMA_S) ** 2)
        lift_db = np.maximum(lift_db, ACCENT_DB * strength**2 * bump)
    return (energy + lift_db / ENERGY_UNIT_DB).astype(np.float32)


def shaped_frames(frames: SpeechFrames, delivery: Delivery) -> SpeechFrames:
    """Vocal tract length and breath, on the spectra."""
    parts = list(frames.parts)
    if delivery.formant_warp != 1.0:
        bins = parts[0].shape[0]
        source = np.clip(np.arange(bins) / delivery.formant_warp, 0, bins - 1)
        low = np.floor(source).astype(int)
        high = np.minimum(low + 1, bins - 1)
        weight = (source - low)[:, None].astype(np.float32)
        nearest = np.round(source).astype(int)
        parts = [
            part[low] * (1 - weight) + part[high] * weight if index in ENVELOPE_PARTS else part[nearest]
            for index, part in enumerate(parts)
        ]
    if delivery.breath > 0:
        hz = np.linspace(0.0, 1.0, parts[0].shape[0])[:, None]  # of half the sampling rate
        voiced = (frames.f0_hz > VOICED_HZ)[None, :]
        # Air comes in above the first formant and follows the vowel's own envelope, so vowels stay vowels.
        air = (
            parts[HARMONIC_PART]
            + (BREATH_AIR_DB * delivery.breath - BREATH_BELOW_DB - 6.0 * (hz < 0.06)) / DB_PER_NEPER
        )
        parts[NOISE_PART] = np.where(voiced, np.logaddexp(parts[NOISE_PART], air), parts[NOISE_PART]).astype(np.float32)
        tone = BREATH_TONE_DB * delivery.breath * np.clip(hz / 0.25, 0.3, 1.0) / DB_PER_NEPER
        parts[HARMONIC_PART] = (parts[HARMONIC_PART] - tone).astype(np.float32)
    return SpeechFrames(tuple(parts), frames.f0_hz, frames.hop_s)
