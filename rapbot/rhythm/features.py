"""Onset features for beat tracking: band-wise spectral flux at 100 frames a second, as a feedable stage.

Aim: one small matrix per recording that shows where things start in the kick, body, voice, snare and hat regions, the
same whatever the sampling rate, the level or the way the audio was cut into blocks (after Böck, Krebs & Schedl,
"Evaluating the online capabilities of onset detection methods", ISMIR 2012).

*Conventions.*  Frame ``n`` stands for time ``n / FRAMES_PER_S`` seconds; its window is centred there.  `BandSpectra`
holds linear magnitudes, float32, shape (frames, bands), bands ordered by ascending ``centres_hz``.  `onset_channels`
returns float64, shape (frames, len(CHANNELS)), each channel in [0, 1] with 1 about the strong hits of that channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FRAMES_PER_S = 100
WINDOW_S = 0.046  # long enough to resolve a kick (22 Hz bins), short enough to place a hit within a 32nd note
BLOCK_FRAMES = 10  # spectra are always computed ten at a time, so that no cut of the input can change a rounding
BANDS_PER_OCTAVE = 6
LOWEST_HZ = 30.0
HIGHEST_HZ = 15_000.0  # nothing above tells more about the beat, and cheap microphones stop there
FLUX_LAG_FRAMES = 2  # a 46 ms window takes about two frames to see a whole attack
CEILING_PERCENTILE = 98.0  # strong hits fill a few per cent of the frames; louder ones are clipped to the same 1.0
COMPRESSION = 300.0  # log1p(300 * level): 50 dB below the loudest band still counts, room noise does not

# Channel name and its band edges in Hz.
FLUX_BANDS_HZ: tuple[tuple[str, float, float], ...] = (
    ("kick", 0.0, 120.0),
    ("body", 120.0, 400.0),
    ("voice", 400.0, 2500.0),
    ("snare", 2500.0, 6000.0),
    ("hat", 6000.0, 20_000.0),
)
CHANNELS: tuple[str, ...] = (*(name for name, _, _ in FLUX_BANDS_HZ), "bass_change", "vowel", "rest")

BASS_TOP_HZ = 400.0
BASS_CONTEXT_FRAMES = 30  # the bass note before and after a point is heard over 0.3 s, half a beat
VOWEL_LOW_HZ, VOWEL_HIGH_HZ = 250.0, 2800.0  # where the project defines a vowel's onset
VOWEL_RISE_FRAMES = 5  # a sung vowel rises within about 50 ms
REST_FRAMES = 8  # a rest shorter than 160 ms (8 frames to either side) is a gap between syllables, not a phrase end
BASS_FLOOR = 0.3  # level under which the spectrum of near silence would count as a change of note
SILENCE = 1e-5  # magnitudes below this share of the loudest are digital silence, not sound


@dataclass(frozen=True)
class BandSpectra:
    """Magnitudes in log-spaced bands, shape (frames, bands)."""

    magnitudes: np.ndarray
    centres_hz: np.ndarray

    @property
    def duration_s(self) -> float:
        return len(self.magnitudes) / FRAMES_PER_S


def band_edges(rate_hz: int, window_samples: int) -> np.ndarray:
    """First FFT bin of every band, ascending, plus the end of the last: shape (bands + 1,)."""
    top_hz = min(HIGHEST_HZ, rate_hz / 2)
    octaves = np.log2(top_hz / LOWEST_HZ)
    edges_hz = LOWEST_HZ * 2.0 ** (np.arange(int(octaves * BANDS_PER_OCTAVE) + 1) / BANDS_PER_OCTAVE)
    bins = np.unique(np.round(edges_hz * window_samples / rate_hz).astype(int))
    return bins[bins >= 1]


class SpectrumStage:
    """Audio blocks in, band spectra out; any cut of the same audio gives bit-identical spectra."""

    def __init__(self, rate_hz: int) -> None:
        if rate_hz < 8000:
            raise ValueError(f"rate_hz must be at least 8000, got {rate_hz}")
        self.rate_hz = rate_hz
        self._window_samples = 2 * round(WINDOW_S * rate_hz / 2)
        self._edges = band_edges(rate_hz, self._window_samples)
        self._window = np.hanning(self._window_samples) * (2.0 / self._window_samples)
        # Half a window of silence before the first sample centres frame 0 on it.
        self._pending: list[np.ndarray] = [np.zeros(self._window_samples // 2)]
        self._pending_start = -(self._window_samples // 2)
        self._pending_length = self._window_samples // 2
        self._blocks: list[np.ndarray] = []
        self.fed_samples = 0

    @property
    def _widths(self) -> np.ndarray:
        return np.diff(self._edges)

    @property
    def frames(self) -> int:
        """Frames computed so far."""
        return BLOCK_FRAMES * len(self._blocks)

    def _start_of(self, frame: int) -> int:
        """First sample of a frame's window; computed, never accumulated, so 22 050 Hz does not drift."""
        return (2 * frame * self.rate_hz + FRAMES_PER_S) // (2 * FRAMES_PER_S) - self._window_samples // 2

    def feed(self, block: np.ndarray) -> None:
        """Take the next mono samples."""
        block = np.asarray(block, dtype=np.float64)
        if block.ndim != 1:
            raise ValueError(f"block must be mono, shape (samples,), got shape {block.shape}")
        self.fed_samples += len(block)
        self._take(block)

    def _take(self, block: np.ndarray) -> None:
        self._pending.append(block)
        self._pending_length += len(block)
        last = self._start_of(self.frames + BLOCK_FRAMES - 1) + self._window_samples
        if self._pending_start + self._pending_length < last:
            return
        samples = np.concatenate(self._pending)
        while self._pending_start + len(samples) >= last:
            starts = np.array([self._start_of(self.frames + i) for i in range(BLOCK_FRAMES)]) - self._pending_start
            self._blocks.append(self._spectra(samples, starts))
            keep = self._start_of(self.frames) - self._pending_start
            samples = samples[keep:]
            self._pending_start += keep
            last = self._start_of(self.frames + BLOCK_FRAMES - 1) + self._window_samples
        self._pending = [samples]
        self._pending_length = len(samples)

    def _spectra(self, samples: np.ndarray, starts: np.ndarray) -> np.ndarray:
        frames = samples[starts[:, None] + np.arange(self._window_samples)] * self._window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        bands = np.add.reduceat(power[:, : self._edges[-1]], self._edges[:-1], axis=1)
        return np.sqrt(bands / self._widths).astype(np.float32)

    def spectra(self) -> BandSpectra:
        """The whole frames heard so far (up to 0.1 s behind the last sample fed)."""
        return BandSpectra(self._joined(), self._centres_hz())

    def finish(self) -> BandSpectra:
        """All frames of the recording; the end is completed with silence."""
        wanted = -(-self.fed_samples * FRAMES_PER_S // self.rate_hz)
        while self.frames < wanted:
            self._take(np.zeros(self._window_samples + BLOCK_FRAMES * self.rate_hz // FRAMES_PER_S))
        return BandSpectra(self._joined()[:wanted], self._centres_hz())

    def _joined(self) -> np.ndarray:
        if not self._blocks:
            return np.zeros((0, len(self._edges) - 1), np.float32)
        return np.concatenate(self._blocks)

    def _centres_hz(self) -> np.ndarray:
        return (self._edges[:-1] + self._edges[1:] - 1) / 2 * self.rate_hz / self._window_samples


def _rise(values: np.ndarray, lag: int) -> np.ndarray:
    """Positive change over ``lag`` frames; before the first frame lies silence of the first frame's own level."""
    before = np.concatenate([np.repeat(values[:1], lag, axis=0), values[:-lag]])[: len(values)]
    return np.maximum(values - before, 0.0)


def _normalised(channel: np.ndarray) -> np.ndarray:
    """Scale so that the strong hits of a channel reach 1; all zeros stay zeros."""
    active = channel[channel > 0.02 * channel.max(initial=0.0)]
    if not len(active):
        return np.zeros_like(channel)
    ceiling = np.percentile(active, CEILING_PERCENTILE)
    return np.minimum(channel / ceiling, 1.0) if ceiling > 0 else np.zeros_like(channel)


def _box_mean(values: np.ndarray, before: int, after: int) -> np.ndarray:
    """Mean over frames [n - before, n + after), cut at the ends of the recording; shape of ``values``."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    frame = np.arange(len(values))
    low, high = np.maximum(frame - before, 0), np.minimum(frame + after, len(values))
    count = np.maximum(high - low, 1).reshape(-1, *([1] * (values.ndim - 1)))
    return (total[high] - total[low]) / count


def _bass_change(levels: np.ndarray) -> np.ndarray:
    """How much the low spectrum differs after a frame from before it: bass notes and chords change on bar lines."""
    after, before = _box_mean(levels, 0, BASS_CONTEXT_FRAMES), _box_mean(levels, BASS_CONTEXT_FRAMES, 0)
    norm = np.linalg.norm(after, axis=1) * np.linalg.norm(before, axis=1)
    cosine = np.einsum("fb,fb->f", after, before) / np.maximum(norm, 1e-12)
    change = np.sqrt(1.0 - np.clip(cosine, -1.0, 1.0))
    change[: BASS_CONTEXT_FRAMES // 3] = 0.0  # nothing to compare with yet
    change[len(change) - BASS_CONTEXT_FRAMES // 3 :] = 0.0
    return change


def onset_channels(spectra: BandSpectra) -> np.ndarray:
    """Onset strength per channel, shape (frames, len(CHANNELS)), each in [0, 1]."""
    magnitudes = spectra.magnitudes.astype(np.float64)
    out = np.zeros((len(magnitudes), len(CHANNELS)))
    loudest = np.percentile(magnitudes.max(axis=1), 99.0) if len(magnitudes) else 0.0
    if loudest <= 0.0:
        return out
    levels = np.log1p(COMPRESSION * np.maximum(magnitudes / loudest - SILENCE, 0.0))
    rise = _rise(levels, FLUX_LAG_FRAMES)
    centres = spectra.centres_hz
    for index, (_, low_hz, high_hz) in enumerate(FLUX_BANDS_HZ):
        inside = (centres >= low_hz) & (centres < high_hz)
        if inside.any():
            out[:, index] = _normalised(rise[:, inside].mean(axis=1))
    bass = levels[:, centres < BASS_TOP_HZ] + BASS_FLOOR
    out[:, CHANNELS.index("bass_change")] = _normalised(_bass_change(bass))
    vowels = vowel_envelope(spectra)
    out[:, CHANNELS.index("vowel")] = _normalised(_rise(vowels, VOWEL_RISE_FRAMES))
    if vowels.any():
        loud = np.percentile(vowels[vowels > 0.0], 90.0)
        rest = 1.0 - _box_mean(vowels, REST_FRAMES, REST_FRAMES + 1) / loud
        out[:, CHANNELS.index("rest")] = np.maximum(rest, 0.0)
    return out


def vowel_envelope(spectra: BandSpectra) -> np.ndarray:
    """Amplitude in the vowel region, square-root compressed, smoothed over 50 ms; shape (frames,)."""
    inside = (spectra.centres_hz >= VOWEL_LOW_HZ) & (spectra.centres_hz < VOWEL_HIGH_HZ)
    power = (spectra.magnitudes[:, inside].astype(np.float64) ** 2).sum(axis=1)
    return _box_mean(power**0.25, 2, 3)
