"""Kokoro-82M as a `TimedSpeaker`: phonemes and durations in, waveform out.

Aim: four women and a man whose style vectors and int8 export ship in Apache-2.0/MIT packages.  They were made for
Japanese, but the network reads English phonemes with any of them.  It is slower than speech on one thread, so it is for
answers prepared ahead, never for the stage.

The network (Kokoro-82M, a StyleTTS 2 descendant: Li et al. 2023, arXiv 2306.07691) is one ONNX graph; it is cut where
its durations have been rounded, so that a second piece can be told others.  With the network's own durations the two
pieces give what the whole gives (`tests/engines/test_kokoro.py`).  Nothing in it is random.

*Conventions.*  Durations are whole units of 25 ms; 24 kHz float32.  Tokens are misaki characters between the pads ``^``
and ``$``.  A style depends on the number of phonemes: row ``count − 1`` of the voice's table.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.engines.onnx_cut import Tensor, cut_graph, load_graph, session
from rapbot.engines.phoneme_input import check_misaki, padded_tokens
from rapbot.errors import EngineError
from rapbot.protocols import VOICE_RATE_HZ, Encoding, Spoken, Utterance

MODEL_NAME = "kokoro"  # in the manifest
GRAPH_FILE, VOCABULARY_FILE, STYLES_FILE = "kokoro-v1.0.int8.onnx", "vocab.json", "voices_ja.npz"
STYLES = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
UNIT_S = 0.025
MAX_PHONEMES = 500  # the style tables hold 510 rows
PAD_ID = 0

_TOKENS: Tensor = ("tokens", "int64", (1, "tokens"))
_STYLE: Tensor = ("style", "float32", (1, 256))
_SPEED: Tensor = ("speed", "float32", (1,))
_DURATIONS: Tensor = ("/encoder/Cast_output_0", "int64", (1, "tokens"))
_AUDIO: Tensor = ("audio", "float32", ("samples",))


class KokoroModel:
    """The two pieces of the graph and the tables; shared by all styles."""

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the files of the manifest's model `MODEL_NAME` (`rapbot.resources.weights_dir`)."""
        graph = load_graph(folder / GRAPH_FILE)
        self.durations = session(cut_graph(graph, (_TOKENS, _STYLE, _SPEED), (_DURATIONS,), MODEL_NAME))
        self.sound = session(cut_graph(graph, (_TOKENS, _STYLE, _DURATIONS), (_AUDIO,), MODEL_NAME))
        self.ids: dict[str, int] = json.loads((folder / VOCABULARY_FILE).read_text(encoding="utf-8"))["vocab"]
        with np.load(folder / STYLES_FILE) as tables:
            self.styles = {name: tables[name].reshape(-1, 256).astype(np.float32) for name in tables.files}


class KokoroSpeaker:
    """One style of Kokoro behind `rapbot.protocols.TimedSpeaker`; one thread."""

    rate_hz = VOICE_RATE_HZ
    dictates = True

    def __init__(self, model: KokoroModel, style: str) -> None:
        if style not in model.styles:
            raise ValueError(f"Kokoro has no style {style!r}: choose from {', '.join(sorted(model.styles))}")
        self._model = model
        self._table = model.styles[style]

    def natural(self, utterance: Utterance) -> Encoding:
        """Tokens with the network's own durations."""
        ids = self._ids(utterance.misaki)
        feed = {"tokens": ids, "style": self._style(ids), "speed": np.ones(1, np.float32)}
        durations = self._model.durations.run(None, feed)[0].reshape(-1)
        return Encoding(padded_tokens(utterance.misaki), durations.astype(float), UNIT_S, ())

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        """The line with these durations, or its own; ``seed`` changes nothing."""
        ids = self._ids(utterance.misaki)
        units = self.natural(utterance).durations if durations is None else np.asarray(durations)
        if units.shape != (ids.shape[1],) or units.min() < 1:
            raise ValueError(f"need one duration of at least 1 for each of {ids.shape[1]} tokens")
        whole = np.round(units).astype(np.int64)
        feed: dict[str, Any] = {"tokens": ids, "style": self._style(ids), _DURATIONS[0]: whole[None]}
        samples = self._model.sound.run(None, feed)[0].reshape(-1).astype(np.float32)
        if not np.isfinite(samples).all():
            raise EngineError(f"Kokoro made sound that is not finite from {utterance.misaki!r}")
        edges_s = np.concatenate([[0], np.cumsum(whole)]) * UNIT_S
        return Spoken(samples, self.rate_hz, padded_tokens(utterance.misaki), edges_s)

    def _ids(self, misaki: str) -> np.ndarray:
        check_misaki(misaki, self._model.ids.__contains__, MAX_PHONEMES)
        return np.asarray([[PAD_ID, *(self._model.ids[char] for char in misaki), PAD_ID]], np.int64)

    def _style(self, ids: np.ndarray) -> np.ndarray:
        count = ids.shape[1] - 2
        return self._table[min(count, len(self._table)) - 1][None]
