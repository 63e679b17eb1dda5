"""The map from one speaker's spectral shapes to another's does what its formula says."""

from __future__ import annotations

import numpy as np
import pytest

from rapbot.voicing.shape_map import ORDER, clip_shapes, shape_map, shapes


def drawn(seed: int, mean: float, spread: float, count: int = 4000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.eye(ORDER) + 0.15 * rng.normal(size=(ORDER, ORDER)) / np.sqrt(ORDER)
    return mean + spread * rng.normal(size=(count, ORDER)) @ mixing


def test_mapped_shapes_have_the_mean_and_covariance_of_the_wanted_ones() -> None:
    own, wanted = drawn(1, 0.3, 0.8), drawn(2, -0.5, 1.1)
    found = shape_map(own, wanted)
    mapped = found.mean + (own - found.own_mean) @ found.turn
    np.testing.assert_allclose(mapped.mean(axis=0), wanted.mean(axis=0), atol=1e-6)
    # covariances are shrunk by a twentieth off the diagonal before they are matched
    np.testing.assert_allclose(np.cov(mapped.T), np.cov(wanted.T), atol=0.06)


def test_a_speaker_mapped_to_themselves_is_left_alone() -> None:
    own = drawn(3, 0.0, 1.0)
    found = shape_map(own, own)
    np.testing.assert_allclose(found.turn, np.eye(ORDER), atol=1e-6)
    spectra = np.random.default_rng(4).normal(size=(1025, 7))
    assert np.abs(found.gain(spectra, np.ones(7, bool))).max() < 1e-6


def test_the_share_scales_the_change_and_frames_do_not_depend_on_their_neighbours() -> None:
    spectra = np.random.default_rng(5).normal(size=(1025, 9))
    own, wanted = drawn(6, 0.0, 1.0), drawn(7, 0.4, 0.7)
    voiced = np.array([True] * 5 + [False] * 4)
    whole = shape_map(own, wanted).gain(spectra, voiced)
    half = shape_map(own, wanted, share=0.5).gain(spectra, voiced)
    np.testing.assert_allclose(half, 0.5 * whole, atol=1e-5)
    alone = shape_map(own, wanted).gain(spectra[:, 3:4], voiced[3:4])
    np.testing.assert_allclose(alone, whole[:, 3:4], atol=1e-5)
    assert np.ptp(whole[:, 5:], axis=1).max() < 1e-5  # unvoiced frames only get the shift of the mean


def test_another_measure_of_the_same_mean_shifts_nothing_but_the_mean() -> None:
    own, wanted = drawn(8, 0.0, 1.0), drawn(9, 1.0, 1.0)
    found = shape_map(own, wanted, own_mean=own.mean(axis=0) + 0.25)
    np.testing.assert_allclose(found.mean - found.own_mean, wanted.mean(axis=0) - own.mean(axis=0) - 0.25)


@pytest.mark.parametrize("gain", [0.01, 1.0, 8.0])
def test_level_is_not_part_of_a_shape(gain: float) -> None:
    power = np.abs(np.random.default_rng(10).normal(size=(4, 257))) + 0.5
    np.testing.assert_allclose(shapes(gain * power, 8000.0), shapes(power, 8000.0), atol=1e-5)


def test_a_clip_shorter_than_a_window_has_no_shapes() -> None:
    assert clip_shapes(np.zeros(100, np.float32), 16_000).shape == (0, ORDER)
