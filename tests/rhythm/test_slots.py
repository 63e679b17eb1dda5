"""The slot planner: every plan obeys the limits it states, and no cheaper plan exists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.language.phones import VOWELS
from rapbot.rhythm.slots import (
    DOUBLE_TIME_SYL_S,
    MAX_RATE_SYL_S,
    MIN_GAP_S,
    RATE_GAPS,
    SlotError,
    SlotPlan,
    estimated_gaps_s,
    free_pickups,
    plan_slots,
    plan_verse,
    slot_cost,
    span_beats_for,
)
from rapbot.values import Syllable

VOWEL_LIST = sorted(VOWELS)  # sorted: hypothesis replays its examples by position
ONSETS = [(), ("B",), ("S", "T", "R"), ("M",), ("CH",), ("DH",)]
CODAS = [(), ("T",), ("N", "D"), ("L",), ("K", "S")]


@st.composite
def syllables(draw: st.DrawFn, most: int = 16) -> tuple[Syllable, ...]:
    count = draw(st.integers(1, most))
    out = []
    for k in range(count):
        stress = draw(st.sampled_from((0, 0, 1, 2)))
        phones = (
            *draw(st.sampled_from(ONSETS)),
            draw(st.sampled_from(VOWEL_LIST)) + str(stress),
            *draw(st.sampled_from(CODAS)),
        )
        ends = draw(st.booleans())
        out.append(Syllable(phones, stress, k, "w", ends, ends and draw(st.integers(0, 5)) == 0))
    return tuple(out)


def line(pattern: str) -> tuple[Syllable, ...]:
    """One-syllable words: ``S`` stressed, ``u`` unstressed, ``,`` a pause after the syllable before it."""
    out: list[Syllable] = []
    for char in pattern.replace(" ", ""):
        if char == ",":
            last = out.pop()
            out.append(Syllable(last.phones, last.stress, last.word_index, last.word_text, True, True))
        else:
            stress = int(char == "S")
            out.append(Syllable(("B", f"{'EY' if stress else 'AH'}{stress}", "T"), stress, len(out), "w", True, False))
    return tuple(out)


def planned(syls: tuple[Syllable, ...], bpm: float, **options: object) -> SlotPlan | None:
    try:
        return plan_slots(syls, bpm, **options)  # type: ignore[arg-type]
    except SlotError:
        return None


@settings(max_examples=150, deadline=None)
@given(
    syls=syllables(),
    bpm=st.floats(55, 180),
    flow=st.sampled_from(("straight", "swung", "laid-back")),  # triplets have a test of their own
    pickups=st.integers(0, 3),
    rate=st.sampled_from((4.0, MAX_RATE_SYL_S, DOUBLE_TIME_SYL_S)),
)
def test_every_plan_keeps_its_promises(
    syls: tuple[Syllable, ...], bpm: float, flow: str, pickups: int, rate: float
) -> None:
    span = span_beats_for(bpm)
    plan = planned(syls, bpm, span_beats=span, flow=flow, pickup_slots=pickups, max_rate_syl_s=rate)
    if plan is None:
        return
    slots = np.asarray(plan.slots)
    step = 0.5 if span == 2 else 1.0
    assert len(slots) == len(syls)
    assert np.all(np.diff(slots) > 0)
    assert slots[0] >= -pickups * step
    assert slots[-1] < span * 4
    assert plan.cost >= 0
    assert plan.rate_syl_s <= rate + 1e-9
    if flow == "straight":
        onsets_s = slots * 15.0 / bpm
        assert np.all(np.diff(onsets_s) >= MIN_GAP_S - 1e-9)
        width = min(RATE_GAPS, len(slots) - 1)
        if width:  # the stated rate is the fastest in any window, counted here from the slots alone
            fastest = max(width / (onsets_s[k + width] - onsets_s[k]) for k in range(len(slots) - width))
            assert plan.rate_syl_s == pytest.approx(fastest)
        assert slot_cost(syls, plan.slots, bpm, span_beats=span).said / len(syls) == pytest.approx(plan.cost)


@settings(max_examples=25, deadline=None)
@given(syls=syllables(most=5), bpm=st.sampled_from((60.0, 85.0, 95.0, 140.0)))
def test_no_cheaper_plan_exists(syls: tuple[Syllable, ...], bpm: float) -> None:
    span = 2 if bpm < 70 else 4  # a span of four even at 140, to keep the number of plans small
    step = 0.5 if span == 2 else 1.0
    plan = planned(syls, bpm, span_beats=span, pickup_slots=1, max_rate_syl_s=12.0)
    if plan is None:
        return
    places = np.arange(-1, 15) * step
    step_s = 15.0 / bpm * step
    least = min(
        slot_cost(syls, chosen, bpm, span_beats=span).total
        for chosen in itertools.combinations(places.tolist(), len(syls))
        if all(
            (b - a) / step * step_s >= MIN_GAP_S - 1e-9 and (b - a) / step <= 8 for a, b in itertools.pairwise(chosen)
        )
    )
    assert slot_cost(syls, plan.slots, bpm, span_beats=span).total == pytest.approx(least)


def test_a_plain_line_lands_its_stresses_on_beats_and_its_rhyme_on_beat_four() -> None:
    plan = plan_slots(line("SuuSuSuuS"), 90)
    assert plan.slots[-1] == 12
    assert 0 in plan.slots
    stressed = [slot for slot, syllable in zip(plan.slots, line("SuuSuSuuS"), strict=True) if syllable.stress]
    assert sum(slot % 2 == 0 for slot in stressed) >= len(stressed) - 1
    assert plan.fits


def test_a_written_pause_gets_at_least_an_eighth_more() -> None:
    with_pause = plan_slots(line("SuSuS, uSuS"), 90).slots
    without = plan_slots(line("SuSuS uSuS"), 90).slots
    assert (with_pause[5] - with_pause[4]) >= (without[5] - without[4]) + 1
    assert with_pause[5] - with_pause[4] >= 3


def test_weak_ending_keeps_the_rhyme_on_the_beat() -> None:
    plan = plan_slots(line("uSuSuSuSu"), 90)
    assert plan.slots[-2] in (11, 12)
    assert plan.slots[-1] <= 14


@pytest.mark.parametrize("bpm", [120.0, 140.0, 160.0])
def test_half_time_prefers_eighths_and_rhymes_on_the_last_beat(bpm: float) -> None:
    plan = plan_slots(line("uSuSuuSuSuS"), bpm, span_beats=8)
    assert plan.slots[-1] == 28
    assert sum(slot % 2 == 0 for slot in plan.slots) >= 0.7 * len(plan.slots)


def test_slow_songs_use_half_slots() -> None:
    plan = plan_slots(line("uSuSuSuS"), 64, span_beats=2)
    assert any(slot % 1 for slot in plan.slots)
    assert plan.slots[-1] < 8


def test_swing_delays_only_the_offbeats() -> None:
    syls = line("SuuSuSuuSuS")
    straight = plan_slots(syls, 90)
    swung = plan_slots(syls, 90, flow="swung")
    moved = [b - a for a, b in zip(straight.slots, swung.slots, strict=True)]
    assert all((shift > 0.1) == (slot % 2 == 1) for shift, slot in zip(moved, straight.slots, strict=True))
    assert any(shift > 0 for shift in moved)


@settings(max_examples=100, deadline=None)
@given(syls=syllables(), bpm=st.floats(55, 180), pickups=st.integers(0, 3))
def test_triplets_lie_on_thirds_of_the_beat(syls: tuple[Syllable, ...], bpm: float, pickups: int) -> None:
    span = span_beats_for(bpm)
    plan = planned(syls, bpm, span_beats=span, flow="triplet", pickup_slots=pickups)
    if plan is None:
        return
    step = 2 / 3 if span == 2 else 4 / 3
    slots = np.asarray(plan.slots)
    assert np.allclose(slots / step, np.round(slots / step))
    assert np.all(np.diff(slots) > 0) and slots[0] >= -pickups * step - 1e-9 and slots[-1] < 4 * span
    assert np.all(np.diff(slots) * 15.0 / bpm >= MIN_GAP_S - 1e-9) and plan.rate_syl_s <= MAX_RATE_SYL_S + 1e-9
    cost = slot_cost(syls, plan.slots, bpm, span_beats=span, flow="triplet")
    assert cost.said / len(syls) == pytest.approx(plan.cost)


def test_a_triplet_line_rhymes_on_beat_four_and_stresses_beats() -> None:
    syls = line("SuuSuuSuuS")
    plan = plan_slots(syls, 80, flow="triplet")
    np.testing.assert_allclose(plan.slots, np.arange(10) * 4 / 3)  # dactyls are what triplets are made for
    assert plan.fits
    assert plan_slots(line("SuuSuuSuuS"), 140, span_beats=8, flow="triplet").slots[-1] == pytest.approx(28)
    assert free_pickups((0.0, 12.0), flow="triplet") == 2
    with pytest.raises(ValueError, match="multiples"):
        slot_cost(line("SS"), (0.0, 1.0), 90, flow="triplet")


def test_crowded_lines_cost_more() -> None:
    costs = [plan_slots(line("uS" * count), 100).cost for count in (5, 6, 7, 8)]
    assert costs == sorted(costs)
    assert costs[-1] > 1.5 * costs[0]


def test_consecutive_lines_never_overlap() -> None:
    lines = [line("uuSuSuSuSuSuSu"), line("uuuSuSuSuSuS"), line("uSuuSuS")]
    plans = plan_verse(lines, 88)
    for before, after in itertools.pairwise(plans):
        assert before.slots[-1] < after.slots[0] + 16
    assert free_pickups((0.0, 12.0)) == 3
    assert free_pickups((0.0, 14.0)) == 1
    assert free_pickups((0.0, 15.0)) == 0
    assert free_pickups((0.0, 7.0), 2) == 1


def test_the_voice_s_own_gaps_move_the_plan() -> None:
    syls = line("SSSS")
    # 90 BPM: one 16th is 167 ms; a third syllable three times as long must get the room
    plan = plan_slots(syls, 90, natural_gaps_s=[0.17, 0.17, 0.6])
    assert plan.slots[3] - plan.slots[2] >= plan.slots[2] - plan.slots[1] + 1


def test_longer_sounds_have_longer_natural_gaps() -> None:
    short = estimated_gaps_s(line("uS"))[0]
    long_vowel = Syllable(("S", "T", "R", "EY1", "N", "JH"), 1, 0, "strange", True, False)
    assert estimated_gaps_s((long_vowel, line("u")[0]))[0] > short + 0.05
    assert estimated_gaps_s(()) == ()


@pytest.mark.parametrize(
    ("syls", "bpm", "message"),
    [
        ((), 90, "at least one syllable"),
        (line("S" * 30), 90, "30 syllables do not fit.*18 slots"),
        (line("S" * 16), 115, "limit of 6.5"),
    ],
)
def test_lines_that_do_not_fit_say_why(syls: tuple[Syllable, ...], bpm: float, message: str) -> None:
    with pytest.raises(SlotError, match=message):
        plan_slots(syls, bpm)


def test_double_time_allows_what_the_usual_limit_refuses() -> None:
    assert plan_slots(line("S" * 16), 115, max_rate_syl_s=DOUBLE_TIME_SYL_S).rate_syl_s > MAX_RATE_SYL_S


@pytest.mark.parametrize(
    "options",
    [{"bpm": float("nan")}, {"bpm": 0.0}, {"span_beats": 3}, {"flow": "drunk"}, {"pickup_slots": -1}, {"end_slot": 16}],
)
def test_impossible_arguments_are_refused(options: dict[str, object]) -> None:
    arguments = {"bpm": 90.0, **options}
    with pytest.raises(ValueError, match="must"):
        plan_slots(line("SuS"), **arguments)  # type: ignore[arg-type]


def test_given_slots_are_checked() -> None:
    with pytest.raises(SlotError, match="one slot"):
        slot_cost(line("SS"), (0.0, 0.0), 90)
    with pytest.raises(SlotError, match="as many"):
        slot_cost(line("SS"), (0.0,), 90)
    with pytest.raises(ValueError, match="multiples"):
        slot_cost(line("SS"), (0.0, 0.3), 90)


def test_spans() -> None:
    assert [span_beats_for(bpm) for bpm in (69.9, 70, 115, 115.1)] == [2, 4, 4, 8]
