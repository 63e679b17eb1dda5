"""Speech to words with OpenAI's own Whisper code, on the same weights as `rapbot.engines.whisper`: the reference.

Aim: tell a fault of the fast path (int8, CTranslate2) from a fault of the model.  The weights on disk are
CTranslate2's, stored as fp16; repacking them for openai-whisper loses nothing.  It always reads windows of 30 s, in
float32 here, and costs several times what the fast path does, so it has no short-window mode.

*Conventions.*  As in `rapbot.engines.whisper`.  In the repacked state a name is openai-whisper's, a value a numpy
array. Comes with the extra ``torch``.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rapbot.engines.whisper import BEAM_SIZE, MIN_SAMPLES, WEIGHT_FILES, checked, joined_words, language_clip
from rapbot.errors import EngineUnavailable
from rapbot.values import Word

SPECIFICATION = "WhisperSpec"  # the model kind CTranslate2 writes into the file
# by CTranslate2's number for the type
STORED_TYPES: tuple[type[np.generic], ...] = (np.float32, np.int8, np.int16, np.int32, np.float16)
HEADS = "#heads"  # the one entry of a repacked state that is no tensor of it: attention heads a layer
FLOATING = (np.float32, np.float16)  # quantised files cannot be repacked without loss


class OpenAiWhisper:
    """A Transcriber by openai-whisper over the CTranslate2 weights in ``model_dir``."""

    def __init__(self, model_dir: Path | str, threads: int = 1, language_code: str = "en") -> None:
        folder = Path(model_dir)
        missing = [name for name in WEIGHT_FILES if not (folder / name).is_file()]
        if missing:
            names = ", ".join(missing)
            raise EngineUnavailable(f"whisper weights are incomplete ({names}): run `rapbot models install`")
        try:
            import torch
            import whisper
        except ImportError as error:
            raise EngineUnavailable("openai-whisper is not installed: run `pip install 'rapbot[torch]'`") from error
        torch.set_num_threads(threads)
        state = repacked(read_model(folder / "model.bin"))
        dimensions = whisper.model.ModelDimensions(**dimensions_of(state))
        self._model: Any = whisper.model.Whisper(dimensions)
        tensors = {name: torch.from_numpy(value.astype(np.float32)) for name, value in state.items() if name != HEADS}
        self._model.load_state_dict(tensors)
        mask = torch.zeros(dimensions.n_text_layer, dimensions.n_text_head, dtype=torch.bool)
        for layer, head in json.loads((folder / "config.json").read_text())["alignment_heads"]:
            mask[layer, head] = True  # the attention heads that follow the sound, for word times
        self._model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
        self._model.eval()
        self.multilingual = bool(self._model.is_multilingual)
        self._language_code = language_code if self.multilingual else "en"

    def transcribe(self, samples: np.ndarray) -> tuple[Word, ...]:
        """Words of a clip of any length."""
        clip = checked(samples)
        if len(clip) < MIN_SAMPLES:
            return ()
        result = self._model.transcribe(
            clip,
            language=self._language_code,
            beam_size=BEAM_SIZE,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            fp16=False,
            verbose=None,
        )
        return joined_words(
            (word["word"], float(word["start"]), float(word["end"]), float(word["probability"]))
            for segment in result["segments"]
            for word in segment["words"]
        )

    def language(self, samples: np.ndarray) -> tuple[str, float]:
        """Most likely language code and its probability, from at most the first 30 s (multilingual weights only)."""
        clip = language_clip(samples, self.multilingual)
        import whisper

        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(clip), n_mels=self._model.dims.n_mels)
        _, probabilities = self._model.detect_language(mel)
        code = max(sorted(probabilities), key=probabilities.__getitem__)
        return str(code), float(probabilities[code])


# --------------------------------------------------------------------------------------------------- CTranslate2's file


def read_model(path: Path) -> dict[str, np.ndarray]:
    """Every variable of a CTranslate2 model file, by its name there.

    Raises:
        EngineUnavailable: the file is damaged or not a Whisper model.
    """
    try:
        with path.open("rb") as file:
            return _variables(file)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise EngineUnavailable(f"{path.name} is damaged ({error}): run `rapbot models install`") from error


def _variables(file: BinaryIO) -> dict[str, np.ndarray]:
    _number(file, "<I")  # version of the container
    specification = _text(file)
    if specification != SPECIFICATION:
        raise ValueError(f"holds {specification!r}, not {SPECIFICATION!r}")
    _number(file, "<I")  # revision of the specification
    variables: dict[str, np.ndarray] = {}
    for _ in range(_number(file, "<I")):
        name = _text(file)
        shape = [_number(file, "<I") for _ in range(_number(file, "<B"))]
        stored = STORED_TYPES[_number(file, "<B")]
        size_bytes = _number(file, "<I")
        data = file.read(size_bytes)
        if len(data) != size_bytes:
            raise ValueError(f"ends inside {name}")
        variables[name] = np.frombuffer(data, stored).reshape(shape)
    for _ in range(_number(file, "<I")):  # two names for one variable
        alias = _text(file)
        variables[alias] = variables[_text(file)]
    return variables


def _number(file: BinaryIO, layout: str) -> int:
    (value,) = struct.unpack(layout, file.read(struct.calcsize(layout)))
    return int(value)


def _text(file: BinaryIO) -> str:
    return file.read(_number(file, "<H"))[:-1].decode("ascii")  # ends in a zero byte


# --------------------------------------------------------------------------------------------------- openai's names


def repacked(variables: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """openai-whisper's state; `HEADS` is the one entry that is no tensor of it.

    CTranslate2 fuses query, key and value (key and value for attention on the sound) into one matrix; whisper keeps
    them apart, and its key has no bias.
    """
    state: dict[str, np.ndarray] = {HEADS: variables["encoder/num_heads"]}

    def copy(target: str, source: str) -> None:
        value = variables[source]
        if value.dtype not in FLOATING:
            raise EngineUnavailable("quantised whisper weights cannot be repacked: run `rapbot models install`")
        state[target] = value

    def linear(target: str, source: str) -> None:
        copy(f"{target}.weight", f"{source}/weight")
        copy(f"{target}.bias", f"{source}/bias")

    def norm(target: str, source: str) -> None:
        copy(f"{target}.weight", f"{source}/gamma")
        copy(f"{target}.bias", f"{source}/beta")

    def fused(target: str, source: str, names: tuple[str, ...]) -> None:
        weights = np.split(variables[f"{source}/weight"], len(names))
        biases = np.split(variables[f"{source}/bias"], len(names))
        for name, weight, bias in zip(names, weights, biases, strict=True):
            state[f"{target}.{name}.weight"] = weight
            if name != "key":
                state[f"{target}.{name}.bias"] = bias

    for number in (1, 2):
        linear(f"encoder.conv{number}", f"encoder/conv{number}")
    copy("encoder.positional_embedding", "encoder/position_encodings/encodings")
    norm("encoder.ln_post", "encoder/layer_norm")
    copy("decoder.token_embedding.weight", "decoder/embeddings/weight")
    copy("decoder.positional_embedding", "decoder/position_encodings/encodings")
    norm("decoder.ln", "decoder/layer_norm")
    for side in ("encoder", "decoder"):
        for layer in range(layer_count(variables, side)):
            source, target = f"{side}/layer_{layer}", f"{side}.blocks.{layer}"
            fused(f"{target}.attn", f"{source}/self_attention/linear_0", ("query", "key", "value"))
            linear(f"{target}.attn.out", f"{source}/self_attention/linear_1")
            norm(f"{target}.attn_ln", f"{source}/self_attention/layer_norm")
            if side == "decoder":
                linear(f"{target}.cross_attn.query", f"{source}/attention/linear_0")
                fused(f"{target}.cross_attn", f"{source}/attention/linear_1", ("key", "value"))
                linear(f"{target}.cross_attn.out", f"{source}/attention/linear_2")
                norm(f"{target}.cross_attn_ln", f"{source}/attention/layer_norm")
            linear(f"{target}.mlp.0", f"{source}/ffn/linear_0")
            linear(f"{target}.mlp.2", f"{source}/ffn/linear_1")
            norm(f"{target}.mlp_ln", f"{source}/ffn/layer_norm")
    return state


def layer_count(variables: dict[str, np.ndarray], side: str) -> int:
    count = 0
    while f"{side}/layer_{count}/ffn/linear_0/weight" in variables:
        count += 1
    return count


def dimensions_of(state: dict[str, np.ndarray]) -> dict[str, int]:
    """openai-whisper's model dimensions, read off the shapes."""

    def layers(side: str) -> int:
        return sum(name.startswith(f"{side}.blocks.") and name.endswith(".mlp.0.weight") for name in state)

    heads = int(state[HEADS])
    frames, audio_width = state["encoder.positional_embedding"].shape
    text_length, text_width = state["decoder.positional_embedding"].shape
    return {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": frames,
        "n_audio_state": audio_width,
        "n_audio_head": heads,
        "n_audio_layer": layers("encoder"),
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": text_length,
        "n_text_state": text_width,
        "n_text_head": heads,
        "n_text_layer": layers("decoder"),
    }
