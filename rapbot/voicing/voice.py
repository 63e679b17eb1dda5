"""One written line to sound on the grid.

Aim: ``words + slots + tempo → Take``.  The network speaks the line with durations planned from the targets; where its
vowels really start is found in the sound; the vocoder frames are warped so that they start on the grid; what is still
off after that is measured again and corrected.  No second pass of the network is needed, so a bar costs about 60 ms.

*Conventions.*  Targets and onsets are seconds relative to the bar line.  The random noise of a take comes from ``seed``
alone: equal input gives equal bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from rapbot.language.syllables import line_syllables
from rapbot.protocols import AcousticModel, Encoding, SpeechFrames
from rapbot.rhythm.timeline import SLOTS_PER_BEAT
from rapbot.values import PronouncedWord, Syllable, Take, VoicedSyllable
from rapbot.voicing.delivery import Delivery, shaped_energy, shaped_pitch
from rapbot.voicing.durations import TokenPlan, plan_tokens, rests_s, spoken_line
from rapbot.voicing.effects import articulated, faded, gated, level_take, shallow_dips, trimmed
from rapbot.voicing.onsets import ENVELOPE_RATE_HZ, find_rises, half_rises, vowel_envelope
from rapbot.voicing.timbre import shaped_frames
from rapbot.voicing.voices import VoiceSpec
from rapbot.voicing.warp import warp_frames

CORRECTIONS = (
    2  # passes of measure-and-warp: the first takes p95 from 57 ms to 15, the second to 8, a third gains nothing
)
MOST_STEP_S = 0.03  # a larger error after the first warp is another peak taken for the vowel's: do not chase it
LEAST_GAP_S = 0.02  # found onsets closer than this cannot be told apart
STRONG_STEP = 2  # accents sit on 8ths; what is stressed between them leads to the next
PUNCH_ACCENT = 1.4  # the last stressed syllable carries the rhyme and the joke
SECONDARY_ACCENT = 0.5


class Voice:
    """A named voice over an acoustic model.  Holds no state between lines."""

    def __init__(self, model: AcousticModel, spec: VoiceSpec, seed: int = 0) -> None:
        self.spec = spec
        self._model = model
        self._seed = seed

    def render(
        self,
        words: Sequence[PronouncedWord],
        slots: Sequence[float],
        bpm: float,
        delivery: Delivery | None = None,
        seed: int = 0,
    ) -> Take:
        """One line, one slot a syllable (`rapbot.rhythm.slots`); ``words`` as the pen left them, accents included.

        Raises:
            ValueError: not one slot a syllable, slots that do not increase, or sounds the voice does not have.
        """
        started = time.perf_counter()
        how = self.spec.delivery if delivery is None else delivery
        syllables = line_syllables(words)
        targets_s = target_times(syllables, slots, bpm, how.late_ms)
        model = self._model
        encoding = model.encode(spoken_line(words))
        plan = plan_tokens(encoding, targets_s, model.hop_s)
        wanted_s = targets_s + plan.origin_s
        frames = shaped_frames(self._decoded(encoding, plan, syllables, slots, wanted_s, how), self.spec.timbre)
        noise_seed = int(np.random.SeedSequence([self._seed, seed]).generate_state(1)[0])
        samples, found_s, rests = self._aligned(
            frames, wanted_s, noise_seed, rests_s(plan, encoding.tokens, model.hop_s)
        )
        samples, cut = trimmed(gated(samples, model.rate_hz, rests), model.rate_hz)
        samples = level_take(faded(samples, model.rate_hz), model.rate_hz, how.energy_db)
        origin = round(plan.origin_s * model.rate_hz) - cut
        voiced = tuple(
            VoicedSyllable(syllable.phones, syllable.stress, float(target), float(found - plan.origin_s))
            for syllable, target, found in zip(syllables, targets_s, found_s, strict=True)
        )
        return Take(samples, model.rate_hz, origin, voiced, (time.perf_counter() - started) * 1000)

    def _decoded(
        self,
        encoding: Encoding,
        plan: TokenPlan,
        syllables: Sequence[Syllable],
        slots: Sequence[float],
        wanted_s: np.ndarray,
        how: Delivery,
    ) -> SpeechFrames:
        model = self._model
        f0_hz, energy = model.prosody(encoding, plan.frames)
        times_s = (np.arange(len(f0_hz)) + 0.5) * model.hop_s
        leans = accents(syllables, slots, wanted_s)
        f0_hz = shaped_pitch(f0_hz, times_s, leans, how)
        energy = shaped_energy(energy, times_s, leans)
        return model.decode(encoding, plan.frames, f0_hz, energy)

    def _aligned(
        self,
        frames: SpeechFrames,
        wanted_s: np.ndarray,
        seed: int,
        rests: Sequence[tuple[float, float]],
    ) -> tuple[np.ndarray, np.ndarray, tuple[tuple[float, float], ...]]:
        """Waveform with its vowels on ``wanted_s``, where they really are, and the rests carried along."""
        model = self._model
        samples = model.synthesize(frames, seed)
        envelope = vowel_envelope(samples, model.rate_hz)
        rises_s = find_rises(envelope, wanted_s)
        found_s = half_rises(envelope, rises_s)
        source_s = _apart(np.where(np.isnan(found_s), rises_s, found_s))
        short_db = None
        best: tuple[float, np.ndarray, np.ndarray, np.ndarray] | None = None
        for _ in range(CORRECTIONS):
            samples = model.synthesize(warp_frames(frames, source_s, wanted_s), seed)
            if short_db is None:
                short_db = shallow_dips(vowel_envelope(samples, model.rate_hz), ENVELOPE_RATE_HZ, wanted_s)
            samples = articulated(samples, model.rate_hz, wanted_s, short_db)
            found_s = half_rises(vowel_envelope(samples, model.rate_hz), wanted_s)
            found_s = np.where(np.isnan(found_s), wanted_s, found_s)
            error_s = found_s - wanted_s
            score = float((error_s**2).sum())
            if best is None or score < best[0]:
                best = (score, samples, found_s, source_s)
            source_s = _apart(_carried(wanted_s + np.clip(error_s, -MOST_STEP_S, MOST_STEP_S), wanted_s, source_s))
        assert best is not None  # CORRECTIONS is at least 1
        _, samples, found_s, source_s = best
        moved = tuple((_carried_one(a, source_s, wanted_s), _carried_one(b, source_s, wanted_s)) for a, b in rests)
        return samples, found_s, moved


def target_times(syllables: Sequence[Syllable], slots: Sequence[float], bpm: float, late_ms: float) -> np.ndarray:
    """Vowel onsets wanted, seconds after the bar line."""
    if len(syllables) != len(slots):
        raise ValueError(f"{len(syllables)} syllables need as many slots, got {len(slots)}")
    targets = np.asarray(slots, float) * (60.0 / bpm / SLOTS_PER_BEAT)
    if np.any(np.diff(targets) <= 0):
        raise ValueError("slots must strictly increase")
    return targets + late_ms / 1000


def accents(syllables: Sequence[Syllable], slots: Sequence[float], wanted_s: np.ndarray) -> np.ndarray:
    """(time, strength) of every pitch accent: stressed syllables on 8ths, most of all the last one."""
    stressed = [k for k, syllable in enumerate(syllables) if syllable.stress == 1]
    punch = stressed[-1] if stressed else len(syllables) - 1
    rows = []
    for k, (syllable, slot) in enumerate(zip(syllables, slots, strict=True)):
        if k == punch:
            rows.append((wanted_s[k], PUNCH_ACCENT))
        elif syllable.stress == 1:
            on_beat = abs(slot / STRONG_STEP - round(slot / STRONG_STEP)) < 0.2
            rows.append((wanted_s[k], 1.0 if on_beat else SECONDARY_ACCENT))
    return np.asarray(rows).reshape(-1, 2)


def _apart(onsets_s: np.ndarray) -> np.ndarray:
    """Onsets made to increase by at least `LEAST_GAP_S`."""
    steps = np.arange(len(onsets_s)) * LEAST_GAP_S
    return np.maximum.accumulate(onsets_s - steps) + steps


def _carried(times_s: np.ndarray, from_s: np.ndarray, to_s: np.ndarray) -> np.ndarray:
    """Times read through the piecewise linear map from one set of instants to the other, a shift outside them."""
    far = 10.0
    xs = np.concatenate([[from_s[0] - far], from_s, [from_s[-1] + far]])
    ys = np.concatenate([[to_s[0] - far], to_s, [to_s[-1] + far]])
    return np.interp(times_s, xs, ys)


def _carried_one(time_s: float, from_s: np.ndarray, to_s: np.ndarray) -> float:
    return float(_carried(np.asarray([time_s]), from_s, to_s)[0])
