"""The second track: end words doubled, ad-libs between the lines, breaths.

Aim: one performer who recorded twice, as rappers do.  A double is the word rendered again with other noise, a few
cents off and a few milliseconds late, under the lead; an ad-lib is the same voice in a gap; a breath is noise through
the voice's own formants with no burst in it that could be taken for a consonant.  Nothing here is ever louder than the
lead, and an ad-lib or a breath that would lie over a word is left out: what the plan hoped for is checked against the
sound of the lead.

*Conventions.*  Everything is at `MIX_RATE_HZ` and aligned with the lead track: sample 0 is its sample 0.  The track is
stereo, shape (frames, 2); times in `Extra` are seconds from its first sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from scipy import fft

from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import MIX_RATE_HZ
from rapbot.values import PronouncedWord, Take
from rapbot.voicing.assemble import resampled
from rapbot.voicing.delivery import LIMITS, Delivery
from rapbot.voicing.effects import spoken_level_db
from rapbot.voicing.performance import AdLib, BarDelivery
from rapbot.voicing.voices import VoiceSpec

DOUBLE_CENTS = (10.0, 20.0)  # either way: a second take, not a chorus
DOUBLE_LATE_MS = (8.0, 15.0)  # under the 20 ms at which two voices part
DOUBLE_DB = -9.0  # against the same word of the lead
DOUBLE_PAN, ADLIB_PAN = 0.25, 0.45  # −1 left … 1 right
ADLIB_DB = -7.0  # against the lead's spoken level
ADLIB_EFFORT_DB = 1.0  # called from behind the lead
CLEAR_DB = -38.0  # the lead this far below its own loudest block is silent

BREATH_DB = -27.0  # against the lead's spoken level
BREATH_S = (0.24, 0.42)  # shortest worth hearing, longest
BREATH_BEFORE_S = 0.05  # it is over this long before the word
BREATH_REST_S = 0.35  # and needs a rest of this length
BREATH_RISE = 0.62  # share of it that swells
# Centre, width in Hz and level in dB of the resonances of an open mouth breathing in; scaled by the tract's length,
# which goes with the register: an octave lower is a tract a fifth longer.
TRACT_OCTAVES_PER_SEMITONE = 1 / 48
BREATH_FORMANTS = ((550.0, 250.0, -9.0), (1500.0, 500.0, 0.0), (2600.0, 700.0, -3.0), (3900.0, 1100.0, -8.0))
BLOCK_S = 0.005


class Performer(Protocol):
    """Any voice that says lines on the grid."""

    spec: VoiceSpec

    def render(
        self,
        words: Sequence[PronouncedWord],
        slots: Sequence[float],
        bpm: float,
        delivery: Delivery | None = None,
        seed: int = 0,
    ) -> Take: ...


@dataclass(frozen=True)
class Extra:
    """Something that was put on the second track."""

    kind: Literal["double", "adlib", "breath"]
    bar_index: int
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SecondTrack:
    """``samples`` float32, shape (frames, 2), as long as its last sound; ``extras`` in the order of the bars."""

    samples: np.ndarray
    extras: tuple[Extra, ...]


def second_track(
    voice: Performer,
    lines: Sequence[Sequence[PronouncedWord]],
    plans: Sequence[BarDelivery],
    takes: Sequence[Take],
    bar_starts_samples: Sequence[int],
    lead: np.ndarray,
    bpm: float,
    pronounce: Callable[[str], Sequence[PronouncedWord]],
    seed: int = 0,
) -> SecondTrack:
    """Doubles, ad-libs and breaths of a verse whose lead has been rendered.

    Args:
        lines: the words of every bar as the lead said them.
        takes, bar_starts_samples: the lead, bar by bar, and where its bar lines lie in ``lead``.
        lead: the lead track, mono at `MIX_RATE_HZ`.
        pronounce: how an ad-lib sounds.
    """
    quiet = _Silence(lead)
    level_db = spoken_level_db(lead, MIX_RATE_HZ)
    if not math.isfinite(level_db):
        return SecondTrack(np.zeros((len(lead), 2), np.float32), ())
    rng = np.random.default_rng([int(seed) & 0xFFFFFFFF, 0xBAC4])
    tract = 2 ** (voice.spec.delivery.transpose_semitones * TRACT_OCTAVES_PER_SEMITONE)
    placed: list[tuple[int, np.ndarray]] = []
    extras: list[Extra] = []
    for k, plan in enumerate(plans):
        how = plan.colours(voice.spec.delivery)
        if plan.breath_before:
            end = bar_starts_samples[k] - round(takes[k].origin_samples * MIX_RATE_HZ / takes[k].rate_hz)
            breath = _breath_before(end, quiet, level_db, tract, rng)
            if breath is not None:
                _note(placed, extras, "breath", plan.index, "", *breath)
        for word in plan.doubled:
            clip, start = _double(voice, lines[k], plan, takes[k], word, how, bpm, rng, bar_starts_samples[k])
            clip = _at_level(clip, _peak_level_db(lead[max(0, start) : start + len(clip)]) + DOUBLE_DB)
            _note(
                placed, extras, "double", plan.index, lines[k][word].text, _panned(clip, _side(k) * DOUBLE_PAN), start
            )
        for adlib in plan.adlibs:
            clip, start = _adlib(voice, adlib, how, bpm, rng, bar_starts_samples[k], pronounce)
            if start >= 0 and quiet.between(start, start + len(clip)):
                clip = _at_level(clip, level_db + ADLIB_DB)
                _note(placed, extras, "adlib", plan.index, adlib.text, _panned(clip, -_side(k) * ADLIB_PAN), start)
    frames = max([len(lead), *(start + len(clip) for start, clip in placed)])
    track = np.zeros((frames, 2), np.float32)
    for start, clip in placed:
        track[start : start + len(clip)] += clip
    return SecondTrack(track, tuple(extras))


def breath(length_s: float, tract: float, rng: np.random.Generator, rate_hz: int = MIX_RATE_HZ) -> np.ndarray:
    """One breath in, mono float32 with a root mean square of 1 over its length: it swells, and is cut by the lips."""
    count = max(16, round(length_s * rate_hz))
    spectrum = fft.rfft(rng.standard_normal(count))
    hz = fft.rfftfreq(count, 1 / rate_hz)
    shape = np.zeros(len(hz))
    for centre_hz, width_hz, level_db in BREATH_FORMANTS:
        shape += 10 ** (level_db / 20) / (1 + ((hz - centre_hz * tract) / width_hz) ** 2)
    noise = fft.irfft(spectrum * shape * (hz > 120.0), count)
    time = (np.arange(count) + 0.5) / count
    swell = np.where(time < BREATH_RISE, time / BREATH_RISE, (1 - time) / (1 - BREATH_RISE))
    out = noise * (0.5 - 0.5 * np.cos(np.pi * swell))
    return (out / np.sqrt((out**2).mean())).astype(np.float32)


# --------------------------------------------------------------------------------------------------- its parts


class _Silence:
    """Where a track is silent."""

    def __init__(self, samples: np.ndarray) -> None:
        self._block = round(BLOCK_S * MIX_RATE_HZ)
        padded = np.pad(samples, (0, -len(samples) % self._block)).reshape(-1, self._block)
        level = np.sqrt((padded.astype(float) ** 2).mean(axis=1))
        self._silent = level <= level.max(initial=0.0) * 10 ** (CLEAR_DB / 20)

    def between(self, start: int, end: int) -> bool:
        return bool(self._silent[max(0, start // self._block) : -(-end // self._block)].all())

    def length_before(self, end: int) -> int:
        """How many silent samples lie before ``end`` (not beyond the track's first sample)."""
        last = min(end // self._block, len(self._silent))
        sounding = np.flatnonzero(~self._silent[:last])
        return end - (int(sounding[-1] + 1) * self._block if len(sounding) else 0)


def _note(
    placed: list[tuple[int, np.ndarray]],
    extras: list[Extra],
    kind: Literal["double", "adlib", "breath"],
    bar_index: int,
    text: str,
    clip: np.ndarray,
    start: int,
) -> None:
    clip, start = clip[max(0, -start) :], max(0, start)
    placed.append((start, clip))
    extras.append(Extra(kind, bar_index, text, start / MIX_RATE_HZ, (start + len(clip)) / MIX_RATE_HZ))


def _double(
    voice: Performer,
    words: Sequence[PronouncedWord],
    plan: BarDelivery,
    take: Take,
    word: int,
    how: Delivery,
    bpm: float,
    rng: np.random.Generator,
    bar_start: int,
) -> tuple[np.ndarray, int]:
    """The word once more: mono clip and where it starts in the track."""
    first, count = word_span(words, word)
    cents = float(rng.uniform(*DOUBLE_CENTS)) * (1 if rng.random() < 0.5 else -1)
    late_ms = how.late_ms + float(rng.uniform(*DOUBLE_LATE_MS))
    off = replace(
        how,
        transpose_semitones=min(max(how.transpose_semitones + cents / 100, LIMITS["transpose_semitones"][0]),
                                LIMITS["transpose_semitones"][1]),
        late_ms=min(late_ms, LIMITS["late_ms"][1]),
        punch_from_end=0,
    )  # fmt: skip
    slots = plan.slots[first : first + count]
    again = voice.render(accent_final((words[word],)), slots, bpm, off, seed=int(rng.integers(1 << 31)))
    return resampled(again, MIX_RATE_HZ), bar_start - round(again.origin_samples * MIX_RATE_HZ / again.rate_hz)


def _adlib(
    voice: Performer,
    adlib: AdLib,
    how: Delivery,
    bpm: float,
    rng: np.random.Generator,
    bar_start: int,
    pronounce: Callable[[str], Sequence[PronouncedWord]],
) -> tuple[np.ndarray, int]:
    words = accent_final(tuple(pronounce(adlib.text)))
    behind = replace(how, effort_db=min(how.effort_db + ADLIB_EFFORT_DB, LIMITS["effort_db"][1]), punch_from_end=0)
    take = voice.render(words, (adlib.slot,), bpm, behind, seed=int(rng.integers(1 << 31)))
    return resampled(take, MIX_RATE_HZ), bar_start - round(take.origin_samples * MIX_RATE_HZ / take.rate_hz)


def _breath_before(
    end: int, quiet: _Silence, level_db: float, tract: float, rng: np.random.Generator
) -> tuple[np.ndarray, int] | None:
    rest_s = quiet.length_before(end) / MIX_RATE_HZ
    if rest_s < BREATH_REST_S:
        return None
    length_s = min(BREATH_S[1], max(BREATH_S[0], 0.8 * (rest_s - BREATH_BEFORE_S)))
    clip = breath(length_s, tract, rng) * 10 ** ((level_db + BREATH_DB) / 20)
    return _panned(clip, 0.0), end - round(BREATH_BEFORE_S * MIX_RATE_HZ) - len(clip)


def word_span(words: Sequence[PronouncedWord], word: int) -> tuple[int, int]:
    """The first syllable of a word within its line, and how many it has."""
    owners = [syllable.word_index for syllable in line_syllables(words)]
    return owners.index(word), owners.count(word)


def _peak_level_db(samples: np.ndarray) -> float:
    """The spoken level of a stretch; −60 where it is silent."""
    level_db = spoken_level_db(samples, MIX_RATE_HZ)
    return level_db if math.isfinite(level_db) else -60.0


def _at_level(clip: np.ndarray, level_db: float) -> np.ndarray:
    own_db = spoken_level_db(clip, MIX_RATE_HZ)
    return clip * np.float32(10 ** ((level_db - own_db) / 20)) if math.isfinite(own_db) else clip


def _panned(clip: np.ndarray, pan: float) -> np.ndarray:
    """Constant power; a centred clip has its own level on both sides."""
    angle = (pan + 1) * math.pi / 4
    sides = math.sqrt(2) * np.asarray([math.cos(angle), math.sin(angle)], np.float32)
    return (clip[:, None] * sides).astype(np.float32)


def _side(k: int) -> int:
    return 1 if k % 2 else -1
