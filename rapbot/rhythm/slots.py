"""Slots: which 16th note each syllable of a written line takes, and what that costs.

Aim: one planner for the pen, which refuses a line that will not be understood, and for the voice, which sings it.  What
decides intelligibility on a grid is how far the planned gaps between vowels lie from the ones a speaker would leave, so
natural timing comes first; stress, rhyme, pauses and the downbeat choose among plans that are about equally easy to
say.

Sources: where rap puts stresses and rhymes is from MCFlow (Condit-Schultz 2016, "MCFlow: a digital corpus of rap
transcriptions"; 124 songs); natural gaps are a regression on the durations hibari-tts predicts for 700 battle lines
(7,896 gaps, held-out R² 0.72, rms 54 ms), made by ``models/voice_gaps.py``.

*Conventions.*  A *slot* is a 16th counted from the line's own bar line; negative slots are pickups before it.  A line
has sixteen *steps*: 16ths where it spans four beats, 32nds where it spans two (slots then come in halves), 8ths where
it spans eight (16ths between them are allowed and dear).  In the triplet flow a line has twelve steps: three to a beat
(slots in multiples of 4/3), three to half a beat in a line of two beats, and twenty-four where it spans eight.  Gaps
are seconds between vowel onsets.  Costs have no unit; 0
is a line that falls on the grid by itself, `FIT_COST` is where listeners start to lose words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from rapbot.language.phones import MANNER, is_vowel
from rapbot.rhythm.timeline import SLOTS_PER_BEAT
from rapbot.values import Syllable

Flow = Literal["straight", "swung", "laid-back", "triplet"]
FLOWS: tuple[str, ...] = get_args(Flow)

# 118 lines at 72 to 115 BPM: whisper base loses 4 % of the words of plans at or below it, 9 % above; said freely, 3.6
# %.
FIT_COST = 0.2
MAX_RATE_SYL_S = 6.5  # 2 % of words are lost at 5.3 syllables/s, 7 % at 6, 15 % at 6.7 and above
DOUBLE_TIME_SYL_S = 8.0  # the faster limit a caller may ask for
HALF_TIME_ABOVE_BPM = 115.0  # above it a bar is too short for a line of 9 to 13 syllables
DOUBLE_BELOW_BPM = 70.0  # below it a bar is too long for one
RATE_GAPS = 6  # the rate is the fastest over this many gaps in a row, about one second of rap
MIN_GAP_S = 0.1  # two vowels closer than this melt into one
SWING_SLOTS = 0.17  # odd 16ths come late by this: 58 % swing, what MPCs call medium

# --- natural gaps in ms, from models/voice_gaps.py: the vowel by class and primary stress, and the sounds up to the
# next
VOWEL_CLASS = {
    **dict.fromkeys(("IH", "EH", "AH", "UH"), "short"),
    **dict.fromkeys(("AE", "AA", "AO"), "open"),
    **dict.fromkeys(("ER", "EY", "OW", "IY", "UW"), "long"),
    **dict.fromkeys(("AY", "AW", "OY"), "diphthong"),
}
VOWEL_MS = {
    ("short", False): 72, ("short", True): 119, ("open", False): 50, ("open", True): 146,
    ("long", False): 98, ("long", True): 147, ("diphthong", False): 133, ("diphthong", True): 156,
}  # fmt: skip
CONSONANT_MS = {
    ("stop", False): 35, ("stop", True): 37, ("affricate", False): 77, ("affricate", True): 79,
    ("fricative", False): 57, ("fricative", True): 39, ("nasal", True): 37, ("liquid", True): 47, ("glide", True): 26,
}  # fmt: skip
MERGED_VOWEL_MS = 81  # the second vowel of "fire"
WORD_END_MS = 15
_VOICELESS = frozenset(("P", "T", "K", "CH", "F", "TH", "S", "SH", "HH"))

# --- costs
FASTER_WEIGHT = 1.5  # hurrying a syllable harms it more than stretching it by the same ratio
STRESS_WEIGHT = 0.1  # nats of misplaced stress against squared log ratio of timing
SECONDARY_SHARE = 0.5  # a secondary stress pulls half as hard
UNSTRESSED_CAP = 1.3  # nats: function words do fall on beats, and timing should win over moving them
STRESS_SHARE_BY_STEP = (
    0.92, 0.18, 0.72, 0.34, 0.90, 0.22, 0.71, 0.34, 0.90, 0.21, 0.63, 0.50, 0.90, 0.20, 0.76, 0.16,
)  # fmt: skip  # MCFlow: share of syllables at each 16th of the bar that are stressed
BETWEEN_STEPS_SHARE = 0.08  # stressed share between steps (16ths of a half-time line); few syllables lie there at all
BETWEEN_STEPS_COST = 0.12  # and any syllable there sounds like double time
# by step; MCFlow: rhyme share .64 at 12, .44 at 11, .30 at 14
RHYME_COST: dict[float, float] = {12.0: 0.0, 11.0: 0.3, 14.0: 0.5, 10.0: 0.6, 13.0: 0.7}
# in a half-time line beat four of the second bar carries the rhyme
RHYME_COST_HALF_TIME: dict[float, float] = {14.0: 0.0, 12.0: 0.6, 13.0: 0.4, 13.5: 0.4, 15.0: 0.7}
RHYME_COST_ELSEWHERE = 1.2
TRIPLET = "triplet"
TRIPLET_SLOTS = 4.0 / 3.0
# A triplet rapper accents the beat and leans into it: shares for the three thirds of a beat.  MCFlow's triplet songs
# are too few to count from, so the outer two are the means of the 16ths on either side of them.
STRESS_SHARE_BY_THIRD = (0.90, 0.45, 0.50)
RHYME_COST_TRIPLET: dict[float, float] = {9.0: 0.0, 8.0: 0.3, 10.0: 0.5, 11.0: 0.7}
# by step of the eight-beat line
RHYME_COST_TRIPLET_HALF_TIME: dict[float, float] = {21.0: 0.0, 18.0: 0.6, 20.0: 0.4, 19.0: 0.6, 22.0: 0.6}
PAUSE_WEIGHT = 1.0  # on the squared share of an 8th that is missing from a written pause
SKIPPED_DOWNBEAT = 1.0  # a line with nothing on beat one loses the entry the listener waits for
PICKUP_COST = (0.0, 0.02, 0.05, 0.15)  # for a line that starts this many steps early: the breath before it shrinks
PICKUP_COST_MORE = 0.3


class SlotError(ValueError):
    """A line does not fit its bar; the message names the limit."""


@dataclass(frozen=True)
class SlotPlan:
    """Slots of one line; ``cost`` is what saying it there costs, a mean over its syllables.

    ``rate_syl_s`` is the fastest rate over `RATE_GAPS` gaps in a row (all of them, if there are fewer).
    """

    slots: tuple[float, ...]
    cost: float
    rate_syl_s: float

    @property
    def fits(self) -> bool:
        """True where the voice can be expected to be understood."""
        return self.cost <= FIT_COST


@dataclass(frozen=True)
class SlotCost:
    """The parts of a plan's cost, summed over the line.

    `plan_slots` minimises `total`; `SlotPlan.cost` is `said` over the number of syllables, because where the rhyme
    falls and whether beat one is taken are matters of taste, not of being understood.
    """

    timing: float
    stress: float
    rhyme: float
    pause: float
    entry: float

    @property
    def said(self) -> float:
        return self.timing + self.stress + self.pause

    @property
    def total(self) -> float:
        return self.said + self.rhyme + self.entry


def span_beats_for(bpm: float) -> int:
    """Quarter notes one written line spans: a bar at 70–115 BPM, two above, half a bar below."""
    _check_bpm(bpm)
    return 8 if bpm > HALF_TIME_ABOVE_BPM else 2 if bpm < DOUBLE_BELOW_BPM else 4


def estimated_gaps_s(syllables: Sequence[Syllable]) -> tuple[float, ...]:
    """Seconds a speaker leaves between each vowel onset and the next, written pauses left out; one fewer than
    syllables.
    """
    return tuple(_gap_ms(left, right) / 1000.0 for left, right in pairwise(syllables))


def plan_slots(
    syllables: Sequence[Syllable],
    bpm: float,
    *,
    span_beats: int = 4,
    flow: str = "straight",
    max_rate_syl_s: float = MAX_RATE_SYL_S,
    pickup_slots: int = 3,
    end_slot: int | None = None,
    natural_gaps_s: Sequence[float] | None = None,
) -> SlotPlan:
    """The cheapest slots for a line.

    ``pickup_slots`` is how many steps before the bar line are free (`free_pickups` of the line before), ``end_slot``
    the last slot a syllable may take (default: the 8th after beat four).  ``natural_gaps_s`` replaces
    `estimated_gaps_s` by gaps from the voice itself.

    Raises:
        SlotError: no syllables, more of them than slots, or faster than ``max_rate_syl_s``.
        ValueError: an argument out of range.
    """
    _check(bpm, span_beats, flow, max_rate_syl_s)
    if pickup_slots < 0:
        raise ValueError(f"pickup_slots must be at least 0, got {pickup_slots}")
    if not syllables:
        raise SlotError("a line needs at least one syllable")
    triplet = flow == TRIPLET
    grid = _grid(span_beats, pickup_slots, _last_index(span_beats, end_slot, triplet), triplet)
    count = len(syllables)
    if count > len(grid.slots):
        raise SlotError(f"{count} syllables do not fit: a line of {span_beats} beats has {len(grid.slots)} slots")
    step_s = 60.0 / bpm / SLOTS_PER_BEAT * grid.step_slots
    smallest, run_limit = _rate_rules(step_s, max_rate_syl_s, min(RATE_GAPS, max(1, count - 1)))
    gaps = _checked_gaps(syllables, natural_gaps_s)
    stress, rhyme = _placement_parts(syllables, grid)
    timing = _timing_costs(syllables, gaps, grid, step_s)
    timing[:, : smallest - 1] = np.inf
    steps = _cheapest(stress + rhyme, timing, grid, run_limit)
    if steps is None:
        raise SlotError(_too_fast(count, bpm, span_beats, len(grid.slots) * step_s, max_rate_syl_s))
    slots = grid.slots[steps]
    said = stress[np.arange(count), steps].sum() + timing[np.arange(count - 1), np.diff(steps) - 1].sum()
    rate = _rate(slots * (step_s / grid.step_slots))
    if flow == "swung":
        slots = _swung(slots, grid.step_slots)
    return SlotPlan(tuple(slots.tolist()), float(said) / count, rate)


def plan_verse(
    lines: Sequence[Sequence[Syllable]],
    bpm: float,
    *,
    span_beats: int = 4,
    flow: str = "straight",
    max_rate_syl_s: float = MAX_RATE_SYL_S,
) -> tuple[SlotPlan, ...]:
    """Plans of consecutive lines: no pickup overlaps the end of the line before it."""
    plans: list[SlotPlan] = []
    free = 3
    for line in lines:
        plan = plan_slots(
            line, bpm, span_beats=span_beats, flow=flow, max_rate_syl_s=max_rate_syl_s, pickup_slots=min(3, free)
        )
        plans.append(plan)
        free = free_pickups(plan.slots, span_beats, flow)
    return tuple(plans)


def free_pickups(slots: Sequence[float], span_beats: int = 4, flow: str = "straight") -> int:
    """Steps left for the next line's pickup after a line on these slots (what to pass as ``pickup_slots``)."""
    step = _step_slots(span_beats, flow == TRIPLET)
    left = (span_beats * SLOTS_PER_BEAT - slots[-1]) / step
    return max(0, math.ceil(left - 1e-9) - 1)


def slot_cost(
    syllables: Sequence[Syllable],
    slots: Sequence[float],
    bpm: float,
    *,
    span_beats: int = 4,
    natural_gaps_s: Sequence[float] | None = None,
    flow: str = "straight",
) -> SlotCost:
    """What given straight slots (or triplets, where ``flow`` says so) cost, part by part; `plan_slots` minimises the
    total.

    Raises:
        SlotError: not one slot a syllable, or not strictly increasing.
        ValueError: a slot that is not on the line's grid.
    """
    _check(bpm, span_beats, flow, MAX_RATE_SYL_S)
    triplet = flow == TRIPLET
    if len(slots) != len(syllables):
        raise SlotError(f"{len(syllables)} syllables need as many slots, got {len(slots)}")
    if any(right <= left for left, right in pairwise(slots)):
        raise SlotError("two syllables on one slot: slots must strictly increase")
    step = _step_slots(span_beats, triplet)
    steps = [round(slot / step) for slot in slots]
    if any(abs(slot - k * step) > 1e-6 for slot, k in zip(slots, steps, strict=True)):
        raise ValueError(f"slots must be multiples of {step}, got {list(slots)}")
    step_s = 60.0 / bpm / SLOTS_PER_BEAT * step
    grid = _grid(span_beats, max(0, -steps[0]), max(steps[-1], _last_index(span_beats, None, triplet)), triplet)
    first = -steps[0] if steps[0] < 0 else 0
    index = [k + first for k in steps]
    gaps = _checked_gaps(syllables, natural_gaps_s)
    stress, rhyme = _placement_parts(syllables, grid)
    rows = np.arange(len(steps))
    timing = pause = 0.0
    for k, gap in enumerate(gaps):
        moved = (steps[k + 1] - steps[k]) * step_s
        part_timing, part_pause = _gap_costs(np.asarray([moved]), gap, syllables[k].pause_after, grid, step_s)
        timing += float(part_timing[0])
        pause += float(part_pause[0])
    entry = float(grid.entry_cost[index[0]])
    if steps[0] < 0 and 0 not in steps and steps[-1] > 0:
        entry += SKIPPED_DOWNBEAT
    return SlotCost(timing, float(stress[rows, index].sum()), float(rhyme[rows, index].sum()), pause, entry)


# --------------------------------------------------------------------------------------------------- the grid of a line


@dataclass(frozen=True)
class _Grid:
    """Everything about the places of a line that does not depend on its words; arrays run over the places in order."""

    slots: np.ndarray
    step_slots: float
    eighth_steps: float  # steps in the 8th that a pause asks for
    max_gap: int
    stressed_cost: np.ndarray
    unstressed_cost: np.ndarray
    between_cost: np.ndarray
    rhyme_cost: np.ndarray
    entry_cost: np.ndarray  # of starting here
    skips: np.ndarray  # (places, gaps): 1 where a jump of gap+1 steps that lands here passes over the downbeat


def _step_slots(span_beats: int, triplet: bool = False) -> float:
    return (TRIPLET_SLOTS if triplet else 1.0) * (0.5 if span_beats == 2 else 1.0)


def _last_index(span_beats: int, end_slot: int | None, triplet: bool = False) -> int:
    """The last step a syllable may take, counted in steps from the bar line."""
    if end_slot is None:
        end_slot = {2: 7, 4: 14, 8: 30}[span_beats]
    elif not 0 <= end_slot < span_beats * SLOTS_PER_BEAT:
        raise ValueError(f"end_slot must lie in 0..{span_beats * SLOTS_PER_BEAT - 1}, got {end_slot}")
    return int(end_slot / _step_slots(span_beats, triplet) + 1e-9)


@lru_cache(maxsize=64)
def _grid(span_beats: int, pickups: int, last: int, triplet: bool = False) -> _Grid:
    places = np.arange(-pickups, last + 1)
    if triplet:
        line_step = places.astype(float)
        whole = np.ones(len(places), bool)
        share = np.asarray(STRESS_SHARE_BY_THIRD)[places % 3]
        rhyme = RHYME_COST_TRIPLET_HALF_TIME if span_beats == 8 else RHYME_COST_TRIPLET
    else:
        line_step = places / 2.0 if span_beats == 8 else places.astype(float)  # sixteen to a line
        whole = np.isclose(line_step % 1.0, 0.0)
        by_step = np.asarray(STRESS_SHARE_BY_STEP)[np.floor(line_step).astype(int) % 16]
        share = np.where(whole, by_step, BETWEEN_STEPS_SHARE)
        rhyme = RHYME_COST_HALF_TIME if span_beats == 8 else RHYME_COST
    step_slots = _step_slots(span_beats, triplet)
    max_gap = (12 if triplet else 16) if span_beats == 8 else (6 if triplet else 8)
    landing = places[:, None]
    leaving = landing - np.arange(1, max_gap + 1)[None, :]
    entry = np.zeros(len(places))
    for index, place in enumerate(places):
        if place > 0:
            entry[index] = SKIPPED_DOWNBEAT
        else:
            entry[index] = PICKUP_COST[-place] if -place < len(PICKUP_COST) else PICKUP_COST_MORE
    return _Grid(
        slots=places * step_slots,
        step_slots=step_slots,
        eighth_steps=2.0 / step_slots,
        max_gap=max_gap,
        stressed_cost=-STRESS_WEIGHT * np.log(share),
        unstressed_cost=STRESS_WEIGHT * np.minimum(UNSTRESSED_CAP, -np.log(1.0 - share)),
        between_cost=np.where(whole, 0.0, BETWEEN_STEPS_COST),
        rhyme_cost=np.asarray([rhyme.get(float(step), RHYME_COST_ELSEWHERE) for step in line_step]),
        entry_cost=entry,
        skips=((landing > 0) & (leaving < 0)).astype(float),
    )


# --------------------------------------------------------------------------------------------------- costs


def _gap_ms(left: Syllable, right: Syllable) -> float:
    head = left.vowel_index
    total = float(VOWEL_MS[VOWEL_CLASS[left.vowel], left.stress == 1])
    for phone in (*left.phones[head + 1 :], *right.phones[: right.vowel_index]):
        if is_vowel(phone):
            total += MERGED_VOWEL_MS
        else:
            total += CONSONANT_MS[MANNER[phone], phone not in _VOICELESS]
    return total + (WORD_END_MS if left.ends_word else 0)


def _checked_gaps(syllables: Sequence[Syllable], natural_gaps_s: Sequence[float] | None) -> Sequence[float]:
    if natural_gaps_s is None:
        return estimated_gaps_s(syllables)
    if len(natural_gaps_s) != len(syllables) - 1:
        raise ValueError(f"{len(syllables)} syllables have {len(syllables) - 1} gaps, got {len(natural_gaps_s)}")
    return [max(float(gap), MIN_GAP_S / 2) for gap in natural_gaps_s]


def _placement_parts(syllables: Sequence[Syllable], grid: _Grid) -> tuple[np.ndarray, np.ndarray]:
    """Stress and rhyme cost of every syllable at every place, each (syllables, places)."""
    secondary = SECONDARY_SHARE * grid.stressed_cost
    by_stress = (grid.unstressed_cost, grid.stressed_cost, secondary)
    stress = np.stack([by_stress[syllable.stress] for syllable in syllables]) + grid.between_cost
    rhyme = np.zeros_like(stress)
    rhyme[_rhyme_index(syllables)] = grid.rhyme_cost
    return stress, rhyme


def _rhyme_index(syllables: Sequence[Syllable]) -> int:
    """The last primary stress, or the last syllable where there is none."""
    return next((k for k in range(len(syllables) - 1, -1, -1) if syllables[k].stress == 1), len(syllables) - 1)


def _gap_costs(
    planned_s: np.ndarray, natural_s: float, pause: bool, grid: _Grid, step_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Timing and pause cost of planned gaps after one syllable."""
    if pause:
        rest_s = grid.eighth_steps * step_s
        short = np.maximum(0.0, natural_s + rest_s - planned_s) / rest_s
        # a rest between an 8th and a beat longer is free; past that the line falls in two
        hurried = np.log(np.minimum(planned_s / natural_s, 1.0))
        idle = np.log(np.maximum(planned_s / (natural_s + 2 * rest_s), 1.0))
        return FASTER_WEIGHT * hurried**2 + idle**2, PAUSE_WEIGHT * short**2
    ratio = np.log(planned_s / natural_s)
    return np.where(ratio < 0, FASTER_WEIGHT, 1.0) * ratio**2, np.zeros_like(ratio)


def _timing_costs(syllables: Sequence[Syllable], gaps: Sequence[float], grid: _Grid, step_s: float) -> np.ndarray:
    """Cost of leaving 1..max_gap steps after each syllable but the last, shape (syllables − 1, max_gap)."""
    planned_s = np.arange(1, grid.max_gap + 1) * step_s
    if len(gaps) == 0:
        return np.zeros((0, grid.max_gap))
    natural = np.asarray(gaps)[:, None]
    ratio = np.log(planned_s / natural)
    cost = np.where(ratio < 0, FASTER_WEIGHT, 1.0) * ratio**2
    for k, syllable in enumerate(syllables[:-1]):
        if syllable.pause_after:
            cost[k] = sum(_gap_costs(planned_s, gaps[k], True, grid, step_s))
    return cost


# --------------------------------------------------------------------------------------------------- rate


def _rate_rules(step_s: float, max_rate_syl_s: float, window: int) -> tuple[int, int | None]:
    """Smallest gap in steps, and how many such smallest gaps may follow each other (None: any number).

    A window of ``window`` gaps must last window / rate.  Where smallest gaps alone are too fast, ``extra`` steps must
    lie in every window, and runs of at most window // extra − 1 smallest gaps guarantee them.
    """
    smallest = max(1, math.ceil(MIN_GAP_S / step_s - 1e-9))
    while True:
        extra = math.ceil(window / max_rate_syl_s / step_s - 1e-9) - window * smallest
        if extra <= 0:
            return smallest, None
        if extra < window:
            return smallest, window // extra - 1
        smallest += 1


def _rate(onsets_s: np.ndarray) -> float:
    if len(onsets_s) < 2:
        return 0.0
    width = min(RATE_GAPS, len(onsets_s) - 1)
    return float(width / (onsets_s[width:] - onsets_s[:-width]).min())


def _too_fast(count: int, bpm: float, span_beats: int, room_s: float, max_rate_syl_s: float) -> str:
    return (
        f"{count} syllables in {span_beats} beats at {bpm:g} BPM need about {count / room_s:.1f} syllables/s "
        f"with runs above the limit of {max_rate_syl_s:g}"
    )


# --------------------------------------------------------------------------------------------------- the search


def _cheapest(placed: np.ndarray, timing: np.ndarray, grid: _Grid, run_limit: int | None) -> np.ndarray | None:
    """Places of the cheapest plan, or None.  State: place, and length of the run of smallest gaps so
    far.
    """
    count, places = placed.shape
    runs = 1 if run_limit is None else run_limit + 1
    smallest = int(np.argmax(np.isfinite(timing[0]))) if count > 1 else 0  # index of the smallest allowed gap
    gap_count = grid.max_gap
    best = np.full((runs, places), np.inf)
    best[0] = placed[0] + grid.entry_cost
    skips = grid.skips * SKIPPED_DOWNBEAT
    columns = np.arange(places)
    # place to leave from for each (landing, gap); places before the first are a wall of infinite cost
    leave = columns[:, None] - np.arange(1, gap_count + 1)[None, :]
    wall = leave < 0
    leave = np.maximum(leave, 0)
    came_from: list[np.ndarray] = []
    came_run: list[np.ndarray] = []
    for k in range(1, count):
        run_of = best.argmin(axis=0)
        flat = best[run_of, columns]
        jump = flat[leave] + timing[k - 1] + skips
        jump[wall] = np.inf
        landed = np.full((runs, places), np.inf)
        source = np.zeros((runs, places), int)
        source_run = np.zeros((runs, places), int)
        if run_limit is not None:
            for run in range(1, runs):  # a smallest gap makes the run one longer
                cost = best[run - 1][leave[:, smallest]] + timing[k - 1, smallest] + skips[:, smallest]
                landed[run] = np.where(wall[:, smallest], np.inf, cost)
                source[run] = leave[:, smallest]
                source_run[run] = run - 1
            jump[:, smallest] = np.inf
        choice = jump.argmin(axis=1)
        landed[0] = jump[columns, choice]
        source[0] = leave[columns, choice]
        source_run[0] = run_of[source[0]]
        best = landed + placed[k]
        came_from.append(source)
        came_run.append(source_run)
    run, place = divmod(int(best.argmin()), places)
    if not math.isfinite(best[run, place]):
        return None
    path = [place]
    for source, source_run in zip(reversed(came_from), reversed(came_run), strict=True):
        run, place = int(source_run[run, place]), int(source[run, place])
        path.append(place)
    return np.asarray(path[::-1])


def _swung(slots: np.ndarray, step_slots: float) -> np.ndarray:
    """Every other step late."""
    odd = np.round(slots / step_slots).astype(int) % 2 == 1
    return slots + odd * SWING_SLOTS * step_slots


# --------------------------------------------------------------------------------------------------- arguments


def _check_bpm(bpm: float) -> None:
    if not (math.isfinite(bpm) and 20.0 <= bpm <= 300.0):
        raise ValueError(f"bpm must lie in 20..300, got {bpm}")


def _check(bpm: float, span_beats: int, flow: str, max_rate_syl_s: float) -> None:
    _check_bpm(bpm)
    if span_beats not in (2, 4, 8):
        raise ValueError(f"span_beats must be 2, 4 or 8, got {span_beats}")
    if flow not in FLOWS:
        raise ValueError(f"flow must be one of {', '.join(FLOWS)}, got {flow!r}")
    if not 1.0 <= max_rate_syl_s <= 12.0:
        raise ValueError(f"max_rate_syl_s must lie in 1..12, got {max_rate_syl_s}")
