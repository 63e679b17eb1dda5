"""Speech or not, from the silero network that ships inside faster-whisper.

Aim: one speech probability for each 32 ms of sound.  The network is recurrent; `SileroVad.probabilities` runs it over
the whole clip with its state carried from frame to frame, so a longer clip begins with exactly the values of its own
start.

*Conventions.*  16 kHz mono float32.  A frame is 512 samples; a tail shorter than a frame is not judged.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from rapbot.errors import EngineUnavailable

FRAME_SAMPLES = 512
CONTEXT_SAMPLES = 64  # the network sees this much of the frame before
STATE_SHAPE = (1, 1, 128)
BATCH_FRAMES = 2048  # about a minute: bounds memory on long clips


class SileroVad:
    """VoiceActivity by silero v6 in onnxruntime, one thread."""

    frame_samples = FRAME_SAMPLES

    @cached_property
    def _session(self) -> Any:
        try:
            import onnxruntime
            from faster_whisper.utils import get_assets_path
        except ImportError as error:
            raise EngineUnavailable(
                "voice activity needs faster-whisper and onnxruntime: run `pip install faster-whisper onnxruntime`"
            ) from error
        from pathlib import Path

        graph = Path(get_assets_path()) / "silero_vad_v6.onnx"
        if not graph.is_file():
            raise EngineUnavailable(
                "this faster-whisper has no silero_vad_v6.onnx: run `pip install faster-whisper==1.2.1`"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # the graph has harmless unused initialisers that would be warned about
        return onnxruntime.InferenceSession(str(graph), sess_options=options, providers=["CPUExecutionProvider"])

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Speech probability of each whole 512-sample frame, shape (len(samples) // 512,), float32."""
        return self.stream().feed(samples)

    def stream(self) -> SileroStream:
        """A fresh listener at the start of a recording."""
        return SileroStream(self._session)


class SileroStream:
    """The network with its state, fed piece by piece: the pieces' probabilities joined equal the whole clip's."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._hidden = np.zeros(STATE_SHAPE, np.float32)
        self._cell = np.zeros(STATE_SHAPE, np.float32)
        self._pending = np.zeros(0, np.float32)  # samples of a frame not yet complete
        self._context = np.zeros(CONTEXT_SAMPLES, np.float32)

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Speech probability of each frame that ``samples`` completes, float32."""
        block = np.asarray(samples, dtype=np.float32)
        if block.ndim != 1:
            raise ValueError(f"samples must be mono, shape (frames,), got {block.shape}")
        pending = np.concatenate([self._pending, block])
        frame_count = len(pending) // FRAME_SAMPLES
        used = frame_count * FRAME_SAMPLES
        self._pending = pending[used:]
        if frame_count == 0:
            return np.zeros(0, np.float32)
        frames = pending[:used].reshape(frame_count, FRAME_SAMPLES)
        context = np.concatenate([self._context[None], frames[:-1, -CONTEXT_SAMPLES:]])
        self._context = frames[-1, -CONTEXT_SAMPLES:]
        inputs = np.concatenate([context, frames], axis=1)
        parts = []
        for first in range(0, frame_count, BATCH_FRAMES):
            batch = inputs[first : first + BATCH_FRAMES]
            output, self._hidden, self._cell = self._session.run(
                None, {"input": batch, "h": self._hidden, "c": self._cell}
            )
            parts.append(np.asarray(output, dtype=np.float32).reshape(-1))
        return np.concatenate(parts)
