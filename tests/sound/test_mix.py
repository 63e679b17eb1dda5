"""The mix: loudness, ceiling, alignment and the parts of the voice chain, on signals whose right answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, signal

from rapbot.sound.backing import render_backing
from rapbot.sound.loudness import loudness_lufs, true_peak_dbfs
from rapbot.sound.mix import (
    CEILING_DBTP,
    TARGET_LUFS,
    VOICE_COMPRESSOR,
    VOICE_OVER_BEAT_LU,
    compressor_gain,
    duck_gain,
    effects,
    limit,
    mix_reply,
    voice_chain,
)
from rapbot.sound.space import Space, delay_throw, sent

RATE_HZ = 48_000


def words(length_s: float = 4.0, level: float = 0.2, seed: int = 0) -> np.ndarray:
    """Vowel-like harmonics in bursts of 150 ms at 4 Hz, silent from 2.0 to 3.2 s."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    rng = np.random.default_rng(seed)
    buzz = sum(np.sin(2 * np.pi * 140 * k * time_s + rng.uniform(0, 6)) / k for k in range(1, 25))
    gate = ((time_s * 4) % 1.0 < 0.6) & ~((time_s > 2.0) & (time_s < 3.2))
    ramp = np.convolve(gate, np.hanning(960) / np.hanning(960).sum(), mode="same")
    return (level * buzz * ramp / np.abs(buzz).max()).astype(np.float32)


def envelope(samples: np.ndarray) -> np.ndarray:
    """Amplitude over 10 ms, zero phase."""
    return ndimage.uniform_filter1d(np.abs(samples.astype(float)), RATE_HZ // 100)


def lag(moved: np.ndarray, original: np.ndarray) -> int:
    """Samples by which one signal lies behind the other, from their cross-correlation."""
    correlation = signal.correlate(moved, original, mode="full", method="fft")
    return int(np.argmax(correlation)) - (len(original) - 1)


@pytest.mark.parametrize("style", ["boom-bap", "trap", "funk"])
def test_a_reply_is_loud_enough_and_below_the_ceiling(style: str) -> None:
    beat = render_backing(style, 95, 2).samples
    result = mix_reply(words(5.0), beat, RATE_HZ)
    assert loudness_lufs(result.mix, RATE_HZ) == pytest.approx(TARGET_LUFS, abs=0.5)
    assert true_peak_dbfs(result.mix, RATE_HZ) <= CEILING_DBTP
    assert result.loudness_lufs == pytest.approx(loudness_lufs(result.mix, RATE_HZ))
    assert result.mix.shape == (len(beat), 2)
    assert result.mix.dtype == np.float32


def test_stems_are_as_long_as_the_mix_and_add_up_to_it() -> None:
    beat = render_backing("g-funk", 90, 2).samples
    result = mix_reply(words(4.0), beat, RATE_HZ)
    assert result.voice_stem.shape == result.beat_stem.shape == result.mix.shape
    assert result.most_limiting_db < 0.1  # nothing to limit here, so the sum is the mix itself
    assert np.allclose(result.voice_stem + result.beat_stem, result.mix, atol=0.012)  # 0.1 dB of full scale
    assert max(np.abs(result.voice_stem).max(), np.abs(result.beat_stem).max()) <= 1.0


def test_a_limited_mix_differs_from_its_stems_only_where_it_was_limited() -> None:
    beat = np.zeros((RATE_HZ * 4, 2))
    beat[::RATE_HZ] = 1.0  # clicks: nothing but peaks
    beat += 0.01 * np.random.default_rng(1).standard_normal(beat.shape)
    result = mix_reply(words(), beat, RATE_HZ)
    assert true_peak_dbfs(result.mix, RATE_HZ) <= CEILING_DBTP
    quiet = slice(RATE_HZ * 2 + RATE_HZ // 2, RATE_HZ * 2 + RATE_HZ * 3 // 4)  # half a second from any click
    assert np.allclose((result.voice_stem + result.beat_stem)[quiet], result.mix[quiet], atol=1e-3)


def test_nothing_moves_in_time() -> None:
    voice = np.zeros(RATE_HZ * 3, dtype=np.float32)
    voice[RATE_HZ : RATE_HZ * 2] = words(1.0, 0.3)
    beat = np.zeros((RATE_HZ * 3, 2), dtype=np.float32)
    beat[RATE_HZ * 5 // 2 :] = 0.2 * np.random.default_rng(0).standard_normal((RATE_HZ // 2, 2))
    result = mix_reply(voice, beat, RATE_HZ)
    # Three milliseconds at most: the group delay of the phase rotator at low frequencies.  Envelopes are
    # compared, since a rotated waveform no longer looks like itself.
    assert 0 <= lag(envelope(result.voice_stem[:, 0]), envelope(voice)) <= 0.0033 * RATE_HZ
    assert 0 <= lag(envelope(result.mix[: RATE_HZ * 2, 0]), envelope(voice[: RATE_HZ * 2])) <= 0.0033 * RATE_HZ
    assert lag(result.beat_stem[:, 0], beat[:, 0]) == 0
    assert not result.voice_stem[: RATE_HZ - 1].any()  # nothing sounds ahead of its time


def test_voice_stands_above_the_beat_whatever_their_levels() -> None:
    beat = render_backing("lo-fi", 80, 2).samples
    for voice_level, beat_level in [(0.01, 1.0), (0.9, 0.03)]:
        result = mix_reply(words(4.0, voice_level), beat * beat_level, RATE_HZ)
        gap = loudness_lufs(result.voice_stem, RATE_HZ) - loudness_lufs(result.beat_stem, RATE_HZ)
        assert gap == pytest.approx(VOICE_OVER_BEAT_LU, abs=0.3)


def test_the_beat_ducks_under_words_only_and_in_time() -> None:
    gain = 20 * np.log10(duck_gain(words(), RATE_HZ, 3.0))
    assert gain[RATE_HZ // 10 : RATE_HZ * 19 // 10].max() == pytest.approx(-3.0, abs=0.05)  # no pumping between words
    assert gain[round(2.7 * RATE_HZ)] == pytest.approx(0.0, abs=0.05)
    assert gain[round(3.25 * RATE_HZ)] == pytest.approx(-3.0, abs=0.1)  # down when the next word starts
    assert np.abs(np.diff(gain)).max() < 0.01  # dB a sample: no click
    assert np.array_equal(duck_gain(np.zeros(1000), RATE_HZ, 3.0), np.ones(1000))


def test_duck_of_zero_leaves_the_beat_alone() -> None:
    assert np.array_equal(duck_gain(words(), RATE_HZ, 0.0), np.ones(len(words())))
    with pytest.raises(ValueError, match="duck_db"):
        mix_reply(words(), None, RATE_HZ, duck_db=-1.0)


@pytest.mark.parametrize("voice", [np.zeros(0), np.zeros(RATE_HZ), np.zeros(10)])
@pytest.mark.parametrize("with_beat", [True, False])
def test_silence_stays_silence(voice: np.ndarray, with_beat: bool) -> None:
    beat = np.zeros((RATE_HZ // 2, 2)) if with_beat else None
    result = mix_reply(voice, beat, RATE_HZ)
    assert len(result.mix) == max(len(voice), RATE_HZ // 2 if with_beat else 0)
    assert not result.mix.any()
    assert result.loudness_lufs == -math.inf


def test_voice_alone_and_beat_alone() -> None:
    alone = mix_reply(words(), None, RATE_HZ)
    assert alone.loudness_lufs == pytest.approx(TARGET_LUFS, abs=0.5)
    assert not alone.beat_stem.any()
    beat = render_backing("club", 128, 2).samples
    instrumental = mix_reply(np.zeros(len(beat)), beat, RATE_HZ)
    assert instrumental.loudness_lufs == pytest.approx(TARGET_LUFS, abs=1.0)
    assert instrumental.true_peak_dbfs <= CEILING_DBTP


def test_a_mono_beat_is_welcome_and_a_stereo_voice_is_not() -> None:
    result = mix_reply(words(), words(3.0, seed=3), RATE_HZ)
    assert result.mix.shape == (RATE_HZ * 4, 2)
    with pytest.raises(ValueError, match="mono"):
        mix_reply(np.zeros((100, 2)), None, RATE_HZ)
    with pytest.raises(ValueError, match="shape"):
        mix_reply(words(), np.zeros((100, 3)), RATE_HZ)


def test_the_voice_chain_clears_rumble_and_eases_the_harsh_band() -> None:
    time_s = np.arange(RATE_HZ * 2) / RATE_HZ

    def heard(hz: float) -> float:
        carrier = np.sin(2 * np.pi * 700 * time_s)
        out = voice_chain(0.2 * carrier + 0.02 * np.sin(2 * np.pi * hz * time_s), RATE_HZ)[RATE_HZ:]
        spectrum = np.abs(np.fft.rfft(out))
        return 20 * math.log10(spectrum[round(hz)] / spectrum[700])

    assert heard(30.0) < heard(1500.0) - 12.0
    assert heard(4000.0) == pytest.approx(heard(1500.0) - 2.2, abs=0.7)
    assert heard(9000.0) == pytest.approx(heard(1500.0), abs=0.8)


def test_the_compressor_follows_its_curve() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    threshold_db, slope = VOICE_COMPRESSOR.threshold_db, 1 / VOICE_COMPRESSOR.ratio - 1
    for level_db in (-40.0, -12.0, -2.0):
        wanted_db = slope * max(0.0, level_db - threshold_db)
        tone = math.sqrt(2) * 10 ** (level_db / 20) * np.sin(2 * np.pi * 500 * time_s)
        gain_db = 20 * np.log10(compressor_gain(tone, RATE_HZ, VOICE_COMPRESSOR)[RATE_HZ // 2 :])
        assert gain_db.mean() == pytest.approx(wanted_db, abs=0.3)
    loud_then_quiet = np.where(time_s < 0.5, 0.7, 0.001) * np.sin(2 * np.pi * 500 * time_s)
    gain_db = 20 * np.log10(compressor_gain(loud_then_quiet, RATE_HZ, VOICE_COMPRESSOR))
    held_db = gain_db[RATE_HZ // 2 - 1]
    assert held_db < -5.0
    assert gain_db[round(0.52 * RATE_HZ)] < held_db + 1.0  # still held shortly after
    assert held_db + 1.0 < gain_db[-1] <= 0.0  # and on its way back


def test_compression_evens_out_a_voice() -> None:
    uneven = words(6.0) * np.repeat([1.0, 0.25, 1.0, 0.25, 1.0, 0.25], RATE_HZ)
    even = voice_chain(uneven, RATE_HZ)

    def step_db(samples: np.ndarray) -> float:
        loud, quiet = samples[:RATE_HZ], samples[RATE_HZ : 2 * RATE_HZ]
        return 20 * math.log10(float(np.std(loud) / np.std(quiet)))

    assert step_db(even) < step_db(uneven) - 2.0  # gentle: takes come levelled already


SHAPES = st.sampled_from(["noise", "clicks", "square", "quarter-rate", "dc", "bursts"])


def awkward(shape: str, frames: int, level: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = np.arange(frames)
    if shape == "noise":
        wave = rng.standard_normal(frames)
    elif shape == "clicks":
        wave = np.where(rng.random(frames) < 0.001, rng.choice([-1.0, 1.0], frames), 0.0)
    elif shape == "square":
        wave = np.sign(np.sin(n * rng.uniform(0.01, 3.0)))
    elif shape == "quarter-rate":  # the peaks lie between the samples
        wave = np.sin(np.pi / 2 * n + np.pi / 4)
    elif shape == "dc":
        wave = np.ones(frames)
    else:
        wave = rng.standard_normal(frames) * (np.sin(n / 900) > 0.9)
    return level * wave


@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, frames=st.integers(1, 20_000), level=st.floats(1e-4, 30.0), seed=st.integers(0, 99))
def test_nothing_gets_past_the_limiter(shape: str, frames: int, level: float, seed: int) -> None:
    samples = awkward(shape, frames, level, seed)
    limited = limit(samples, RATE_HZ)
    assert limited.shape == samples.shape
    assert true_peak_dbfs(limited, RATE_HZ) <= CEILING_DBTP + 1e-6
    assert (np.abs(limited) <= np.abs(samples) + 1e-12).all()  # it only ever turns down
    if true_peak_dbfs(samples, RATE_HZ) < CEILING_DBTP - 0.5:
        assert np.array_equal(limited, samples)


@settings(max_examples=15, deadline=None)
@given(
    voice=SHAPES, beat=SHAPES, voice_level=st.floats(1e-4, 5.0), beat_level=st.floats(1e-4, 5.0), seed=st.integers(0, 9)
)
def test_no_mix_breaks_the_ceiling(voice: str, beat: str, voice_level: float, beat_level: float, seed: int) -> None:
    spoken = awkward(voice, RATE_HZ, voice_level, seed)
    backing = np.stack(
        [awkward(beat, RATE_HZ, beat_level, seed + 1), awkward(beat, RATE_HZ, beat_level, seed + 2)], axis=1
    )
    result = mix_reply(spoken, backing, RATE_HZ)
    assert np.isfinite(result.mix).all()
    assert true_peak_dbfs(result.mix, RATE_HZ) <= CEILING_DBTP + 1e-4  # float32
    assert result.loudness_lufs <= TARGET_LUFS + 1.0
    # A stem that had to be limited on its own is below full scale too, so that 16 bits can hold it.
    assert max(np.abs(result.voice_stem).max(), np.abs(result.beat_stem).max()) <= 1.0


def test_limiting_is_gentle_in_time() -> None:
    quiet_tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(RATE_HZ) / RATE_HZ)
    with_click = quiet_tone.copy()
    with_click[RATE_HZ // 2] = 4.0
    gain = limit(with_click, RATE_HZ)[np.abs(quiet_tone) > 0.05] / with_click[np.abs(quiet_tone) > 0.05]
    assert np.abs(np.diff(gain)).max() < 0.05  # no step in the gain
    where = np.flatnonzero(np.abs(quiet_tone) > 0.05)
    assert gain[where < RATE_HZ // 2 - 500].min() == pytest.approx(1.0, abs=1e-9)  # nothing 10 ms before the click
    assert gain[-1] == pytest.approx(1.0, abs=1e-9)


def test_the_same_input_gives_the_same_bytes() -> None:
    beat = render_backing("grime", 140, 2).samples
    first, second = (mix_reply(words(), beat, RATE_HZ).mix for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_second_track_keeps_its_distance_from_the_lead() -> None:
    lead, second = words(4.0, 0.2), np.zeros((RATE_HZ * 4, 2), np.float32)
    second[round(2.2 * RATE_HZ) : round(2.9 * RATE_HZ)] = 0.3 * words(0.7, 0.2, seed=1)[:, None]  # in the lead's rest
    alone = mix_reply(lead, None, RATE_HZ)
    both = mix_reply(lead, None, RATE_HZ, second=second)
    rest, spoken = slice(round(2.2 * RATE_HZ), round(2.9 * RATE_HZ)), slice(0, RATE_HZ)
    assert np.abs(alone.voice_stem[rest]).max() < 1e-3

    def level_db(samples: np.ndarray) -> float:
        return 10 * math.log10(float(np.square(samples[np.abs(samples) > 0.01]).mean()))

    distance_db = level_db(both.voice_stem[spoken]) - level_db(both.voice_stem[rest])
    assert distance_db == pytest.approx(-20 * math.log10(0.3), abs=4.0)  # the lead's own words are compressed
    assert both.loudness_lufs == pytest.approx(TARGET_LUFS, abs=1.0)
    assert both.true_peak_dbfs <= CEILING_DBTP


def test_sends_are_heard_after_the_chosen_words_only() -> None:
    lead = words(4.0, 0.2)
    beat = 0.1 * np.random.default_rng(0).standard_normal((RATE_HZ * 4, 2))
    last_word = (round(1.95 * RATE_HZ), round(2.1 * RATE_HZ))
    thrown = mix_reply(lead, beat, RATE_HZ, space=Space(100.0, ((round(1.75 * RATE_HZ), round(2.05 * RATE_HZ)),)))
    dry = mix_reply(lead, beat, RATE_HZ)
    in_rest = slice(round(2.4 * RATE_HZ), round(2.65 * RATE_HZ))  # a quarter later: 0.6 s
    assert np.abs(dry.voice_stem[in_rest]).max() < 1e-3 < 0.01 < np.abs(thrown.voice_stem[in_rest]).max()
    assert np.allclose(thrown.voice_stem[:RATE_HZ] / 10 ** (thrown.gain_db / 20),
                       dry.voice_stem[:RATE_HZ] / 10 ** (dry.gain_db / 20), atol=1e-3)  # fmt: skip
    roomy = mix_reply(lead, beat, RATE_HZ, space=Space(100.0, (), (last_word,)))
    assert roomy.true_peak_dbfs <= CEILING_DBTP and thrown.true_peak_dbfs <= CEILING_DBTP
    # Under later words the echo is pushed down.
    quiet = effects(
        np.where(np.arange(len(lead)) < 2 * RATE_HZ, lead, 0.0), Space(100.0, ((0, RATE_HZ // 2),)), RATE_HZ
    )
    under = slice(round(0.7 * RATE_HZ), round(0.9 * RATE_HZ))
    free = delay_throw(sent(lead, ((0, RATE_HZ // 2),), RATE_HZ), RATE_HZ, 100.0)
    assert np.abs(quiet[under]).max() < 0.3 * np.abs(free[under]).max()
