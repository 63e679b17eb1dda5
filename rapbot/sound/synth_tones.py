"""Pitched instruments made from nothing: wavetables, frequency modulation and plucked strings.

Aim: basses, keys, strings and leads for the backing beats.  Wavetables are summed from harmonics below the Nyquist
limit, so nothing aliases; a filter sweep is a cross-fade between a bright and a dark table of one phase.  Electric
piano and bell are two-operator FM (Chowning 1973); plucks are Karplus & Strong (1983) with an interpolated delay, so
they are in tune.

*Conventions.*  Every function returns one note, float32, about peak 1, its attack at sample 0 and ``length_s`` long
including a short release; shape (frames,), or (frames, 2) where the docstring says stereo.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal

_TABLE = 2048
_RELEASE_S = 0.012


def midi_hz(note: float) -> float:
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


# --------------------------------------------------------------------------------------------------- basses


def sub_bass(rate_hz: int, hz: float, length_s: float, glide_hz: float | None = None, drive: float = 2.2) -> np.ndarray:
    """An 808: a sine with a thud, clipped until small loudspeakers hear it; half-way it slides to ``glide_hz``."""
    time_s = _time(rate_hz, length_s)
    pitch_hz = hz * (1.0 + 1.2 * np.exp(-time_s / 0.012))
    if glide_hz is not None:
        into = np.clip((time_s / length_s - 0.5) / 0.2, 0.0, 1.0)
        pitch_hz = pitch_hz * (glide_hz / hz) ** (into * into * (3.0 - 2.0 * into))
    body = np.sin(_phase(pitch_hz, rate_hz)) * np.exp(-time_s / 1.1)
    return _finish(np.tanh(drive * body) / np.tanh(drive), rate_hz)


def finger_bass(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    time_s = _time(rate_hz, length_s)
    phase = _cycles(np.full(len(time_s), hz), rate_hz)
    bright = _read(_table(rate_hz, hz, lambda k: 1.0 / k**1.2 * np.abs(np.sin(np.pi * k * 0.22)), 900.0), phase)
    dark = _read(_table(rate_hz, hz, lambda k: 1.0 / k**2.2 * np.abs(np.sin(np.pi * k * 0.22)), 250.0), phase)
    pick = np.exp(-time_s / 0.07)
    return _finish((bright * pick + dark * (1.0 - pick)) * np.exp(-time_s / 0.9) * _attack(time_s, 0.003), rate_hz)


def moog_bass(rate_hz: int, hz: float, length_s: float, glide_hz: float | None = None) -> np.ndarray:
    """Two detuned saws and a square an octave down through a closing filter; ``glide_hz`` is where it comes from."""
    time_s = _time(rate_hz, length_s)
    pitch_hz = np.full(len(time_s), hz)
    if glide_hz is not None:
        pitch_hz = hz * (glide_hz / hz) ** np.exp(-time_s / 0.03)
    phase = _cycles(pitch_hz, rate_hz)
    bright = _table(rate_hz, hz * 1.1, lambda k: 1.0 / k, 1300.0)
    dark = _table(rate_hz, hz * 1.1, lambda k: 1.0 / k, 320.0)
    open_ = 0.15 + 0.85 * np.exp(-time_s / 0.14)
    wave = sum(_read(bright, phase * d) * open_ + _read(dark, phase * d) * (1.0 - open_) for d in (1.0, 1.004))
    low = _read(_table(rate_hz, hz, lambda k: (k % 2) / k, 200.0), phase * 0.5)
    return _finish(np.tanh(0.9 * wave + 0.35 * low) * np.exp(-time_s / 2.0) * _attack(time_s, 0.004), rate_hz)


def square_bass(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    """Hollow square over a sine: grime's low end."""
    time_s = _time(rate_hz, length_s)
    phase = _cycles(np.full(len(time_s), hz), rate_hz)
    wave = 0.6 * _read(_table(rate_hz, hz, lambda k: (k % 2) / k, 700.0), phase) + 0.7 * np.sin(2 * np.pi * phase)
    return _finish(wave * _attack(time_s, 0.003) * np.exp(-time_s / 1.5), rate_hz)


def pump_bass(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    """Round saw bass for the off-beats of a club track."""
    time_s = _time(rate_hz, length_s)
    phase = _cycles(np.full(len(time_s), hz), rate_hz)
    bright = _read(_table(rate_hz, hz, lambda k: 1.0 / k, 800.0), phase)
    dark = _read(_table(rate_hz, hz, lambda k: 1.0 / k, 260.0), phase)
    pluck = np.exp(-time_s / 0.09)
    return _finish((bright * pluck + dark * (1.0 - pluck)) * _attack(time_s, 0.004) * np.exp(-time_s / 1.2), rate_hz)


# --------------------------------------------------------------------------------------------------- keys


def electric_piano(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    time_s = _time(rate_hz, length_s)
    angle = 2.0 * np.pi * hz * time_s
    tone = np.sin(angle + (0.25 + 0.9 * np.exp(-time_s / 0.35)) * np.sin(angle))
    tine_hz = min(14.0 * hz, 0.4 * rate_hz)
    tine = 0.10 * np.sin(angle + np.sin(2 * np.pi * tine_hz * time_s)) * np.exp(-time_s / 0.06)
    return _finish((tone + tine) * np.exp(-time_s / 1.3) * _attack(time_s, 0.003), rate_hz, 0.06)


def organ(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    time_s = _time(rate_hz, length_s)
    drawbars = {1: 1.0, 2: 0.7, 3: 0.35, 4: 0.25, 6: 0.12}
    tone = sum(a * np.sin(2 * np.pi * k * hz * time_s) for k, a in drawbars.items() if k * hz < 0.45 * rate_hz)
    click = 1.0 + 0.6 * np.exp(-time_s / 0.025)
    return _finish(tone * click * np.exp(-time_s / 0.5) * _attack(time_s, 0.003), rate_hz, 0.02)


def bell(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    """A music box: FM at an inharmonic ratio, long and thin."""
    time_s = _time(rate_hz, length_s)
    index = 1.6 * np.exp(-time_s / 0.25)
    tone = np.sin(2 * np.pi * hz * time_s + index * np.sin(2 * np.pi * 3.51 * hz * time_s))
    return _finish(tone * np.exp(-time_s / 0.55) * _attack(time_s, 0.002), rate_hz, 0.05)


def piano(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    """A felted, slightly stiff string: partials stretch and the high ones die first."""
    time_s = _time(rate_hz, length_s)
    tone = np.zeros(len(time_s))
    for k in range(1, 9):
        partial_hz = k * hz * np.sqrt(1.0 + 0.0004 * k * k)
        if partial_hz < 0.42 * rate_hz:
            tone += np.sin(2 * np.pi * partial_hz * time_s) / k**1.25 * np.exp(-time_s * (1.1 + 0.9 * k))
    return _finish(tone * _attack(time_s, 0.002), rate_hz, 0.06)


def pluck(rate_hz: int, hz: float, length_s: float, rng: np.random.Generator, damping: float = 0.35) -> np.ndarray:
    """Karplus-Strong: ``damping`` in (0, 0.5] rounds the string off; 0.5 is nylon, 0.1 wire."""
    frames = len(_time(rate_hz, length_s))
    period = rate_hz / hz
    whole = int(period - damping)
    fraction = period - damping - whole
    # The loop's delay is whole + damping + fraction samples: its average filter and its interpolator in one kernel.
    loop = np.convolve([1.0 - damping, damping], [1.0 - fraction, fraction]) * 10.0 ** (-3.0 / (hz * 2.5))
    string = np.zeros(whole + 2 + frames)
    soft = signal.butter(1, min(3500.0, 0.4 * rate_hz), fs=rate_hz, output="sos")
    burst = signal.sosfilt(soft, rng.uniform(-1.0, 1.0, whole))
    string[whole + 2 : whole + 2 + min(whole, frames)] = (burst - burst.mean())[:frames]
    for start in range(2 * whole + 2, len(string), whole):
        end = min(start + whole, len(string))
        string[start:end] = (
            loop[0] * string[start - whole : end - whole]
            + loop[1] * string[start - whole - 1 : end - whole - 1]
            + loop[2] * string[start - whole - 2 : end - whole - 2]
        )
    return _finish(string[whole + 2 :], rate_hz, 0.03)


def muted_guitar(rate_hz: int, hz: float, length_s: float, rng: np.random.Generator) -> np.ndarray:
    """A scratch: a wire string under the palm, little bottom."""
    string = pluck(rate_hz, hz, length_s, rng, 0.12).astype(np.float64)
    thin = signal.sosfilt(signal.butter(2, 350.0, "highpass", fs=rate_hz, output="sos"), string)
    return _finish(thin * np.exp(-_time(rate_hz, length_s)[: len(thin)] / 0.08), rate_hz)


def pad(rate_hz: int, hz: float, length_s: float, rng: np.random.Generator, bright_hz: float = 900.0) -> np.ndarray:
    """Four detuned saws, two to an ear, slow at both ends: stereo, shape (frames, 2)."""
    time_s = _time(rate_hz, length_s)
    table = _table(rate_hz, hz * 1.02, lambda k: 1.0 / k, bright_hz)
    starts = rng.random(4)
    waves = [
        _read(table, hz * detune * time_s + start)
        for detune, start in zip((0.9955, 1.0015, 0.9985, 1.0045), starts, strict=True)
    ]
    swell = np.minimum(1.0, time_s / min(0.25, 0.3 * length_s)) ** 1.5
    both = np.stack([waves[0] + 0.9 * waves[1], waves[3] + 0.9 * waves[2]], axis=1) * swell[:, None]
    return _finish(both, rate_hz, min(0.2, 0.3 * length_s))


def strings(rate_hz: int, hz: float, length_s: float, rng: np.random.Generator) -> np.ndarray:
    """The pad with rosin: quicker and brighter.  Stereo."""
    time_s = _time(rate_hz, length_s)
    table = _table(rate_hz, hz * 1.02, lambda k: 1.0 / k, 2200.0)
    starts = rng.random(4)
    waver = 0.0025 * np.sin(2 * np.pi * 5.2 * time_s) / (2 * np.pi * 5.2) * hz
    waves = [
        _read(table, hz * d * time_s + waver + at) for d, at in zip((0.997, 1.002, 0.998, 1.003), starts, strict=True)
    ]
    swell = np.minimum(1.0, time_s / 0.06) * (0.75 + 0.25 * np.exp(-time_s / 0.2))
    both = np.stack([waves[0] + waves[1], waves[2] + waves[3]], axis=1) * swell[:, None]
    return _finish(both, rate_hz, min(0.12, 0.3 * length_s))


# --------------------------------------------------------------------------------------------------- leads


def whistle(rate_hz: int, hz: float, length_s: float, glide_hz: float | None = None) -> np.ndarray:
    """The worm of g-funk: almost a sine, sliding in from ``glide_hz``, vibrato once it holds."""
    time_s = _time(rate_hz, length_s)
    slide = 1.0 if glide_hz is None else (glide_hz / hz) ** np.exp(-time_s / 0.035)
    vibrato = 1.0 + 0.008 * np.clip((time_s - 0.15) / 0.2, 0.0, 1.0) * np.sin(2 * np.pi * 5.6 * time_s)
    angle = _phase(hz * slide * vibrato, rate_hz)
    tone = np.sin(angle) + 0.22 * np.sin(2.0 * angle) + 0.10 * np.sin(3.0 * angle)
    return _finish(tone * _attack(time_s, 0.012), rate_hz, 0.04)


def square_lead(rate_hz: int, hz: float, length_s: float) -> np.ndarray:
    """Cold and hollow: a square that starts a little sharp."""
    time_s = _time(rate_hz, length_s)
    phase = _cycles(hz * (1.0 + 0.03 * np.exp(-time_s / 0.015)), rate_hz)
    wave = _read(_table(rate_hz, hz * 1.05, lambda k: (k % 2) / k, 2600.0), phase)
    return _finish(wave * _attack(time_s, 0.003) * (0.45 + 0.55 * np.exp(-time_s / 0.12)), rate_hz, 0.015)


def horns(rate_hz: int, hz: float, length_s: float, rng: np.random.Generator) -> np.ndarray:
    """A section stab: saws that open as the players lean in.  Stereo."""
    time_s = _time(rate_hz, length_s)
    bright = _table(rate_hz, hz * 1.05, lambda k: 1.0 / k, 2600.0)
    dark = _table(rate_hz, hz * 1.05, lambda k: 1.0 / k, 600.0)
    open_ = np.minimum(1.0, time_s / 0.04) * (0.35 + 0.65 * np.exp(-np.maximum(time_s - 0.04, 0.0) / 0.18))
    ears = []
    for detune, start in zip((0.998, 1.003), rng.random(2), strict=True):
        phase = _cycles(hz * detune * (1.0 - 0.02 * np.exp(-time_s / 0.03)), rate_hz) + start
        ears.append(_read(bright, phase) * open_ + _read(dark, phase) * (1.0 - open_))
    return _finish(np.stack(ears, axis=1) * _attack(time_s, 0.012)[:, None], rate_hz, 0.04)


# --------------------------------------------------------------------------------------------------- parts


def _time(rate_hz: int, length_s: float) -> np.ndarray:
    return np.arange(max(16, round(length_s * rate_hz))) / rate_hz


def _cycles(hz: np.ndarray, rate_hz: int) -> np.ndarray:
    cycles = np.cumsum(hz) / rate_hz
    return cycles - cycles[0]


def _phase(hz: np.ndarray, rate_hz: int) -> np.ndarray:
    return 2.0 * np.pi * _cycles(hz, rate_hz)


def _table(
    rate_hz: int, top_hz: float, amplitude: Callable[[np.ndarray], np.ndarray], low_pass_hz: float
) -> np.ndarray:
    """One cycle of sine harmonics ``amplitude(k)`` through a gentle low-pass, with its first value repeated at the end.

    ``top_hz`` is the highest fundamental the table will be read at: harmonics above 0.45 of the rate are left out.
    """
    count = int(min(200, max(1, 0.45 * rate_hz / top_hz)))
    k = np.arange(1, count + 1)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : count + 1] = -0.5j * _TABLE * amplitude(k) / (1.0 + (k * top_hz / low_pass_hz) ** 4) ** 0.5
    cycle = np.fft.irfft(spectrum, _TABLE)
    return np.append(cycle, cycle[0])


def _read(table: np.ndarray, cycles: np.ndarray) -> np.ndarray:
    at = (cycles % 1.0) * _TABLE
    left = at.astype(np.int64)
    np.minimum(left, _TABLE - 1, out=left)
    value = table[left]
    return value + (table[left + 1] - value) * (at - left)


def _attack(time_s: np.ndarray, rise_s: float) -> np.ndarray:
    return np.minimum(1.0, time_s / rise_s)


def _finish(note: np.ndarray, rate_hz: int, release_s: float = _RELEASE_S) -> np.ndarray:
    fade = min(len(note), max(2, round(release_s * rate_hz)))
    ramp = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, fade))
    note[-fade:] *= ramp if note.ndim == 1 else ramp[:, None]
    return (note / max(float(np.max(np.abs(note))), 1e-9)).astype(np.float32)
