"""Speech to words with Whisper, through faster-whisper and CTranslate2, from weights on disk.

Aim: two ways of listening with one set of weights.  `FasterWhisper.transcribe` reads a whole clip in 30 s windows
(about half a second of work for each with tiny.en); `FasterWhisper.transcribe_window` reads up to a dozen seconds in
tens of milliseconds, for a caller that asks again every few hundred milliseconds.

Whisper (Radford et al. 2022, arXiv 2212.04356) was trained on windows of exactly 30 s.  An encoder run on a short
window is cheap, but the decoder then falls into repetition loops, because it never sees the silence that ends every
training window.  So the encoder output of silence, computed once when first needed, is appended to that of the short
window.

*Conventions.*  Input is 16 kHz mono float32 in [-1, 1].  Times are seconds from the first sample given.  Nothing here
samples at random: decoding is beam search at temperature 0, and the second try at a looping clip forbids repeats
instead of raising the temperature, so equal input gives equal words.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.errors import EngineError, EngineUnavailable
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import Word

WEIGHT_FILES = ("model.bin", "tokenizer.json", "config.json")

BEAM_SIZE = 5  # Whisper's own evaluation setting
WINDOW_BEAM_SIZE = 1  # greedy while streaming: the next update corrects it, and it is several times cheaper
FRAME_S = 0.02  # one encoder frame: two mel frames of 10 ms
MAX_WINDOW_S = 12.0  # beyond this the padded path costs little more and is more accurate
WINDOW_PAD_S = 2.0  # silence encoded with the window, so that its last word is not cut at the seam
TAIL_FRAMES = 500  # encoded silence appended to a short window; fewer frames bring the loops back
PRIMER_S = 2.0  # length of the sound before the silence whose encoding is kept
MIN_SAMPLES = HEARING_RATE_HZ // 10  # nothing under 100 ms holds a word, and the mel front end needs a few frames
MAX_TOKENS_PER_S = 8.0  # fast rap is about 6 tokens a second; more is a loop
SPARE_TOKENS = 8  # timestamps and end mark, on top of the tokens a window may hold
COMPRESSION_LIMIT = 2.4  # Whisper's own sign of a loop: text that zlib shrinks by more than this
REPEAT_NGRAM = 4  # no run of this many tokens may come twice in the second try at a looping clip
LANGUAGE_MAX_S = 30.0

_EDGES = re.compile(r"^[^\w'’]+|[^\w'’]+$")


def clean_word(token: str) -> str:
    """A recognised token without surrounding blanks and punctuation; empty where nothing pronounceable is left.

    Apostrophes stay, typewriter style ("'cause", "runnin'"): they carry the dropped sound.
    """
    bare = _EDGES.sub("", token).replace("’", "'")
    return bare if any(ch.isalnum() for ch in bare) else ""


def joined_words(pieces: Iterable[tuple[str, float, float, float]]) -> tuple[Word, ...]:
    """Words from recogniser pieces (text with its leading blank, start, end, probability).

    A piece that does not begin with a blank continues the word before it ("-ten" after " twenty").
    """
    merged: list[tuple[str, float, float, float]] = []
    for text, start_s, end_s, probability in pieces:
        if merged and text and not text[0].isspace():
            head, head_start_s, _, head_probability = merged[-1]
            merged[-1] = (head + text, head_start_s, end_s, min(head_probability, probability))
        else:
            merged.append((text, start_s, end_s, probability))
    words = []
    for text, start_s, end_s, probability in merged:
        if bare := clean_word(text):
            words.append(Word(bare, float(start_s), float(max(start_s, end_s)), float(min(1.0, max(0.0, probability)))))
    return tuple(words)


def looks_like_a_loop(text: str) -> bool:
    """Whisper's test for a decoder stuck in a loop: the text compresses far better than language does."""
    data = text.encode("utf-8")
    return len(data) > 0 and len(data) / len(zlib.compress(data)) > COMPRESSION_LIMIT


def primer() -> np.ndarray:
    """A syllable-like buzz (120 Hz pulses gated at 4 Hz): the sound before the silence whose encoding is kept.

    Any voiced sound does: real speech gave 19.8 % of words wrong, this 21.0 %, noise 22.2 %, silence alone 24.7 %.
    """
    times_s = np.arange(int(PRIMER_S * HEARING_RATE_HZ)) / HEARING_RATE_HZ
    pulses = sum(np.sin(2 * np.pi * 120.0 * harmonic * times_s) / harmonic for harmonic in range(1, 30))
    gate = np.sin(2 * np.pi * 4.0 * times_s) > 0
    return (0.1 * pulses * gate).astype(np.float32)


class FasterWhisper:
    """A Transcriber over the CTranslate2 weights in ``model_dir``; never asks a model hub for anything.

    ``language_code`` is the language decoded by a multilingual model ("en" unless told): the bot answers in English,
    and a fixed language saves a pass and keeps a hesitant first second from being read as Welsh.
    """

    def __init__(
        self, model_dir: Path | str, threads: int = 1, compute_type: str = "int8", language_code: str = "en"
    ) -> None:
        folder = Path(model_dir)
        missing = [name for name in WEIGHT_FILES if not (folder / name).is_file()]
        if missing:
            raise EngineUnavailable(
                f"whisper weights are incomplete ({', '.join(missing)}): run `rapbot models install`"
            )
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the loader must not fall back to a download
        try:
            import ctranslate2
            from faster_whisper import WhisperModel
            from faster_whisper.tokenizer import Tokenizer
        except ImportError as error:
            raise EngineUnavailable("faster-whisper is not installed: run `pip install faster-whisper`") from error
        self._storage = ctranslate2.StorageView
        try:
            self._model: Any = WhisperModel(
                str(folder), device="cpu", compute_type=compute_type, cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:  # what CTranslate2 raises on a damaged file or a bad compute type
            raise EngineUnavailable(
                f"whisper weights cannot be loaded ({error}): run `rapbot models install`"
            ) from error
        self.multilingual = bool(self._model.model.is_multilingual)
        self._language_code = language_code if self.multilingual else "en"
        self._tokenizer: Any = Tokenizer(
            self._model.hf_tokenizer, self.multilingual, task="transcribe", language=self._language_code
        )

    # ------------------------------------------------------------------------------------------------ whole clips

    def transcribe(self, samples: np.ndarray) -> tuple[Word, ...]:
        """Words of a clip of any length.

        No prompt in rap's style is given: over six clips it helped most and made tiny.en skip half of one verse.
        """
        clip = checked(samples)
        if len(clip) < MIN_SAMPLES:
            return ()
        words, text = self._decode(clip, no_repeat_ngram_size=0)
        if looks_like_a_loop(text):
            words, _ = self._decode(clip, no_repeat_ngram_size=REPEAT_NGRAM)
        return words

    def _decode(self, clip: np.ndarray, no_repeat_ngram_size: int) -> tuple[tuple[Word, ...], str]:
        segments, _ = self._model.transcribe(
            clip,
            language=self._language_code,
            beam_size=BEAM_SIZE,
            temperature=0.0,
            condition_on_previous_text=False,  # a mistake in one window must not poison the next
            word_timestamps=True,
            vad_filter=False,
            no_repeat_ngram_size=no_repeat_ngram_size,
        )
        heard = list(segments)
        pieces = ((word.word, word.start, word.end, word.probability) for one in heard for word in one.words or ())
        return joined_words(pieces), "".join(one.text for one in heard)

    def language(self, samples: np.ndarray) -> tuple[str, float]:
        """Most likely language code and its probability, from at most the first 30 s (multilingual weights only)."""
        clip = language_clip(samples, self.multilingual)
        code, probability, _ = self._model.detect_language(audio=clip)
        return str(code), float(probability)

    # ------------------------------------------------------------------------------------------------ short windows

    def transcribe_window(self, samples: np.ndarray, prefix: Sequence[str] = ()) -> tuple[Word, ...]:
        """Words of a window of at most 12 s that follow ``prefix``, words already settled at its start; fast.

        The decoder is made to begin with ``prefix`` and continues from there.  Times are good to about 0.1 s.  On sound
        without speech it invents words: ask a VoiceActivity first.
        """
        clip = checked(samples)
        if len(clip) > MAX_WINDOW_S * HEARING_RATE_HZ:
            raise ValueError(f"a window is at most {MAX_WINDOW_S} s long, got {len(clip) / HEARING_RATE_HZ:.1f} s")
        if len(clip) < MIN_SAMPLES:
            return ()
        encoded, window_frames = self._encode_window(clip)
        settled = self._tokenizer.encode(" " + " ".join(prefix)) if prefix else []
        start = [*self._tokenizer.sot_sequence, *([self._tokenizer.timestamp_begin, *settled] if settled else [])]
        room = max(0, int(len(clip) / HEARING_RATE_HZ * MAX_TOKENS_PER_S) - len(settled)) + SPARE_TOKENS
        result = self._model.model.generate(
            encoded,
            [start],
            beam_size=WINDOW_BEAM_SIZE,
            max_length=2 * (len(start) + room),  # CTranslate2 keeps half of it for a prompt
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        if tokens[: len(settled)] != settled:  # the forced beginning comes back with the rest
            raise EngineError("whisper did not begin with the words it was given")
        following = tokens[len(settled) :]
        return self._timed_words(encoded, settled, following, window_frames) if following else ()

    def _timed_words(
        self, encoded: Any, settled: list[int], following: list[int], window_frames: int
    ) -> tuple[Word, ...]:
        """Words of the tokens after the settled ones, with times from the decoder's attention over all of them."""
        aligned = self._model.find_alignment(self._tokenizer, [[*settled, *following]], encoded, 2 * window_frames)[0]
        last_s = window_frames * FRAME_S
        pieces = []
        position = 0
        for piece in aligned:
            if position >= len(settled):
                times_s = (min(last_s, piece["start"]), min(last_s, piece["end"]))
                pieces.append((piece["word"], *times_s, piece["probability"]))
            position += len(piece["tokens"])
        return joined_words(pieces)

    def _features(self, clip: np.ndarray, total_samples: int) -> Any:
        padded = np.zeros(total_samples, np.float32)
        padded[: len(clip)] = clip
        mel = self._model.feature_extractor(padded, padding=0)
        even = mel[:, : mel.shape[1] // 2 * 2]  # the encoder halves the rate
        return self._storage.from_array(np.ascontiguousarray(even[None].astype(np.float32)))

    def _encode_window(self, clip: np.ndarray) -> tuple[Any, int]:
        """Encoder output of the window with the silent tail behind it, and the frames that belong to the window."""
        total_samples = len(clip) + int(WINDOW_PAD_S * HEARING_RATE_HZ)
        window = np.array(self._model.model.encode(self._features(clip, total_samples)))
        seam = max(window.shape[1], int(1.5 * PRIMER_S / FRAME_S))  # past the primer, at the right position code
        joined = np.concatenate([window, self._silence[:, seam : seam + TAIL_FRAMES]], axis=1)
        return self._storage.from_array(np.ascontiguousarray(joined)), int(len(clip) / HEARING_RATE_HZ / FRAME_S)

    @cached_property
    def _silence(self) -> np.ndarray:
        """Encoder output of the primer and silence up to 30 s, shape (1, 1500, width)."""
        return np.array(self._model.model.encode(self._features(primer(), int(LANGUAGE_MAX_S * HEARING_RATE_HZ))))


def language_clip(samples: np.ndarray, multilingual: bool) -> np.ndarray:
    """What a language is told from: at most the first 30 s."""
    if not multilingual:
        raise EngineError("these whisper weights are English only: use 'whisper-base' to tell languages")
    clip = checked(samples)[: int(LANGUAGE_MAX_S * HEARING_RATE_HZ)]
    if len(clip) < MIN_SAMPLES:
        raise ValueError(f"a language needs at least {MIN_SAMPLES / HEARING_RATE_HZ} s of sound")
    return clip


def checked(samples: np.ndarray) -> np.ndarray:
    """The clip as contiguous float32; raises ValueError on a shape or values no recogniser can take."""
    clip = np.ascontiguousarray(samples, dtype=np.float32)
    if clip.ndim != 1:
        raise ValueError(f"samples must be mono, shape (frames,), got {clip.shape}")
    if not np.isfinite(clip).all():
        raise ValueError("samples must be finite")
    return clip
