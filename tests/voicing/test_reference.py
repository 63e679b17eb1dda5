"""Leaning towards a clip: what is refused, what is measured, and that it brings the voice nearer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from rapbot.cli import main
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.engines.silero import SileroVad
from rapbot.engines.speaker_encoder import SpeakerEncoder
from rapbot.errors import EngineUnavailable, UserError
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.rates import at_rate
from rapbot.respond.performer import Reference, check_voice, rehearsal
from rapbot.respond.report import reference_json
from rapbot.sound.files import read_audio
from rapbot.voicing.reference import LEAST_SPEECH_S, lean, melody, pitch_track, reference_speech
from rapbot.voicing.timbre import shaped_frames
from rapbot.voicing.voices import VOICES
from rapbot.voicing.warp import cut

CLIPS = Path(__file__).parents[2] / "benchmarks" / "references"
RATE = HEARING_RATE_HZ


@lru_cache
def clip(name: str) -> np.ndarray:
    audio = read_audio(CLIPS / f"{name}.ogg")
    return at_rate(audio.samples, audio.rate_hz, RATE)


def tone(hz: float, seconds: float, rate_hz: int = RATE) -> np.ndarray:
    """A buzz with ten harmonics."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 11)).astype(np.float32) * 0.1


@pytest.mark.parametrize("hz", [80.0, 110.0, 220.0, 330.0])
def test_pitch_is_found_in_a_buzz(hz: float) -> None:
    found = pitch_track(tone(hz, 2.0), RATE)
    np.testing.assert_allclose(found[5:-5], hz, rtol=0.01)  # lags of a 8 kHz signal, interpolated
    assert melody(tone(hz, 2.0), RATE)[0] == pytest.approx(hz, rel=0.01)


def test_noise_and_too_little_voice_have_no_melody() -> None:
    noise = np.random.default_rng(1).normal(size=3 * RATE).astype(np.float32) * 0.1
    assert melody(noise, RATE) == (0.0, 0.0)
    assert melody(tone(120.0, 0.6), RATE) == (0.0, 0.0)


def test_registers_of_the_bundled_clips() -> None:
    # by ear and by an independent tracker (pYIN): 230, 93, 99, 97 Hz
    for name, hz in (("kennedy", 240), ("austen", 95), ("cards", 100), ("numbers", 102)):
        assert melody(clip(name), RATE)[0] == pytest.approx(hz, rel=0.1)


def test_clips_that_do_not_serve_are_refused_with_a_reason() -> None:
    activity = SileroVad()
    with pytest.raises(UserError, match="silent"):
        reference_speech(np.zeros(5 * RATE, np.float32), activity)
    with pytest.raises(UserError, match="silent"):
        reference_speech(np.zeros(0, np.float32), activity)
    with pytest.raises(UserError, match=f"at least {LEAST_SPEECH_S:g} s"):
        reference_speech(clip("kennedy")[: 2 * RATE], activity)
    with pytest.raises(UserError, match=f"at least {LEAST_SPEECH_S:g} s"):
        reference_speech(tone(150.0, 8.0), activity)
    rng = np.random.default_rng(2)
    crowd = clip("kennedy") + clip("kennedy").std() * rng.normal(size=len(clip("kennedy"))).astype(np.float32)
    with pytest.raises(UserError, match="something else sounds"):
        reference_speech(crowd, activity)


def test_pauses_are_left_out_of_the_speech() -> None:
    speech = clip("cards")[: 6 * RATE]
    gapped = np.concatenate([speech[: 3 * RATE], np.zeros(4 * RATE, np.float32), speech[3 * RATE :]])
    found = reference_speech(gapped, SileroVad())
    assert len(found) < len(speech) + RATE


def test_whispering_has_no_register_to_take() -> None:
    noise = np.random.default_rng(3).normal(size=4 * RATE).astype(np.float32) * 0.05
    with pytest.raises(UserError, match="no pitch"):
        lean(noise, None, lambda sound, rate_hz: np.ones(4) / 2, VOICES["heart"])  # type: ignore[arg-type]


def test_a_voice_comes_nearer_to_a_clip_and_stays_a_value() -> None:
    try:
        encoder = SpeakerEncoder()
    except EngineUnavailable as error:
        pytest.skip(str(error))
    model, text = HibariVoice(), HibariText()
    speech = reference_speech(clip("cards"), SileroVad())
    found = lean(speech, rehearsal(model, text), encoder.embed, VOICES["heart"], tries=0)  # without the long search
    assert found.similarity_after > found.similarity_before + 0.1
    assert found.ceiling > found.similarity_after
    assert found.reference_f0_hz == pytest.approx(100, rel=0.1)
    assert found.spec.name == "heart" and found.spec.delivery.transpose_semitones < -6
    account = reference_json(Reference(Path("some/where/cards.ogg"), True), found)
    assert account["clip"] == "cards.ogg" and account["consent"] is True and account["method"] == "lean"
    assert account["gap_closed"] == pytest.approx(found.closed, abs=1e-3)

    # frame by frame: a slice shaped alone is the slice of the whole
    encoding = model.encode("ðə kˈæptɪn.")
    frames = np.maximum(2, np.round(encoding.durations * (encoding.duration_s / model.hop_s))).astype(int)
    f0_hz, energy = model.prosody(encoding, frames)
    decoded = model.decode(encoding, frames, f0_hz, energy)
    whole = shaped_frames(decoded, found.spec.timbre)
    part = shaped_frames(cut(decoded, 20, 30), found.spec.timbre)
    assert np.abs(part.parts[0] - decoded.parts[0][:, 20:30]).max() > 0.1
    np.testing.assert_allclose(part.parts[0], whole.parts[0][:, 20:30], atol=1e-4)


def test_consent_and_kind_of_voice_are_asked_for_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = CLIPS / "cards.ogg"
    with pytest.raises(UserError, match="--i-have-consent"):
        check_voice("heart", Reference(there, False))
    with pytest.raises(UserError, match="no reference clip at"):
        check_voice("heart", Reference(tmp_path / "none.wav", True))
    with pytest.raises(UserError, match="cannot sound like a clip"):
        check_voice("kumo", Reference(there, True))
    with pytest.raises(UserError, match="holds no coqui model"):
        check_voice(f"coqui:{tmp_path}", Reference(there, True))
    out = tmp_path / "out.wav"
    assert main(["voice", "hello", "-o", str(out), "--reference", str(there)]) == 2
    assert "--i-have-consent" in capsys.readouterr().err and not out.exists()
