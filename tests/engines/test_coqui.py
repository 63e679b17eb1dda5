"""coqui-tts for real: a tiny VITS with random weights, made from the library's own configuration, saved and loaded.

coqui-tts imports torchaudio, and no release of it loads beside torch 2.13.  What it is used for here is little, so a
test-only module of a few lines stands in its place (`stand_in_torchaudio`); torchcodec is only looked for, so an empty
one does.  Where coqui-tts is not installed (it wants an environment of its own) those tests are skipped; what needs no
library is tested everywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rapbot.engines import coqui
from rapbot.engines.coqui import TOKEN_LATE_S, TextSpeaker, VitsSpeaker, model_files, open_coqui, token_edges
from rapbot.engines.sphinx import AlignedPhone, AlignedWord
from rapbot.errors import EngineUnavailable, UserError
from rapbot.protocols import VOICE_RATE_HZ, Utterance
from rapbot.respond.performer import check_voice, open_performer
from rapbot.values import PronouncedWord

WORDS = (
    PronouncedWord("go", "ɡˌO", ("G", "OW2"), ""),
    PronouncedWord("home", "hˈOm", ("HH", "OW1", "M"), ","),
    PronouncedWord("judge", "ʤˈʌʤ", ("JH", "AH1", "JH"), "."),
)
LINE = Utterance(WORDS, "ɡˌO hˈOm, ʤˈʌʤ.")
VOWEL_TOKENS = [LINE.misaki.index(char) for char in ("ˌ", "ˈO", "ˈʌ")]


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def loads(name: str) -> bool:
    try:
        importlib.import_module(name)
    except (ImportError, OSError):  # missing, or built for another torch
        return False
    return True


def stand_in_torchaudio() -> dict[str, types.ModuleType]:
    """What coqui-tts uses of torchaudio: load, resample and a mel spectrogram; and an empty torchcodec."""
    import torch

    def load(path: str) -> tuple[Any, int]:
        import soundfile

        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        return torch.from_numpy(samples.T.copy()), rate_hz

    def resample(audio: Any, orig_freq: int, new_freq: int) -> Any:
        length = round(audio.shape[-1] * new_freq / orig_freq)
        shaped = audio.reshape(1, -1, audio.shape[-1])
        return torch.nn.functional.interpolate(shaped, size=length, mode="linear").reshape(*audio.shape[:-1], length)

    class Resample(torch.nn.Module):
        def __init__(self, orig_freq: int, new_freq: int) -> None:
            super().__init__()
            self.rates = orig_freq, new_freq

        def forward(self, audio: Any) -> Any:
            return resample(audio, *self.rates)

    class MelSpectrogram(torch.nn.Module):
        def __init__(self, n_fft: int = 400, hop_length: int = 200, n_mels: int = 80, **_: Any) -> None:
            super().__init__()
            self.shape = n_fft, hop_length, n_mels

        def forward(self, audio: Any) -> Any:
            size, hop, count = self.shape
            power = torch.stft(audio, size, hop, window=torch.hann_window(size), return_complex=True).abs() ** 2
            return torch.nn.functional.adaptive_avg_pool1d(power.transpose(-1, -2), count).transpose(-1, -2)

    out = {name: types.ModuleType(name) for name in ("torchaudio", "torchcodec")}
    for name in ("functional", "transforms"):
        out[f"torchaudio.{name}"] = types.ModuleType(f"torchaudio.{name}")
        setattr(out["torchaudio"], name, out[f"torchaudio.{name}"])
    for name, module in out.items():
        module.__spec__ = importlib.util.spec_from_loader(name, loader=None)  # find_spec asks for it
    out["torchaudio"].load = load  # type: ignore[attr-defined]
    out["torchaudio.functional"].resample = resample  # type: ignore[attr-defined]
    out["torchaudio.transforms"].Resample = Resample  # type: ignore[attr-defined]
    out["torchaudio.transforms"].MelSpectrogram = MelSpectrogram  # type: ignore[attr-defined]
    return out


@pytest.fixture(scope="module")
def library() -> Iterator[None]:
    """coqui-tts imported, over the stand-in where the real torchaudio is missing."""
    for name in ("torch", "coqpit", "trainer"):  # what coqui-tts brings; `TTS` itself cannot be imported to be asked
        if not installed(name):
            pytest.skip(f"coqui-tts is not installed here ({name} is missing): it needs an environment of its own")
    ours = {} if loads("torchaudio") else stand_in_torchaudio()
    sys.modules.update(ours)
    yield
    for name in ours:
        sys.modules.pop(name, None)


def saved_vits(folder: Path, use_phonemes: bool) -> Path:
    """A VITS small enough for a test, as a folder a user would have."""
    import torch
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import VitsArgs

    args = VitsArgs(
        hidden_channels=16, hidden_channels_ffn_text_encoder=16, num_heads_text_encoder=2, num_layers_text_encoder=1,
        num_layers_posterior_encoder=1, num_layers_flow=1, use_sdp=False,
        upsample_initial_channel_decoder=32, resblock_kernel_sizes_decoder=[3],
        resblock_dilation_sizes_decoder=[[1, 1, 1]],
    )  # fmt: skip
    config = VitsConfig(model_args=args, use_phonemes=False, phonemizer="espeak", phoneme_language="en-us")
    config.add_blank = True
    if use_phonemes:
        from TTS.tts.utils.text.characters import IPAPhonemes

        config = IPAPhonemes.init_from_config(config)[1]
        config.characters.characters_class = "TTS.tts.utils.text.characters.IPAPhonemes"
    torch.manual_seed(1)
    model = coqui.vits_from(config)
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    config.use_phonemes = use_phonemes
    config.save_json(str(folder / "config.json"))
    return folder


def never_asked(samples: np.ndarray, words: Any) -> None:
    raise AssertionError("a voice that takes our durations needs no aligner")


def refuses(samples: np.ndarray, words: Any) -> None:
    return None


# --------------------------------------------------------------------------------------------------- with the library


@pytest.fixture(scope="module")
def vits(library: None, tmp_path_factory: pytest.TempPathFactory) -> VitsSpeaker:
    speaker = open_coqui(saved_vits(tmp_path_factory.mktemp("vits"), use_phonemes=True), never_asked)
    assert isinstance(speaker, VitsSpeaker)
    return speaker


def test_a_vits_says_what_it_is_told_for_as_long_as_it_is_told(vits: VitsSpeaker) -> None:
    natural = vits.natural(LINE)
    assert natural.tokens == ("^", *LINE.misaki, "$")
    told = np.full(len(natural.tokens), 6.0)
    told[-1] = 0  # nothing is read at the end
    told[1 + VOWEL_TOKENS[1] + 1] = 20.0
    spoken = vits.speak(LINE, told, 4)
    assert spoken.rate_hz == VOICE_RATE_HZ and spoken.samples.dtype == np.float32
    assert np.isfinite(spoken.samples).all() and np.abs(spoken.samples).max() > 0
    assert np.diff(spoken.edges_s) == pytest.approx(told * natural.duration_s, rel=0.01)
    assert len(spoken.samples) / spoken.rate_hz == pytest.approx(spoken.edges_s[-1], abs=0.001)


def test_the_seed_decides(vits: VitsSpeaker) -> None:
    first, again, other = (vits.speak(LINE, None, seed).samples for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.shape == other.shape and first.tobytes() != other.tobytes()


def test_sounds_it_does_not_have_are_named(vits: VitsSpeaker) -> None:
    with pytest.raises(ValueError, match="no sound for '💥'"):
        vits.speak(Utterance((), "bˈu💥m"), None, 0)
    with pytest.raises(ValueError, match="one duration"):
        vits.speak(LINE, np.ones(3), 0)
    with pytest.raises(ValueError, match="empty"):
        vits.natural(Utterance((), " "))


def test_a_whole_take_on_the_grid(vits: VitsSpeaker) -> None:
    """Random weights say nothing, but what they say has the promised length and place."""
    from rapbot.voicing.spoken import SpokenVoice
    from rapbot.voicing.voices import SPOKEN_VOICES

    take = SpokenVoice(vits, SPOKEN_VOICES["kumo"]).render(WORDS, (0.0, 4.0, 8.0), 90.0)
    assert np.isfinite(take.samples).all() and np.abs(take.samples).max() <= 1
    assert [s.target_s for s in take.syllables] == pytest.approx([0.0, 2 / 3, 4 / 3])


def test_the_command_line_names_it_by_its_folder(library: None, tmp_path: Path) -> None:
    folder = saved_vits(tmp_path, use_phonemes=True)
    check_voice(f"coqui:{folder}")
    voice = open_performer(f"coqui:{folder}", None)  # type: ignore[arg-type]  # it has a model of its own
    take = voice.render(WORDS, (0, 4, 8), 90.0)
    assert voice.spec.name == f"coqui:{folder}" and len(take.syllables) == 3
    assert np.isfinite(take.samples).all() and np.abs(take.samples).max() > 0


def test_a_vits_that_reads_letters_is_aligned_instead(library: None, tmp_path: Path) -> None:
    speaker = open_coqui(saved_vits(tmp_path, use_phonemes=False), refuses)
    assert isinstance(speaker, TextSpeaker) and not speaker.dictates
    first, again = (speaker.speak(LINE, None, 3) for _ in range(2))
    assert first.samples.tobytes() == again.samples.tobytes() and len(first.samples) > 0
    assert len(first.edges_s) == len(first.tokens) + 1 and (np.diff(first.edges_s) >= 0).all()


def test_xtts_wants_a_clip(library: None, tmp_path: Path) -> None:
    from TTS.tts.configs.xtts_config import XttsConfig

    XttsConfig().save_json(str(tmp_path / "config.json"))
    (tmp_path / "model.pth").write_bytes(b"")
    with pytest.raises(UserError, match="--reference CLIP --i-have-consent"):
        open_coqui(tmp_path, refuses)
    with pytest.raises(UserError, match="no reference clip at"):
        open_coqui(tmp_path, refuses, tmp_path / "nobody.wav")


# --------------------------------------------------------------------------------------------------- without it


@pytest.mark.parametrize(
    "fault", [ImportError("No module named 'torchaudio'"), OSError("undefined symbol: _ZN3c10\nand more")]
)
def test_a_missing_or_broken_torchaudio_is_one_line(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    def broken(name: str, *_: Any) -> types.ModuleType:
        if name == "torchaudio":
            raise fault
        return types.ModuleType(name)

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(EngineUnavailable, match=r"need a torchaudio that loads \(.*\): run `pip install") as caught:
        coqui.check_libraries()
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_model_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json and model\.pth"):
        model_files(tmp_path)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="0 checkpoints"):
        model_files(tmp_path)
    (tmp_path / "best.pth").write_bytes(b"")
    (tmp_path / "speakers_xtts.pth").write_bytes(b"")
    assert model_files(tmp_path) == (tmp_path / "config.json", tmp_path / "best.pth")
    (tmp_path / "other.pth").write_bytes(b"")
    with pytest.raises(UserError, match="2 checkpoints"):
        model_files(tmp_path)


def test_tokens_lie_where_the_aligner_has_the_words() -> None:
    def word(text: str, *phones: tuple[str, float, float]) -> AlignedWord:
        return AlignedWord(text, phones[0][1], phones[-1][2], tuple(AlignedPhone(*phone) for phone in phones))

    found = (
        word("go", ("G", 0.30, 0.38), ("OW", 0.38, 0.60)),
        word("home", ("HH", 0.60, 0.66), ("OW", 0.66, 0.85), ("M", 0.85, 0.95)),
        word("judge", ("JH", 1.20, 1.30), ("AH", 1.30, 1.42), ("JH", 1.42, 1.55)),
    )
    edges_s = token_edges(LINE, found, (0.0, 2.0), 2.0)
    assert len(edges_s) == len(LINE.misaki) + 3
    assert [edges_s[1 + k] for k in VOWEL_TOKENS] == pytest.approx([s + TOKEN_LATE_S for s in (0.38, 0.66, 1.30)])
    assert edges_s[0] == 0 and edges_s[-1] == 2.0 and (np.diff(edges_s) >= 0).all()


def test_without_an_alignment_the_sounding_part_is_shared_out() -> None:
    edges_s = token_edges(LINE, None, (0.5, 1.5), 2.0)
    vowels_s = [edges_s[1 + k] for k in VOWEL_TOKENS]
    assert 0.5 < vowels_s[0] < vowels_s[1] < vowels_s[2] < 1.5 + TOKEN_LATE_S
    assert (np.diff(edges_s) >= 0).all() and edges_s[-1] == 2.0


def test_a_text_voice_is_heard_by_the_aligner_at_its_rate() -> None:
    heard: list[tuple[int, list[str]]] = []

    def align(samples: np.ndarray, words: Any) -> None:
        heard.append((len(samples), list(words)))

    said: list[tuple[str, int]] = []

    def say(text: str, seed: int) -> np.ndarray:
        said.append((text, seed))
        return np.random.default_rng(seed).uniform(-0.5, 0.5, 22_050).astype(np.float32)

    spoken = TextSpeaker(say, 22_050, align).speak(LINE, None, 7)
    assert said == [("go home, judge.", 7)] and heard == [(16_000, ["go", "home", "judge"])]
    assert len(spoken.samples) == VOICE_RATE_HZ and spoken.edges_s[-1] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="keeps its own time"):
        TextSpeaker(say, 22_050, align).speak(LINE, np.ones(5), 0)
