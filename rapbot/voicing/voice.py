"""One written line to sound on the grid, stretch by stretch.

Aim: ``words + slots + tempo → Take``, with the first third of a second ready long before the rest.  The network speaks
the line with durations planned from the targets; where its vowels start is estimated from the vocoder frames, which are
warped so that they start on the grid; what is still off is measured in the sound and corrected.  The line is cut into
a few groups of syllables for that, each decoded, aligned and sent on before the next is begun, so a listener who walks
away costs nothing more.  `Voice.render` is `Voice.stream` collected: one path, one sound.

*Conventions.*  Targets and onsets are seconds relative to the bar line.  The random noise of a take comes from ``seed``
alone: equal input gives equal bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rapbot.language.syllables import line_syllables
from rapbot.protocols import AcousticModel, Encoding, SpeechFrames
from rapbot.rhythm.timeline import SLOTS_PER_BEAT
from rapbot.values import PronouncedWord, Syllable, Take, TakeChunk, VoicedSyllable
from rapbot.voicing.delivery import Delivery, shaped_energy, shaped_pitch
from rapbot.voicing.durations import TokenPlan, plan_tokens, rests_s, spoken_line
from rapbot.voicing.effects import (
    TAKE_RMS_DB,
    articulated,
    bent,
    faded,
    first_sound,
    gated,
    last_sound,
    shallow_dips,
    spoken_level_db,
)
from rapbot.voicing.onsets import ENVELOPE_RATE_HZ, find_rises, frame_envelope, half_rises, vowel_envelope
from rapbot.voicing.timbre import shaped_frames
from rapbot.voicing.voices import VoiceSpec
from rapbot.voicing.warp import LEAST_GAP_S, carried, cut, frames_at, increasing, joined

MOST_PASSES = 4  # of warp-and-measure: p95 57 ms unwarped, 15 after the first pass, 8 after the third
GOOD_ERROR_S = 0.010  # and no more of them once every vowel of the group is this close
MOST_STEP_S = 0.03  # a larger error after the first warp is another peak taken for the vowel's: do not chase it
FASTEST_GAP_S = 0.07  # 14 syllables/s, faster than anybody has been understood
STRONG_STEP = 2  # accents sit on 8ths; what is stressed between them leads to the next
PUNCH_ACCENT = 1.4  # the last stressed syllable carries the rhyme and the joke
SECONDARY_ACCENT = 0.5

FIRST_REACH_S = 0.33  # from the first vowel to the first cut: with the consonant before it, 300 ms of sound
NEXT_REACH_S = (0.7, 1.3)  # between cuts after that, wherever the gap is widest
CUT_SHARE = 0.5  # a cut lies half-way between two vowels
AHEAD_S = 0.22  # frames decoded and heard beyond a cut, so that its last vowel's peak is in them
LEAD_IN_S = 0.3  # frames before the first vowel that are made into sound: the longest consonants and a little silence
TAIL_S = 0.12  # of the silence after the last sound
SEARCH_S = 0.1  # how much later than planned a sound may turn out to be
BEHIND_S = 0.25  # sound kept from before a cut, so that the next vowel's dip is in it
GAUGE = "wˌi ɡˌɑt ɐ mˈɛsɪʤ, ænd ɪt sˈɛz jʊɹ fˈIɚd."  # said once to learn how loud a voice is


@dataclass(frozen=True)
class _Line:
    """Everything decided about a line before any sound is made; times in seconds from the first frame."""

    syllables: tuple[Syllable, ...]
    targets_s: np.ndarray  # from the bar line
    wanted_s: np.ndarray
    encoding: Encoding
    plan: TokenPlan
    f0_hz: np.ndarray
    energy: np.ndarray
    rests: tuple[tuple[float, float], ...]
    noise_seed: int
    gain: float


class Voice:
    """A named voice over an acoustic model.  Holds no state between lines."""

    def __init__(self, model: AcousticModel, spec: VoiceSpec, seed: int = 0) -> None:
        self.spec = spec
        self._model = model
        self._seed = seed
        self._own_level_db = self._gauged()

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
        chunks = list(self.stream(words, slots, bpm, delivery, seed))
        samples = np.concatenate([chunk.samples for chunk in chunks])
        voiced = tuple(syllable for chunk in chunks for syllable in chunk.syllables)
        spent_ms = (time.perf_counter() - started) * 1000
        return Take(samples, self._model.rate_hz, -chunks[0].start_samples, voiced, spent_ms)

    def stream(
        self,
        words: Sequence[PronouncedWord],
        slots: Sequence[float],
        bpm: float,
        delivery: Delivery | None = None,
        seed: int = 0,
    ) -> Iterator[TakeChunk]:
        """The same take in chunks, each yielded as soon as it is certain; close the iterator to cancel the rest.

        Raises:
            ValueError: as `render`, before the first chunk.
        """
        line = self._planned(words, slots, bpm, self.spec.delivery if delivery is None else delivery, seed)
        return _Passage(self._model, self.spec, line).chunks()

    def _planned(
        self, words: Sequence[PronouncedWord], slots: Sequence[float], bpm: float, how: Delivery, seed: int
    ) -> _Line:
        model = self._model
        syllables = line_syllables(words)
        targets_s = target_times(syllables, slots, bpm, how.late_ms)
        encoding = model.encode(spoken_line(words))
        plan = plan_tokens(encoding, targets_s, model.hop_s)
        wanted_s = targets_s + plan.origin_s
        f0_hz, energy = model.prosody(encoding, plan.frames)
        times_s = (np.arange(len(f0_hz)) + 0.5) * model.hop_s
        leans = accents(syllables, slots, wanted_s)
        f0_hz = shaped_pitch(f0_hz, times_s, leans, how)
        energy = shaped_energy(energy, times_s, leans, how)
        noise_seed = seed_of(self._seed, seed)
        gain = 10 ** ((TAKE_RMS_DB + how.energy_db - self._own_level_db) / 20)
        rests = rests_s(plan, encoding.tokens, model.hop_s)
        return _Line(tuple(syllables), targets_s, wanted_s, encoding, plan, f0_hz, energy, rests, noise_seed, gain)

    def _gauged(self) -> float:
        """The level of this voice on a fixed phrase; what is louder or softer than that is performance and stays."""
        model = self._model
        encoding = model.encode(GAUGE)
        frames = np.maximum(2, np.round(encoding.durations * (encoding.duration_s / model.hop_s))).astype(int)
        f0_hz, energy = model.prosody(encoding, frames)
        times_s = (np.arange(len(f0_hz)) + 0.5) * model.hop_s
        f0_hz = shaped_pitch(f0_hz, times_s, np.zeros((0, 2)), self.spec.delivery)
        decoded = shaped_frames(model.decode(encoding, frames, f0_hz, energy), self.spec.timbre)
        return spoken_level_db(model.push(model.begin(0), decoded, last=True)[0], model.rate_hz)


class _Passage:
    """One line on its way from frames to sound."""

    def __init__(self, model: AcousticModel, spec: VoiceSpec, line: _Line) -> None:
        self._model = model
        self._spec = spec
        self._line = line
        # The pad that the network wants before a line, and most of the one after it, are never made into sound: frames
        # and times in here count from ``_base``.
        self._base = max(0, int((line.wanted_s[0] - LEAD_IN_S) / model.hop_s))
        base_s = self._base * model.hop_s
        self._wanted_s = line.wanted_s - base_s
        self._rests = np.asarray(line.rests).reshape(-1, 2) - base_s
        self._origin_s = line.plan.origin_s - base_s
        silent = len(line.f0_hz) - int(line.plan.edges[-2])  # the pad at the end is the last token
        self._total = len(line.f0_hz) - max(0, silent - round(TAIL_S / model.hop_s)) - self._base
        self._frames: SpeechFrames | None = None  # decoded so far
        self._state: Any = model.begin(line.noise_seed)
        self._out_frames = 0  # frames pushed for good
        self._behind = np.zeros(0, np.float32)  # the latest raw sound
        self._out_samples = 0
        count = len(self._wanted_s)
        self._short_db = np.zeros(count)
        self._onsets_s = np.full(count, np.nan)
        self._from_s = np.zeros(0)  # the map so far: source instants …
        self._to_s = np.zeros(0)  # … and where they were put
        self._loudest = 0.0
        self._begun = False

    def chunks(self) -> Iterator[TakeChunk]:
        wanted = self._wanted_s
        first = 0
        for last in cuts_after(wanted):
            cut_s = wanted[last - 1] + CUT_SHARE * (wanted[last] - wanted[last - 1]) if last < len(wanted) else None
            raw = self._aligned(first, last, cut_s)
            chunk = self._finished(raw, first, last, cut_s is None)
            if chunk is not None:
                yield chunk
            first = last

    # ------------------------------------------------------------------------------------------- one group of syllables

    def _aligned(self, first: int, last: int, cut_s: float | None) -> np.ndarray:
        """Raw sound up to the cut (or the end) with the vowels first..last−1 on the grid."""
        model = self._model
        wanted = self._wanted_s[first:last]
        end_s = None if cut_s is None else cut_s + AHEAD_S + SEARCH_S
        source = self._decoded_until(end_s)
        source_s = self._estimated(frame_envelope(source), first, last)
        best: tuple[float, np.ndarray, np.ndarray, np.ndarray, Any] | None = None
        for attempt in range(MOST_PASSES):
            raw, ahead, state = self._warped(source, source_s, wanted, cut_s)
            onsets = self._measured(np.concatenate([self._behind, raw, ahead]), first, last, attempt == 0)
            error_s = onsets - wanted
            score = float((error_s**2).sum())
            if best is None or score < best[0]:
                best = (score, raw, onsets, source_s, state)
            if np.abs(error_s).max() < GOOD_ERROR_S:
                break
            step = np.clip(error_s, -MOST_STEP_S, MOST_STEP_S)
            source_s = self._in_order(carried(wanted + step, *self._map(source_s, wanted)[::-1]))
        assert best is not None  # at least one pass was made
        _, raw, onsets, source_s, self._state = best
        self._onsets_s[first:last] = onsets
        self._from_s, self._to_s = self._map(source_s, wanted)
        if cut_s is not None:
            self._from_s = np.append(self._from_s, carried(np.asarray([cut_s]), self._to_s, self._from_s))
            self._to_s = np.append(self._to_s, cut_s)
            self._out_frames = round(cut_s / model.hop_s)
        return raw

    def _estimated(self, envelope: np.ndarray, first: int, last: int) -> np.ndarray:
        """Where the vowels first..last−1 start in the frames.  The neighbours on both sides are sought along with them,
        so that nobody takes a rise that is theirs.
        """
        wanted = self._wanted_s
        expected = wanted[first : last + 1]
        if first:
            settled = carried(wanted[first - 1 : first], self._to_s, self._from_s)
            expected = np.concatenate([settled, np.maximum(expected, settled + LEAST_GAP_S)])
        rises = find_rises(envelope, expected)
        found = half_rises(envelope, rises)
        before = int(first > 0)
        return self._in_order(np.where(np.isnan(found), rises, found)[before : before + last - first])

    def _decoded_until(self, end_s: float | None) -> SpeechFrames:
        """Everything decoded, up to a time at least."""
        line, hop_s, base = self._line, self._model.hop_s, self._base
        end = self._total if end_s is None else min(self._total, round(end_s / hop_s))
        have = 0 if self._frames is None else len(self._frames.f0_hz)
        if end > have:
            fresh = self._model.decode(
                line.encoding, line.plan.frames, line.f0_hz, line.energy, (base + have, base + end)
            )
            fresh = shaped_frames(fresh, self._spec.timbre)
            self._frames = fresh if self._frames is None else joined(self._frames, fresh)
        assert self._frames is not None  # a line has frames
        return self._frames

    def _map(self, source_s: np.ndarray, wanted_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The whole map so far with these instants added."""
        return np.concatenate([self._from_s, source_s]), np.concatenate([self._to_s, wanted_s])

    def _in_order(self, onsets_s: np.ndarray) -> np.ndarray:
        """Onsets made to increase by at least `LEAST_GAP_S`, after everything that is settled."""
        settled = self._from_s[-1:]
        return increasing(np.concatenate([settled, onsets_s]))[len(settled) :]

    def _warped(
        self, source: SpeechFrames, source_s: np.ndarray, wanted_s: np.ndarray, cut_s: float | None
    ) -> tuple[np.ndarray, np.ndarray, Any]:
        """Sound up to the cut, sound after it that will not be kept, and the state at the cut."""
        model, hop_s = self._model, self._model.hop_s
        from_s, to_s = self._map(source_s, wanted_s)
        if cut_s is None:
            length_s = self._total * hop_s
            end = max(self._out_frames + 2, round(float(carried(np.asarray([length_s]), from_s, to_s)[0]) / hop_s))
            ahead = end
        else:
            end = round(cut_s / hop_s)
            ahead = end + round(AHEAD_S / hop_s)
        times_s = (np.arange(self._out_frames, ahead) + 0.5) * hop_s
        frames = frames_at(source, carried(times_s, to_s, from_s))
        kept = end - self._out_frames
        raw, state = model.push(self._state, cut(frames, 0, kept), last=cut_s is None)
        if cut_s is None:
            return raw, np.zeros(0, np.float32), state
        after, _ = model.push(state, cut(frames, kept, ahead - self._out_frames))
        return raw, after, state

    def _measured(self, sound: np.ndarray, first: int, last: int, is_first: bool) -> np.ndarray:
        """Onsets of the vowels first..last−1 in ``sound``, which starts where the kept sound behind starts."""
        rate_hz, wanted = self._model.rate_hz, self._wanted_s
        start_s = (self._out_samples - len(self._behind)) / rate_hz
        low, high = max(0, first - 1), min(len(wanted), last + 1)
        near = wanted[low:high] - start_s
        inner = slice(first - low, last - low)
        envelope = None
        if is_first:
            envelope = vowel_envelope(sound, rate_hz)
            self._short_db[first:last] = shallow_dips(envelope, ENVELOPE_RATE_HZ, near)[inner]
        if envelope is None or self._short_db[first:last].any():
            envelope = vowel_envelope(self._notched(sound, start_s, first, last), rate_hz)
        found = half_rises(envelope, near)[inner] + start_s
        return np.where(np.isnan(found), wanted[first:last], found)

    def _notched(self, sound: np.ndarray, start_s: float, first: int, last: int) -> np.ndarray:
        rate_hz = self._model.rate_hz
        return articulated(
            sound, rate_hz, self._wanted_s[first:last] - start_s, self._short_db[first:last],
            self._out_samples / rate_hz - start_s,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- from raw to finished

    def _finished(self, raw: np.ndarray, first: int, last: int, is_last: bool) -> TakeChunk | None:
        """Gains on a stretch of raw sound; None where there is nothing to hear yet."""
        line, rate_hz = self._line, self._model.rate_hz
        start = self._out_samples
        start_s = start / rate_hz
        moved = [(a - start_s, b - start_s) for a, b in (carried(r, self._from_s, self._to_s) for r in self._rests)]
        sound = gated(self._notched(raw, start_s, first, last), rate_hz, moved)
        self._behind = np.concatenate([self._behind, raw])[-round(BEHIND_S * rate_hz) :]
        self._out_samples += len(raw)
        if not self._begun:
            skipped = first_sound(sound, rate_hz)
            sound, start = sound[skipped:], start + skipped
        self._loudest = max(self._loudest, float(np.abs(sound).max(initial=0.0)))
        if is_last:
            sound = sound[: last_sound(sound, rate_hz, self._loudest)]
        if len(sound) == 0 and not is_last:
            return None
        sound = faded(sound, rate_hz, start=not self._begun, end=is_last)
        self._begun = True
        origin_s = self._origin_s
        onsets_s = self._onsets_s[first:last] - origin_s
        voiced = voiced_syllables(line.syllables[first:last], line.targets_s[first:last], onsets_s)
        out = bent(sound * line.gain).astype(np.float32)
        return TakeChunk(out, rate_hz, start - round(origin_s * rate_hz), voiced, is_last)


def cuts_after(wanted_s: np.ndarray) -> tuple[int, ...]:
    """How many syllables have been said at each cut, the last one being all of them.

    The first cut comes as soon as there are 300 ms to hear, the others about a second apart, where there is most room.
    """
    count = len(wanted_s)
    reach = wanted_s[0] + FIRST_REACH_S
    cuts: list[int] = []
    middles = wanted_s[:-1] + CUT_SHARE * np.diff(wanted_s)
    at = int(np.searchsorted(middles, reach))
    while at < count - 1:
        cuts.append(at + 1)
        low, high = (int(np.searchsorted(middles, middles[at] + reach_s)) for reach_s in NEXT_REACH_S)
        if low >= count - 1 or wanted_s[-1] - middles[at] < NEXT_REACH_S[1]:
            break
        at = low + int(np.diff(wanted_s)[low : max(high, low + 1)].argmax())
    return (*cuts, count)


def seed_of(voice: int, take: int) -> int:
    """The seed of a take's noise, from the voice's own and the take's."""
    return int(np.random.SeedSequence([voice, take]).generate_state(1)[0])


def voiced_syllables(
    syllables: Sequence[Syllable], targets_s: np.ndarray, onsets_s: np.ndarray
) -> tuple[VoicedSyllable, ...]:
    """What a take says of its syllables; times relative to the bar line."""
    return tuple(
        VoicedSyllable(syllable.phones, syllable.stress, float(target), float(onset))
        for syllable, target, onset in zip(syllables, targets_s, onsets_s, strict=True)
    )


def target_times(syllables: Sequence[Syllable], slots: Sequence[float], bpm: float, late_ms: float) -> np.ndarray:
    """Vowel onsets wanted, seconds after the bar line."""
    if len(syllables) != len(slots):
        raise ValueError(f"{len(syllables)} syllables need as many slots, got {len(slots)}")
    targets = np.asarray(slots, float) * (60.0 / bpm / SLOTS_PER_BEAT)
    gaps_s = np.diff(targets)
    if not np.all(np.isfinite(targets)) or np.any(gaps_s <= 0):
        raise ValueError("slots must strictly increase: two syllables cannot share one")
    if len(gaps_s) and gaps_s.min() < FASTEST_GAP_S - 1e-9:
        raise ValueError(
            f"{syllables[int(gaps_s.argmin()) + 1].word_text!r} comes {1000 * gaps_s.min():.0f} ms after the syllable "
            f"before it; the voice needs {1000 * FASTEST_GAP_S:.0f} ms"
        )
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
