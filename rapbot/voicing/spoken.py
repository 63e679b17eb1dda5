"""Voices that give nothing but sound, under the contract of the grid.

Aim: ``words + slots + tempo → Take``, with the promises of `rapbot.voicing.voice.Voice.render`, for any voice that can
say a line.  Where the voice lets us, it is told how long each sound lasts, so that the vowels come near their places by
themselves; where they start is then sought in the waveform, the waveform is stretched and squeezed so that they start
on the grid (`rapbot.voicing.stretch`), and what is still off is measured and corrected.  What such a voice cannot do is
sing another melody: of a `Delivery` it takes the lateness, the energy, the accents as loudness, and the register within
`MOST_TRANSPOSE`, by resampling.

*Conventions.*  Targets and onsets are seconds relative to the bar line; inside, times count from the first sample of
the voice's own sound.  Everything is 24 kHz mono float32.  Equal input gives equal bytes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from rapbot.language.syllables import line_syllables
from rapbot.protocols import Encoding, Spoken, TimedSpeaker, Utterance
from rapbot.values import PronouncedWord, Take
from rapbot.voicing.delivery import ACCENT_DB, Delivery, accent_lift_db
from rapbot.voicing.durations import (
    ONSET_OFFSET_S,
    TokenPlan,
    onset_class,
    plan_tokens,
    rests_s,
    spoken_line,
    token_nuclei,
)
from rapbot.voicing.effects import articulated, faded, gated, level_take, shallow_dips, trimmed
from rapbot.voicing.onsets import ENVELOPE_RATE_HZ, find_rises, half_rises, vowel_envelope
from rapbot.voicing.stretch import paced, stretched
from rapbot.voicing.voice import accents, seed_of, target_times, voiced_syllables
from rapbot.voicing.voices import VoiceSpec
from rapbot.voicing.warp import carried, increasing

PLAN_HOP_S = 0.0125  # the planner's limits are counted in frames of this length
KEPT_RATIO = (0.8, 1.4)  # wanted against natural length of a gap that is left to the waveform
PASSES = 4  # of stretch-and-measure; each costs a hundredth of what saying the line costs
GOOD_ERROR_S = 0.004  # no further pass once every vowel is this close
MOST_STEP_S = 0.04  # a larger error after the first pass is another peak taken for the vowel's: do not chase it
FASTEST_GAP_S = 0.05  # found onsets closer than this are not two vowels
MOST_TRANSPOSE = 2.0  # semitones: resampling moves the formants too, and beyond this somebody else is speaking


class SpokenVoice:
    """A named voice over a speaker.  Holds no state between lines."""

    def __init__(self, speaker: TimedSpeaker, spec: VoiceSpec, seed: int = 0) -> None:
        self.spec = spec
        self._speaker = speaker
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
        noise_seed = seed_of(self._seed, seed)
        spoken = transposed(self._said(words, targets_s, noise_seed), how.transpose_semitones)
        sound, rate_hz = spoken.samples, spoken.rate_hz

        nuclei = token_nuclei("".join(spoken.tokens[1:-1]))
        if len(nuclei) != len(syllables):
            raise ValueError(f"the voice said {len(nuclei)} syllables where {len(syllables)} were asked for")
        expected_s = np.asarray(
            [
                spoken.edges_s[nucleus.start] + ONSET_OFFSET_S[onset_class(spoken.tokens, nucleus), nucleus.stress == 1]
                for nucleus in nuclei
            ]
        )
        envelope = vowel_envelope(sound, rate_hz)
        rises_s = find_rises(envelope, expected_s)
        found_s = half_rises(envelope, rises_s)
        source_s = increasing(np.where(np.isnan(found_s), rises_s, found_s), FASTEST_GAP_S)
        origin_s = float(source_s[0] - targets_s[0])
        wanted_s = targets_s + origin_s
        plan = TokenPlan(np.diff(spoken.edges_s), origin_s, nuclei)
        pauses_s = word_gaps_s(spoken)

        best: tuple[float, np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
        short_db = np.zeros(len(wanted_s))
        for attempt in range(PASSES):
            from_s, to_s = paced(source_s, wanted_s, pauses_s)
            moved = stretched(sound, rate_hz, from_s, to_s)
            if attempt == 0:
                short_db = shallow_dips(vowel_envelope(moved, rate_hz), ENVELOPE_RATE_HZ, wanted_s)
            moved = articulated(moved, rate_hz, wanted_s, short_db)
            onsets_s = half_rises(vowel_envelope(moved, rate_hz), wanted_s)
            onsets_s = np.where(np.isnan(onsets_s), wanted_s, onsets_s)
            error_s = onsets_s - wanted_s
            score = float((error_s**2).sum())
            if best is None or score < best[0]:
                best = (score, moved, onsets_s, from_s, to_s)
            if np.abs(error_s).max() <= GOOD_ERROR_S:
                break
            step_s = np.clip(error_s, -MOST_STEP_S, MOST_STEP_S)
            source_s = increasing(carried(wanted_s + step_s, to_s, from_s), FASTEST_GAP_S)
        assert best is not None  # PASSES is at least 1
        _, moved, onsets_s, from_s, to_s = best

        rests = [tuple(carried(np.asarray(rest), from_s, to_s)) for rest in rests_between(spoken, plan, from_s, to_s)]
        moved = gated(moved, rate_hz, rests)
        lift_db = accent_lift_db(np.arange(len(moved)) / rate_hz, accents(syllables, slots, wanted_s), ACCENT_DB)
        moved = moved * 10 ** (lift_db / 20)
        moved, skipped = trimmed(moved.astype(np.float32), rate_hz)
        samples = level_take(faded(moved, rate_hz), rate_hz, how.energy_db)
        voiced = voiced_syllables(syllables, targets_s, onsets_s - origin_s)
        spent_ms = (time.perf_counter() - started) * 1000
        return Take(samples, rate_hz, round(origin_s * rate_hz) - skipped, voiced, spent_ms)

    def _said(self, words: Sequence[PronouncedWord], targets_s: np.ndarray, seed: int) -> Spoken:
        """The line as the voice says it, its tokens as long as the plan wants where the voice listens to one."""
        utterance = Utterance(tuple(words), spoken_line(words))
        durations = None
        if self._speaker.dictates:
            natural = self._speaker.natural(utterance)
            durations = dictated(natural, plan_tokens(natural, targets_s, PLAN_HOP_S))
        spoken = self._speaker.speak(utterance, durations, seed)
        if len(spoken.edges_s) != len(spoken.tokens) + 1:
            raise ValueError(f"{len(spoken.tokens)} tokens need one edge more, got {len(spoken.edges_s)}")
        return spoken


def dictated(natural: Encoding, plan: TokenPlan) -> np.ndarray:
    """Token lengths in the voice's own units, whole and never less than one, without accumulated error.

    A voice pronounces best at the lengths it chose, and the waveform can be stretched a good deal; so a gap between two
    vowels is dictated only as far towards the plan as stretching within `KEPT_RATIO` would leave it short.  The first
    pad keeps its natural length: a network hurried into a line swallows its first word.  So does what follows the last
    vowel: these networks hide the silence after a line in its last consonant, and one cut short is not said ("relief"
    became "really").
    """
    own = np.asarray(natural.durations, float)
    planned = plan.frames * (PLAN_HOP_S / natural.duration_s)
    wanted = own.copy()
    for one, next_one in zip(plan.nuclei[:-1], plan.nuclei[1:], strict=True):
        gap = slice(one.start, next_one.start)
        is_total, plan_total = own[gap].sum(), planned[gap].sum()
        total = float(np.clip(is_total, plan_total / KEPT_RATIO[1], plan_total / KEPT_RATIO[0]))
        if total != is_total:
            share = (total - is_total) / (plan_total - is_total)
            wanted[gap] = (1 - share) * own[gap] + share * planned[gap]
    out = np.zeros(len(wanted), int)
    reached = 0
    for k, edge in enumerate(np.cumsum(wanted)):
        out[k] = max(1, round(edge) - reached)
        reached += out[k]
    return out


def transposed(spoken: Spoken, semitones: float) -> Spoken:
    """The same line in another register by resampling: it gets shorter or longer too, before the grid is found."""
    shift = float(np.clip(semitones, -MOST_TRANSPOSE, MOST_TRANSPOSE))
    if shift == 0:
        return spoken
    from scipy import signal

    ratio = Fraction(2 ** (-shift / 12)).limit_denominator(200)
    samples = signal.resample_poly(spoken.samples.astype(float), ratio.numerator, ratio.denominator)
    return Spoken(samples.astype(np.float32), spoken.rate_hz, spoken.tokens, spoken.edges_s * float(ratio))


def word_gaps_s(spoken: Spoken) -> list[float]:
    """The middle of every word boundary, in the voice's own time."""
    plan = TokenPlan(np.diff(spoken.edges_s), 0.0, token_nuclei("".join(spoken.tokens[1:-1])))
    return [0.5 * (start + end) for start, end in boundaries_s(plan, spoken.tokens)]


def boundaries_s(plan: TokenPlan, tokens: Sequence[str]) -> list[tuple[float, float]]:
    """Every stretch of spaces and punctuation between the first and the last vowel, seconds."""
    edges = plan.edges
    out: list[tuple[float, float]] = []
    for k in range(plan.nuclei[0].start, plan.nuclei[-1].start):
        if tokens[k].isalpha() or tokens[k] in "ˈˌ":
            continue
        start_s, end_s = float(edges[k]), float(edges[k + 1])
        if out and abs(out[-1][1] - start_s) < 1e-9:
            out[-1] = (out[-1][0], end_s)
        else:
            out.append((start_s, end_s))
    return out


def rests_between(spoken: Spoken, plan: TokenPlan, from_s: np.ndarray, to_s: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of the source that are rests of the take: written long, or drawn out to be long."""
    rests = list(rests_s(plan, spoken.tokens, 1.0))
    steps = zip(from_s[:-1], from_s[1:], np.diff(to_s) / np.diff(from_s), strict=True)
    return rests + [(float(a), float(b)) for a, b, rate in steps if rate > 2.5]
