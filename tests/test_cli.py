"""The command line: one line for a mistake, the promised exit codes, and a doctor that tells the truth."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tomllib
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from rapbot import __version__, cli
from rapbot.commands import doctor
from rapbot.commands import models as models_command
from rapbot.engines.weights import ModelState, Step
from rapbot.errors import EngineError, EngineUnavailable, UserError
from rapbot.resources import manifest

ROOT = Path(cli.__file__).resolve().parents[1]


def rapbot(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "rapbot.cli", *argv],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, **environment},
    )


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Installs a command named ``toy`` whose run() is the given function."""

    def install(run: Callable[[], int]) -> None:
        module = types.ModuleType("rapbot.commands.toy")
        module.add_parser = lambda subparsers: subparsers.add_parser("toy")  # type: ignore[attr-defined]
        module.run = lambda args: run()  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "rapbot.commands.toy", module)
        monkeypatch.setattr(cli, "COMMANDS", ("toy",))

    return install


def raising(error: BaseException) -> Callable[[], int]:
    def run() -> int:
        raise error

    return run


# --------------------------------------------------------------------------------------------------- the frame


def test_version_and_help() -> None:
    assert rapbot("--version").stdout == f"rapbot {__version__}\n"
    done = rapbot("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_without_a_command_the_help_goes_to_stderr() -> None:
    done = rapbot()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: rapbot")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_keeps_the_contract(name: str) -> None:
    module = importlib.import_module(f"rapbot.commands.{name}")
    subparsers = argparse.ArgumentParser().add_subparsers()
    module.add_parser(subparsers)
    assert list(subparsers.choices) == [name]
    assert callable(module.run)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("verse.wav is empty: record it again"), 2, "rapbot: verse.wav is empty: record it again\n"),
        (EngineUnavailable("weights 'x' are not installed: do y"), 3, "rapbot: weights 'x' are not installed: do y\n"),
        (EngineError("the voice failed"), 1, "rapbot: the voice failed\n"),
        (KeyboardInterrupt(), 130, "rapbot: stopped\n"),
        (PermissionError(13, "Permission denied", "/x/y"), 2, "rapbot: /x/y: Permission denied\n"),
        (OSError(28, "No space left on device"), 2, "rapbot: [Errno 28] No space left on device\n"),
        (
            ModuleNotFoundError("No module named 'hama'", name="hama"),
            3,
            "rapbot: the package 'hama' is not installed: install rapbot again, then run `rapbot doctor`\n",
        ),
    ],
)
def test_mistakes_are_one_line(
    command: Callable[[Callable[[], int]], None],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    command(raising(error))
    assert cli.main(["toy"]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", line)


@pytest.mark.parametrize("error", [UserError("x"), EngineUnavailable("x"), PermissionError(13, "no", "/x")])
def test_debug_shows_the_traceback(
    command: Callable[[Callable[[], int]], None], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("RAPBOT_DEBUG", "1")
    command(raising(error))
    with pytest.raises(type(error)):
        cli.main(["toy"])


def test_a_bug_is_not_dressed_up_as_a_mistake(command: Callable[[Callable[[], int]], None]) -> None:
    command(raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        cli.main(["toy"])


def test_exit_code_of_the_command_is_passed_on(command: Callable[[Callable[[], int]], None]) -> None:
    command(lambda: 7)
    assert cli.main(["toy"]) == 7


def test_reader_that_goes_away_ends_it_quietly() -> None:
    """``rapbot models list | head -0``: the pipe is closed before anything is written."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "rapbot.cli", "models", "list", "--json"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (cli.BROKEN_PIPE_EXIT_CODE, "")


def test_environment_is_set_before_libraries_load(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*cli.SINGLE_THREAD_VARIABLES, *cli.OFFLINE_VARIABLES):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    cli.prepare_environment()
    assert os.environ["OMP_NUM_THREADS"] == "3"  # the user's choice stands
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["HF_HUB_OFFLINE"] == "1"  # this one is not a choice


# --------------------------------------------------------------------------------------------------- models


def test_models_list_json_names_every_model(tmp_path: Path) -> None:
    done = rapbot("models", "list", "--json", "--all", RAPBOT_CACHE=str(tmp_path))
    document = json.loads(done.stdout)
    assert document["schema"] == models_command.SCHEMA
    assert [model["name"] for model in document["models"]] == [model.name for model in manifest()]
    states = {model["name"]: model["state"] for model in document["models"]}
    assert states["whisper-tiny.en"] == states["whisper-base"] == "missing"
    assert states["hibari-voice"] == "ok"
    assert all(model["licence"] and model["files"] for model in document["models"])
    assert done.returncode == EngineUnavailable.exit_code  # wanted weights are missing in this empty cache


def test_models_install_of_an_unknown_name_lists_the_known() -> None:
    done = rapbot("models", "install", "whisper-huge")
    assert done.returncode == UserError.exit_code
    downloads = ", ".join(model.name for model in manifest() if model.kind == "download")
    assert done.stderr == f"rapbot: no download is called 'whisper-huge': choose from {downloads}\n"


def test_progress_in_a_log_is_a_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    line = models_command.ProgressLine(sys.stderr)
    for done_bytes in range(0, 1_000_001, 1000):
        line.show(Step("toy", "downloading", done_bytes, 1_000_000))
    line.show(Step("toy", "checking", 1_000_000, 1_000_000))
    line.close()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6  # five quarters' edges and the check
    assert lines[-2:] == ["toy: downloading, 1.0 MB of 1.0 MB", "toy: checking"]


# --------------------------------------------------------------------------------------------------- doctor


def test_doctor_knows_every_core_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [requirement.replace("=", " ").replace(">", " ").split()[0] for requirement in project["dependencies"]]
    assert [package for package, _ in doctor.CORE_PACKAGES] == names
    low, end = (".".join(map(str, version)) for version in (doctor.PYTHON_MIN, doctor.PYTHON_END))
    assert project["requires-python"] == f">={low},<{end}"


def test_doctor_in_an_empty_cache_says_what_to_run(tmp_path: Path) -> None:
    done = rapbot("doctor", RAPBOT_CACHE=str(tmp_path))
    assert done.returncode == EngineUnavailable.exit_code
    missing = [line for line in done.stdout.splitlines() if line.startswith("missing")]
    assert any("whisper-base" in line and "rapbot models install" in line for line in missing)


def test_doctor_json_agrees_with_its_exit_code(tmp_path: Path) -> None:
    done = rapbot("doctor", "--json", RAPBOT_CACHE=str(tmp_path))
    document = json.loads(done.stdout)
    assert document["schema"] == doctor.SCHEMA
    works = all(check["ok"] for check in document["checks"] if check["needed"])
    assert document["offline_works"] is works is False
    assert all(check["fix"] for check in document["checks"] if not check["ok"])
    versions = {check["name"]: check["detail"] for check in document["checks"]}
    assert versions["hama"] == "1.7.0"


def test_probe_survives_faults_and_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no_audio.py").write_text("raise OSError('PortAudio library not found')")
    (tmp_path / "crashes.py").write_text("import os\nos._exit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    probes = doctor.probe_packages([("pip", "json"), ("sounddevice", "no_audio"), ("x", "crashes"), ("y", "json")])
    assert probes[0].fault == "" and probes[0].version
    assert probes[1].fault == "OSError: PortAudio library not found"
    assert "code 9" in probes[2].fault
    assert probes[3].fault  # never looked at: it must not count as working
    checks = {check.name: check for check in doctor.package_checks(probes)}
    assert "libportaudio2" in checks["sounddevice"].fix
    assert not checks["sounddevice"].needed  # offline use works without a sound card
    assert checks["x"].needed


@pytest.mark.parametrize(("version", "ok"), [((3, 10), False), ((3, 11), True), ((3, 12), True), ((3, 13), False)])
def test_python_range(version: tuple[int, int], ok: bool) -> None:
    assert doctor.python_check(version).ok is ok


def test_cache_that_cannot_be_written_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not doctor.cache_check(tmp_path / "file" / "cache").ok
    assert doctor.cache_check(tmp_path / "new" / "cache").ok
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]  # looking leaves nothing behind


def test_damaged_weights_are_needed_but_optional_ones_are_not() -> None:
    model = next(model for model in manifest() if model.default)
    (check,) = doctor.model_checks([ModelState(model, "damaged", "do this")])
    assert (check.ok, check.needed, check.fix) == (False, True, "do this")
