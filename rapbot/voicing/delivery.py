"""How a line is said: register, melody, accents, energy, lateness.

Aim: one line said five ways.  Pitch and energy go through the network's decoder, so a lower voice is spoken low and not
played slow; what a voice is made of is in `rapbot.voicing.timbre`.

*Conventions.*  Semitones are relative to the network's own melody; ``pitch_range`` scales its excursions (1 leaves
them, 0 is a monotone).  ``late_ms`` lays every syllable behind the beat.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

VOICED_HZ = 40.0
LOWEST_HZ, HIGHEST_HZ = 60.0, 480.0  # the decoder has heard no speech outside
ACCENT_SIGMA_S = 0.07  # half a syllable at rap's pace
ACCENT_PEAK_S = 0.05  # pitch accents peak a little after the vowel's onset
ACCENT_DB = 1.2  # of an accent of strength 1; the punch (1.4) gets twice as much
ENERGY_UNIT_DB = 2.7  # measured: what one unit of the energy curve adds to a take's level


@dataclass(frozen=True)
class Delivery:
    """One way of saying a line."""

    transpose_semitones: float = 0.0
    pitch_range: float = 1.0
    accent_semitones: float = 1.5
    energy_db: float = 0.0
    late_ms: float = 0.0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("transpose_semitones", -14.0, 10.0),
            ("pitch_range", 0.0, 3.0),
            ("accent_semitones", 0.0, 6.0),
            ("energy_db", -24.0, 12.0),
            ("late_ms", 0.0, 60.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low:g}..{high:g}, got {value}")


# What `--affect` names: changes on top of a voice's own delivery.
AFFECTS: dict[str, Delivery] = {
    "plain": Delivery(accent_semitones=0.0),
    "cold": Delivery(pitch_range=0.4, accent_semitones=0.0, energy_db=-1.0),
    "hyped": Delivery(transpose_semitones=1.5, pitch_range=1.35, accent_semitones=1.2, energy_db=1.5),
    "mocking": Delivery(transpose_semitones=1.0, pitch_range=1.8, accent_semitones=1.0),
    "menace": Delivery(transpose_semitones=-1.5, pitch_range=0.7, accent_semitones=0.5),
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
