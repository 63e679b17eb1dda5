"""What a voice is made of, set on the vocoder's spectra: the vocal tract, its resonances, breath and colour.

Aim: several people out of one licensed timbre.  Speakers differ in how long the throat and the mouth are (which moves
the formants, and not all by one factor: Fant 1975), how sharply they resonate, how much air passes unvoiced, and how
the glottis and the face colour the sound.  Everything here works frame by frame, so that a voice can be streamed and
any slice may be shaped alone; register and melody are in `rapbot.voicing.delivery`, because pitch goes through the
network's decoder.

*Conventions.*  Spectra are hibari's five (log harmonic, its phase, log noise, log residual, residual phase), each
(bins, frames) from 0 to 12 kHz, natural logarithms of magnitude.  A warp below 1 is a longer tube.  Gains are dB.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rapbot.protocols import VOICE_RATE_HZ, SpeechFrames
from rapbot.voicing.shape_map import ShapeMap

VOICED_HZ = 40.0
HIGHEST_HZ = VOICE_RATE_HZ / 2
# Log-magnitude spectra and how a formant warp reads them: envelopes between bins, phases at the nearest bin.
ENVELOPE_PARTS = (0, 2, 3)
HARMONIC_PART, NOISE_PART, RESIDUAL_PART = 0, 2, 3
DB_PER_NEPER = 20 / np.log(10)

KNEE_HZ = 1200.0  # throat below, mouth above: between the second formants of back and front vowels
BANDS_HZ = (150.0, 350.0, 700.0, 1400.0, 2600.0, 4200.0, 7000.0)  # about an octave apart, wider than any formant
TILT_FROM_HZ, TILT_TO_HZ = 200.0, 8000.0  # a tilt levels off outside
TILT_ABOUT_HZ = 800.0  # speech has as much power above as below, so a tilt hardly changes the level

BODY_HZ, EDGE_HZ = (350.0, 700.0), (2600.0, 4200.0)  # where vowels are loud, where consonants are told apart

RESONANCE_HZ = 1000.0  # a spectrum smoothed over this has no formants left; what it loses is what resonates
RESONANCE_STEP = 12  # bins averaged before that smoothing (240 Hz): formants are wider

BREATH_AIR_DB = 12.0  # noise gained between no breath and full breath …
BREATH_BELOW_DB = 22.0  # … starting this far below the harmonics
BREATH_LOW_DB = 6.0  # less of it below the first formant's region …
BREATH_LOW_HZ = 720.0
BREATH_TONE_DB = 14.0  # harmonics lost at the top of the spectrum at full breath …
BREATH_TONE_HZ = 3000.0  # … reached here


@dataclass(frozen=True)
class Timbre:
    """One speaker's instrument."""

    formant_warp: float = 1.0  # of all formants
    upper_warp: float = 1.0  # further, of what lies above `KNEE_HZ`
    resonance: float = 1.0  # height of the formants: below 1 muffled, above 1 ringing
    breath: float = 0.0  # 0 as recorded … 1 whispery
    tilt_db: float = 0.0  # an octave, about `TILT_ABOUT_HZ`
    bands_db: tuple[float, ...] = (0.0,) * len(BANDS_HZ)  # at `BANDS_HZ`, straight in between
    shape: ShapeMap | None = None  # towards the shapes of somebody else, after the formants are moved

    def __post_init__(self) -> None:
        if len(self.bands_db) != len(BANDS_HZ):
            raise ValueError(f"bands_db must hold {len(BANDS_HZ)} gains, got {len(self.bands_db)}")
        for name, value, low, high in (
            ("formant_warp", self.formant_warp, 0.7, 1.3),
            ("upper_warp", self.upper_warp, 0.8, 1.25),
            ("resonance", self.resonance, 0.4, 1.8),
            ("breath", self.breath, 0.0, 1.0),
            ("tilt_db", self.tilt_db, -6.0, 6.0),
            *(("bands_db", gain, -12.0, 12.0) for gain in self.bands_db),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low:g}..{high:g}, got {value}")


def shaped_frames(frames: SpeechFrames, timbre: Timbre) -> SpeechFrames:
    """Frames as this instrument would sound them; a plain `Timbre` returns them as they are."""
    parts = list(frames.parts)
    bins = parts[0].shape[0]
    if timbre.formant_warp != 1.0 or timbre.upper_warp != 1.0:
        low, weight = _warp(bins, timbre.formant_warp, timbre.upper_warp)
        nearest = low + (weight[:, 0] > 0.5)
        for index, part in enumerate(parts):
            if index in ENVELOPE_PARTS:
                under = part[low]
                parts[index] = under + (part[low + 1] - under) * weight
            else:
                parts[index] = part[nearest]
    if timbre.resonance != 1.0:
        broad, ringing = broad_shape(parts[HARMONIC_PART]), np.float32(timbre.resonance)
        parts[HARMONIC_PART] = broad + (parts[HARMONIC_PART] - broad) * ringing
    if timbre.breath > 0:
        air, tone = _breath(bins, timbre.breath)
        # Air follows the vowel's own envelope, so vowels stay vowels; the louder noise hides the other.
        noisy = np.maximum(parts[NOISE_PART], parts[HARMONIC_PART] + air)
        parts[NOISE_PART] = np.where(frames.f0_hz > VOICED_HZ, noisy, parts[NOISE_PART])
        parts[HARMONIC_PART] = parts[HARMONIC_PART] + tone
    if timbre.shape is not None:
        sounding = np.logaddexp(parts[HARMONIC_PART], parts[NOISE_PART])
        change = timbre.shape.gain(sounding, frames.f0_hz > VOICED_HZ)
        for index in ENVELOPE_PARTS:
            parts[index] = parts[index] + change
    if timbre.tilt_db != 0 or any(timbre.bands_db):
        gain = _colour(bins, timbre)
        for index in ENVELOPE_PARTS:
            parts[index] = parts[index] + gain
    return SpeechFrames(tuple(parts), frames.f0_hz, frames.hop_s)


def broad_shape(spectrum: np.ndarray) -> np.ndarray:
    """A log spectrum, (bins, frames), without its formants: smoothed over `RESONANCE_HZ`."""
    down, up = _smoothing(spectrum.shape[0])
    return up @ (down @ spectrum)


@lru_cache(maxsize=32)
def _warp(bins: int, formant_warp: float, upper_warp: float) -> tuple[np.ndarray, np.ndarray]:
    """For each bin the bin below the place it is read at, and how far beyond that place lies, shape (bins, 1)."""
    knee = KNEE_HZ / HIGHEST_HZ * (bins - 1)
    at = np.arange(bins) / formant_warp
    at = np.clip(np.where(at > knee, knee + (at - knee) / upper_warp, at), 0, bins - 1)
    low = np.minimum(np.floor(at).astype(int), bins - 2)
    return low, (at - low).astype(np.float32)[:, None]


@lru_cache(maxsize=4)
def _smoothing(bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Averages over blocks of bins, and the way back from those, smoothed."""
    bin_hz = HIGHEST_HZ / (bins - 1)
    centres = np.arange(0, bins + RESONANCE_STEP, RESONANCE_STEP, dtype=float)
    at = np.arange(bins, dtype=float)
    down = np.abs(at[None, :] - centres[:, None]) <= RESONANCE_STEP / 2
    down = down / np.maximum(down.sum(axis=1, keepdims=True), 1)
    kernel = np.exp(-0.5 * ((at[:, None] - centres[None, :]) * bin_hz / (RESONANCE_HZ / 2)) ** 2)
    kernel = kernel * (down.sum(axis=1) > 0)
    return down.astype(np.float32), (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=32)
def _breath(bins: int, breath: float) -> tuple[np.ndarray, np.ndarray]:
    """Log gains, (bins, 1): of the air relative to the harmonics, and of the harmonics."""
    hz = np.linspace(0.0, HIGHEST_HZ, bins)[:, None]
    air_db = BREATH_AIR_DB * breath - BREATH_BELOW_DB - BREATH_LOW_DB * (hz < BREATH_LOW_HZ)
    tone_db = -BREATH_TONE_DB * breath * np.clip(hz / BREATH_TONE_HZ, 0.3, 1.0)
    return (air_db / DB_PER_NEPER).astype(np.float32), (tone_db / DB_PER_NEPER).astype(np.float32)


def colour_db(hz: np.ndarray, timbre: Timbre) -> np.ndarray:
    """What tilt and bands add at these frequencies."""
    octaves = np.log2(np.clip(hz, TILT_FROM_HZ, TILT_TO_HZ) / TILT_ABOUT_HZ)
    return timbre.tilt_db * octaves + np.interp(np.log(np.maximum(hz, 1.0)), np.log(BANDS_HZ), timbre.bands_db)


def dull_db(timbre: Timbre) -> float:
    """How much more a timbre's colour takes from the consonants' half of the spectrum than from the vowels'."""
    return float(colour_db(np.array(BODY_HZ), timbre).mean() - colour_db(np.array(EDGE_HZ), timbre).mean())


@lru_cache(maxsize=32)
def _colour(bins: int, timbre: Timbre) -> np.ndarray:
    """Log gain of each bin, shape (bins, 1)."""
    gain_db = colour_db(np.linspace(0.0, HIGHEST_HZ, bins), timbre)
    return (gain_db / DB_PER_NEPER).astype(np.float32)[:, None]
