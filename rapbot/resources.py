"""Where the package's data and the downloaded weights lie, and whether a set of weights can be trusted.

Aim: the same call finds a model in a checkout and in an installed wheel, and nothing half-downloaded is ever loaded.
`rapbot.engines.weights` fills the cache; this module only reads.

*Conventions.*  The top-level folder ``models/`` of a checkout is packed into the wheel as ``rapbot/_models``.
Downloaded weights live under ``cache_root()/weights/NAME`` with a marker file written last, inside a folder that was
renamed into place whole.  Sizes are bytes, digests lower-case hex SHA-256.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from rapbot.errors import EngineUnavailable, UserError

MANIFEST_NAME = "manifest.toml"
MARKER_NAME = "installed.json"  # written into a weights folder after every digest has been checked
INSTALL_HINT = "run `rapbot models install`"

ModelKind = Literal["download", "packaged", "ours"]


@dataclass(frozen=True)
class Part:
    """Bytes to take from a wheel: ``path`` inside the wheel of ``package`` at exactly ``version``."""

    package: str
    version: str
    path: str


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    ``target`` is its name in the weights folder (download), its path below the installed package's root (packaged) or
    below ``models/`` (ours).  ``parts`` are concatenated in order; empty unless the model is downloaded.
    """

    target: str
    sha256: str
    size_bytes: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Model:
    """One manifest entry.

    *download*: fetched by `rapbot models install` (``default`` says whether without being named).  *packaged*: comes
    with the installed dependency ``package``.  *ours*: in this project's own ``models/`` folder.
    """

    name: str
    kind: ModelKind
    what: str
    licence: str
    origin: str
    package: str
    version: str
    default: bool
    download_bytes: int
    files: tuple[ModelFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


# ------------------------------------------------------------------------------------------ files of this project


@lru_cache(maxsize=1)
def models_root() -> Path:
    """The folder that holds the manifest, the small weights and the arsenal."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_models", package.parent / "models"):  # installed wheel, then checkout
        if (folder / MANIFEST_NAME).is_file():
            return folder
    raise EngineUnavailable(
        "rapbot's models/ folder is missing: install rapbot again (`pip install --force-reinstall`)"
    )


def model_file(name: str) -> Path:
    """A file below `models_root()`, named with forward slashes; refuses a name that leads out of the folder."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"model file name must stay inside models/, got {name!r}")
    path = models_root() / relative
    if not path.exists():
        raise EngineUnavailable(
            f"model file '{name}' is missing: install rapbot again (`pip install --force-reinstall`)"
        )
    return path


# ------------------------------------------------------------------------------------------ the manifest


def parse_manifest(text: str) -> tuple[Model, ...]:
    """Models in the order of the file.  Raises ValueError where an entry is incomplete."""
    table = tomllib.loads(text)
    models = tuple(_model(entry) for entry in table.get("model", ()))
    names = [model.name for model in models]
    if len(set(names)) != len(names):
        raise ValueError("manifest names a model twice")
    return models


@lru_cache(maxsize=1)
def manifest() -> tuple[Model, ...]:
    """The manifest that ships with this version of rapbot."""
    return parse_manifest((models_root() / MANIFEST_NAME).read_text(encoding="utf-8"))


def model_named(name: str, models: tuple[Model, ...] | None = None) -> Model:
    """The manifest's entry of that name; ValueError naming the known ones."""
    known = manifest() if models is None else models
    for model in known:
        if model.name == name:
            return model
    raise ValueError(f"no model is called {name!r}; the manifest has {', '.join(model.name for model in known)}")


def _model(entry: dict[str, Any]) -> Model:
    try:
        kind = entry["kind"]
        if kind not in ("download", "packaged", "ours"):
            raise ValueError(f"model {entry['name']!r}: kind must be download, packaged or ours, got {kind!r}")
        return Model(
            name=entry["name"],
            kind=kind,
            what=entry["what"],
            licence=entry["licence"],
            origin=entry["origin"],
            package=entry.get("package", ""),
            version=entry.get("version", ""),
            default=entry.get("default", False),
            download_bytes=entry.get("download_bytes", 0),
            files=tuple(_file(file, kind) for file in entry["file"]),
        )
    except KeyError as missing:
        raise ValueError(f"model {entry.get('name', '?')!r}: the manifest lacks {missing}") from missing


def _file(entry: dict[str, Any], kind: str) -> ModelFile:
    parts = tuple(Part(part["package"], part["version"], part["path"]) for part in entry.get("parts", ()))
    if kind == "download" and not parts:
        raise ValueError(f"file {entry['target']!r} of a download names no parts")
    return ModelFile(entry["target"], entry["sha256"], entry["size_bytes"], parts)


# ------------------------------------------------------------------------------------------ downloaded weights


def cache_root() -> Path:
    """$RAPBOT_CACHE, else $XDG_CACHE_HOME/rapbot, else ~/.cache/rapbot (by its spec a relative XDG path is void)."""
    own = os.environ.get("RAPBOT_CACHE")
    if own:
        return Path(own).expanduser().absolute()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if xdg and Path(xdg).is_absolute() else _home() / ".cache"
    return base / "rapbot"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UserError("there is no home folder to keep weights in: set RAPBOT_CACHE to a writable folder") from error


def weights_root() -> Path:
    return cache_root() / "weights"


def weights_dir(name: str) -> Path:
    """Folder with the files of a downloaded model, after the cheap check (marker and sizes; no digest is computed)."""
    model = model_named(name)
    if model.kind != "download":
        raise ValueError(f"model {name!r} is not downloaded, it is {model.kind}")
    folder = weights_root() / name
    if not folder.is_dir():
        raise EngineUnavailable(f"weights '{name}' are not installed: {_install_hint(model)}")
    if weights_fault(model, folder) is not None:
        raise EngineUnavailable(f"weights '{name}' are damaged or out of date: {_install_hint(model)}")
    return folder


def _install_hint(model: Model) -> str:
    return INSTALL_HINT if model.default else f"run `rapbot models install {model.name}`"


def weights_fault(model: Model, folder: Path) -> str | None:
    """What the cheap check finds wrong in a weights folder, or None."""
    if marker_digests(folder) != {file.target: file.sha256 for file in model.files}:
        return "the marker file is missing or belongs to another version"
    for file in model.files:
        path = folder / file.target
        size_bytes = path.stat().st_size if path.is_file() else None
        if size_bytes != file.size_bytes:
            return f"{file.target} has {size_bytes} bytes, expected {file.size_bytes}"
    return None


def marker_digests(folder: Path) -> dict[str, str] | None:
    """Digests recorded when the folder was installed; None without a readable marker."""
    try:
        marker = json.loads((folder / MARKER_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    digests = marker.get("sha256") if isinstance(marker, dict) else None
    return digests if isinstance(digests, dict) else None
