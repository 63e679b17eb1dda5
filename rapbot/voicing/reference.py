"""Leaning a voice towards a reference clip: register, formants and colour, without cloning weights.

Aim: more of the person in a clip than any voice on offer has, out of the network at hand.  What can be read off is
read off (register and range of the melody, the long-term spectrum); what cannot (formants, resonance, breath, the rest
of the colour) is searched for with few tries, a speaker encoder as the judge.  The honest name is *leans towards*: the
way of speaking stays the network's own.  The caller sees to the consent of the person in the clip.

*Conventions.*  Clips are mono float32.  Similarities are cosines of unit embeddings; `Leaning.ceiling` is what the
reference scores against itself, one half against the other.  Equal input gives equal results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import lsq_linear

from rapbot.errors import UserError
from rapbot.language.syllables import line_syllables
from rapbot.protocols import HEARING_RATE_HZ, AcousticModel, SpeechFrames, VoiceActivity
from rapbot.rates import at_rate
from rapbot.values import PronouncedWord
from rapbot.voicing.delivery import LIMITS, Delivery, shaped_energy, shaped_pitch
from rapbot.voicing.durations import plan_tokens, spoken_line
from rapbot.voicing.shape_map import ShapeMap, clip_shapes, shape_map, shapes
from rapbot.voicing.timbre import (
    BANDS_HZ,
    HARMONIC_PART,
    HIGHEST_HZ,
    NOISE_PART,
    VOICED_HZ,
    Timbre,
    dull_db,
    shaped_frames,
)
from rapbot.voicing.voice import accents, target_times
from rapbot.voicing.voices import VoiceSpec

Line = tuple[Sequence[PronouncedWord], Sequence[float]]
"""Words and their slots."""
Embed = Callable[[np.ndarray, int], np.ndarray]
"""(samples, rate) -> unit vector that says who speaks."""

# ------------------------------------------------------------------------------------------- what a reference must be
LEAST_SPEECH_S = 3.0  # shorter, and the words say more about the spectrum than the person does
MOST_SPEECH_S = 30.0  # more changes no figure and only costs time
SPEECH = 0.5  # probability from which a frame is speech, the network's own setting …
NO_SPEECH = 0.1  # … and under which it is certainly none
SILENT_PEAK = 1e-3
KEPT_FRAMES = 3  # of 32 ms: consonants at the edges of speech look like none
LEAST_MARGIN_DB = 6.0  # speech above what is heard between the words: a noisy room has 8, a voice over a beat less
LEAST_GAP_FRAMES = 10  # of certain non-speech before its level counts
LEAST_VOICED_S = 1.0  # whispering has no register to take

# ------------------------------------------------------------------------------------------- pitch
LOW_F0_HZ, HIGH_F0_HZ = 65.0, 420.0
F0_WINDOW_S, F0_HOP_S = 0.04, 0.01
F0_RATE_HZ = 8000  # autocorrelation of speech needs no more
PERIODIC = 0.7  # of a perfect period
NEARLY_BEST = 0.9  # the shortest period this near to the best one: multiples of a period are as periodic
LOUD_BELOW_DB = 25.0
SPREAD_PERCENTILES = (15, 85)
MEDIAN_F0_HZ = (85.0, 320.0)  # registers the decoder speaks clearly in
RANGE_FACTORS = (0.7, 1.4)  # reading a page is flatter than rap: its range is only leaned towards

# ------------------------------------------------------------------------------------------- search
FIRST_WARPS = (0.85, 0.92, 1.0, 1.08, 1.16)
TRIES = 90  # about 25 s of one core with six lines
PROBE = 0.12  # of a parameter's range, to see what it does
REACH = 0.25  # of every parameter's range, in the first step of a round …
LONGER, SHORTER, SHORTEST = 1.5, 0.5, 0.04  # … after a good step, after a bad one, and where probing anew pays more
DULL_DB = 2.5  # less edge than this, relative to the body, costs words (whisper base) …
DULL_COST = 0.06  # … and a dB is worth an embedding this far off
PULL = 0.05  # what a parameter's whole range is worth: keeps those that do nothing where they are
KEPT_DELIVERIES = 8
# formant_warp, upper_warp, resonance, breath, transpose_semitones, share of the shape map, bands: bounds within which
# words stay clear, and where nothing is changed but shapes
LOW = np.array([0.8, 0.88, 0.8, 0.0, -2.0, 0.0, *(-8.0 for _ in BANDS_HZ)])
HIGH = np.array([1.22, 1.12, 1.3, 0.4, 2.0, 1.2, *(8.0 for _ in BANDS_HZ)])
NEUTRAL = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.8, *(0.0 for _ in BANDS_HZ)])
WARP, BANDS = 0, 6


@dataclass(frozen=True)
class Leaning:
    """The voice found, and how it scores on the lines it was found with (other lines score a little less)."""

    spec: VoiceSpec
    similarity_before: float
    similarity_after: float
    ceiling: float
    reference_f0_hz: float

    @property
    def closed(self) -> float:
        """Share of the gap to the reference itself that was closed; 1 where there was none."""
        gap = self.ceiling - self.similarity_before
        return 1.0 if gap <= 0 else (self.similarity_after - self.similarity_before) / gap


def reference_speech(clip: np.ndarray, activity: VoiceActivity) -> np.ndarray:
    """The speech of a mono 16 kHz clip, at most `MOST_SPEECH_S`.

    Raises:
        UserError: silence, no or too little speech, something else under the voice.
    """
    if len(clip) == 0 or float(np.abs(clip).max()) < SILENT_PEAK:
        raise UserError("the reference clip is silent: give a recording of somebody speaking")
    size = activity.frame_samples
    likely = activity.probabilities(clip)
    frames = clip[: len(likely) * size].reshape(-1, size)
    near = np.convolve(likely > SPEECH, np.ones(2 * KEPT_FRAMES + 1), "same") > 0.5
    speech_s = float((likely > SPEECH).sum()) * size / HEARING_RATE_HZ
    if speech_s < LEAST_SPEECH_S:
        raise UserError(
            f"the reference clip holds {speech_s:.1f} s of clear speech, at least {LEAST_SPEECH_S:g} s are needed: "
            "give a longer recording of one person speaking, without music"
        )
    power = (frames.astype(np.float64) ** 2).mean(axis=1)
    between = (likely < NO_SPEECH) & ~near
    if between.sum() >= LEAST_GAP_FRAMES:
        margin_db = 10 * np.log10(
            (power[likely > SPEECH].mean() + 1e-12) / (np.median(power[between]) + 1e-12)
        )  # a cough is no music
        if margin_db < LEAST_MARGIN_DB:
            raise UserError(
                "something else sounds under the voice in the reference clip: give one without music or a crowd"
            )
    return frames[near].reshape(-1)[: round(MOST_SPEECH_S * HEARING_RATE_HZ)]


def lean(speech: np.ndarray, rehearsal: Rehearsal, embed: Embed, spec: VoiceSpec, tries: int = TRIES) -> Leaning:
    """A live voice leaned towards ``speech`` (see `reference_speech`); what is kept of its own is its delivery.

    Its lines are said about ``tries`` + 7 times.  Raises UserError where the reference has no pitch to take.
    """
    target = np.asarray(embed(speech, HEARING_RATE_HZ), float)
    middle = len(speech) // 2
    ceiling = float(embed(speech[:middle], HEARING_RATE_HZ) @ embed(speech[middle:], HEARING_RATE_HZ))
    reference_hz, reference_spread = melody(speech, HEARING_RATE_HZ)
    if reference_hz == 0:
        raise UserError("the reference clip has no pitch to lean towards: give speech that is not whispered")
    rate_hz = rehearsal.rate_hz

    own = rehearsal.said(spec.timbre, spec.delivery)
    before = float(embed(own, rate_hz) @ target)
    how = _in_register(spec.delivery, *melody(own, rate_hz), reference_hz, reference_spread)
    wanted = voiced_shapes(speech, HEARING_RATE_HZ)

    def heard(vector: np.ndarray, shape: ShapeMap) -> np.ndarray:
        return embed(rehearsal.said(*_as_voice(vector, shape, how)), rate_hz)

    def misfit(vector: np.ndarray, shape: ShapeMap) -> np.ndarray:
        """What is to become small, squared and summed; the first part alone gives 2 − 2 · cosine."""
        dull = max(dull_db(_as_voice(vector, shape, how)[0]) - DULL_DB, 0.0)
        pull = PULL * (vector - NEUTRAL) / (HIGH - LOW)
        return np.concatenate([heard(vector, shape) - target, pull, [DULL_COST * dull]])

    starts = []
    for warp in FIRST_WARPS:
        vector = NEUTRAL.copy()
        vector[WARP] = warp
        shape = rehearsal.shape_map(Timbre(formant_warp=warp), how, wanted)
        found = misfit(vector, shape)
        starts.append((float(found @ found), vector, shape, found))
    _, vector, shape, found = min(starts, key=lambda start: start[0])
    vector = _searched(lambda tried: misfit(tried, shape), vector, found, tries)
    timbre, delivery = _as_voice(vector, shape, how)
    after = float(embed(rehearsal.said(timbre, delivery), rate_hz) @ target)
    if after <= before:  # nothing helped: the voice as it was is the nearest there is
        return Leaning(spec, before, before, ceiling, reference_hz)
    return Leaning(replace(spec, timbre=timbre, delivery=delivery), before, after, ceiling, reference_hz)


def _searched(misfit: Callable[[np.ndarray], np.ndarray], now: np.ndarray, there: np.ndarray, tries: int) -> np.ndarray:
    """The point with the least squares after ``tries`` looks, starting at ``now`` where the misfit is ``there``.

    Gauss-Newton in a box: every look shows the whole misfit and not just its size, so a dozen probes give the slopes,
    and each step taken after that corrects them (Broyden 1965).
    """
    width = HIGH - LOW
    left = tries
    while left > len(now):
        slopes = np.empty((len(there), len(now)))
        for index in range(len(now)):
            probe = now.copy()
            toward = 1.0 if now[index] + PROBE * width[index] <= HIGH[index] else -1.0
            probe[index] += toward * PROBE * width[index]
            slopes[:, index] = (misfit(probe) - there) / (toward * PROBE)
        left -= len(now)
        reach = REACH
        while left > 0 and reach > SHORTEST:
            low = np.maximum((LOW - now) / width, -reach) - 1e-9  # the solver wants room between its bounds
            high = np.minimum((HIGH - now) / width, reach) + 1e-9
            step = lsq_linear(slopes, -there, (low, high)).x
            tried = np.clip(now + step * width, LOW, HIGH)
            found = misfit(tried)
            left -= 1
            step = (tried - now) / width
            if step @ step > 0:
                slopes += np.outer(found - there - slopes @ step, step / (step @ step))
            if found @ found < there @ there:
                now, there, reach = tried, found, min(reach * LONGER, REACH)
            else:
                reach *= SHORTER
    return now


def _as_voice(vector: np.ndarray, shape: ShapeMap, how: Delivery) -> tuple[Timbre, Delivery]:
    """The voice a point of the search stands for."""
    warp, upper, resonance, breath, semitones, share = (round(float(value), 3) for value in vector[:BANDS])
    bands_db = tuple(round(float(gain), 1) for gain in vector[BANDS:])
    low, high = LIMITS["transpose_semitones"]
    moved = float(np.clip(how.transpose_semitones + semitones, low, high))
    timbre = Timbre(warp, upper, resonance, breath, 0.0, bands_db, replace(shape, share=share))
    return timbre, replace(how, transpose_semitones=moved)


def _in_register(how: Delivery, own_hz: float, own_spread: float, wanted_hz: float, wanted_spread: float) -> Delivery:
    """The delivery moved to another median pitch and, in part, to another range."""
    if own_hz == 0:
        return how
    semitones = how.transpose_semitones + 12 * np.log2(np.clip(wanted_hz, *MEDIAN_F0_HZ) / own_hz)
    factor = np.clip(wanted_spread / max(own_spread, 0.1), *RANGE_FACTORS)
    return replace(
        how,
        transpose_semitones=round(float(np.clip(semitones, *LIMITS["transpose_semitones"])), 2),
        pitch_range=round(float(np.clip(how.pitch_range * factor, *LIMITS["pitch_range"])), 2),
    )


class Rehearsal:
    """A few lines as `rapbot.voicing.voice` says them, less the alignment: four times faster, and the same person.

    What the network makes of a delivery is kept for the next call: a search mostly moves the timbre.
    """

    def __init__(self, model: AcousticModel, lines: Sequence[Line], bpm: float) -> None:
        self.rate_hz = model.rate_hz
        self._model = model
        self._lines = lines
        self._bpm = bpm
        self._kept: dict[Delivery, list[SpeechFrames]] = {}

    def said(self, timbre: Timbre, delivery: Delivery) -> np.ndarray:
        """All lines in a row."""
        shaped = [shaped_frames(line, timbre) for line in self.frames(delivery)]
        return np.concatenate([self._model.synthesize(line, seed) for seed, line in enumerate(shaped)])

    def frames(self, delivery: Delivery) -> list[SpeechFrames]:
        """What the network makes of the lines, one by one."""
        if delivery not in self._kept:
            if len(self._kept) >= KEPT_DELIVERIES:
                self._kept.pop(next(iter(self._kept)))  # the oldest
            self._kept[delivery] = [self._decoded(words, slots, delivery) for words, slots in self._lines]
        return self._kept[delivery]

    def shape_map(self, timbre: Timbre, delivery: Delivery, wanted: np.ndarray) -> ShapeMap:
        """From this voice's shapes to ``wanted``; the change is worked out on frames, but measured in sound."""
        shaped = [shaped_frames(line, timbre) for line in self.frames(delivery)]
        own = np.concatenate([frame_shapes(line) for line in shaped])
        return shape_map(own, wanted, voiced_shapes(self.said(timbre, delivery), self.rate_hz).mean(axis=0))

    def _decoded(self, words: Sequence[PronouncedWord], slots: Sequence[float], delivery: Delivery) -> SpeechFrames:
        model = self._model
        syllables = line_syllables(words)
        encoding = model.encode(spoken_line(words))
        targets_s = target_times(syllables, slots, self._bpm, delivery.late_ms)
        plan = plan_tokens(encoding, targets_s, model.hop_s)
        f0_hz, energy = model.prosody(encoding, plan.frames)
        times_s = (np.arange(len(f0_hz)) + 0.5) * model.hop_s
        leans = accents(syllables, slots, targets_s + plan.origin_s)
        f0_hz = shaped_pitch(f0_hz, times_s, leans, delivery)
        return model.decode(encoding, plan.frames, f0_hz, shaped_energy(energy, times_s, leans, delivery))


# --------------------------------------------------------------------------------------------------- measuring


def melody(clip: np.ndarray, rate_hz: int) -> tuple[float, float]:
    """Median pitch in Hz and the spread of pitch in semitones; zeros where less than `LEAST_VOICED_S` is voiced."""
    f0_hz = pitch_track(clip, rate_hz)
    voiced = f0_hz[f0_hz > 0]
    if len(voiced) * F0_HOP_S < LEAST_VOICED_S:
        return 0.0, 0.0
    low, high = np.percentile(12 * np.log2(voiced), SPREAD_PERCENTILES)
    return float(np.median(voiced)), float(high - low)


def pitch_track(clip: np.ndarray, rate_hz: int) -> np.ndarray:
    """Pitch every 10 ms (0 unvoiced) by normalised autocorrelation (Boersma 1993), good for medians and spreads."""
    sound = at_rate(np.asarray(clip, np.float32), rate_hz, F0_RATE_HZ)
    size, hop = round(F0_WINDOW_S * F0_RATE_HZ), round(F0_HOP_S * F0_RATE_HZ)
    if len(sound) < size:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop].astype(np.float64)
    power = (frames**2).mean(axis=1)
    window = np.hanning(size)
    lags = np.arange(int(F0_RATE_HZ / HIGH_F0_HZ), int(F0_RATE_HZ / LOW_F0_HZ) + 1)
    points = 2 * size
    own = np.fft.irfft(np.abs(np.fft.rfft(window, points)) ** 2)
    found = np.fft.irfft(np.abs(np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, points)) ** 2)
    found = found / np.maximum(found[:, :1], 1e-12) / (own / own[0])[None, :]
    ridge = found[:, lags[0] - 1 : lags[-1] + 2]
    inner = ridge[:, 1:-1]
    peaks = np.where((inner >= ridge[:, :-2]) & (inner >= ridge[:, 2:]), inner, 0.0)
    best = peaks.max(axis=1)
    first = (peaks >= NEARLY_BEST * best[:, None]).argmax(axis=1)
    rows = np.arange(len(frames))
    before, here, after = ridge[rows, first], ridge[rows, first + 1], ridge[rows, first + 2]
    bend = before - 2 * here + after
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (before - after) / np.where(np.abs(bend) > 1e-9, bend, 1.0), 0.0)
    loud = power > power.max() * 10 ** (-LOUD_BELOW_DB / 10)
    return np.where(loud & (best > PERIODIC), F0_RATE_HZ / (lags[first] + np.clip(shift, -0.5, 0.5)), 0.0)


def voiced_shapes(clip: np.ndarray, rate_hz: int) -> np.ndarray:
    """Spectral shapes of the voiced parts of a clip (`rapbot.voicing.shape_map`)."""
    found = clip_shapes(clip, rate_hz)
    f0_hz = pitch_track(clip, rate_hz)[: len(found)]
    return found[: len(f0_hz)][f0_hz > 0]


def frame_shapes(frames: SpeechFrames) -> np.ndarray:
    """The same of vocoder frames, straight from their spectra."""
    sounding = np.logaddexp(frames.parts[HARMONIC_PART], frames.parts[NOISE_PART])[:, frames.f0_hz > VOICED_HZ]
    return shapes(np.exp(2 * sounding).T, HIGHEST_HZ)
