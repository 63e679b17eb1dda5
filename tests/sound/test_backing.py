"""Backing beats: on the grid to the sample, loops without a seam, one loudness, a new tune per seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from rapbot.errors import UserError
from rapbot.rhythm.timeline import Timeline
from rapbot.sound import backing, compose
from rapbot.sound.backing import STYLES, describe, render_backing, structural_hits
from rapbot.sound.loudness import loudness_lufs
from rapbot.sound.styles import STEPS_PER_BAR, STYLE_BOOK

RATE_HZ = 48_000
TEMPOS = [60.0, 90.0, 180.0]


def test_the_names_are_the_contract() -> None:
    assert STYLES == ("boom-bap", "trap", "drill", "g-funk", "lo-fi", "grime", "club", "funk")
    for name in STYLES:
        info = describe(name)
        assert info.name == name
        assert 60 <= info.low_bpm <= info.home_bpm <= info.high_bpm <= 180


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("bpm", [*TEMPOS, 92.37])
def test_length_level_and_shape_at_every_tempo(style: str, bpm: float) -> None:
    audio = render_backing(style, bpm, 2, seed=2)
    assert audio.rate_hz == RATE_HZ
    assert audio.samples.shape == (round(2 * 4 * 60 / bpm * RATE_HZ), 2)
    assert audio.samples.dtype == np.float32
    assert np.isfinite(audio.samples).all()
    assert 20 * math.log10(np.abs(audio.samples).max()) <= -3.0
    # one loudness over styles and tempos: half an LU is below what a listener notices between two beats
    assert loudness_lufs(audio.samples, RATE_HZ) == pytest.approx(backing.TARGET_LUFS, abs=0.5)


@settings(max_examples=40, deadline=None)
@given(
    style=st.sampled_from(STYLES),
    bpm=st.floats(60.0, 180.0),
    bars=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
def test_every_bar_has_its_kick_and_backbeats_lie_on_beats(style: str, bpm: float, bars: int, seed: int) -> None:
    hits = structural_hits(style, bpm, bars, seed)
    kicks = {hit.beat for hit in hits if hit.lane == "kick"}
    snares = {hit.beat for hit in hits if hit.lane == "snare"}
    assert {float(4 * bar) for bar in range(bars)} <= kicks
    assert snares
    assert {hit.lane for hit in hits} == {"kick", "snare"}
    # exact: whole beats, or half beats where the groove is felt at twice the tempo
    assert all((2 * hit.beat).is_integer() for hit in hits)
    felt = compose.felt_scale(STYLE_BOOK[style], bpm)
    assert felt < 1.0 or all(hit.beat.is_integer() for hit in hits)
    score = compose.compose(STYLE_BOOK[style], bpm, bars, seed)
    starts = [hit.beat for hit in score.hits] + [note.beat for note in score.notes]
    assert all(0 <= beat < 4 * bars for beat in starts)
    assert all(hit.lean_s == 0.0 for hit in score.hits if hit.structural)


def loose_signal(style: str, bpm: float, bars: int) -> np.ndarray:
    """What remains of a loop above 1.5 kHz (sticks and beaters), 50 ms of wrap on both sides, mono."""
    mono = render_backing(style, bpm, bars, seed=3).samples.mean(axis=1)
    wrapped = np.concatenate([mono[-2400:], mono, mono[:2400]])
    return signal.sosfilt(signal.butter(2, 1500, "highpass", fs=RATE_HZ, output="sos"), wrapped)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("bpm", TEMPOS)
def test_structural_hits_are_heard_where_they_are_written(style: str, bpm: float) -> None:
    bars = 2
    timeline = Timeline(bpm, RATE_HZ)
    power = np.square(loose_signal(style, bpm, bars))
    envelope = np.sqrt(np.convolve(power, np.full(24, 1 / 24))[: len(power)])  # causal half millisecond
    errors_ms = []
    for hit in structural_hits(style, bpm, bars, seed=3):
        at = timeline.sample_of(hit.beat) + 2400
        window = envelope[at - 480 : at + 480]
        before = float(np.median(window[:480]))
        threshold = before + 0.3 * (float(window[480:].max()) - before)
        errors_ms.append((480 - 48 - 480 + int(np.argmax(window[480 - 48 :] > threshold)) - 12) / RATE_HZ * 1000)
    assert np.abs(errors_ms).max() < 3.0  # the detector's own half millisecond, and a hat that leans 1 ms early
    assert abs(np.median(errors_ms)) < 0.5


@pytest.mark.parametrize("style", STYLES)
def test_the_loop_has_no_seam(style: str) -> None:
    samples = render_backing(style, 97.3, 2, seed=1).samples
    twice = np.concatenate([samples, samples])
    steps = np.abs(np.diff(twice, axis=0)).max(axis=1)
    seam = len(samples) - 1
    assert steps[seam] <= steps[: seam - 1].max()
    # A cut would put energy of every frequency into the samples before the bar line, where nothing strikes.
    high = signal.sosfilt(signal.butter(4, 12_000, "highpass", fs=RATE_HZ, output="sos"), twice.mean(axis=1))
    before = np.abs(high[seam - 96 : seam + 1]).max()
    assert before <= np.abs(high[RATE_HZ // 10 : seam - 200]).max()


def test_circular_effects_do_not_know_where_the_loop_begins() -> None:
    rng = np.random.default_rng(0)
    loop = rng.standard_normal((30_000, 2)).astype(np.float32)
    turned = np.roll(loop, 7000, axis=0)
    filters = backing._music_filters(STYLE_BOOK["lo-fi"], RATE_HZ)
    assert np.allclose(
        np.roll(backing._filter_loop(filters, loop, RATE_HZ), 7000, axis=0),
        backing._filter_loop(filters, turned, RATE_HZ),
        atol=1e-4,  # what half a second of settling leaves
    )
    impulse = rng.standard_normal((50_000, 2)).astype(np.float32) * 0.01  # longer than the loop
    assert np.allclose(
        np.roll(backing._reverb_loop(loop[:, 0], impulse), 7000, axis=0),
        backing._reverb_loop(turned[:, 0], impulse),
        atol=1e-3,
    )


def test_a_tail_longer_than_the_loop_goes_round_and_round() -> None:
    bus = np.zeros(10)
    backing._add(bus, 8, np.arange(1.0, 26.0))
    wanted = np.zeros(10)
    for index, value in enumerate(np.arange(1.0, 26.0)):
        wanted[(8 + index) % 10] += value
    assert np.array_equal(bus, wanted)
    early = np.zeros(10)
    backing._add(early, -3, np.ones(2))
    assert np.flatnonzero(early).tolist() == [7, 8]


@pytest.mark.parametrize("style", STYLES)
def test_a_seed_is_a_tune(style: str) -> None:
    first = render_backing(style, 100, 1, seed=5).samples
    assert render_backing(style, 100, 1, seed=5).samples.tobytes() == first.tobytes()
    scores = {compose.compose(STYLE_BOOK[style], 100, 8, seed) for seed in range(8)}
    assert len(scores) == 8
    keys = {tuple(sorted({note.midi % 12 for note in score.notes if note.part == "bass"})) for score in scores}
    assert len(keys) >= 4  # not only other jitter: other keys and lines


@pytest.mark.parametrize("style", STYLES)
def test_no_phrase_is_a_copy_of_the_one_before(style: str) -> None:
    score = compose.compose(STYLE_BOOK[style], describe(style).home_bpm, 16, seed=0)

    def phrase(index: int) -> tuple[object, ...]:
        hits = [(hit.lane, round(hit.beat - 16 * index, 6)) for hit in score.hits if hit.beat // 16 == index]
        notes = [(n.part, round(n.beat - 16 * index, 6), n.midi) for n in score.notes if n.beat // 16 == index]
        return tuple(hits), tuple(notes)

    phrases = [phrase(index) for index in range(4)]
    assert phrases[0] != phrases[1]  # a colour joins, and the fill is bigger

    def bar(index: int) -> set[tuple[str, float]]:
        return {(hit.lane, round(hit.beat - 4 * index, 6)) for hit in score.hits if hit.beat // 4 == index}

    assert bar(3) != bar(1)  # a fill in the fourth bar
    assert bar(7) not in (bar(1), bar(3), bar(5))  # and another in the eighth
    keys_end = max(note.beat for note in score.notes if note.part == "bass" and note.beat < 32)
    assert keys_end < 31  # the bass leaves the last beat before a section to the drums


def test_hats_lean_and_structure_does_not() -> None:
    score = compose.compose(STYLE_BOOK["boom-bap"], 90, 8, seed=0)
    hats = np.array([hit.lean_s for hit in score.hits if hit.lane == "hat"])
    assert 0.001 < hats.std() < 0.008
    assert np.abs(hats).max() < 0.015
    swung = [hit.beat * 4 % 2 for hit in score.hits if hit.lane == "hat" and 1.0 < hit.beat * 4 % 2 < 1.9]
    assert swung
    assert all(step == pytest.approx(2 * STYLE_BOOK["boom-bap"].swing) for step in swung)


@pytest.mark.parametrize("style", ["trap", "drill", "grime"])
def test_half_time_styles_put_the_snare_on_three(style: str) -> None:
    home = describe(style).home_bpm
    snares = {hit.beat for hit in structural_hits(style, home, 8) if hit.lane == "snare"}
    assert 2.0 in snares  # beat three of bar one
    assert 1.0 not in snares
    at_half = {hit.beat for hit in structural_hits(style, home / 2, 4) if hit.lane == "snare"}
    assert at_half == {beat / 2 for beat in snares}  # the same groove, written in half as many bars


def test_drill_displaces_every_second_snare() -> None:
    snares = sorted(hit.beat for hit in structural_hits("drill", 142, 4) if hit.lane == "snare")
    assert snares == [2.0, 7.0, 10.0, 15.0]


def test_club_has_four_kicks_on_the_floor() -> None:
    kicks = sorted(hit.beat for hit in structural_hits("club", 128, 8) if hit.lane == "kick")
    assert kicks == [float(beat) for beat in range(32)]


@pytest.mark.parametrize("style", STYLES)
def test_the_beat_leaves_room_for_a_voice(style: str) -> None:
    samples = render_backing(style, describe(style).home_bpm, 2).samples
    spectrum = np.square(np.abs(np.fft.rfft(samples, axis=0))).sum(axis=1)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)

    def share(low: float, high: float) -> float:
        return float(spectrum[(hz >= low) & (hz < high)].sum() / spectrum.sum())

    assert share(300, 3000) < 0.2  # a finished rap mix without its voice holds about that or more
    assert share(20, 300) > 0.6  # there is a bottom
    assert share(5000, 20_000) > 0.005  # and a top
    side = samples[:, 0] - samples[:, 1]
    low = signal.butter(4, 110, fs=RATE_HZ, output="sos")
    assert np.std(signal.sosfilt(low, side)) < 0.05 * np.std(signal.sosfilt(low, samples.sum(axis=1)))  # mono bass
    assert np.std(side) > 0.02 * np.std(samples.sum(axis=1))  # but not a mono record


def test_another_rate_is_the_same_tune() -> None:
    low, high = render_backing("funk", 104, 2, rate_hz=24_000), render_backing("funk", 104, 2)
    assert len(low.samples) == round(2 * 4 * 60 / 104 * 24_000)

    def loudness_curve(samples: np.ndarray, rate_hz: int) -> np.ndarray:
        step = rate_hz // 50
        low_band = signal.sosfilt(signal.butter(2, 400, fs=rate_hz, output="sos"), samples.mean(axis=1))
        return np.sqrt(np.square(low_band[: len(low_band) // step * step]).reshape(-1, step).mean(axis=1))

    a, b = loudness_curve(low.samples, 24_000), loudness_curve(high.samples, RATE_HZ)
    shared = min(len(a), len(b))
    assert np.corrcoef(a[:shared], b[:shared])[0, 1] > 0.95


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("polka", 90, 4), "boom-bap, trap, drill, g-funk, lo-fi, grime, club, funk"),
        (("trap", 59.9, 4), "60 to 180 BPM, not 59.9"),
        (("trap", float("nan"), 4), "60 to 180 BPM"),
        (("trap", 181, 4), "60 to 180 BPM"),
        (("trap", 90, 0), "1 to 512 bars"),
        (("trap", 90, 513), "1 to 512 bars"),
    ],
)
def test_a_wrong_request_is_one_line(arguments: tuple[str, float, int], says: str) -> None:
    with pytest.raises(UserError) as excinfo:
        render_backing(*arguments)
    assert says in str(excinfo.value)
    assert "\n" not in str(excinfo.value)


@pytest.mark.parametrize("style", STYLES)
def test_the_style_book_is_well_formed(style: str) -> None:
    book = STYLE_BOOK[style]
    owned = {voice.lane for voice in book.kit}
    for groove in book.grooves:
        assert set(groove.drums) <= owned
        for bars in groove.drums.values():
            assert all(len(bar) == STEPS_PER_BAR and set(bar) <= set(".123456789rt") for bar in bars)
        assert all(len(bar) == STEPS_PER_BAR and set(bar) <= set(".-R3578cGO") for bar in groove.bass)
        assert all(groove.drums["kick"][i][0] == "9" for i in range(len(groove.drums["kick"])))
        for lane, bars in groove.drums.items():
            assert lane in ("kick", "snare") or "9" not in "".join(bars)
    for fill in (book.small_fill, book.large_fill):
        assert set(fill) <= owned
        assert all(len(bar) == STEPS_PER_BAR for bar in fill.values())
    for lanes in (*book.chords, *book.colours):
        assert all(len(bar) == STEPS_PER_BAR and set(bar) <= set(".-X") for bar in lanes)
    assert all(len(melody) == 2 * STEPS_PER_BAR and set(melody) <= set(".-X") for melody in book.melodies)
