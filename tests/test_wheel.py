"""The wheel holds the package and its models, and nothing of the workshop.

`benchmarks/wheel_check.sh` goes on from here: it installs the wheel into a clean environment and answers a verse.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import rapbot

ROOT = Path(rapbot.__file__).resolve().parents[1]
MODELS = ROOT / "models"

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="not a checkout")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT)]
    if importlib.util.find_spec("hatchling") is not None:
        command.insert(-1, "--no-build-isolation")  # else pip fetches hatchling for the build
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    assert path.name == f"rapbot-{rapbot.__version__}-py3-none-any.whl"
    return zipfile.ZipFile(path)


def shipped_models() -> set[str]:
    """Every file below models/ but the scripts that made them and what Python leaves behind."""
    files = (path for path in MODELS.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(MODELS).as_posix() for path in files if path.suffix != ".py"}


def test_models_are_inside_byte_for_byte(wheel: zipfile.ZipFile) -> None:
    assert "manifest.toml" in shipped_models()
    inside = {name.removeprefix("rapbot/_models/") for name in wheel.namelist() if name.startswith("rapbot/_models/")}
    assert inside == shipped_models()
    for name in inside:
        assert wheel.read(f"rapbot/_models/{name}") == (MODELS / name).read_bytes(), name


def test_every_module_is_inside(wheel: zipfile.ZipFile) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rapbot").rglob("*.py")}
    assert modules <= set(wheel.namelist())


def test_nothing_else_is_inside(wheel: zipfile.ZipFile) -> None:
    info = f"rapbot-{rapbot.__version__}.dist-info/"
    strangers = [name for name in wheel.namelist() if not name.startswith(("rapbot/", info))]
    assert strangers == []
    assert not [name for name in wheel.namelist() if "__pycache__" in name or "/tests/" in name]


def test_licence_notice_and_command_are_inside(wheel: zipfile.ZipFile) -> None:
    info = f"rapbot-{rapbot.__version__}.dist-info/"
    assert "Version 2.0, January 2004" in wheel.read(f"{info}licenses/LICENSE").decode()
    assert "cmudict" in wheel.read(f"{info}licenses/NOTICE").decode()
    assert "rapbot = rapbot.cli:main" in wheel.read(f"{info}entry_points.txt").decode()


def test_heavy_extras_are_not_core(wheel: zipfile.ZipFile) -> None:
    metadata = wheel.read(f"rapbot-{rapbot.__version__}.dist-info/METADATA").decode()
    core = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert core
    assert not [line for line in core if any(name in line for name in ("torch", "openai-whisper", "coqui"))]


def test_an_unpacked_wheel_finds_its_models(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    program = "from rapbot import resources as r; print(r.models_root()); print(len(r.manifest()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    root, count = done.stdout.split()
    assert Path(root) == tmp_path / "rapbot" / "_models"
    assert int(count) > 0
