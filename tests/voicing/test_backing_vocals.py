"""The second track beside a real lead: where it lies, how loud it is, and that it moves no onset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from rapbot.bench.onsets import measure_onsets
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.language.syllables import accent_final
from rapbot.protocols import MIX_RATE_HZ
from rapbot.values import Take
from rapbot.voicing.assemble import place
from rapbot.voicing.backing_vocals import DOUBLE_LATE_MS, SecondTrack, breath, second_track, word_span
from rapbot.voicing.effects import spoken_level_db
from rapbot.voicing.performance import AdLib, BarDelivery, plan_performance
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import VOICES
from tests.voicing.test_performance import verse

BPM = 84.0


class Made:
    """Four bars of a lead and what its second track is made from."""

    def __init__(self) -> None:
        self.text = HibariText()
        self.voice = Voice(HibariVoice(), VOICES["heart"])
        self.verse = verse(BPM, 4)
        self.lines = [accent_final(self.text.pronounce(bar.text)) for bar in self.verse.bars]
        plans = plan_performance(self.verse, None, 3)
        self.plans = [replace(plan, slots=bar.slots) for plan, bar in zip(plans, self.verse.bars, strict=True)]
        self.takes = [
            self.voice.render(words, plan.slots, BPM, plan.colours(self.voice.spec.delivery), seed=k)
            for k, (words, plan) in enumerate(zip(self.lines, self.plans, strict=True))
        ]
        self.starts = [round((1 + 4 * k) * 60 / BPM * MIX_RATE_HZ) for k in range(4)]
        self.lead = place(self.takes, self.starts, MIX_RATE_HZ)

    def second(self, plans: list[BarDelivery], seed: int = 0) -> SecondTrack:
        return second_track(
            self.voice, self.lines, plans, self.takes, self.starts, self.lead, BPM, self.text.pronounce, seed
        )


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


def bare(plan: BarDelivery) -> BarDelivery:
    return replace(plan, doubled=(), adlibs=(), breath_before=False)


def onset_errors_ms(made: Made, track: np.ndarray) -> np.ndarray:
    pairs = [
        (start / MIX_RATE_HZ + s.target_s, s.stress == 1)
        for take, start in zip(made.takes, made.starts, strict=True)
        for s in take.syllables
    ]
    targets = np.asarray([target for target, _ in pairs])
    return 1000 * (measure_onsets(track, MIX_RATE_HZ, targets) - targets)[[stressed for _, stressed in pairs]]


def test_doubles_lie_a_little_late_under_the_same_word(made: Made) -> None:
    last = made.verse.bars[3].syllables[-1].word_index
    plans = [*(bare(p) for p in made.plans[:3]), replace(bare(made.plans[3]), doubled=(last,))]
    track = made.second(plans)
    (extra,) = track.extras
    assert (extra.kind, extra.bar_index) == ("double", 3)
    window = slice(round(extra.start_s * MIX_RATE_HZ), round(extra.end_s * MIX_RATE_HZ))
    lead, double = made.lead[window], track.samples[window].mean(axis=1)
    assert spoken_level_db(double, MIX_RATE_HZ) == pytest.approx(spoken_level_db(lead, MIX_RATE_HZ) - 9, abs=1.0)
    first, count = word_span(made.lines[3], last)
    target_s = made.starts[3] / MIX_RATE_HZ + np.asarray(made.plans[3].slots[first : first + count]) * 15 / BPM
    late_ms = 1000 * (measure_onsets(track.samples.mean(axis=1), MIX_RATE_HZ, target_s) - target_s)[-1]
    assert DOUBLE_LATE_MS[0] - 12 <= late_ms <= DOUBLE_LATE_MS[1] + 12  # the voice's own grid error is within 12 ms
    assert not track.samples[: window.start].any()


def test_an_adlib_over_a_word_is_left_out(made: Made) -> None:
    plans = [bare(plan) for plan in made.plans]
    busy = plans[1].slots[4]
    plans[1] = replace(plans[1], adlibs=(AdLib("ha", busy),))
    assert made.second(plans).extras == ()
    plans[1] = bare(plans[1])
    plans[3] = replace(plans[3], adlibs=(AdLib("ha", 17.0),))  # the lead is over
    track = made.second(plans)
    (extra,) = track.extras
    assert extra.text == "ha"
    assert spoken_level_db(track.samples.mean(axis=1), MIX_RATE_HZ) < spoken_level_db(made.lead, MIX_RATE_HZ) - 5
    assert abs(extra.start_s - (made.starts[3] / MIX_RATE_HZ + 17 * 15 / BPM)) < 0.15


def test_breaths_are_taken_in_rests_only_and_stay_soft(made: Made) -> None:
    plans = [replace(bare(plan), breath_before=True) for plan in made.plans]
    track = made.second(plans)
    assert track.extras and all(extra.kind == "breath" for extra in track.extras)
    assert track.extras[0].bar_index == 0
    for extra in track.extras:
        window = slice(round(extra.start_s * MIX_RATE_HZ), round(extra.end_s * MIX_RATE_HZ))
        assert np.abs(made.lead[window]).max() < 0.03 * np.abs(made.lead).max()  # −38 dB and the crest of a block
        assert spoken_level_db(track.samples[window, 0], MIX_RATE_HZ) < spoken_level_db(made.lead, MIX_RATE_HZ) - 22


def test_a_breath_swells_and_has_no_burst() -> None:
    sound = breath(0.4, 1.0, np.random.default_rng(0))
    assert len(sound) == round(0.4 * MIX_RATE_HZ)
    level = np.sqrt(np.convolve(sound.astype(float) ** 2, np.ones(960) / 960, mode="same"))  # over 20 ms
    assert 0.4 < level.argmax() / len(level) < 0.8
    assert level[:240].max() < 0.2 * level.max() and level[-240:].max() < 0.35 * level.max()
    decibels = 20 * np.log10(level[960:-960] + 1e-9)
    assert (decibels[480:] - decibels[:-480]).max() < 12  # dB in 10 ms: a stop's burst rises by 20 and more
    hz, power = signal.welch(sound, MIX_RATE_HZ, nperseg=4096)
    assert power[(hz > 1000) & (hz < 4000)].sum() > 3 * power[hz > 5000].sum()
    long_tract = signal.welch(breath(0.4, 0.85, np.random.default_rng(0)), MIX_RATE_HZ, nperseg=4096)[1]
    assert (hz * long_tract).sum() / long_tract.sum() < (hz * power).sum() / power.sum()


def test_the_lead_s_onsets_do_not_suffer(made: Made) -> None:
    track = made.second(made.plans)
    assert any(extra.kind == "double" for extra in track.extras)
    both = track.samples.mean(axis=1).astype(float)
    both[: len(made.lead)] += made.lead
    alone, together = (np.abs(onset_errors_ms(made, x)) for x in (made.lead, both))
    assert np.nanpercentile(alone, 95) <= 15
    assert np.nanpercentile(together, 95) <= max(15.0, np.nanpercentile(alone, 95) + 2)


def test_equal_seeds_give_equal_bytes_and_silence_gives_nothing(made: Made) -> None:
    assert made.second(made.plans, 5).samples.tobytes() == made.second(made.plans, 5).samples.tobytes()
    assert made.second(made.plans, 5).samples.tobytes() != made.second(made.plans, 6).samples.tobytes()
    silent = Take(np.zeros(1000, np.float32), 24_000, 0, (), 0.0)
    track = second_track(
        made.voice, made.lines[:1], made.plans[:1], [silent], [0], np.zeros(4000, np.float32), BPM, made.text.pronounce
    )
    assert not track.samples.any() and track.extras == ()
