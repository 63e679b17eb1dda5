"""What a voice is made of: the length of its vocal tract and its breath, set on the vocoder's spectra.

Aim: several people out of one licensed timbre.  Everything here works frame by frame, so that a voice can be streamed;
register and melody are not here but in `rapbot.voicing.delivery`, because pitch goes through the network's decoder.

*Conventions.*  Spectra are hibari's five (log harmonic, its phase, log noise, log residual, residual phase), each
(bins, frames), natural logarithms of magnitude.  ``formant_warp`` below 1 is a longer vocal tract.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapbot.protocols import SpeechFrames

VOICED_HZ = 40.0
# Log-magnitude spectra and how a formant warp reads them: envelopes between bins, phases at the nearest bin.
ENVELOPE_PARTS = (0, 2, 3)
HARMONIC_PART, NOISE_PART = 0, 2
DB_PER_NEPER = 20 / np.log(10)

BREATH_AIR_DB = 12.0  # noise gained between no breath and full breath …
BREATH_BELOW_DB = 22.0  # … starting this far below the harmonics
BREATH_TONE_DB = 14.0  # harmonics lost at the top of the spectrum at full breath


@dataclass(frozen=True)
class Timbre:
    """One speaker's instrument."""

    formant_warp: float = 1.0
    breath: float = 0.0  # 0 as recorded … 1 whispery

    def __post_init__(self) -> None:
        for name, low, high in (("formant_warp", 0.7, 1.3), ("breath", 0.0, 1.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low:g}..{high:g}, got {value}")


def shaped_frames(frames: SpeechFrames, timbre: Timbre) -> SpeechFrames:
    """Vocal tract length and breath, on the spectra."""
    parts = list(frames.parts)
    if timbre.formant_warp != 1.0:
        bins = parts[0].shape[0]
        source = np.clip(np.arange(bins) / timbre.formant_warp, 0, bins - 1)
        low = np.floor(source).astype(int)
        high = np.minimum(low + 1, bins - 1)
        weight = (source - low)[:, None].astype(np.float32)
        nearest = np.round(source).astype(int)
        parts = [
            part[low] * (1 - weight) + part[high] * weight if index in ENVELOPE_PARTS else part[nearest]
            for index, part in enumerate(parts)
        ]
    if timbre.breath > 0:
        hz = np.linspace(0.0, 1.0, parts[0].shape[0])[:, None]  # of half the sampling rate
        voiced = (frames.f0_hz > VOICED_HZ)[None, :]
        # Air comes in above the first formant and follows the vowel's own envelope, so vowels stay vowels.
        air = (
            parts[HARMONIC_PART] + (BREATH_AIR_DB * timbre.breath - BREATH_BELOW_DB - 6.0 * (hz < 0.06)) / DB_PER_NEPER
        )
        parts[NOISE_PART] = np.where(voiced, np.logaddexp(parts[NOISE_PART], air), parts[NOISE_PART]).astype(np.float32)
        tone = BREATH_TONE_DB * timbre.breath * np.clip(hz / 0.25, 0.3, 1.0) / DB_PER_NEPER
        parts[HARMONIC_PART] = (parts[HARMONIC_PART] - tone).astype(np.float32)
    return SpeechFrames(tuple(parts), frames.f0_hz, frames.hop_s)
