"""Tempo and bar lines: right on our own beats, honest where there is none, and the same for every way of feeding."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.rhythm.bar_filter import ChannelHarmonics, score_bars, tempo_grid
from rapbot.rhythm.tracker import EDGE_S, USUAL_BPM, BarFit, BeatTracker, beat_templates, grid_of, hits, track
from rapbot.sound.backing import render_backing
from rapbot.values import BeatGrid

RATE_HZ = 16_000

# A tenth of the 1 % promised: regression over eight bars; 15 ms: swing, laid-back snares and bass notes pull the phase.
TEMPO_TOLERANCE = 0.001
PHASE_TOLERANCE_S = 0.015


@lru_cache(maxsize=8)
def beat(style: str, bpm: float, bars: int = 8) -> np.ndarray:
    samples = render_backing(style, bpm, bars, seed=3, rate_hz=RATE_HZ).samples.mean(axis=1)
    return samples.astype(np.float32)


def bar_error_s(grid: BeatGrid, bpm: float, bar_line_s: float) -> float:
    """Distance of the grid's first bar line from the nearest true one."""
    bar_s = 240.0 / bpm
    return abs((grid.beat_origin_s - bar_line_s + bar_s / 2) % bar_s - bar_s / 2)


def vowels(onsets_s: np.ndarray, length_s: float) -> np.ndarray:
    """Something like sung syllables: 150 ms of a buzz with formants, for each onset."""
    t = np.arange(round(0.15 * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) * np.exp(-(((120 * k - 700) / 500) ** 2)) for k in range(1, 25))
    buzz = buzz * np.minimum(1, t / 0.02) * np.minimum(1, (0.15 - t) / 0.05)
    samples = 1e-3 * np.random.default_rng(2).standard_normal(round(length_s * RATE_HZ))
    for onset_s in onsets_s:
        start = round(onset_s * RATE_HZ)
        part = buzz[: len(samples) - start]
        samples[start : start + len(part)] += 0.2 * part
    return samples


@pytest.mark.parametrize(("style", "bpm"), [("boom-bap", 90.0), ("g-funk", 94.0), ("lo-fi", 82.0), ("trap", 140.0)])
def test_our_beats_are_found(style: str, bpm: float) -> None:
    grid = track(beat(style, bpm), RATE_HZ)
    assert grid.bpm == pytest.approx(bpm, rel=TEMPO_TOLERANCE)
    assert bar_error_s(grid, bpm, 0.0) < PHASE_TOLERANCE_S
    assert len(grid.downbeats_s) == 8


def test_a_beat_just_before_the_first_sample_is_on_it() -> None:
    grid = grid_of(BarFit(120.0, -0.003, 0.9, False), 0.0, 4.0)
    assert grid.beat_origin_s == 0.0
    assert grid.beats_s[:3] == pytest.approx((0.0, 0.497, 0.997))
    assert len(grid.beats_s) == 8  # and the one at 3.997 is the next loop's


def test_silence_before_the_beat_holds_no_beats() -> None:
    samples = np.concatenate([np.zeros(round(1.7 * RATE_HZ), np.float32), beat("boom-bap", 90.0)])
    grid = track(samples, RATE_HZ)
    assert grid.beat_origin_s == pytest.approx(1.7, abs=PHASE_TOLERANCE_S)
    assert grid.beats_s[0] == grid.beat_origin_s


def test_a_recording_cut_in_the_middle_of_a_bar() -> None:
    cut_s = 1.1
    grid = track(beat("boom-bap", 90.0)[round(cut_s * RATE_HZ) :], RATE_HZ)
    assert grid.bpm == pytest.approx(90.0, rel=TEMPO_TOLERANCE)
    assert bar_error_s(grid, 90.0, -cut_s) < PHASE_TOLERANCE_S
    assert grid.beats_s[0] < grid.beat_origin_s  # the cut bar's beats are reported, the bar line is the next one


def test_a_long_recording_keeps_its_phase_to_the_end() -> None:
    # Five minutes: five times what the bar filter looks at.
    samples = np.tile(beat("boom-bap", 91.37), 15)[: 300 * RATE_HZ]
    grid = track(samples, RATE_HZ)
    nearest = grid.downbeats_s[-1]
    bar_s = 240 / 91.37
    assert nearest > 295
    assert abs(nearest - round(nearest / bar_s) * bar_s) < PHASE_TOLERANCE_S


@pytest.mark.parametrize("rate_hz", [22_050, 48_000])
def test_other_rates_hear_the_same(rate_hz: int) -> None:
    samples = render_backing("boom-bap", 90.0, 8, seed=3, rate_hz=rate_hz).samples.mean(axis=1)
    grid = track(samples, rate_hz)
    assert grid.bpm == pytest.approx(90.0, rel=TEMPO_TOLERANCE)
    assert bar_error_s(grid, 90.0, 0.0) < PHASE_TOLERANCE_S


@pytest.mark.parametrize("known_bpm", [70.0, 139.0])
def test_a_known_tempo_settles_the_beat_level(known_bpm: float) -> None:
    # Half-time trap at 140 is a slow beat at 70 as much: whoever knows decides.
    grid = track(beat("trap", 140.0), RATE_HZ, known_bpm=known_bpm)
    assert grid.bpm == pytest.approx(140.0 if known_bpm > 100 else 70.0, rel=TEMPO_TOLERANCE)


def test_told_vowel_onsets_are_followed_where_nothing_else_is_heard() -> None:
    # Breath noise hides when the syllables start; the recogniser knows.
    beat_s, rng = 60 / 93.0, np.random.default_rng(4)
    pattern = np.array([0, 1, 1.5, 2, 3])  # a rhyme on beat four, then a rest
    onsets_s = np.concatenate([(4 * bar + pattern) * beat_s + 0.4 for bar in range(8)])
    samples = 0.1 * rng.standard_normal(round((onsets_s[-1] + 1) * RATE_HZ))
    grid = track(samples, RATE_HZ, voice_onsets_s=tuple(onsets_s))
    assert 93.0 / grid.bpm in (pytest.approx(1.0, rel=0.01), pytest.approx(2.0, rel=0.01), pytest.approx(0.5, rel=0.01))
    error = (np.array(grid.beats_s) - 0.4) / (beat_s / 2)
    assert np.abs(error - np.round(error)).max() * beat_s / 2 < 0.03


def test_a_voice_alone_gives_its_lattice() -> None:
    beat_s = 60 / 88.0
    pattern = np.array([0, 0.5, 1, 1.5, 1.75, 2, 2.5, 3])
    onsets_s = np.concatenate([(4 * bar + pattern) * beat_s + 0.3 for bar in range(8)])
    grid = track(vowels(onsets_s, onsets_s[-1] + 1), RATE_HZ)
    assert grid.bpm == pytest.approx(88.0, rel=0.01)
    error = (np.array(grid.beats_s) - 0.3) / beat_s
    # 30 ms: the buzz rises over 20 ms, and a vowel's onset is half-way up.
    assert np.abs(error - np.round(error)).max() * beat_s < 0.03


def test_confidence_tells_a_beat_from_noise_and_silence() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(20 * RATE_HZ)
    assert track(beat("boom-bap", 90.0), RATE_HZ).confidence > 0.7
    assert track(noise, RATE_HZ).confidence < 0.3
    silent = track(np.zeros(5 * RATE_HZ), RATE_HZ)
    assert silent.confidence == 0.0
    assert silent.bpm == USUAL_BPM


@pytest.mark.parametrize("length", [0, 1, 100, RATE_HZ // 10, RATE_HZ // 2])
def test_almost_nothing_is_no_error(length: int) -> None:
    grid = track(0.1 * np.random.default_rng(3).standard_normal(length), RATE_HZ, known_bpm=100.0)
    assert grid.bpm == pytest.approx(100.0, rel=0.05)
    assert all(0.0 <= t < max(length, 1) / RATE_HZ for t in grid.beats_s)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 8.0), st.sampled_from([None, 61.0, 92.5, 179.0]))
def test_every_grid_is_a_grid(seed: int, length_s: float, known_bpm: float | None) -> None:
    rng = np.random.default_rng(seed)
    count = round(length_s * RATE_HZ)
    samples = rng.standard_normal(count) * (rng.random(count) < rng.random() ** 4)
    grid = track(samples, RATE_HZ, known_bpm)
    assert 40.0 < grid.bpm < 220.0
    assert 0.0 <= grid.confidence <= 1.0
    beats = np.array(grid.beats_s)
    assert ((beats >= 0.0) & (beats < length_s + 1 / RATE_HZ)).all()
    # A first beat found just before the first sample is moved onto it.
    assert np.allclose(np.diff(beats), 60.0 / grid.bpm, atol=EDGE_S if len(beats) and beats[0] == 0.0 else 1e-6)
    assert set(grid.downbeats_s) <= set(grid.beats_s)
    assert np.allclose(np.diff(grid.downbeats_s), 240.0 / grid.bpm, atol=EDGE_S)
    if grid.downbeats_s:
        assert grid.beat_origin_s == grid.downbeats_s[0]


# --------------------------------------------------------------------------------------------- feeding


@settings(max_examples=8)
@given(st.lists(st.integers(1, 8 * RATE_HZ), max_size=8))
def test_cuts_change_neither_estimates_nor_grid(cuts: list[int]) -> None:
    samples = beat("boom-bap", 90.0)[: 8 * RATE_HZ]
    whole, pieces = BeatTracker(RATE_HZ, estimate_every_s=1.0), BeatTracker(RATE_HZ, estimate_every_s=1.0)
    expected = whole.feed(samples)
    found = [estimate for block in np.split(samples, sorted(cuts)) for estimate in pieces.feed(block)]
    assert len(expected) == 8
    assert found == expected
    assert pieces.finish() == whole.finish()


def test_one_sample_at_a_time_equals_whole() -> None:
    samples = beat("boom-bap", 90.0)[: 2 * RATE_HZ]
    whole, single = BeatTracker(RATE_HZ), BeatTracker(RATE_HZ)
    expected = whole.feed(samples)
    found = [estimate for sample in samples for estimate in single.feed(np.array([sample]))]
    assert found == expected
    assert single.finish() == whole.finish()


def test_an_estimate_knows_only_the_past() -> None:
    samples = beat("boom-bap", 90.0)
    changed = samples.copy()
    changed[6 * RATE_HZ :] = np.random.default_rng(0).standard_normal(len(changed) - 6 * RATE_HZ)
    heard, other = BeatTracker(RATE_HZ).feed(samples), BeatTracker(RATE_HZ).feed(changed)
    assert [e.asked_s for e in heard[:12]] == [0.5 * k for k in range(1, 13)]
    assert heard[:12] == other[:12]
    assert heard[14:] != other[14:]


def test_estimates_foretell_the_beat() -> None:
    estimates = BeatTracker(RATE_HZ).feed(beat("boom-bap", 90.0))
    late = [e for e in estimates if e.asked_s >= 8.0]
    beat_s = 60 / 90.0
    errors_s = [abs(e.next_beat_s - beat_s * round(e.next_beat_s / beat_s)) for e in late]
    assert max(errors_s) < 0.03
    assert all(0.0 <= e.next_beat_s - e.asked_s <= beat_s * 1.01 for e in late)
    assert all(0.0 <= e.next_bar_s - e.asked_s <= 4 * beat_s * 1.01 for e in late)
    on_bar = [abs(e.next_bar_s - 4 * beat_s * round(e.next_bar_s / (4 * beat_s))) < 0.03 for e in late]
    assert np.mean(on_bar) > 0.9


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ValueError, match="known_bpm"):
        BeatTracker(RATE_HZ, known_bpm=5.0)
    with pytest.raises(ValueError, match="estimate_every_s"):
        BeatTracker(RATE_HZ, estimate_every_s=0.0)


# --------------------------------------------------------------------------------------------- parts


def test_bar_filter_finds_a_bar_of_its_own_making() -> None:
    """A recording that is exactly a template, repeated, is found at its tempo and bar line."""
    templates = beat_templates()
    bpm, bar_line_s = 97.0, 0.83
    t = np.arange(2000) / 100
    phase = (t - bar_line_s) * bpm / 240
    boom_bap = templates.names.index("boom bap")
    harmonic = np.arange(1, templates.weights.shape[2] + 1)
    waves = np.exp(2j * np.pi * phase[:, None] * harmonic)
    channels = (waves @ templates.weights[boom_bap].T).real
    channels = 0.3 * channels / channels.std()
    scores = score_bars(ChannelHarmonics(channels), templates, tempo_grid(20.0, None))
    tempo, place = np.unravel_index(scores.log_odds.argmax(), scores.log_odds.shape)
    assert scores.bpm[tempo] == pytest.approx(bpm, rel=0.004)  # half a step of the grid
    found_s = 10.0 + place / 64 * 240 / scores.bpm[tempo]
    off = (found_s - bar_line_s) * bpm / 240
    assert abs(off - round(off)) < 1 / 64 + 0.005


def test_hits_are_timed_between_frames() -> None:
    frames = np.arange(100)
    channels = np.zeros((100, 8))
    channels[:, 0] = np.exp(-0.5 * ((frames - 40.4) / 2.0) ** 2)
    found = hits(channels, {"kick": 1.0})
    assert found.shape == (1, 2)
    # A parabola through a Gaussian's top three points; the kick channel's own delay is half a millisecond.
    assert found[0, 0] == pytest.approx(0.404, abs=0.0015)
