"""Voice and beat into one finished reply.

Aim: a voice that sits on its beat, at the loudness of streaming services and never above the ceiling.  Loudness and
true peak follow BS.1770-4; the limiter is a look-ahead limiter whose gain is a minimum filter smoothed by a shorter
window (so it can never rise above what a peak allows), computed from the four-times oversampled peak envelope.

*Conventions.*  Voice is mono, shape (frames,); backing mono or (frames, 2), any loudness; the second track (doubles,
ad-libs, breaths) is mono or (frames, 2) at the level it has against the voice.  All start at sample 0 of the reply and
stay sample-aligned through everything here.  The voice stem is lead, second track and effects together.  Results are
float32, shape (frames, 2), as long as the longest input.  The stems carry the mix's own static gain: they sum to the
mix as it was before its limiter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from rapbot.sound.loudness import db_to_gain, loudness_lufs, true_peak_dbfs, true_peak_envelope
from rapbot.sound.space import Space, delay_throw, room, sent

TARGET_LUFS = -14.0  # what streaming services play at
CEILING_DBTP = -1.0
CEILING_MARGIN_DB = 0.2  # other meters interpolate with other filters, and 16-bit rounding adds its own
MAX_GAIN_DB = 40.0  # a nearly silent input stays nearly silent
VOICE_OVER_BEAT_LU = 3.5  # rap mixes keep the voice 2–5 LU above the instrumental
VOICE_CREST_DB = 12.0  # true peak above loudness: plosives beyond it would eat the limiter's room
BEAT_CREST_DB = 17.0  # a beat about 5 LU below the mix then stays below full scale as a stem
LOUDNESS_TOLERANCE_LU = 0.1
LOUDNESS_ROUNDS = 8  # limiting costs loudness, so gain is found in rounds

VOICE_WORKING_LUFS = -20.0  # the level the compressor's threshold is meant for
HIGH_PASS_HZ = 80.0  # below a low male fundamental: only rumble and plosives
HARSH_HZ, HARSH_DB, HARSH_Q = 3900.0, -2.5, 0.9  # wide dip over 3–5 kHz, where synthetic voices sting
ROTATOR_HZ, ROTATOR_Q, ROTATOR_STAGES = 400.0, 0.7, 2  # all-pass: spreads a vocoder's pulse peaks
MUD_HZ, MUD_DB, MUD_Q = 300.0, -1.5, 0.9

DETECTOR_S = 0.001  # level is followed in steps of a millisecond
DUCK_ATTACK_S = 0.030  # the duck is complete when the word starts: it looks ahead
DUCK_RELEASE_S = 0.300  # shorter pumps between words
DUCK_ACTIVE_DB = -26.0  # voice this far below its own loud parts no longer needs room
DUCK_RANGE_DB = 8.0  # from no duck to full duck

THROW_DUCK_DB = 14.0  # an echo steps back while the lead speaks: a late copy of a word would blur the next one's onset

LOOK_AHEAD_S = 0.004
LIMITER_RELEASE_DB_PER_S = 60.0  # a 6 dB dip is gone after a tenth of a second


@dataclass(frozen=True)
class CompressorSettings:
    """Levels in dB relative to full scale, against the root-mean-square level over ``attack_s``."""

    threshold_db: float
    ratio: float
    knee_db: float
    attack_s: float
    release_db_per_s: float


# Slow and gentle on purpose: takes come levelled, and a fast compressor lifts the consonant before a vowel, which moves
# the heard onset (stressed p95 8 ms dry; 23 ms at 3:1 with 6 ms attack, 10 ms with these and the phase rotation below).
VOICE_COMPRESSOR = CompressorSettings(threshold_db=-18.0, ratio=2.0, knee_db=8.0, attack_s=0.05, release_db_per_s=25.0)


@dataclass(frozen=True)
class MixResult:
    """A finished reply: mix and stems of shape (frames, 2), and what was measured on the mix."""

    mix: np.ndarray
    voice_stem: np.ndarray
    beat_stem: np.ndarray
    rate_hz: int
    loudness_lufs: float
    true_peak_dbfs: float
    gain_db: float
    most_limiting_db: float


# --------------------------------------------------------------------------------------------------- voice


def voice_chain(voice: np.ndarray, rate_hz: int) -> np.ndarray:
    """High-pass, equaliser and compressor; float32, same shape and timing, at `VOICE_WORKING_LUFS` unless silent."""
    if len(voice) == 0:
        return np.zeros(0, dtype=np.float32)
    clean = signal.sosfilt(_voice_filters(rate_hz), np.asarray(voice, dtype=np.float64))
    loudness = loudness_lufs(clean, rate_hz)
    if not math.isfinite(loudness):
        return clean.astype(np.float32)
    levelled = clean * db_to_gain(min(VOICE_WORKING_LUFS - loudness, MAX_GAIN_DB))
    compressed = levelled * compressor_gain(levelled, rate_hz, VOICE_COMPRESSOR)
    loudness = loudness_lufs(compressed, rate_hz)
    makeup = db_to_gain(VOICE_WORKING_LUFS - loudness) if loudness > VOICE_WORKING_LUFS - MAX_GAIN_DB else 1.0
    return _tamed(compressed * makeup, rate_hz, VOICE_CREST_DB).astype(np.float32)


def compressor_gain(samples: np.ndarray, rate_hz: int, settings: CompressorSettings) -> np.ndarray:
    """Linear gain for every sample of a mono signal, at most 1, no make-up."""
    step_samples = max(1, round(DETECTOR_S * rate_hz))
    level_db = _level_db(samples, step_samples, settings.attack_s * rate_hz / step_samples)
    level_db = _falling_at_most(level_db, settings.release_db_per_s * step_samples / rate_hz)
    over_db = level_db - settings.threshold_db
    half_knee_db = settings.knee_db / 2.0
    in_knee_db = np.square(np.clip(over_db + half_knee_db, 0.0, settings.knee_db)) / (2.0 * settings.knee_db)
    excess_db = np.where(over_db > half_knee_db, over_db, in_knee_db)
    gain_db = (1.0 / settings.ratio - 1.0) * excess_db
    return 10.0 ** (_per_sample(gain_db, step_samples, len(samples)) / 20.0)


def peaking_sos(rate_hz: int, centre_hz: float, gain_db: float, q: float) -> np.ndarray:
    """A bell equaliser as one second-order section (Bristow-Johnson's cookbook)."""
    amplitude = 10.0 ** (gain_db / 40.0)
    omega = 2.0 * math.pi * min(centre_hz, 0.45 * rate_hz) / rate_hz
    alpha = math.sin(omega) / (2.0 * q)
    a0 = 1.0 + alpha / amplitude
    b = [(1.0 + alpha * amplitude) / a0, -2.0 * math.cos(omega) / a0, (1.0 - alpha * amplitude) / a0]
    return np.array([[*b, 1.0, -2.0 * math.cos(omega) / a0, (1.0 - alpha / amplitude) / a0]])


def _voice_filters(rate_hz: int) -> np.ndarray:
    high_pass = signal.butter(2, HIGH_PASS_HZ, "highpass", fs=rate_hz, output="sos")
    mud = peaking_sos(rate_hz, MUD_HZ, MUD_DB, MUD_Q)
    harsh = peaking_sos(rate_hz, HARSH_HZ, HARSH_DB, HARSH_Q)
    return np.concatenate([high_pass, mud, harsh, *[all_pass_sos(rate_hz, ROTATOR_HZ, ROTATOR_Q)] * ROTATOR_STAGES])


def all_pass_sos(rate_hz: int, centre_hz: float, q: float) -> np.ndarray:
    """A second-order all-pass section (Bristow-Johnson's cookbook): only phase turns, around ``centre_hz``."""
    omega = 2.0 * math.pi * centre_hz / rate_hz
    alpha = math.sin(omega) / (2.0 * q)
    b = np.array([1.0 - alpha, -2.0 * math.cos(omega), 1.0 + alpha])
    return np.concatenate([b, b[::-1]])[None] / b[2]


# --------------------------------------------------------------------------------------------------- mix


def mix_reply(
    voice: np.ndarray,
    backing: np.ndarray | None,
    rate_hz: int,
    duck_db: float = 3.0,
    second: np.ndarray | None = None,
    space: Space | None = None,
) -> MixResult:
    """Master a reply.

    ``backing`` None leaves the voice alone; ``duck_db`` is how far the beat dips under words; ``second`` joins the
    voice; ``space`` sends chosen stretches of the lead into a delay and a room.
    """
    if duck_db < 0.0:
        raise ValueError(f"duck_db must be at least 0, got {duck_db}")
    voice = np.asarray(voice)
    if voice.ndim != 1:
        raise ValueError(f"voice must be mono, shape (frames,), got {voice.shape}")
    frames = max(len(part) for part in (voice, backing, second) if part is not None)
    beat = _stereo(np.zeros(0) if backing is None else backing, frames)
    lead = np.pad(voice_chain(voice, rate_hz).astype(float), (0, frames - len(voice)))
    beat = beat * duck_gain(lead, rate_hz, duck_db)[:, None]
    sung = _stereo(lead, frames)
    if second is not None:
        sung = sung + _beside(second, voice, lead, frames, rate_hz)
    if space is not None:
        sung = sung + effects(lead, space, rate_hz)
    beat = _tamed(beat * _beat_balance(sung, beat, rate_hz), rate_hz, BEAT_CREST_DB)
    return _master(sung, beat, rate_hz)


def effects(lead: np.ndarray, space: Space, rate_hz: int) -> np.ndarray:
    """What the chosen words leave behind them, shape (frames, 2); echoes step back under the words that follow."""
    out = np.zeros((len(lead), 2))
    if space.throws:
        echoes = delay_throw(sent(lead, space.throws, rate_hz), rate_hz, space.bpm)
        out += echoes * duck_gain(lead, rate_hz, THROW_DUCK_DB)[:, None]
    if space.rooms:
        out += room(sent(lead, space.rooms, rate_hz), rate_hz)
    return out


def _beside(second: np.ndarray, voice: np.ndarray, lead: np.ndarray, frames: int, rate_hz: int) -> np.ndarray:
    """The second track through the lead's equaliser and static gain; it is not compressed, so that it stays behind."""
    clean = signal.sosfilt(_voice_filters(rate_hz), _stereo(second, frames), axis=0)
    before, after = loudness_lufs(voice, rate_hz), loudness_lufs(lead, rate_hz)
    if not (math.isfinite(before) and math.isfinite(after)):
        return clean
    return clean * db_to_gain(min(after - before, MAX_GAIN_DB))


def duck_gain(voice: np.ndarray, rate_hz: int, duck_db: float) -> np.ndarray:
    """Linear gain for a beat under ``voice``: 1 in the pauses, ``-duck_db`` under words, complete before they start."""
    if len(voice) == 0:
        return np.ones(0)
    step_samples = max(1, round(DETECTOR_S * rate_hz))
    level_db = _level_db(voice, step_samples, 0.010 * rate_hz / step_samples)
    loudest_db = float(level_db.max())
    if loudest_db < -90.0:  # no voice
        return np.ones(len(voice))
    reference_db = float(np.percentile(level_db[level_db > loudest_db - 30.0], 90))  # of the words, not of the pauses
    active = np.clip((level_db - reference_db - DUCK_ACTIVE_DB) / DUCK_RANGE_DB, 0.0, 1.0)
    ahead = max(1, round(DUCK_ATTACK_S * rate_hz / step_samples))
    hold = max(1, round(DUCK_RELEASE_S * rate_hz / step_samples))
    # Held on both sides of a word, then smoothed over as long: pauses shorter than the hold do not pump.
    held = ndimage.maximum_filter1d(active, ahead + hold + 1, origin=(hold - ahead) // 2, mode="constant")
    window = np.hanning(2 * ahead + 3)
    smooth = ndimage.convolve1d(held, window / window.sum(), mode="nearest")
    return 10.0 ** (-duck_db * _per_sample(smooth, step_samples, len(voice)) / 20.0)


def limit(samples: np.ndarray, rate_hz: int, ceiling_dbtp: float = CEILING_DBTP) -> np.ndarray:
    """A look-ahead true-peak limiter: same shape and timing, true peak at most ``ceiling_dbtp``."""
    gain = limiter_gain(true_peak_envelope(samples), rate_hz, ceiling_dbtp)
    if float(np.min(gain, initial=1.0)) == 1.0:
        return samples
    limited = samples * _columnwise(gain, samples)
    return limited * _trim(limited, ceiling_dbtp)


def limiter_gain(envelope: np.ndarray, rate_hz: int, ceiling_dbtp: float) -> np.ndarray:
    """Linear gain, at most 1, that keeps ``envelope`` (linear peaks per sample) at or below the ceiling."""
    ceiling = db_to_gain(ceiling_dbtp - CEILING_MARGIN_DB)
    if len(envelope) == 0 or float(envelope.max()) <= ceiling:
        return np.ones(len(envelope))
    needed_db = 20.0 * np.log10(np.minimum(1.0, ceiling / np.maximum(envelope, 1e-12)))
    released_db = -_falling_at_most(-needed_db, LIMITER_RELEASE_DB_PER_S / rate_hz)
    half = max(1, round(LOOK_AHEAD_S * rate_hz / 2.0))
    width = 2 * half + 1
    lowest = ndimage.minimum_filter1d(10.0 ** (released_db / 20.0), width, mode="nearest")
    # A mean over the window of minima that each cover its centre is never above what the centre needs.
    return np.minimum(ndimage.uniform_filter1d(lowest, width, mode="nearest"), 1.0)


def _master(sung: np.ndarray, beat: np.ndarray, rate_hz: int) -> MixResult:
    """Find the static gain that brings the limited sum to the target, and apply it to mix and stems alike."""
    raw = sung + beat
    loudness = loudness_lufs(raw, rate_hz)
    envelope = true_peak_envelope(raw)
    next_db = min(TARGET_LUFS - loudness, MAX_GAIN_DB) if math.isfinite(loudness) else 0.0
    for _ in range(LOUDNESS_ROUNDS):
        gain_db = next_db
        curve = limiter_gain(envelope * db_to_gain(gain_db), rate_hz, CEILING_DBTP)
        mix = raw * (db_to_gain(gain_db) * curve)[:, None]
        loudness = loudness_lufs(mix, rate_hz)
        missing_db = TARGET_LUFS - loudness
        if not math.isfinite(missing_db) or abs(missing_db) <= LOUDNESS_TOLERANCE_LU or gain_db >= MAX_GAIN_DB:
            break
        next_db = min(gain_db + missing_db, MAX_GAIN_DB)
    if float(np.min(curve, initial=1.0)) < 1.0:
        mix = mix * _trim(mix, CEILING_DBTP)
    mix = mix.astype(np.float32)
    return MixResult(
        mix=mix,
        voice_stem=_stem(sung, gain_db, rate_hz),
        beat_stem=_stem(beat, gain_db, rate_hz),
        rate_hz=rate_hz,
        loudness_lufs=loudness_lufs(mix, rate_hz),
        true_peak_dbfs=true_peak_dbfs(mix, rate_hz),
        gain_db=gain_db,
        most_limiting_db=abs(20.0 * math.log10(float(np.min(curve, initial=1.0)))),
    )


def _stem(part: np.ndarray, gain_db: float, rate_hz: int) -> np.ndarray:
    """A part at the mix's gain.  Crests were tamed before, so the limiter here only meets extreme inputs."""
    scaled = part * db_to_gain(gain_db)
    if float(np.max(np.abs(scaled), initial=0.0)) > 1.0:
        scaled = limit(scaled, rate_hz)
    return scaled.astype(np.float32)


def _tamed(samples: np.ndarray, rate_hz: int, crest_db: float) -> np.ndarray:
    """Peaks limited to ``crest_db`` above the integrated loudness."""
    loudness = loudness_lufs(samples, rate_hz)
    if not math.isfinite(loudness):
        return samples
    return limit(samples, rate_hz, loudness + crest_db)


def _beat_balance(sung: np.ndarray, beat: np.ndarray, rate_hz: int) -> float:
    """The gain that puts a beat `VOICE_OVER_BEAT_LU` below the voice, or below where a voice would be."""
    beat_lufs = loudness_lufs(beat, rate_hz)
    voice_lufs = loudness_lufs(sung, rate_hz)
    if not math.isfinite(beat_lufs):
        return 1.0
    wanted_lufs = (voice_lufs if math.isfinite(voice_lufs) else VOICE_WORKING_LUFS) - VOICE_OVER_BEAT_LU
    return db_to_gain(min(wanted_lufs - beat_lufs, MAX_GAIN_DB))


def _trim(samples: np.ndarray, ceiling_dbtp: float) -> float:
    """What is left to take off after limiting: 1 unless an odd waveform slipped past the smoothed gain."""
    peak = float(np.max(true_peak_envelope(samples), initial=0.0))
    allowed = db_to_gain(ceiling_dbtp - CEILING_MARGIN_DB / 2.0)
    return min(1.0, allowed / peak) if peak > 0.0 else 1.0


def _stereo(samples: np.ndarray, frames: int) -> np.ndarray:
    """float64, shape (frames, 2), silence appended."""
    array = np.asarray(samples, dtype=np.float64)
    columns = np.repeat(array[:, None], 2, axis=1) if array.ndim == 1 else array
    if columns.ndim != 2 or columns.shape[1] != 2:
        raise ValueError(f"expected shape (frames,) or (frames, 2), got {array.shape}")
    return np.pad(columns, ((0, frames - len(columns)), (0, 0)))


def _columnwise(gain: np.ndarray, samples: np.ndarray) -> np.ndarray:
    return gain if samples.ndim == 1 else gain[:, None]


def _level_db(samples: np.ndarray, step_samples: int, smoothing_steps: float) -> np.ndarray:
    """Mean-square level of consecutive steps, smoothed by one pole, in dB with a floor at -120."""
    power = np.square(np.asarray(samples, dtype=np.float64))
    power = np.pad(power, (0, -len(power) % step_samples)).reshape(-1, step_samples).mean(axis=1)
    pole = math.exp(-1.0 / max(smoothing_steps, 1e-3))
    smooth = signal.lfilter([1.0 - pole], [1.0, -pole], power)
    return 10.0 * np.log10(np.maximum(smooth, 1e-12))


def _falling_at_most(level_db: np.ndarray, slope_db: float) -> np.ndarray:
    """The lowest curve above ``level_db`` that falls by no more than ``slope_db`` a step: a release without a loop."""
    ramp = slope_db * np.arange(len(level_db))
    return np.maximum.accumulate(level_db + ramp) - ramp


def _per_sample(values: np.ndarray, step_samples: int, frames: int) -> np.ndarray:
    """Values of steps, read at their centres, for every sample."""
    return np.interp(np.arange(frames), (np.arange(len(values)) + 0.5) * step_samples, values)
