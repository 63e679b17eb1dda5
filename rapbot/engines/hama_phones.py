"""Phones without text: hama's English waveform CTC network.

Aim: where the vowels begin, for rap whose words may be misheard.  hama emits IPA symbols at the peaks of a CTC
posterior (20 ms frames); this engine maps them to ARPAbet and moves them back by the network's own delay.

*Conventions.*  16 kHz mono float32 in; `PhoneSpan` out, in order, a span reaching to the next phone's start (spans are
rough: only the onsets are calibrated).  Symbols carry no stress digit.  Symbols English has no phone for are dropped.

*Calibration.*  `ONSET_DELAY_S` is the median of (CTC emission - vowel onset by PocketSphinx forced alignment) over
twelve synthetic sentences (hibari) and one real one (jfk.wav); the spread around it is 10 ms (median absolute
deviation).  The hand-checked recording it is then measured on (acoustic_corpus) took no part.

*Chunks.*  The network attends over everything it is given, at quadratic cost, so a long clip is read in fixed pieces
laid from its first sample, each with context on both sides that is thrown away.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from rapbot.errors import EngineError, EngineUnavailable
from rapbot.values import PhoneSpan

FRAME_SAMPLES = 320  # one output frame
FRAME_S = 0.02
ONSET_DELAY_S = 0.070  # see *Calibration*
PIECE_FRAMES = 8 * 50  # 8 s: vowel F1 equals that of the whole file, longer only costs more
CONTEXT_FRAMES = 50  # 1 s on each side of a piece
MIN_FRAMES = 3
TEMPERATURE = 0.95  # hama's own decoding settings, kept
BLANK_BIAS = -0.1

#: hama's IPA symbols -> ARPAbet without stress.  Foreign symbols a confused network emits go to the nearest English
#: one.
ARPABET: dict[str, str] = {
    "a": "AA", "ä": "AA", "ã": "AA", "à": "AA", "å": "AO", "ɑ": "AA", "ɐ": "AH", "æ": "AE", "aɪ": "AY", "aʊ": "AW",
    "e": "EH", "ẽ": "EH", "ɛ": "EH", "eɪ": "EY", "eə": "EH", "ɘ": "AH", "ə": "AH", "ᵊ": "AH", "ʌ": "AH", "ɵ": "AH",
    "ɤ": "AH", "ɚ": "ER", "ɝ": "ER", "ɜ": "ER", "i": "IY", "ĩ": "IY", "ì": "IY", "ǐ": "IY", "ɪ": "IH", "ɨ": "IH",
    "ɪə": "IH", "y": "UW", "ʏ": "UH", "ɯ": "UW", "ɔ": "AO", "ɒ": "AA", "ɔɪ": "OY", "o": "OW", "õ": "OW", "oʊ": "OW",
    "ø": "ER", "œ": "ER", "u": "UW", "ũ": "UW", "ʉ": "UW", "ʊ": "UH", "ju": "UW", "ja": "AA", "je": "EH", "jo": "OW",
    "jʌ": "AH", "wa": "AA", "we": "EH", "wi": "IY", "wʌ": "AH", "ɯi": "IY",
    "b": "B", "ɓ": "B", "c": "K", "d": "D", "ɖ": "D", "ɗ": "D", "d͡ʒ": "JH", "f": "F", "ɸ": "F", "g": "G", "ɡ": "G",
    "h": "HH", "ɦ": "HH", "ħ": "HH", "j": "Y", "k": "K", "kʰ": "K", "k͈": "K", "l": "L", "ɫ": "L", "m": "M", "ɱ": "M",
    "n": "N", "ɲ": "N", "ñ": "N", "ŋ": "NG", "p": "P", "pʰ": "P", "p͈": "P", "r": "R", "ɹ": "R", "ɻ": "R", "ɽ": "R",
    "ɾ": "T", "s": "S", "s͈": "S", "ʂ": "SH", "ʃ": "SH", "ɕ": "SH", "t": "T", "tʰ": "T", "t͈": "T", "ʈ": "T",
    "t͡ʃ": "CH", "t͡ɕ": "CH", "t͡ɕʰ": "CH", "t͡ɕ͈": "CH", "v": "V", "β": "V", "ʋ": "V", "w": "W", "ɰ": "W", "x": "K",
    "χ": "K", "z": "Z", "ʐ": "ZH", "ʒ": "ZH", "ʑ": "ZH", "ð": "DH", "θ": "TH", "ʎ": "L", "ɮ": "L", "ɟ": "JH",
}  # fmt: skip


class HamaPhones:
    """PhoneRecognizer over the network packaged with hama."""

    @cached_property
    def _model(self) -> Any:
        try:
            from hama import ASRModel
        except ImportError as error:
            raise EngineUnavailable("the phone recogniser needs hama: run `pip install hama==1.7.0`") from error
        try:
            return ASRModel()
        except (RuntimeError, OSError) as error:  # no native library for this machine, or a damaged package
            raise EngineUnavailable(f"hama cannot run here ({error}): run `pip install hama==1.7.0`") from error

    def phones(self, samples: np.ndarray) -> tuple[PhoneSpan, ...]:
        """Phones of a clip of any length with calibrated onsets and rough ends."""
        clip = np.ascontiguousarray(samples, dtype=np.float32)
        if clip.ndim != 1:
            raise ValueError(f"samples must be mono, shape (frames,), got {clip.shape}")
        if not np.isfinite(clip).all():
            raise ValueError("samples must be finite")
        frame_count = len(clip) // FRAME_SAMPLES
        if frame_count < MIN_FRAMES:
            return ()
        posterior = np.concatenate(
            [self._piece(clip, first, frame_count) for first in range(0, frame_count, PIECE_FRAMES)]
        )
        tokens: list[str] = self._model.decoder_tokens
        return spans(best_path(posterior, int(self._model.blank_id)), tokens, len(clip) / FRAME_SAMPLES * FRAME_S)

    def _piece(self, clip: np.ndarray, first: int, frame_count: int) -> np.ndarray:
        """Log-probabilities of the frames of one piece, shape (frames, symbols), its context removed."""
        last = min(frame_count, first + PIECE_FRAMES)
        start = max(0, first - CONTEXT_FRAMES)
        stop = min(frame_count, last + CONTEXT_FRAMES)
        waveform = np.clip(clip[start * FRAME_SAMPLES : stop * FRAME_SAMPLES], -1.0, 1.0)
        feeds = {"waveform": waveform[None], "waveform_lengths": np.array([len(waveform)], np.int64)}
        try:
            log_probs, _ = self._model.session.run(["log_probs", "out_lengths"], feeds)
        except RuntimeError as error:
            raise EngineError(f"hama failed on {len(waveform)} samples: {error}") from error
        return np.asarray(log_probs[0], np.float32)[first - start : last - start]


def best_path(log_probs: np.ndarray, blank: int) -> list[tuple[int, int]]:
    """(frame, symbol) of every emission on the greedy CTC path: repeats and blanks removed."""
    scores = log_probs / TEMPERATURE
    scores[:, blank] += BLANK_BIAS
    path = scores.argmax(axis=1)
    changed = np.flatnonzero(np.diff(path, prepend=-1) != 0)
    return [(int(frame), int(path[frame])) for frame in changed if path[frame] != blank]


def spans(emissions: list[tuple[int, int]], tokens: list[str], clip_s: float) -> tuple[PhoneSpan, ...]:
    """ARPAbet spans of the emitted symbols, delay removed, each ending where the next emission (or word gap) begins."""
    onsets_s = [min(clip_s, max(0.0, frame * FRAME_S - ONSET_DELAY_S)) for frame, _ in emissions]
    ends_s = [*onsets_s, clip_s][1:]
    return tuple(
        PhoneSpan(ARPABET[tokens[symbol]], onset_s, end_s)
        for (_, symbol), onset_s, end_s in zip(emissions, onsets_s, ends_s, strict=True)
        if tokens[symbol] in ARPABET
    )
