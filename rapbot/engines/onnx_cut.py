"""Cutting a piece out of an ONNX graph, so that what lies at the cut is ours to decide.

Aim: exported voices predict how long each sound lasts somewhere in the middle.  A graph of its own from any tensors to
any others lets us read that tensor in one piece and dictate it to the next, with the weights untouched.

*Conventions.*  A tensor is (name, kind, shape) with kind ``int64`` or ``float32``; a string in a shape is a free
dimension.  Names are those of one exact export, which the manifest pins by digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rapbot.errors import EngineError, EngineUnavailable

Tensor = tuple[str, str, tuple[int | str, ...]]


def cut_graph(model: Any, inputs: Sequence[Tensor], outputs: Sequence[Tensor], export: str) -> bytes:
    """The nodes of a loaded model that lead from ``inputs`` to ``outputs``, as a model of their own.

    ``export`` says whose graph this was written for, should it turn out to be another.

    Raises:
        EngineError: an output does not exist, or one of the model's own inputs is needed and not among ``inputs``.
    """
    onnx = _onnx()
    given = {name for name, _, _ in inputs}
    maker_of = {name: index for index, node in enumerate(model.graph.node) for name in node.output}
    needed: set[int] = set()
    tensors: set[str] = set()
    waiting = [name for name, _, _ in outputs]
    while waiting:
        name = waiting.pop()
        if name in given or name in tensors:
            continue
        tensors.add(name)
        if name in maker_of and maker_of[name] not in needed:
            needed.add(maker_of[name])
            waiting.extend(model.graph.node[maker_of[name]].input)
    lost = [name for name, _, _ in outputs if name not in maker_of]
    stray = sorted({entry.name for entry in model.graph.input} & tensors)
    if lost or stray:
        raise EngineError(f"the graph is not that of {export} (at {', '.join([*lost, *stray])})")
    kinds = {"int64": onnx.TensorProto.INT64, "float32": onnx.TensorProto.FLOAT}

    def described(tensors_here: Sequence[Tensor]) -> list[Any]:
        return [onnx.helper.make_tensor_value_info(name, kinds[kind], shape) for name, kind, shape in tensors_here]

    graph = onnx.helper.make_graph(
        [node for index, node in enumerate(model.graph.node) if index in needed],
        "piece",
        described(inputs),
        described(outputs),
        [tensor for tensor in model.graph.initializer if tensor.name in tensors],
    )
    piece = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return piece.SerializeToString()


def load_graph(path: Path) -> Any:
    """The model in a file, weights included."""
    return _onnx().load(str(path))


def session(model: str | bytes) -> Any:
    """An onnxruntime session over a file or a serialized model, on one thread: the cores are shared with the rest."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise EngineUnavailable("cutting a voice's graph needs onnx: run `pip install onnx`") from error
    return onnx
