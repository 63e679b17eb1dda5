"""The plan of a delivery: attitudes within the palette, pauses that fit, doubles and ad-libs in their places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.engines.hibari_text import HibariText
from rapbot.errors import UserError
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.rhythm.slots import FIT_COST, plan_verse
from rapbot.values import Bar, Verse
from rapbot.voicing.delivery import AFFECTS, Delivery
from rapbot.voicing.performance import (
    ADLIB_S,
    ADLIBS,
    MOVE_AFFECTS,
    PAUSE_SLOTS,
    WORD_S,
    BarDelivery,
    accented_word,
    checked_palette,
    pause_word,
    performed_verse,
    plan_performance,
)
from rapbot.writing.arsenal import MOVES
from rapbot.writing.persona import AFFECT_NAMES, parse_persona

LINES = (
    ("insult", "A toaster? And you drove here, paid to park,"),
    ("insult", "to stand and yell at a toaster in the dark?"),
    ("flip", "I played a lion your record yesterday,"),
    ("flip", "it gathered up its young and backed away."),
    ("cont", "There's glass between us, six good inches wide,"),
    ("cont", "it's so the kids can't hurt you from their side."),
    ("boast", "You fumble with the rhythm like a drum,"),
    ("boast", "the corner has a better hum."),
    ("close", "Slow down, you lost the pocket and the room,"),
    ("close", "I swept up what was left of you with a broom."),
)


def verse(bpm: float = 90.0, count: int = 10) -> Verse:
    text = HibariText()
    sounds = [line_syllables(accent_final(text.pronounce(line))) for _, line in LINES[:count]]
    plans = plan_verse(sounds, bpm)
    bars = tuple(
        Bar(
            k, line, move, f"x-{k}", ("toaster",) if k == 0 else (), "ABCDE"[k // 2], syllables[-1].word_text,
            syllables, plan.slots, plan.cost,
        )
        for k, ((move, line), syllables, plan) in enumerate(zip(LINES, sounds, plans, strict=False))
    )  # fmt: skip
    return Verse(bars, bpm, 4, "comedian")


VERSES = {bpm: verse(bpm) for bpm in (76.0, 90.0, 108.0)}


def test_the_layers_agree_on_names() -> None:
    assert set(AFFECT_NAMES) == set(AFFECTS) == set(ADLIBS)
    assert set(MOVE_AFFECTS) == MOVES
    assert all(set(asked) <= set(AFFECTS) for asked in MOVE_AFFECTS.values())


@settings(max_examples=60, deadline=None)
@given(
    bpm=st.sampled_from(sorted(VERSES)),
    seed=st.integers(0, 10_000),
    palette=st.dictionaries(st.sampled_from(sorted(AFFECTS)), st.floats(0.1, 5), min_size=1),
)
def test_every_plan_keeps_its_promises(bpm: float, seed: int, palette: dict[str, float]) -> None:
    said = VERSES[bpm]
    plans = plan_performance(said, palette, seed)
    assert plans == plan_performance(said, palette, seed)
    assert [plan.index for plan in plans] == list(range(len(said.bars)))
    slot_s = 15.0 / bpm
    for k, (plan, bar) in enumerate(zip(plans, said.bars, strict=True)):
        assert plan.affect in palette
        assert 0 <= plan.energy <= 1
        assert plan.is_punch == bool(k % 2)
        words = {s.word_index for s in bar.syllables}
        assert {plan.accent_word, *plan.doubled, *plan.thrown, *plan.roomy} <= words
        assert len(plan.slots) == len(bar.slots) and np.all(np.diff(plan.slots) > 0)
        assert plan.slots[0] >= min(0, bar.slots[0]) and plan.slots[-1] <= bar.slots[-1]  # no line walks into another
        next_s = (16 + plans[k + 1].slots[0] if k + 1 < len(plans) else 20) * slot_s
        for adlib in plan.adlibs:
            assert k > 0
            assert adlib.slot * slot_s > plan.slots[-1] * slot_s + WORD_S
            assert adlib.slot * slot_s + ADLIB_S < next_s
            assert not (k + 1 < len(plans) and plans[k + 1].breath_before)
        if plan.pause_before is None:
            assert plan.slots == bar.slots
        else:
            assert plan.is_punch
            at = next(n for n, s in enumerate(bar.syllables) if s.word_index == plan.pause_before)
            assert plan.slots[at] - plan.slots[at - 1] >= PAUSE_SLOTS
    assert sum(len(plan.adlibs) for plan in plans) <= 3
    assert 1 <= sum(len(plan.doubled) for plan in plans) <= 4
    assert plans[-1].doubled and plans[-1].thrown  # the last word of a battle verse rings
    assert sum(plan.pause_before is not None for plan in plans) <= 2
    energies = [plan.energy for plan in plans]
    assert energies[::2] == sorted(energies[::2]) and energies[1::2] == sorted(energies[1::2])


def test_pauses_are_found_and_stay_easy_to_say() -> None:
    from rapbot.rhythm.slots import slot_cost

    paused = 0
    for bpm, said in VERSES.items():
        for seed in range(3):
            for plan, bar in zip(plan_performance(said, None, seed), said.bars, strict=True):
                if plan.pause_before is not None:
                    paused += 1
                    at = next(n for n, s in enumerate(bar.syllables) if s.word_index == plan.pause_before) - 1
                    held = list(bar.syllables)
                    held[at] = replace(held[at], pause_after=True)
                    assert slot_cost(held, plan.slots, bpm).said / len(held) <= FIT_COST + 1e-9
    assert paused >= 3
    again = performed_verse(VERSES[90.0], plan_performance(VERSES[90.0], None, 0))
    assert [bar.text for bar in again.bars] == [bar.text for bar in VERSES[90.0].bars]


def test_seeds_and_moves_matter() -> None:
    said = VERSES[90.0]
    plans = [plan_performance(said, None, seed) for seed in range(30)]
    assert len({tuple(plan.affect for plan in one) for one in plans}) > 5
    closing = [one[-1].affect for one in plans]
    assert sum(affect in ("triumphant", "aggressive") for affect in closing) > 20
    assert all(len({plan.affect for plan in one}) >= 2 for one in plans)  # never one note for a whole verse
    assert {plan.affect for plan in plan_performance(said, {"calm": 1.0}, 0)} == {"calm"}


def test_where_accent_and_pause_belong() -> None:
    bars = VERSES[90.0].bars
    assert bars[0].syllables[0].word_index == 0
    toaster = accented_word(bars[0], is_punch=False)
    assert bars[0].text.split()[toaster].startswith("toaster")  # their word, flung back
    last = bars[1].syllables[-1].word_index
    assert accented_word(bars[1], is_punch=True) == last
    word = pause_word(bars[1].syllables)  # "at a toaster | in the dark"
    assert word == last - 2
    plan = plan_performance(VERSES[90.0], None, 0)[0]
    stressed = [s.word_index for s in bars[0].syllables if s.stress == 1]
    assert stressed[len(stressed) - 1 - plan.punch_from_end] == toaster


def test_a_bar_colours_a_voice_within_its_limits() -> None:
    setup, punch = plan_performance(VERSES[90.0], {"aggressive": 1.0}, 0)[:2]
    own = Delivery(transpose_semitones=-13.5, pitch_range=2.5, accent_semitones=5.5)
    before, after = setup.colours(own), punch.colours(own)
    assert before.final_semitones > after.final_semitones  # more is to come, then it is over
    assert before.effort_db < after.effort_db
    assert before.punch < after.punch
    loud = replace(punch, energy=1.0)
    assert isinstance(loud, BarDelivery) and loud.colours(own).effort_db > after.effort_db


@pytest.mark.parametrize("palette", [{"bored": 1.0}, {}, {"calm": 0.0}, {"calm": float("inf")}])
def test_palettes_are_checked(palette: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="affect"):
        checked_palette(palette)


def test_a_persona_names_the_affects_it_knows() -> None:
    base = 'description = "d"\nvoice = "heart"\n'
    assert parse_persona("p", base).affects == {}
    assert parse_persona("p", base + "[affects]\ncalm = 2\n").affects == {"calm": 2.0}
    for table, complaint in (
        ("bored = 1", "unknown affect 'bored'"),
        ("calm = 0", "above 0"),
        ("calm = nan", "above 0"),
    ):
        with pytest.raises(UserError, match=complaint):
            parse_persona("p", base + "[affects]\n" + table + "\n")
