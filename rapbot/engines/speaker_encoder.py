"""Who is speaking, as a direction in 256 dimensions: resemblyzer's speaker encoder in numpy.

Aim: a judge of whether two clips sound like one person, with neither torch nor the package itself.  The network is GE2E
(Wan et al. 2018, arXiv 1710.10467): three LSTM layers over 40 mel bands, a linear layer, a rectifier and unit length;
weights, window and step are those of resemblyzer 0.1.4 (Apache-2.0).  What differs: pauses are found by level instead
of by webrtcvad, and every clip is brought to the same level, so that loudness cannot look like a voice.

*Conventions.*  Clips are mono float32 at any rate of at least 16 kHz (the bands go up to 8 kHz).  Embeddings are
float32, shape (256,), of unit length and nowhere negative, so the cosine of two is their inner product, 0..1.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from rapbot.errors import EngineUnavailable
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.rates import at_rate

MODEL_NAME = "speaker-encoder"
WEIGHTS_FILE = "pretrained.pt"
INSTALL_COMMAND = f"rapbot models install {MODEL_NAME}"

N_FFT, HOP, BANDS = 400, 160, 40  # 25 ms windows every 10 ms
WINDOW_FRAMES, STEP_FRAMES = 160, 77  # 1.6 s, 1.3 times a second
LEAST_COVERAGE = 0.75  # a last window with less sound than this is left out, unless it is the only one
LAYERS, WIDTH = 3, 256
LEVEL_DB = -30.0  # what resemblyzer brings quiet clips to
PAUSE_BLOCK_S = 0.03
PAUSE_BELOW_DB = 30.0  # blocks quieter than this under the loud ones are a pause …
LOUD_PERCENTILE = 95
PAUSE_KEPT_BLOCKS = 3  # … of which this much is kept on either side of speech
LEAST_S = 0.25  # less than this of sound holds no voice
SPARE_POWER = 1e-12


class SpeakerEncoder:
    """The network; holds nothing but its weights."""

    def __init__(self, folder: Path | str | None = None) -> None:
        tensors = read_tensors(_weights_path(folder))
        try:
            self._layers = [
                (
                    np.ascontiguousarray(tensors[f"lstm.weight_ih_l{k}"].T),
                    np.ascontiguousarray(tensors[f"lstm.weight_hh_l{k}"].T),
                    tensors[f"lstm.bias_ih_l{k}"] + tensors[f"lstm.bias_hh_l{k}"],
                )
                for k in range(LAYERS)
            ]
            self._linear = np.ascontiguousarray(tensors["linear.weight"].T), tensors["linear.bias"]
        except KeyError as missing:
            raise _unreadable(f"no {missing}") from missing

    def embed(self, samples: np.ndarray, rate_hz: int) -> np.ndarray:
        """The voice in a clip.  Raises ValueError where there is no sound to judge."""
        return self.embed_speaker([samples], rate_hz)

    def embed_speaker(self, clips: Sequence[np.ndarray], rate_hz: int) -> np.ndarray:
        """One voice from several clips: the mean of their embeddings, every clip counting the same."""
        if not len(clips):
            raise ValueError("a voice needs at least one clip")
        windows = [_windows(mel_power(spoken(clip, rate_hz))) for clip in clips]
        found = self._network(np.concatenate(windows))
        edges = np.cumsum([len(w) for w in windows])[:-1]
        return _unit(np.mean([_unit(part.mean(axis=0)) for part in np.split(found, edges)], axis=0))

    def _network(self, mel: np.ndarray) -> np.ndarray:
        """(windows, frames, bands) to (windows, 256): all windows step through time together."""
        x = np.ascontiguousarray(mel.transpose(1, 0, 2))
        for into, again, bias in self._layers:
            x = _lstm(x @ into + bias, again)
        weight, bias = self._linear
        raw = np.maximum(x[-1] @ weight + bias, 0.0)
        return raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)


def _lstm(inputs: np.ndarray, again: np.ndarray) -> np.ndarray:
    """One layer over inputs already multiplied, (frames, windows, 4 · width), gates in torch's order i, f, g, o."""
    frames, windows, _ = inputs.shape
    hidden = np.zeros((windows, WIDTH), np.float32)
    cell = np.zeros((windows, WIDTH), np.float32)
    out = np.empty((frames, windows, WIDTH), np.float32)
    half = np.full(4 * WIDTH, 0.5, np.float32)  # a logistic is a tanh of half its argument
    half[2 * WIDTH : 3 * WIDTH] = 1.0
    for t in range(frames):
        gates = np.tanh((inputs[t] + hidden @ again) * half)
        keep, forget, offer, show = (gates[:, k * WIDTH : (k + 1) * WIDTH] for k in range(4))
        cell = 0.5 * ((forget + 1) * cell + (keep + 1) * offer)
        hidden = 0.5 * (show + 1) * np.tanh(cell)
        out[t] = hidden
    return out


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)


# --------------------------------------------------------------------------------------------------- sound to bands


def spoken(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The clip at 16 kHz and one level, long pauses taken out."""
    clip = np.asarray(samples, np.float32)
    if clip.ndim != 1 or not np.isfinite(clip).all():
        raise ValueError(f"a clip must be mono and finite, got shape {clip.shape}")
    if rate_hz < HEARING_RATE_HZ:
        raise ValueError(f"a voice cannot be judged below {HEARING_RATE_HZ} Hz, got {rate_hz}")
    clip = at_rate(clip, rate_hz, HEARING_RATE_HZ)
    block = round(PAUSE_BLOCK_S * HEARING_RATE_HZ)
    count = len(clip) // block
    if count * block < LEAST_S * HEARING_RATE_HZ:
        raise ValueError(f"a voice needs at least {LEAST_S} s of sound, got {len(clip) / HEARING_RATE_HZ:.2f} s")
    power = (clip[: count * block].reshape(count, block).astype(np.float64) ** 2).mean(axis=1)
    loud = float(np.percentile(power, LOUD_PERCENTILE))
    if loud <= SPARE_POWER:
        raise ValueError("the clip is silent")
    speech = power > loud * 10 ** (-PAUSE_BELOW_DB / 10)
    near = np.convolve(speech, np.ones(2 * PAUSE_KEPT_BLOCKS + 1), "same") > 0.5
    clip = clip[: count * block].reshape(count, block)[near].reshape(-1)
    level = float(np.sqrt((clip.astype(np.float64) ** 2).mean()))
    return (clip * (10 ** (LEVEL_DB / 20) / level)).astype(np.float32)


def mel_power(clip: np.ndarray) -> np.ndarray:
    """Power in 40 mel bands (not its logarithm), shape (frames, 40), frames centred 10 ms apart."""
    padded = np.pad(clip, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
    return (power @ mel_bands()).astype(np.float32)


@lru_cache(maxsize=1)
def mel_bands() -> np.ndarray:
    """(bins, bands) triangles of equal area on Slaney's mel scale: linear up to 1 kHz, logarithmic above."""
    step, log_step = 200.0 / 3, np.log(6.4) / 27
    knee = 1000.0 / step

    def hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < knee, mel * step, 1000.0 * np.exp(log_step * (mel - knee)))

    top = knee + np.log(HEARING_RATE_HZ / 2 / 1000.0) / log_step
    edges = hz(np.linspace(0.0, top, BANDS + 2))
    at = np.fft.rfftfreq(N_FFT, 1 / HEARING_RATE_HZ)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (edges[2:] - edges[:-2]))


def _windows(mel: np.ndarray) -> np.ndarray:
    """(windows, 160, bands): overlapping stretches; the last one is filled up with silence or left out."""
    starts = list(range(0, max(1, len(mel) - WINDOW_FRAMES + STEP_FRAMES), STEP_FRAMES))
    if len(starts) > 1 and len(mel) - starts[-1] < LEAST_COVERAGE * WINDOW_FRAMES:
        starts.pop()
    padded = np.pad(mel, ((0, max(0, starts[-1] + WINDOW_FRAMES - len(mel))), (0, 0)))
    return np.stack([padded[start : start + WINDOW_FRAMES] for start in starts])


# --------------------------------------------------------------------------------------------------- weights


def _weights_path(folder: Path | str | None) -> Path:
    if folder is None:
        from rapbot.resources import weights_dir

        folder = weights_dir(MODEL_NAME)
    path = Path(folder) / WEIGHTS_FILE
    if not path.is_file():
        raise EngineUnavailable(f"the speaker encoder's weights are missing: run `{INSTALL_COMMAND}`")
    return path


_STORED = {"FloatStorage": np.float32, "DoubleStorage": np.float64, "LongStorage": np.int64, "IntStorage": np.int32}


class _Tensor:
    """Where a tensor lies in a storage, in elements."""

    def __init__(self, storage: tuple[Any, ...], offset: int, size: Sequence[int], stride: Sequence[int]) -> None:
        self.kind, self.key = str(storage[1]), str(storage[2])
        self.offset, self.size, self.stride = int(offset), tuple(size), tuple(stride)


def _rebuilt(storage: tuple[Any, ...], offset: int, size: Any, stride: Any, *_unused: Any) -> _Tensor:
    return _Tensor(storage, offset, size, stride)


class _TorchUnpickler(pickle.Unpickler):
    """Reads what torch 1.x wrote and nothing else: a pickle that names any other code is refused, not run."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORED:
            return name
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"the weights name {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        return tuple(pid)


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors under ``model_state`` of a checkpoint in torch's old (un-zipped) format.

    Such a file is a magic number, a version and a system record, the pickled object, the keys of its storages, then
    each storage as a count and its elements.
    """
    try:
        with path.open("rb") as stream:
            for _ in range(3):
                _TorchUnpickler(stream).load()
            root = _TorchUnpickler(stream).load()
            keys = _TorchUnpickler(stream).load()
            storages = _storages(stream, keys, _kinds(root))
        return {name: _array(tensor, storages[tensor.key]) for name, tensor in root["model_state"].items()}
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> EngineUnavailable:
    return EngineUnavailable(f"the speaker encoder's weights cannot be read ({why}): run `{INSTALL_COMMAND} --force`")


def _kinds(value: Any) -> dict[str, Any]:
    """The element type of every storage a checkpoint mentions."""
    found: dict[str, Any] = {}
    open_values = [value]
    while open_values:
        value = open_values.pop()
        if isinstance(value, _Tensor):
            found[value.key] = _STORED[value.kind]
        elif isinstance(value, dict):
            open_values.extend(value.values())
        elif isinstance(value, (list, tuple)):
            open_values.extend(value)
    return found


def _storages(stream: IO[bytes], keys: Sequence[str], kinds: dict[str, Any]) -> dict[str, np.ndarray]:
    out = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little")
        kind = np.dtype(kinds[key])
        data = stream.read(count * kind.itemsize)
        if len(data) != count * kind.itemsize:
            raise EOFError("the file ends early")
        out[key] = np.frombuffer(data, kind)
    return out


def _array(tensor: _Tensor, storage: np.ndarray) -> np.ndarray:
    if len(tensor.size) == 0:
        return storage[tensor.offset]
    reach = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.size, tensor.stride, strict=True)) + 1
    if tensor.offset < 0 or min(tensor.stride) < 0 or reach > len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    strides = [step * storage.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.size, strides).astype(np.float32)
