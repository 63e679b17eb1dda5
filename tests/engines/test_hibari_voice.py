"""The split voice is the whole voice, and survives a hostile cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rapbot.engines import hibari_voice
from rapbot.engines.hibari_voice import DURATION_S, HOP_S, HibariVoice, cut_parts, source_graph

MISAKI = "ju kˈAm hˈɪɹ wɪð ɐ nˈOtbˌʊk, ænd ɐ nˈɜɹvəs lˈɪTᵊl kˈɔf."


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hibari")


@pytest.fixture(scope="module")
def voice(cache: Path) -> HibariVoice:
    return HibariVoice(cache)


def natural_frames(voice: HibariVoice) -> tuple:
    encoding = voice.encode(MISAKI)
    return encoding, 2 * np.round(encoding.durations).astype(int)


def test_the_parts_compute_what_the_whole_graph_computes(cache: Path) -> None:
    """Bit for bit at the basic optimisation level, where onnxruntime fuses nothing across the cuts."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    vocabulary = HibariVoice(cache)._ids
    ids = np.asarray([[0, *(vocabulary[char] for char in MISAKI), 0]], np.int64)
    whole = onnxruntime.InferenceSession(str(source_graph()), options)
    expected = whole.run(None, {"ids": ids, "speed": np.ones(1, np.float32)})
    text, prosody, decoder = (onnxruntime.InferenceSession(str(path), options) for path in cut_parts(cache))
    durations, text_features, prosody_features = text.run(None, {"ids": ids})
    units = np.maximum(1, np.round(durations.reshape(-1))).astype(int)
    index = np.repeat(np.arange(len(units)), units)
    f0, energy = prosody.run(None, {"/Gather_33_output_0": np.ascontiguousarray(prosody_features[:, :, index])})
    index = np.repeat(np.arange(len(units)), 2 * units)
    found = decoder.run(
        None,
        {
            "/Reshape_42_output_0": np.ascontiguousarray(text_features[:, :, index]),
            "f0": f0,
            "/Mul_62_output_0": energy,
        },
    )
    for whole_part, part in zip(expected, (*found, f0), strict=True):
        np.testing.assert_array_equal(whole_part, part)


def test_natural_durations_give_the_original_speech(voice: HibariVoice) -> None:
    """Fused kernels round differently in the two graphs, so phases differ a little; 0.99 leaves room for that."""
    from hibari import Hibari

    encoding, frames = natural_frames(voice)
    f0, energy = voice.prosody(encoding, frames)
    sound = voice.synthesize(voice.decode(encoding, frames, f0, energy), seed=0)
    original = Hibari().from_phonemes(MISAKI, seed=0)
    assert len(sound) == len(original)
    assert np.corrcoef(sound, original)[0, 1] > 0.99


def test_lengths_follow_the_frames(voice: HibariVoice) -> None:
    encoding, frames = natural_frames(voice)
    assert encoding.tokens == ("^", *MISAKI, "$")
    assert encoding.duration_s == DURATION_S
    assert encoding.durations.min() >= 1
    odd = frames.copy()
    odd[5] += 3
    odd[9] += 1
    f0, energy = voice.prosody(encoding, odd)
    assert f0.shape == energy.shape == (odd.sum(),)
    decoded = voice.decode(encoding, odd, f0, energy)
    assert decoded.hop_s == HOP_S
    assert all(part.shape == (601, odd.sum()) for part in decoded.parts)
    assert len(voice.synthesize(decoded, 0)) == odd.sum() * round(HOP_S * voice.rate_hz)


def test_equal_input_gives_equal_bytes_and_the_seed_matters(voice: HibariVoice) -> None:
    encoding, frames = natural_frames(voice)
    f0, energy = voice.prosody(encoding, frames)
    decoded = voice.decode(encoding, frames, f0, energy)
    first = voice.synthesize(decoded, 7)
    np.testing.assert_array_equal(first, voice.synthesize(voice.decode(encoding, frames, f0, energy), 7))
    assert not np.array_equal(first, voice.synthesize(decoded, 8))


def test_pitch_is_ours_to_set(voice: HibariVoice) -> None:
    import librosa

    encoding, frames = natural_frames(voice)
    f0, energy = voice.prosody(encoding, frames)
    low = np.where(f0 > 40, 110.0, f0).astype(np.float32)
    sound = voice.synthesize(voice.decode(encoding, frames, low, energy), 0)
    heard, voiced, _ = librosa.pyin(sound, fmin=70, fmax=400, sr=voice.rate_hz, frame_length=1200)
    assert np.nanmedian(heard[voiced]) == pytest.approx(110.0, rel=0.03)


@pytest.mark.parametrize("bad", ["", "   ", "h日", "a" * 600])
def test_what_cannot_be_said_is_refused(voice: HibariVoice, bad: str) -> None:
    with pytest.raises(ValueError, match=r"empty|no sound|longer"):
        voice.encode(bad)


def test_frames_must_match_the_tokens(voice: HibariVoice) -> None:
    encoding, frames = natural_frames(voice)
    for bad in (frames[:-1], frames * 1.0, np.zeros_like(frames)):
        with pytest.raises(ValueError, match="whole number of frames"):
            voice.prosody(encoding, bad)
    with pytest.raises(ValueError, match="must both have shape"):
        voice.decode(encoding, frames, np.zeros(3, np.float32), np.zeros(3, np.float32))


def test_a_damaged_cache_is_cut_again(tmp_path: Path) -> None:
    for path in cut_parts(tmp_path):
        path.write_bytes(b"half a download")
    HibariVoice(tmp_path).encode(MISAKI)
    assert min(path.stat().st_size for path in cut_parts(tmp_path)) > 100_000
    assert not list(tmp_path.glob("*.tmp"))


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert len(HibariVoice(blocked / "below").encode(MISAKI).tokens) == len(MISAKI) + 2


def test_another_graph_gets_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {path.name for path in cut_parts(tmp_path)}
    monkeypatch.setattr(hibari_voice, "_digest", lambda source: "0123456789abcdef")
    assert names.isdisjoint(path.name for path in cut_parts(tmp_path))
