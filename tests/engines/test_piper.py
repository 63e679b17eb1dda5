"""The Piper voice: durations dictated, noise from the seed.  Skipped where its weights were not asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.engines.piper import MODEL_NAME, UNIT_S, PiperSpeaker, shared_out
from rapbot.errors import EngineUnavailable
from rapbot.language.phones import MISAKI_VOWELS
from rapbot.protocols import Utterance
from rapbot.resources import model_named, weights_dir
from rapbot.voicing.voices import SPOKEN_VOICES

LINE = Utterance((), "ɡˌO hˈOm, ʤˈʌʤ.")  # the engine reads only the phonemes


@pytest.fixture(scope="module")
def speaker() -> PiperSpeaker:
    try:
        folder: Path = weights_dir(MODEL_NAME)
    except EngineUnavailable as error:
        pytest.skip(str(error))
    return PiperSpeaker(folder)


def test_it_is_never_a_default_and_says_why() -> None:
    model = model_named(MODEL_NAME)
    assert not model.default and "unclear" in model.licence
    assert "licence unclear" in SPOKEN_VOICES["joe"].licence and not SPOKEN_VOICES["joe"].live


def test_sound_is_as_long_as_its_tokens(speaker: PiperSpeaker) -> None:
    natural = speaker.natural(LINE)
    assert natural.tokens == ("^", *LINE.misaki, "$")
    told = natural.durations.copy()
    told[3] += 10  # the first vowel
    own, longer = speaker.speak(LINE, None, 0), speaker.speak(LINE, told, 0)
    for spoken, units in ((own, natural.durations), (longer, told)):
        assert np.isfinite(spoken.samples).all() and np.abs(spoken.samples).max() > 0.05
        assert np.diff(spoken.edges_s) == pytest.approx(units * UNIT_S)
        assert len(spoken.samples) == pytest.approx(spoken.edges_s[-1] * spoken.rate_hz, abs=1)


def test_its_own_durations_told_back_are_its_own_sound(speaker: PiperSpeaker) -> None:
    own = speaker.speak(LINE, None, 3)
    told = speaker.speak(LINE, speaker.natural(LINE).durations, 3)
    assert own.samples.tobytes() == told.samples.tobytes()


def test_the_noise_comes_from_the_seed(speaker: PiperSpeaker) -> None:
    first, again, other = (speaker.speak(LINE, None, seed).samples for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.shape == other.shape and first.tobytes() != other.tobytes()


def test_every_sound_of_the_text_engine_has_one_here(speaker: PiperSpeaker) -> None:
    for char in sorted(MISAKI_VOWELS | set("bdfɡhjklmnŋpɹsʃtTɾθðvwzʒʤʧ") | set(',.!?—…"“”();: ')):
        spoken = speaker.natural(Utterance((), f"ˈa{char}"))
        assert len(spoken.durations) == 5


def test_arguments_are_checked(speaker: PiperSpeaker) -> None:
    with pytest.raises(ValueError, match="no sound for '💥'"):
        speaker.natural(Utterance((), "bˈu💥m"))
    with pytest.raises(ValueError, match="empty"):
        speaker.natural(Utterance((), " "))
    with pytest.raises(ValueError, match="longer than the voice's 500"):
        speaker.natural(Utterance((), "a" * 501))
    with pytest.raises(ValueError, match="one duration"):
        speaker.speak(LINE, np.ones(3), 0)


@given(
    st.lists(st.tuples(st.floats(0, 40), st.lists(st.floats(0.5, 20), min_size=1, max_size=4)), min_size=1, max_size=20)
)
def test_sharing_out_loses_no_time(tokens: list[tuple[float, list[float]]]) -> None:
    wanted = np.asarray([length for length, _ in tokens])
    natural = np.asarray([part for _, parts in tokens for part in parts])
    owners = np.repeat(np.arange(len(tokens)), [len(parts) for _, parts in tokens])
    whole = shared_out(wanted, natural, owners)
    assert (whole >= 0).all() and (whole == np.round(whole)).all()
    per_token = np.bincount(owners, whole, minlength=len(wanted))
    assert np.abs(np.cumsum(per_token) - np.cumsum(wanted)).max() <= 0.5 + 1e-6
