"""Drum sounds made from nothing: sines with falling pitch, filtered noise and inharmonic squares.

Aim: kits that sound chosen, not default, with no sample in the repository.  The recipes are the classic ones: a kick
is a sine swept down through a soft clipper, a snare is two detuned modes under coloured noise, a hat is six square
oscillators at inharmonic ratios (the TR-808's) with the bottom filtered away.

*Conventions.*  Every function returns one hit, mono float32, peak 1, its attack at sample 0, faded to zero at its end.
``rng`` colours the noise, so two takes of the same hat differ as two strokes do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import signal

_METAL_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)  # oscillator pitches of the TR-808's cymbal circuit
_FADE_S = 0.004
_RISE_S = 0.0003  # noise that starts at once reads as a digital click, not as a stick
_CLICK_S = 0.0025  # noise that gives a kick its beater


@dataclass(frozen=True)
class KickTone:
    """``start_hz`` sweeps to ``end_hz`` within a few ``sweep_s``; ``click`` in [0, 1]; ``drive`` 1 is clean."""

    start_hz: float
    end_hz: float
    sweep_s: float
    decay_s: float
    click: float
    drive: float


@dataclass(frozen=True)
class SnareTone:
    """``body_hz`` is the lower mode; ``wires`` the share of noise in [0, 1], its decay and its lowest frequency."""

    body_hz: float
    body_s: float
    wires: float
    wires_s: float
    wires_low_hz: float


def kick(rate_hz: int, rng: np.random.Generator, tone: KickTone) -> np.ndarray:
    time_s = _time(rate_hz, tone.decay_s * 3.2)
    sweep_hz = (tone.start_hz - tone.end_hz) * np.exp(-time_s / tone.sweep_s)
    knock_hz = 3.0 * tone.start_hz * np.exp(-time_s / 0.0015)  # the first millisecond reads as a beater, not as a note
    punch = 0.45 + 0.75 * np.exp(-time_s / 0.030)  # a skin gives most of its energy at once
    ring = punch * np.exp(-((time_s / tone.decay_s) ** 1.3))
    body = np.sin(_phase(tone.end_hz + sweep_hz + knock_hz, rate_hz)) * ring
    click = _noise(rate_hz, rng, len(time_s), 1800.0, 9000.0) * np.exp(-time_s / _CLICK_S)
    return _finish(np.tanh(tone.drive * (body + tone.click * 0.5 * click)), rate_hz)


def snare(rate_hz: int, rng: np.random.Generator, tone: SnareTone) -> np.ndarray:
    time_s = _time(rate_hz, max(tone.body_s, tone.wires_s) * 4.5)
    bend = 1.0 + 0.5 * np.exp(-time_s / 0.008)
    body = np.sin(_phase(tone.body_hz * bend, rate_hz)) * np.exp(-time_s / tone.body_s)
    body += 0.6 * np.sin(_phase(tone.body_hz * 1.78 * bend, rate_hz)) * np.exp(-time_s / (0.6 * tone.body_s))
    rattle = 0.65 * np.exp(-time_s / (0.15 * tone.wires_s)) + 0.35 * np.exp(-time_s / tone.wires_s)
    wires = _noise(rate_hz, rng, len(time_s), tone.wires_low_hz, 12_000.0) * rattle
    crack = _noise(rate_hz, rng, len(time_s), 2500.0, 7000.0) * np.exp(-time_s / 0.003)
    return _finish(np.tanh(1.5 * ((1.0 - tone.wires) * body + tone.wires * 1.6 * wires + 0.5 * crack)), rate_hz)


def clap(rate_hz: int, rng: np.random.Generator, tail_s: float = 0.09) -> np.ndarray:
    time_s = _time(rate_hz, tail_s * 4.5)
    bursts = sum(np.where(time_s >= at_s, np.exp(-(time_s - at_s) / 0.004), 0.0) for at_s in (0.0, 0.009, 0.019))
    tail = np.where(time_s >= 0.026, np.exp(-(time_s - 0.026) / tail_s), 0.0)
    hands = _noise(rate_hz, rng, len(time_s), 900.0, 5500.0)
    return _finish(np.tanh(1.4 * hands * (bursts + 0.8 * tail)), rate_hz)


def snap(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    time_s = _time(rate_hz, 0.12)
    thumb = _noise(rate_hz, rng, len(time_s), 1500.0, 3200.0) * np.exp(-time_s / 0.014)
    return _finish(thumb + 0.4 * np.sin(2 * np.pi * 2100.0 * time_s) * np.exp(-time_s / 0.006), rate_hz)


def rim(rate_hz: int, rng: np.random.Generator, pitch_hz: float = 480.0) -> np.ndarray:
    time_s = _time(rate_hz, 0.09)
    stick = np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-time_s / 0.012)
    stick += 0.8 * np.sin(2 * np.pi * 3.55 * pitch_hz * time_s) * np.exp(-time_s / 0.006)
    click = _noise(rate_hz, rng, len(time_s), 2000.0, 10_000.0) * np.exp(-time_s / 0.0025)
    return _finish(np.tanh(1.6 * (stick + 0.5 * click)), rate_hz)


def hat(
    rate_hz: int, rng: np.random.Generator, decay_s: float, low_hz: float = 7000.0, metal: float = 0.6
) -> np.ndarray:
    """Closed with a decay near 0.03 s, open near 0.2 s; ``metal`` in [0, 1] against plain noise."""
    time_s = _time(rate_hz, decay_s * 5.0)
    ring = _metal(rate_hz, rng, time_s, 1.0)
    air = rng.standard_normal(len(time_s))
    high = signal.sosfilt(_high_pass(rate_hz, low_hz), metal * 2.0 * ring + (1.0 - metal) * air)
    strike = 0.5 * np.exp(-time_s / (0.2 * decay_s)) + 0.5 * np.exp(-time_s / decay_s)
    return _finish(high * strike, rate_hz)


def crash(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    time_s = _time(rate_hz, 2.4)
    wash = 0.5 * _metal(rate_hz, rng, time_s, 1.37) + rng.standard_normal(len(time_s))
    high = signal.sosfilt(_high_pass(rate_hz, 3500.0), wash)
    return _finish(high * (0.4 * np.exp(-time_s / 0.05) + 0.6 * np.exp(-time_s / 0.6)), rate_hz)


def shaker(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    time_s = _time(rate_hz, 0.11)
    swell = np.minimum(time_s / 0.012, 1.0) * np.exp(-np.maximum(time_s - 0.012, 0.0) / 0.022)
    return _finish(_noise(rate_hz, rng, len(time_s), 5000.0, 11_000.0) * swell, rate_hz)


def tambourine(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    time_s = _time(rate_hz, 0.22)
    jingles = sum(np.where(time_s >= at_s, np.exp(-(time_s - at_s) / 0.03), 0.0) for at_s in (0.0, 0.014, 0.031))
    ring = _metal(rate_hz, rng, time_s, 2.6) + 0.6 * rng.standard_normal(len(time_s))
    return _finish(signal.sosfilt(_high_pass(rate_hz, 8000.0), ring) * jingles, rate_hz)


def tom(rate_hz: int, rng: np.random.Generator, pitch_hz: float, decay_s: float = 0.12) -> np.ndarray:
    time_s = _time(rate_hz, decay_s * 4.0)
    skin = np.sin(_phase(pitch_hz * (1.0 + 0.5 * np.exp(-time_s / 0.03)), rate_hz)) * np.exp(-time_s / decay_s)
    slap = _noise(rate_hz, rng, len(time_s), 800.0, 5000.0) * np.exp(-time_s / 0.006)
    return _finish(np.tanh(1.3 * (skin + 0.3 * slap)), rate_hz)


def blip(rate_hz: int, rng: np.random.Generator, pitch_hz: float = 900.0) -> np.ndarray:
    """The dry, watery tick of early grime: a short sine thrown upwards."""
    time_s = _time(rate_hz, 0.07)
    drop = np.sin(_phase(pitch_hz * (0.6 + 1.6 * np.exp(-time_s / 0.01)), rate_hz)) * np.exp(-time_s / 0.016)
    tick = _noise(rate_hz, rng, len(time_s), 3000.0, 9000.0) * np.exp(-time_s / 0.002)
    return _finish(drop + 0.4 * tick, rate_hz)


def riser(rate_hz: int, rng: np.random.Generator, length_s: float) -> np.ndarray:
    """Noise that swells for ``length_s`` into the next bar line."""
    time_s = _time(rate_hz, length_s)
    swell = (time_s / length_s) ** 2.5
    low = _noise(rate_hz, rng, len(time_s), 600.0, 3000.0) * (1.0 - time_s / length_s)
    high = _noise(rate_hz, rng, len(time_s), 3000.0, 12_000.0) * (time_s / length_s)
    return _finish((0.6 * low + high) * swell, rate_hz)


def room_impulse(rate_hz: int, rng: np.random.Generator, decay_s: float, low_hz: float, high_hz: float) -> np.ndarray:
    """A stereo room: decaying coloured noise, one per ear, shape (frames, 2), unit energy, 8 ms before it speaks."""
    time_s = _time(rate_hz, decay_s * 1.1)
    fall = 10.0 ** (-3.0 * time_s / decay_s)  # -60 dB after decay_s
    ears = np.stack([_noise(rate_hz, rng, len(time_s), low_hz, high_hz) * fall for _ in range(2)], axis=1)
    silence = np.zeros((round(0.008 * rate_hz), 2))
    tail = np.concatenate([silence, ears])
    return (tail / np.sqrt(np.sum(np.square(tail)) / 2.0)).astype(np.float32)


# --------------------------------------------------------------------------------------------------- parts


def _time(rate_hz: int, length_s: float) -> np.ndarray:
    return np.arange(max(8, round(length_s * rate_hz))) / rate_hz


def _phase(hz: np.ndarray, rate_hz: int) -> np.ndarray:
    """Radians, 0 at sample 0."""
    cycles = np.cumsum(hz) / rate_hz
    return 2.0 * np.pi * (cycles - cycles[0])


def _noise(rate_hz: int, rng: np.random.Generator, frames: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Band-limited noise of unit standard deviation; the filter has settled before the first sample."""
    settle = rate_hz // 100
    top_hz = min(high_hz, 0.45 * rate_hz)
    band = signal.butter(2, [min(low_hz, 0.6 * top_hz), top_hz], "bandpass", fs=rate_hz, output="sos")
    coloured = signal.sosfilt(band, rng.standard_normal(frames + settle))[settle:]
    return coloured / max(float(coloured.std()), 1e-9)


def _metal(rate_hz: int, rng: np.random.Generator, time_s: np.ndarray, scale: float) -> np.ndarray:
    starts = rng.random(len(_METAL_HZ))
    return (
        sum(np.sign(np.sin(2 * np.pi * (hz * scale * time_s + at))) for hz, at in zip(_METAL_HZ, starts, strict=True))
        / 3.0
    )


def _high_pass(rate_hz: int, hz: float) -> np.ndarray:
    return signal.butter(3, min(hz, 0.35 * rate_hz), "highpass", fs=rate_hz, output="sos")


def _finish(hit: np.ndarray, rate_hz: int) -> np.ndarray:
    rise = max(2, round(_RISE_S * rate_hz))
    hit[:rise] *= np.linspace(0.0, 1.0, rise)
    fade = min(len(hit), max(2, round(_FADE_S * rate_hz)))
    hit[-fade:] *= np.linspace(1.0, 0.0, fade)
    return (hit / max(float(np.max(np.abs(hit))), 1e-9)).astype(np.float32)
