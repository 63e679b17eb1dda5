"""Onset features: bit-identical under any cut, at the right time at any rate, blind to level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.rhythm.features import CHANNELS, FRAMES_PER_S, SpectrumStage, onset_channels

RATES_HZ = (16_000, 22_050, 44_100, 48_000)
CLICK_S = (0.301, 0.757, 1.113, 1.608)
MID_CHANNELS = ("body", "voice", "snare")  # every rate carries these bands whole


def noise_bursts(rate_hz: int, starts_s: tuple[float, ...] = CLICK_S, length_s: float = 2.0) -> np.ndarray:
    """Decaying noise at known times over a faint noise floor."""
    rng = np.random.default_rng(5)
    samples = 1e-4 * rng.standard_normal(round(length_s * rate_hz))
    for start_s in starts_s:
        start = round(start_s * rate_hz)
        burst = rng.standard_normal(min(rate_hz // 10, len(samples) - start))
        samples[start : start + len(burst)] += 0.3 * burst * np.exp(-np.arange(len(burst)) / (0.03 * rate_hz))
    return samples


def spectra_in_cuts(samples: np.ndarray, rate_hz: int, cuts: list[int]) -> np.ndarray:
    stage = SpectrumStage(rate_hz)
    for block in np.split(samples, sorted(cuts)):
        stage.feed(block)
    return stage.finish().magnitudes


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_one_sample_at_a_time_equals_whole(rate_hz: int) -> None:
    samples = noise_bursts(rate_hz, (0.1, 0.25), 0.37)
    whole = spectra_in_cuts(samples, rate_hz, [])
    assert len(whole) == 37
    assert np.array_equal(whole, spectra_in_cuts(samples, rate_hz, list(range(1, len(samples)))))


@given(st.lists(st.integers(0, 44_100), max_size=12), st.sampled_from((16_000, 22_050)))
def test_random_cuts_equal_whole(cuts: list[int], rate_hz: int) -> None:
    samples = noise_bursts(rate_hz)
    cuts = [cut % len(samples) for cut in cuts]
    assert np.array_equal(spectra_in_cuts(samples, rate_hz, []), spectra_in_cuts(samples, rate_hz, cuts))


def test_what_was_heard_does_not_change() -> None:
    samples = noise_bursts(16_000)
    stage = SpectrumStage(16_000)
    stage.feed(samples[:20_000])
    early = stage.spectra().magnitudes
    stage.feed(samples[20_000:])
    assert len(early) > 100
    assert np.array_equal(early, stage.finish().magnitudes[: len(early)])


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_hit_peaks_at_its_own_frame(rate_hz: int) -> None:
    stage = SpectrumStage(rate_hz)
    stage.feed(noise_bursts(rate_hz))
    channels = onset_channels(stage.finish())
    for name in MID_CHANNELS:
        for start_s in CLICK_S:
            around = slice(round((start_s - 0.1) * FRAMES_PER_S), round((start_s + 0.1) * FRAMES_PER_S))
            peak_s = (around.start + int(channels[around, CHANNELS.index(name)].argmax())) / FRAMES_PER_S
            # Half a frame of rounding and the window's early sight of a hit over silence (6 ms).
            assert peak_s == pytest.approx(start_s, abs=0.012), name


def test_level_changes_nothing() -> None:
    loud = noise_bursts(16_000)
    channels = []
    for gain in (1.0, 0.01):
        stage = SpectrumStage(16_000)
        stage.feed(gain * loud)
        channels.append(onset_channels(stage.finish()))
    # float32 spectra: six digits survive the division by the loudest frame.
    assert np.allclose(channels[0], channels[1], atol=1e-3)


def test_channels_stay_in_range_and_silence_is_still() -> None:
    stage = SpectrumStage(48_000)
    stage.feed(noise_bursts(48_000))
    channels = onset_channels(stage.finish())
    assert channels.shape == (200, len(CHANNELS))
    assert channels.min() >= 0.0 and channels.max() <= 1.0
    silent = SpectrumStage(48_000)
    silent.feed(np.zeros(48_000))
    assert not onset_channels(silent.finish()).any()


def test_no_samples_make_no_frames() -> None:
    stage = SpectrumStage(48_000)
    assert len(stage.spectra().magnitudes) == 0
    assert onset_channels(stage.finish()).shape == (0, len(CHANNELS))


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        SpectrumStage(48_000).feed(np.zeros((10, 2)))
    with pytest.raises(ValueError, match="at least 8000"):
        SpectrumStage(4000)
