"""hibari's waveform synthesis, a few frames at a time: the same sound as its own `dsp.synth`, but startable before the
line is decoded and restartable from any point.

How: a pulse train from F0 through the harmonic spectrum, shaped noise, and a residual, summed per frame and
overlap-added (inverse STFT, 1200-point Hann window, hop 300, 24 kHz), after hibari-tts 0.2.1 (`hibari.dsp`,
Apache-2.0).  What must survive from one push to the next is small and never changed in place: the pulse phase, the last
frames that still wait for the pitch after them, and the tail of the overlap-add.  Whoever keeps a state can go back to
it, which is how the aligner tries a stretch twice.

*Conventions.*  Frames are `SpeechFrames` of five spectra (601, frames).  A state that has been fed n frames has given
(n − `LAG_FRAMES`) · 300 samples; the push marked ``last`` gives the rest.  Noise is read from one table at a place
that depends on the seed and the frame's number alone, so equal takes have equal bytes however they were cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import fft

from rapbot.protocols import VOICE_RATE_HZ, SpeechFrames

N_FFT, HOP = 1200, 300
BLOCKS = N_FFT // HOP
BINS = N_FFT // 2 + 1
WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)  # periodic Hann
PULSE_WINDOW = WINDOW / (N_FFT / 4)  # a cosine of height 1 then has a spectral peak of height 1
WINDOW_POWER = (WINDOW * WINDOW).reshape(BLOCKS, HOP)
VOICED_HZ = 40.0
HIGHEST_HARMONIC_HZ = 11_000.0
MOST_LOG = 7.0  # the network's rare outliers above this would only click
PULSE_WAIT = 1  # a frame's pulses need the pitch of the frame after it …
SPECTRUM_WAIT = PULSE_WAIT + 1  # … and its spectrum the pulses up to half a window later
LAG_FRAMES = SPECTRUM_WAIT + BLOCKS // 2  # and a block is complete when two more frames have been added
NOISE_FRAMES = 1024  # 12.8 s before the table repeats
NOISE_SEED = 20261124


@dataclass(frozen=True)
class VocoderState:
    """Where a synthesis stands; values are shared between copies and never written to."""

    noise_row: int
    frames_in: int = 0
    blocks_out: int = 0
    cycles: float = 0.0  # phase of the pulse train, 0..1
    f0_hz: np.ndarray = None  # type: ignore[assignment]  # pitch of the frames from the one before the next pulse block
    pulses: np.ndarray = None  # type: ignore[assignment]  # blocks from two before the next spectrum
    parts: tuple[np.ndarray, ...] = ()  # spectra that wait for their pulses
    tail: np.ndarray = None  # type: ignore[assignment]  # overlap-add in progress, (3, HOP)
    weight: np.ndarray = None  # type: ignore[assignment]


def start(seed: int) -> VocoderState:
    """A synthesis that has not begun."""
    row = int(np.random.default_rng(seed).integers(NOISE_FRAMES))
    return VocoderState(
        noise_row=row,
        f0_hz=np.zeros(0, np.float32),
        pulses=np.zeros((BLOCKS // 2, HOP), np.float32),  # silence before the first frame
        parts=tuple(np.zeros((BINS, 0), np.float32) for _ in range(5)),
        tail=np.zeros((BLOCKS - 1, HOP), np.float32),
        weight=np.zeros((BLOCKS - 1, HOP), np.float32),
    )


def push(state: VocoderState, frames: SpeechFrames, last: bool = False) -> tuple[np.ndarray, VocoderState]:
    """Feed frames; the samples that are now certain, float32 at 24 kHz, and the state after them."""
    parts = tuple(
        np.concatenate([a, b], axis=1) if a.shape[1] else b for a, b in zip(state.parts, frames.parts, strict=True)
    )
    pitch = np.concatenate([state.f0_hz, np.asarray(frames.f0_hz, np.float32)])
    blocks, cycles, pitch = _pulses(pitch, state.cycles, state.frames_in == 0, last)
    pulses = np.concatenate([state.pulses, blocks])
    if last:
        pulses = np.concatenate([pulses, np.zeros((BLOCKS // 2 - 1, HOP), np.float32)])
    ready = max(0, min(parts[0].shape[1], len(pulses) - BLOCKS + 1))
    frames_in = state.frames_in + len(frames.f0_hz)
    first = frames_in - parts[0].shape[1]  # number of the frame the first waiting spectrum belongs to
    rows = (state.noise_row + first + np.arange(ready)) % NOISE_FRAMES
    spoken = _windowed(parts, pulses, ready, rows)
    sums = np.concatenate([state.tail, np.zeros((ready, HOP), np.float32)])
    weights = np.concatenate([state.weight, np.zeros((ready, HOP), np.float32)])
    for k in range(BLOCKS):
        sums[k : k + ready] += spoken[:, k]
        weights[k : k + ready] += WINDOW_POWER[k]
    done = len(sums) if last else ready
    out = (sums[:done] / np.maximum(weights[:done], 1e-11)).reshape(-1)
    # the first and last half window lie outside the sound
    skipped = max(0, min(len(out), (BLOCKS // 2 - state.blocks_out) * HOP))
    until = frames_in * HOP - max(0, state.blocks_out - BLOCKS // 2) * HOP if last else len(out) - skipped
    state = replace(
        state,
        frames_in=frames_in,
        blocks_out=state.blocks_out + ready,
        cycles=cycles,
        f0_hz=pitch,
        pulses=pulses[ready:],
        parts=tuple(part[:, ready:] for part in parts),
        tail=sums[ready:],
        weight=weights[ready:],
    )
    return out[skipped : skipped + until], state


def _windowed(parts: tuple[np.ndarray, ...], pulses: np.ndarray, ready: int, rows: np.ndarray) -> np.ndarray:
    """Windowed sound of each ready frame, (frames, blocks, HOP)."""
    if ready == 0:
        return np.zeros((0, BLOCKS, HOP), np.float32)
    harmonic, turn, noise, residual, phase = (np.ascontiguousarray(part[:, :ready].T) for part in parts)
    spans = np.lib.stride_tricks.sliding_window_view(pulses.reshape(-1), N_FFT)[::HOP][:ready]
    spectrum = fft.rfft(spans * PULSE_WINDOW, axis=1, overwrite_x=True)
    spectrum *= _polar(_bounded_exp(harmonic), np.tanh(turn) * np.float32(np.pi))
    spectrum += _noise_table()[rows] * _bounded_exp(noise)
    spectrum += _polar(_bounded_exp(residual), phase)
    sound = fft.irfft(spectrum, N_FFT, axis=1, overwrite_x=True)
    return (sound * WINDOW).reshape(ready, BLOCKS, HOP)


def _bounded_exp(log: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(log, MOST_LOG), dtype=np.float32)


def _polar(size: np.ndarray, angle: np.ndarray) -> np.ndarray:
    out = np.empty(size.shape, np.complex64)
    np.multiply(np.cos(angle), size, out=out.real)
    np.multiply(np.sin(angle), size, out=out.imag)
    return out


def _pulses(f0_hz: np.ndarray, cycles: float, at_start: bool, last: bool) -> tuple[np.ndarray, float, np.ndarray]:
    """Pulse blocks that are now certain, the phase after them, and the pitch that must be kept.

    Every harmonic below `HIGHEST_HARMONIC_HZ` at unit amplitude (a Dirichlet kernel of the phase); unvoiced is 0.
    ``f0_hz`` begins with the frame before the next block, except at the start, where the first frame stands for it.
    """
    if at_start and len(f0_hz):
        f0_hz = np.concatenate([f0_hz[:1], f0_hz])
    if last and len(f0_hz):
        f0_hz = np.concatenate([f0_hz, f0_hz[-1:]])
    count = len(f0_hz) - 2
    if count <= 0:
        return np.zeros((0, HOP), np.float32), cycles, f0_hz
    half = HOP // 2
    rising = (((np.arange(HOP) + 0.5) / HOP - 0.5) % 1.0).astype(np.float32)  # weight of the later of two frames
    by_frame = np.empty((count, HOP), np.float32)
    by_frame[:, :half] = f0_hz[:-2, None] * (1 - rising[:half]) + f0_hz[1:-1, None] * rising[:half]
    by_frame[:, half:] = f0_hz[1:-1, None] * (1 - rising[half:]) + f0_hz[2:, None] * rising[half:]
    hz = by_frame.reshape(-1)
    voiced = hz > VOICED_HZ
    phase = cycles + np.cumsum(np.maximum(hz, VOICED_HZ), dtype=np.float64) / VOICE_RATE_HZ
    out = np.zeros(count * HOP, np.float32)
    hz, turns = hz[voiced], phase[voiced]
    angle = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
    order = np.floor(np.float32(HIGHEST_HARMONIC_HZ) / hz) + np.float32(0.5)
    under = 2 * np.sin(angle * np.float32(0.5))
    level = np.abs(under) <= 2e-3  # the kernel's limit at the peak
    under[level] = 1
    kernel = np.sin(order * angle) / under
    kernel[level] = order[level]
    out[voiced] = kernel - np.float32(0.5)
    return out.reshape(count, HOP), float(phase[-1] % 1.0), f0_hz[count:]


@lru_cache(maxsize=1)
def _noise_table() -> np.ndarray:
    """(NOISE_FRAMES, BINS) complex normal numbers, real and imaginary parts of variance 1."""
    return np.random.default_rng(NOISE_SEED).standard_normal((NOISE_FRAMES, 2 * BINS), np.float32).view(np.complex64)
