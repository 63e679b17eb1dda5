"""coqui-tts models the user brings (VITS, XTTS) as `TimedSpeaker`.

Aim: the same alignment contract for a voice rapbot neither ships nor fetches.  A VITS trained on phonemes (Kim et al.
2021, arXiv 2106.06103) is given our phonemes and our durations, so no phonemizer is needed.  A model that reads
letters, XTTS (Casanova et al. 2024, arXiv 2406.04904) above all, says the text in its own time, in the voice of a
reference clip where one is given; where its words lie is then found by forced alignment, or guessed where the aligner
refuses, and the waveform does the rest.

coqui-tts imports torchaudio, and from torch 2.9 on wants torchcodec; both are checked for here, because it would
otherwise fail with a page of text or a missing symbol.

*Conventions.*  A model is a folder with ``config.json`` and one checkpoint (``model.pth`` or the only ``*.pth``), as
coqui's own downloader leaves it.  What goes out is 24 kHz mono float32; the seed decides every random number.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.engines.phoneme_input import check_misaki, padded_tokens
from rapbot.engines.piper import ipa_of, shared_out
from rapbot.engines.sphinx import AlignedWord
from rapbot.errors import EngineError, EngineUnavailable, UserError
from rapbot.language.phones import MISAKI_VOWELS, arpabet
from rapbot.protocols import HEARING_RATE_HZ, VOICE_RATE_HZ, Encoding, Spoken, Utterance
from rapbot.rates import at_rate

LANGUAGE = "en"
MAX_PHONEMES = 500
CONFIG_FILE, CHECKPOINT_FILE = "config.json", "model.pth"
HOW = "run `pip install rapbot[coqui]` in an environment without the `torch` extra"
# Of a guessed length: a vowel is about twice a consonant, marks of stress are part of their vowel.
VOWEL_WEIGHT, CONSONANT_WEIGHT, PAUSE_WEIGHT = 2.0, 1.0, 0.3
TOKEN_LATE_S = 0.045  # in a `Spoken`, a vowel's sound starts about this long before its token (`ONSET_OFFSET_S`)
SILENT_BELOW = 0.02  # of the loudest sample: outside it the voice has not begun, or is over

Align = Callable[[np.ndarray, Sequence[str]], tuple[AlignedWord, ...] | None]
"""16 kHz mono sound and its words to where they lie, or None (`rapbot.engines.sphinx.SphinxAligner.align`)."""


def open_coqui(folder: Path, align: Align, reference: Path | None = None) -> VitsSpeaker | TextSpeaker:
    """The model in a folder, speaking like the clip ``reference`` where it is one that can.

    Raises:
        EngineUnavailable: coqui-tts, torch, torchaudio or torchcodec is missing or does not load.
        UserError: no such model or reference, or one that needs a reference and got none.
    """
    check_libraries()
    from TTS.config import load_config
    from TTS.tts.models import setup_model
    from TTS.tts.utils.text.characters import IPAPhonemes

    config_path, checkpoint = model_files(folder)
    if reference is not None and not reference.is_file():
        raise UserError(f"there is no reference clip at {reference}: give --reference an audio file")
    config = load_config(str(config_path))
    if config.model == "xtts":
        if reference is None:
            raise UserError("an XTTS model speaks like a clip: give one with --reference CLIP --i-have-consent")
        model = setup_model(config)
        model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
        return TextSpeaker(_said_by(model, reference), int(config.audio.output_sample_rate), align)
    if config.model != "vits":
        raise UserError(f"{config_path} describes a model of kind '{config.model}': rapbot speaks with vits and xtts")
    phonemes = bool(config.use_phonemes)
    if phonemes:  # ours are given to it, so espeak is not wanted and letters are not to be cleaned
        config.use_phonemes, config.text_cleaner = False, None
        if config.characters is None or not config.characters.characters_class:
            config = IPAPhonemes.init_from_config(config)[1]
            config.characters.characters_class = "TTS.tts.utils.text.characters.IPAPhonemes"
    model = vits_from(config)
    model.load_checkpoint(config, str(checkpoint), eval=True)
    if phonemes:
        return VitsSpeaker(model, reference)
    return TextSpeaker(_said_by(model, reference), int(config.audio.sample_rate), align)


def check_libraries() -> None:
    """Import what coqui-tts imports; one line where something is missing or broken."""
    import importlib

    for name in ("torch", "torchaudio", "torchcodec", "TTS"):
        try:
            if name == "torchcodec":
                _check_torchcodec()
            else:
                importlib.import_module(name)
        except (ImportError, OSError, AttributeError, RuntimeError) as error:  # a binary for another torch: OSError
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise EngineUnavailable(f"coqui voices need a {name} that loads ({reason}): {HOW}") from error


def _check_torchcodec() -> None:
    """coqui-tts asks for it beside torch 2.9 and later, though it only looks whether it is there."""
    import importlib.util

    import torch

    major, minor = (int(part) for part in torch.__version__.split(".")[:2])
    if (major, minor) >= (2, 9) and importlib.util.find_spec("torchcodec") is None:
        raise ImportError(f"torch {major}.{minor} wants it beside torchaudio")


def model_files(folder: Path) -> tuple[Path, Path]:
    """The configuration and the checkpoint in a model's folder."""
    config = folder / CONFIG_FILE
    if not config.is_file():
        raise UserError(f"{folder} holds no coqui model: it needs {CONFIG_FILE} and {CHECKPOINT_FILE}")
    named = folder / CHECKPOINT_FILE
    if named.is_file():
        return config, named
    found = sorted(path for path in folder.glob("*.pth") if path.stem not in ("speakers", "speakers_xtts", "dvae"))
    if len(found) != 1:
        raise UserError(f"{folder} holds {len(found)} checkpoints: keep the one to use as {CHECKPOINT_FILE}")
    return config, found[0]


def vits_from(config: Any) -> Any:
    """An untrained VITS of that configuration."""
    from TTS.tts.models.vits import Vits

    return Vits(config)


class VitsSpeaker:
    """A VITS that reads phonemes, behind `rapbot.protocols.TimedSpeaker`; its durations are ours."""

    rate_hz = VOICE_RATE_HZ
    dictates = True

    def __init__(self, model: Any, reference: Path | None = None) -> None:
        self._model = model.eval()
        self._model.inference_noise_scale_dp = 0.0  # a natural length is a length, not a draw
        self._reference = reference
        self._own_rate_hz = int(model.config.audio.sample_rate)

    def natural(self, utterance: Utterance) -> Encoding:
        """Tokens with the network's own durations.  The library computes no durations without also making the sound."""
        tokens = padded_tokens(utterance.misaki)
        owners = self._owners(utterance.misaki)
        samples, units = self._made(utterance.misaki, owners, None, 0)
        return Encoding(tokens, _per_token(units, owners, len(tokens)), self._unit_s(samples, units), ())

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        """The line with these durations (fractions allowed), or its own; the noise comes from ``seed``."""
        tokens = padded_tokens(utterance.misaki)
        owners = self._owners(utterance.misaki)
        told = None
        if durations is not None:
            wanted = np.asarray(durations, float)
            if wanted.shape != (len(tokens),) or wanted.min() < 0:
                raise ValueError(f"need one duration of at least 0 for each of {len(tokens)} tokens")
            _, natural = self._made(utterance.misaki, owners, None, 0)
            told = shared_out(wanted, natural, owners)
        samples, units = self._made(utterance.misaki, owners, told, seed)
        edges = np.concatenate([[0.0], np.cumsum(_per_token(units, owners, len(tokens)))])
        edges_s = edges * self._unit_s(samples, units)
        return Spoken(at_rate(samples, self._own_rate_hz, self.rate_hz), self.rate_hz, tokens, edges_s)

    def _made(
        self, misaki: str, owners: np.ndarray, durations: np.ndarray | None, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sound at the model's rate, and the units each of its symbols lasts."""
        import torch

        extra = {} if durations is None else {"durations": torch.as_tensor(durations, dtype=torch.float32)[None]}
        with seeded(seed):
            out = self._model.synthesize(
                ipa_of(misaki),
                speaker=_first_speaker(self._model, self._reference),
                speaker_wav=_path(self._reference),
                language=LANGUAGE if self._model.language_manager.num_languages > 1 else None,
                extra_aux_input=extra,
            )
        samples = np.atleast_1d(np.asarray(out["wav"], np.float32))
        units = out["outputs"]["durations"].detach().cpu().numpy().reshape(-1).astype(float)
        if not np.isfinite(samples).all():
            raise EngineError(f"the coqui model made sound that is not finite from {misaki!r}")
        if len(units) != len(owners):
            raise EngineError(f"the coqui model read {len(units)} symbols where {len(owners)} were meant")
        return samples, units

    def _unit_s(self, samples: np.ndarray, units: np.ndarray) -> float:
        return len(samples) / self._own_rate_hz / max(float(units.sum()), 1.0)

    def _owners(self, misaki: str) -> np.ndarray:
        """For each symbol the model will read, the token it belongs to; blanks belong to the symbol before them."""
        tokenizer = self._model.tokenizer
        known = set(tokenizer.characters.vocab)
        check_misaki(misaki, lambda char: all(part in known for part in ipa_of(char)), MAX_PHONEMES)
        symbols = [token for token, char in enumerate(misaki, start=1) for _ in ipa_of(char)]
        owners = [0, *(token for token in symbols for _ in range(2))] if tokenizer.add_blank else symbols
        if tokenizer.use_eos_bos:
            owners = [0, *owners, len(misaki) + 1]
        return np.asarray(owners)


class TextSpeaker:
    """A model that reads text and keeps its own time, behind `rapbot.protocols.TimedSpeaker`."""

    rate_hz = VOICE_RATE_HZ
    dictates = False

    def __init__(self, say: Callable[[str, int], np.ndarray], own_rate_hz: int, align: Align) -> None:
        """``say`` turns a text and a seed into mono float32 at ``own_rate_hz``."""
        self._say = say
        self._own_rate_hz = own_rate_hz
        self._align = align

    def natural(self, utterance: Utterance) -> Encoding:
        """Never asked: it does not take durations."""
        raise ValueError("this voice keeps its own time")

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        """The line in the model's own time, its tokens laid where the aligner finds the words."""
        if durations is not None:
            raise ValueError("this voice keeps its own time: it takes no durations")
        if not utterance.words:
            raise ValueError("nothing to say: a voice that reads text needs words")
        text = " ".join(word.text + word.after for word in utterance.words)
        made = np.asarray(self._say(text, seed), np.float32).reshape(-1)
        if len(made) == 0 or not np.isfinite(made).all():
            raise EngineError(f"the voice made no sound that can be used from {text!r}")
        samples = at_rate(made, self._own_rate_hz, self.rate_hz)
        found = self._align(at_rate(made, self._own_rate_hz, HEARING_RATE_HZ), [w.text for w in utterance.words])
        tokens = padded_tokens(utterance.misaki)
        edges_s = token_edges(utterance, found, sounding_s(samples, self.rate_hz), len(samples) / self.rate_hz)
        return Spoken(samples, self.rate_hz, tokens, edges_s)


# --------------------------------------------------------------------------------------------------- where tokens lie


def token_edges(
    utterance: Utterance, found: Sequence[AlignedWord] | None, sounding: tuple[float, float], end_s: float
) -> np.ndarray:
    """Edges of ``^``, the misaki characters and ``$``, seconds, increasing; `TOKEN_LATE_S` after the sound.

    Inside an aligned word vowels lie where the aligner has them, if it counts as many, and the rest is shared out by
    weight; without an alignment all of the line is.
    """
    misaki = utterance.misaki
    anchors: dict[int, float] = {}  # token index in the string -> where it starts
    at = 0
    for index, word in enumerate(utterance.words):
        first = misaki.index(word.misaki, at)
        at = first + len(word.misaki)
        if found is None:
            continue
        one = found[index]
        anchors[first], anchors[at] = one.start_s, one.end_s
        vowels = [k for k in range(first, at) if misaki[k] in MISAKI_VOWELS]
        heard = [phone.start_s for phone in one.phones if phone.phone in _ARPABET_VOWELS]
        if len(vowels) == len(heard):
            for k, start_s in zip(vowels, heard, strict=True):
                anchors[k - 1 if k > first and misaki[k - 1] in "ˈˌ" else k] = start_s
    if not anchors:
        anchors = {0: sounding[0], len(misaki.rstrip(" ,.!?;:…—")): sounding[1]}
    weights = np.asarray([_weight(char) for char in misaki])
    reached = np.concatenate([[0.0], np.cumsum(weights)])
    known = sorted(anchors)
    places = np.maximum.accumulate([anchors[k] for k in known])
    inner = np.interp(reached, reached[known], places) + TOKEN_LATE_S
    return np.maximum.accumulate(np.clip(np.concatenate([[0.0], inner, [end_s]]), 0.0, end_s))


def _weight(char: str) -> float:
    if char in MISAKI_VOWELS:
        return VOWEL_WEIGHT
    if char in "ˈˌ":
        return 1e-3  # not nothing: edges increase
    return CONSONANT_WEIGHT if char.isalpha() else PAUSE_WEIGHT


_ARPABET_VOWELS = {phone.rstrip("012") for vowel in MISAKI_VOWELS for phone in arpabet(vowel)}


def sounding_s(samples: np.ndarray, rate_hz: int) -> tuple[float, float]:
    """From the first to the last sample loud enough to be heard."""
    loud = np.flatnonzero(np.abs(samples) > SILENT_BELOW * np.abs(samples).max(initial=0.0))
    if len(loud) == 0:
        return 0.0, len(samples) / rate_hz
    return float(loud[0]) / rate_hz, float(loud[-1] + 1) / rate_hz


# --------------------------------------------------------------------------------------------------- the library


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's random numbers from a seed, and afterwards as they were."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _said_by(model: Any, reference: Path | None) -> Callable[[str, int], np.ndarray]:
    def say(text: str, seed: int) -> np.ndarray:
        with seeded(seed):
            out = model.synthesize(
                text, speaker=_first_speaker(model, reference), speaker_wav=_path(reference), language=LANGUAGE
            )
        return np.asarray(out["wav"], np.float32)

    return say


def _first_speaker(model: Any, reference: Path | None) -> str | None:
    """Some speaker of a model that has several, where no clip says which voice to take."""
    manager = getattr(model, "speaker_manager", None)
    names = [] if reference is not None or manager is None else sorted(getattr(manager, "name_to_id", ()) or ())
    return names[0] if names else None


def _path(reference: Path | None) -> str | None:
    return None if reference is None else str(reference)


def _per_token(units: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(owners, units, minlength=count)
