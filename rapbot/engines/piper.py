"""A Piper voice (VITS) as a `TimedSpeaker`, without piper-tts and without espeak.

Aim: the voice ``joe``, from its own ONNX file, with the phonemes rapbot already has.  Its packagers tag it MIT and its
card CC0, but it was fine-tuned from ``lessac``, whose recordings are licensed for research only: whoever installs it
decides for themselves, and nothing chooses it unasked.

VITS (Kim et al. 2021, arXiv 2106.06103) draws noise in two places.  The duration predictor's is turned off, because its
only use here is a natural length; the sound's becomes an input of its own, so that a seed decides it.

*Conventions.*  Durations are in units of 256 samples at 22,050 Hz (11.6 ms), a whole number a symbol; what goes out is
resampled to 24 kHz.  Tokens are misaki characters between ``^`` and ``$``; each stands for one or two symbols of
espeak's IPA, every symbol followed by a blank, and owns their durations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.engines.onnx_cut import Tensor, cut_graph, load_graph, session
from rapbot.engines.phoneme_input import PAD_END, PAD_START, check_misaki, padded_tokens
from rapbot.errors import EngineError
from rapbot.protocols import VOICE_RATE_HZ, Encoding, Spoken, Utterance
from rapbot.rates import at_rate

MODEL_NAME = "piper-joe"  # in the manifest
GRAPH_FILE, SETTINGS_FILE = "en_US-joe-medium.onnx", "en_US-joe-medium.onnx.json"
PIPER_RATE_HZ = 22_050
UNIT_SAMPLES = 256
UNIT_S = UNIT_SAMPLES / PIPER_RATE_HZ
CHANNELS = 192  # of the latent the noise is added to
NOISE = 0.5  # a little under the card's 0.667: less gravel on stretched vowels
MAX_PHONEMES = 500
BLANK = "_"

IPA_OF = {
    "A": "eɪ", "I": "aɪ", "W": "aʊ", "Y": "ɔɪ", "O": "oʊ", "Q": "əʊ", "ʤ": "dʒ", "ʧ": "tʃ", "ᵊ": "ə", "T": "ɾ",
    "ᵻ": "ɪ", "g": "ɡ", "“": "", "”": "", "—": ",", "…": ".", "(": ",", ")": ",",
}  # fmt: skip

_INPUT: Tensor = ("input", "int64", (1, "symbols"))
_LENGTH: Tensor = ("input_lengths", "int64", (1,))
_SCALES: Tensor = ("scales", "float32", (3,))
_DURATIONS: Tensor = ("/Ceil_output_0", "float32", (1, 1, "symbols"))
_NOISE: Tensor = ("/RandomNormalLike_output_0", "float32", (1, CHANNELS, "frames"))
_AUDIO: Tensor = ("output", "float32", (1, 1, 1, "samples"))


class PiperSpeaker:
    """The voice joe behind `rapbot.protocols.TimedSpeaker`; one thread."""

    rate_hz = VOICE_RATE_HZ
    dictates = True

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the files of the manifest's model `MODEL_NAME` (`rapbot.resources.weights_dir`)."""
        graph = load_graph(folder / GRAPH_FILE)
        self._durations = session(cut_graph(graph, (_INPUT, _LENGTH, _SCALES), (_DURATIONS,), MODEL_NAME))
        given = (_INPUT, _LENGTH, _SCALES, _DURATIONS, _NOISE)
        self._sound = session(cut_graph(graph, given, (_AUDIO,), MODEL_NAME))
        settings = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        self._ids: dict[str, list[int]] = settings["phoneme_id_map"]

    def natural(self, utterance: Utterance) -> Encoding:
        """Tokens with the network's own durations."""
        symbols, owners = self._symbols(utterance.misaki)
        tokens = padded_tokens(utterance.misaki)
        durations = np.bincount(owners, self._natural(symbols), minlength=len(tokens))
        return Encoding(tokens, durations, UNIT_S, ())

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        """The line with these durations (in units, fractions allowed), or its own; the noise comes from ``seed``."""
        symbols, owners = self._symbols(utterance.misaki)
        tokens = padded_tokens(utterance.misaki)
        natural = self._natural(symbols)
        whole = natural
        if durations is not None:
            wanted = np.asarray(durations, float)
            if wanted.shape != (len(tokens),) or wanted.min() < 0:
                raise ValueError(f"need one duration of at least 0 for each of {len(tokens)} tokens")
            whole = shared_out(wanted, natural, owners)
        frames = int(whole.sum())
        noise = np.random.default_rng(seed).standard_normal((1, CHANNELS, frames), np.float32)
        feed: dict[str, Any] = {
            **self._feed(symbols),
            _DURATIONS[0]: whole[None, None].astype(np.float32),
            _NOISE[0]: noise,
        }
        wanted_inputs = {entry.name for entry in self._sound.get_inputs()}
        samples = self._sound.run(None, {name: feed[name] for name in wanted_inputs})[0].reshape(-1)
        if not np.isfinite(samples).all():
            raise EngineError(f"the voice made sound that is not finite from {utterance.misaki!r}")
        per_token = np.bincount(owners, whole, minlength=len(tokens))
        edges_s = np.concatenate([[0], np.cumsum(per_token)]) * UNIT_S
        return Spoken(at_rate(samples, PIPER_RATE_HZ, self.rate_hz), self.rate_hz, tokens, edges_s)

    def _natural(self, symbols: np.ndarray) -> np.ndarray:
        return self._durations.run(None, self._feed(symbols))[0].reshape(-1).astype(float)

    @staticmethod
    def _feed(symbols: np.ndarray) -> dict[str, np.ndarray]:
        scales = np.asarray([NOISE, 1.0, 0.0], np.float32)  # noise of the sound, length, noise of the durations
        return {"input": symbols[None], "input_lengths": np.asarray([len(symbols)], np.int64), "scales": scales}

    def _symbols(self, misaki: str) -> tuple[np.ndarray, np.ndarray]:
        """Symbol numbers with their blanks, and for each the token that owns it."""
        check_misaki(misaki, lambda char: all(part in self._ids for part in ipa_of(char)), MAX_PHONEMES)
        blank = self._ids[BLANK]
        symbols, owners = [*self._ids[PAD_START], *blank], [0, 0]
        for token, char in enumerate(misaki, start=1):
            for part in ipa_of(char):
                symbols += [*self._ids[part], *blank]
                owners += [token, token]
        symbols += self._ids[PAD_END]
        owners.append(len(misaki) + 1)
        return np.asarray(symbols, np.int64), np.asarray(owners)


def ipa_of(misaki: str) -> str:
    """espeak's spelling of a misaki string, as such models were trained on."""
    return "".join(IPA_OF.get(char, char) for char in misaki)


def shared_out(wanted: np.ndarray, natural: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Whole units for every symbol: each token's wanted length among its symbols as they would share it themselves."""
    out = np.zeros(len(owners))
    ends = np.round(np.cumsum(wanted))
    lengths = np.diff(ends, prepend=0)
    for token in range(len(wanted)):
        mine = np.flatnonzero(owners == token)
        if len(mine):
            shares = natural[mine] / max(natural[mine].sum(), 1e-9)
            out[mine] = np.diff(np.round(np.cumsum(shares) * lengths[token]), prepend=0)
    return out
