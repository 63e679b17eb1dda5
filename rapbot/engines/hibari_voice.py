"""hibari-tts as an `AcousticModel`: one exported network cut into three, so that durations, pitch and energy are ours.

Aim: hibari (Apache-2.0), a 6 M-parameter distillation of Kokoro, ships as one ONNX graph from phonemes to vocoder
frames.  A voice on a musical grid must decide how long each sound lasts, so the graph is cut at three places: after the
text encoder and its duration head, after the prosody head, and before the decoder.  The cut is exact: run with the
network's own durations, the three parts give the same bits as the whole (`tests/engines/test_hibari_voice.py`).

*Conventions.*  Node names are those of hibari-tts 0.2.1, which is why the version is pinned.  Durations come out in
units of 25 ms (`Encoding.duration_s`), decoder frames last 12.5 ms (`hop_s`), audio is 24 kHz.  Tokens are the misaki
characters between the pads ``^`` and ``$``.  The parts are cut once and kept in the user's cache under a name that
holds the source graph's digest; where the cache cannot be written they are cut again in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rapbot.engines import hibari_vocoder
from rapbot.engines.hibari_vocoder import VocoderState
from rapbot.engines.onnx_cut import Tensor, cut_graph, load_graph, session
from rapbot.engines.phoneme_input import check_misaki, padded_tokens
from rapbot.errors import EngineUnavailable
from rapbot.protocols import VOICE_RATE_HZ, Encoding, SpeechFrames
from rapbot.resources import cache_root

HOP_S = 0.0125  # hibari.dsp.HOP / SR
DURATION_S = 0.025  # one unit of the duration head: two decoder frames
VOICED_HZ = 40.0  # hibari.dsp.pulses treats anything lower as unvoiced
CONTEXT_FRAMES = 12  # measured: more changes the sound by less than its noise does
MAX_TOKENS = 500  # the encoder was trained on sentences up to 400 phonemes; attention is quadratic beyond
EXPORT = "hibari-tts 0.2.1"
CUT_VERSION = 1  # raise it when the parts below change, so that old cached parts are not used


@dataclass(frozen=True)
class _Part:
    """One piece of the graph: the tensors where it is cut."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


_DURATIONS: Tensor = ("/Sub_output_0", "float32", (1, "tokens"))  # before rounding
_FOR_DECODER: Tensor = ("/Transpose_22_output_0", "float32", (1, 128, "tokens"))
_FOR_PROSODY: Tensor = ("/Transpose_55_output_0", "float32", (1, 192, "tokens"))
_F0: Tensor = ("f0", "float32", (1, "frames"))
_ENERGY: Tensor = ("/Mul_62_output_0", "float32", (1, "frames"))
_TEXT = _Part("text", (("ids", "int64", (1, "tokens")),), (_DURATIONS, _FOR_DECODER, _FOR_PROSODY))
_PROSODY = _Part("prosody", (("/Gather_33_output_0", "float32", (1, 192, "units")),), (_F0, _ENERGY))
_DECODER = _Part(
    "decoder",
    (("/Reshape_42_output_0", "float32", (1, 128, "frames")), _F0, _ENERGY),
    tuple((name, "float32", (1, 601, "frames")) for name in ("lh", "theta", "ln", "lr", "phi")),
)
_PARTS = (_TEXT, _PROSODY, _DECODER)


class HibariVoice:
    """The ``heart`` voice of hibari-tts behind `rapbot.protocols.AcousticModel`; deterministic, one thread."""

    rate_hz = VOICE_RATE_HZ
    hop_s = HOP_S

    def __init__(self, cache: Path | None = None) -> None:
        source = source_graph()
        folder = cache if cache is not None else cache_root() / "hibari"
        self._text, self._prosody, self._decoder = (_session(part, source, folder) for part in _PARTS)
        self._ids: dict[str, int] = json.loads((source.parent / "vocab.json").read_text(encoding="utf-8"))

    def encode(self, misaki: str) -> Encoding:
        """Tokens with the network's own durations (fractional, at least one unit) and both sets of text features."""
        check_misaki(misaki, self._ids.__contains__, MAX_TOKENS)
        ids = np.asarray([[0, *(self._ids[char] for char in misaki), 0]], np.int64)
        durations, text, prosody = self._text.run(None, {"ids": ids})
        return Encoding(padded_tokens(misaki), np.maximum(1.0, durations.reshape(-1)), DURATION_S, (text, prosody))

    def prosody(self, encoding: Encoding, frames_per_token: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pitch (Hz, 0 unvoiced) and energy, one value a decoder frame.

        The prosody head works on 25 ms units; odd frame counts are met by running it at the nearest whole number of
        units and stretching each token's curve to its own frames.
        """
        frames = _checked_frames(encoding, frames_per_token)
        units = np.maximum(1, np.round(frames / 2)).astype(int)
        per_unit = np.repeat(np.arange(len(units)), units)
        features = np.ascontiguousarray(encoding.features[1][:, :, per_unit])
        f0_hz, energy = (out[0] for out in self._prosody.run(None, {_PROSODY.inputs[0][0]: features}))
        if np.array_equal(2 * units, frames):
            return f0_hz, energy  # bit for bit what the whole graph would use
        unit_edges = np.concatenate([[0], np.cumsum(2 * units)])
        frame_edges = np.concatenate([[0], np.cumsum(frames)])
        at = np.interp(np.arange(frame_edges[-1]) + 0.5, frame_edges, unit_edges) - 0.5
        return resample_pitch(f0_hz, at), resample_linear(energy, at)

    def decode(
        self,
        encoding: Encoding,
        frames_per_token: np.ndarray,
        f0_hz: np.ndarray,
        energy: np.ndarray,
        span: tuple[int, int] | None = None,
    ) -> SpeechFrames:
        """Vocoder frames (log harmonic, phase, log noise, log residual, residual phase), each (601, frames).

        Only those of ``span`` where one is given: the network sees `CONTEXT_FRAMES` on either side of it, beyond which
        nothing it hears changes what it says.
        """
        frames = _checked_frames(encoding, frames_per_token)
        total = int(frames.sum())
        if f0_hz.shape != (total,) or energy.shape != (total,):
            raise ValueError(f"pitch {f0_hz.shape} and energy {energy.shape} must both have shape ({total},)")
        first, last = (0, total) if span is None else span
        if not 0 <= first < last <= total:
            raise ValueError(f"the span {first}..{last} does not lie within the {total} frames")
        low, high = max(0, first - CONTEXT_FRAMES), min(total, last + CONTEXT_FRAMES)
        token_of = np.repeat(np.arange(len(frames)), frames)[low:high]
        pitch = np.asarray(f0_hz, np.float32)
        out = self._decoder.run(
            None,
            {
                _DECODER.inputs[0][0]: np.ascontiguousarray(encoding.features[0][:, :, token_of]),
                _DECODER.inputs[1][0]: pitch[None, low:high],
                _DECODER.inputs[2][0]: np.asarray(energy, np.float32)[None, low:high],
            },
        )
        # one frame after the other in memory: everything after this moves and adds whole frames
        parts = tuple(np.asfortranarray(part[0][:, first - low : last - low]) for part in out)
        return SpeechFrames(parts, pitch[first:last], HOP_S)

    def begin(self, seed: int) -> VocoderState:
        """A waveform that has not begun; the noise of its breathy part is drawn from ``seed``."""
        return hibari_vocoder.start(seed)

    def push(self, state: VocoderState, frames: SpeechFrames, last: bool = False) -> tuple[np.ndarray, VocoderState]:
        """Frames in, certain samples out: see `rapbot.engines.hibari_vocoder`."""
        return hibari_vocoder.push(state, frames, last)

    def synthesize(self, frames: SpeechFrames, seed: int) -> np.ndarray:
        """All of it at once: 24 kHz float32, 300 samples a frame."""
        if len(frames.f0_hz) < 2:
            raise ValueError("at least two frames are needed for a waveform")
        return hibari_vocoder.push(hibari_vocoder.start(seed), frames, last=True)[0]


def resample_linear(curve: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A curve read at fractional indexes, held at its ends."""
    return np.interp(at, np.arange(len(curve)), curve).astype(np.float32)


def resample_pitch(f0_hz: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Pitch read at fractional indexes: linear between two voiced values, else the nearer one; voicing stays crisp."""
    last = len(f0_hz) - 1
    nearest = f0_hz[np.clip(np.round(at).astype(int), 0, last)]
    low = np.clip(np.floor(at).astype(int), 0, last)
    high = np.minimum(low + 1, last)
    both = (f0_hz[low] > VOICED_HZ) & (f0_hz[high] > VOICED_HZ)
    return np.where(both, resample_linear(f0_hz, at), nearest).astype(np.float32)


def _checked_frames(encoding: Encoding, frames_per_token: np.ndarray) -> np.ndarray:
    frames = np.asarray(frames_per_token)
    if frames.shape != (len(encoding.tokens),) or not np.issubdtype(frames.dtype, np.integer) or frames.min() < 1:
        raise ValueError(f"need one whole number of frames, at least 1, for each of {len(encoding.tokens)} tokens")
    return frames


# --------------------------------------------------------------------------------------------------- cutting the graph


def source_graph() -> Path:
    """The graph inside the installed hibari package."""
    try:
        import hibari
    except ImportError as error:
        raise EngineUnavailable("the voice needs hibari-tts: run `pip install hibari-tts==0.2.1`") from error
    path = Path(hibari.__file__).parent / "assets" / "hibari.onnx"
    if not path.is_file():
        raise EngineUnavailable("hibari-tts has lost its model: run `pip install --force-reinstall hibari-tts==0.2.1`")
    return path


def cut_parts(cache: Path | None = None) -> tuple[Path, ...]:
    """Cut the graph into the cache ahead of first use (`rapbot models install`); the files written or found."""
    source = source_graph()
    folder = cache if cache is not None else cache_root() / "hibari"
    digest = _digest(source)
    paths = tuple(_part_path(part, digest, folder) for part in _PARTS)
    for part, path in zip(_PARTS, paths, strict=True):
        if not path.is_file():
            _write_atomically(path, _cut(source, part))
    return paths


def _session(part: _Part, source: Path, folder: Path) -> Any:
    path = _part_path(part, _digest(source), folder)
    if path.is_file():
        with contextlib.suppress(*_damage_errors()):  # a damaged file: cut it again
            return session(str(path))
    piece = _cut(source, part)
    with contextlib.suppress(OSError):  # a read-only home: the cut in memory does as well, it only costs start time
        _write_atomically(path, piece)
    return session(piece)


def _damage_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for an unreadable graph; its exceptions share no base but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (state.InvalidProtobuf, state.InvalidGraph, state.Fail, state.NoSuchFile, state.InvalidArgument)


def _digest(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()[:16]


def _part_path(part: _Part, digest: str, folder: Path) -> Path:
    return folder / f"hibari-{digest}-v{CUT_VERSION}-{part.name}.onnx"


def _write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _cut(source: Path, part: _Part) -> bytes:
    return cut_graph(load_graph(source), part.inputs, part.outputs, EXPORT)
