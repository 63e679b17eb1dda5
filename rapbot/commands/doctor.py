"""`rapbot doctor`: what works on this machine, and how to fix the rest.

Aim: one look answers "why does it not run here".  Everything `rapbot respond` needs is *needed*; what only a live
battle needs (a sound card library) is *optional* and does not change the exit code.

*Conventions.*  One line per check, ``ok`` or ``missing``, then what was found or how to fix it.  ``--json`` prints one
object, schema ``rapbot.doctor/1``.  Exit code 0 where every needed check is ok, else 3.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rapbot import __version__
from rapbot.engines.weights import ModelState, model_state
from rapbot.errors import EngineUnavailable
from rapbot.resources import cache_root, manifest

SCHEMA = "rapbot.doctor/1"

PYTHON_MIN, PYTHON_END = (3, 11), (3, 13)  # librosa 0.11's own range meets hama's and pocketsphinx's wheels here

# (package as pip knows it, module it provides): pyproject's dependencies, in its order; tests compare the two lists.
CORE_PACKAGES = (
    ("numpy", "numpy"),
    ("scipy", "scipy"),
    ("librosa", "librosa"),
    ("soundfile", "soundfile"),
    ("soxr", "soxr"),
    ("sounddevice", "sounddevice"),
    ("pronouncing", "pronouncing"),
    ("faster-whisper", "faster_whisper"),
    ("onnxruntime", "onnxruntime"),
    ("onnx", "onnx"),
    ("hibari-tts", "hibari"),
    ("hama", "hama"),
    ("pocketsphinx", "pocketsphinx"),
    ("mido", "mido"),
)
LIVE_ONLY_PACKAGES = ("sounddevice",)  # needs the system's PortAudio library; nothing offline imports it

RESPOND_MEMORY_BYTES = 2 << 30  # two recognisers, the voice graph and a minute of audio, with room
WEIGHTS_DISK_BYTES = 500 << 20  # both recognisers, and once more while one of them is being replaced
PROBE_TIMEOUT_S = 120  # a cold import of everything takes 10 s on a slow disk

# Imports the modules in the order given and prints a line of JSON for each; a crash loses only what follows it.
PROBE = """
import importlib, importlib.metadata, json, sys
for package, module in json.loads(sys.argv[1]):
    try:
        importlib.import_module(module)
        found = {"package": package, "version": importlib.metadata.version(package), "fault": ""}
    except BaseException as error:
        lines = str(error).strip().splitlines() or [""]
        found = {"package": package, "version": "", "fault": f"{type(error).__name__}: {lines[0]}"}
    print("probe " + json.dumps(found), flush=True)
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at.  ``detail`` says what was found; ``fix`` what to do, empty where it is ok."""

    name: str
    ok: bool
    needed: bool
    detail: str
    fix: str


@dataclass(frozen=True)
class Probe:
    """The outcome of importing one package: its version, or the fault."""

    package: str
    version: str
    fault: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("doctor", help="what works here, and how to fix the rest")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    checks = examine()
    works = all(check.ok for check in checks if check.needed)
    if args.json:
        document = {"schema": SCHEMA, "rapbot": __version__, "offline_works": works}
        print(json.dumps({**document, "checks": [asdict(check) for check in checks]}))
    else:
        print("\n".join(lines_of(checks, works)))
    return 0 if works else EngineUnavailable.exit_code


def examine() -> tuple[Check, ...]:
    """Every check, in the order in which one would fix them."""
    return (
        python_check(sys.version_info[:2]),
        *package_checks(probe_packages(CORE_PACKAGES)),
        cache_check(cache_root()),
        *model_checks(model_state(model, verify=True) for model in manifest()),
        disk_check(shutil.disk_usage(_existing(cache_root())).free),
        memory_check(_memory_bytes()),
        cores_check(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
    )


def lines_of(checks: Sequence[Check], works: bool) -> list[str]:
    """The report for people."""
    width = max(len(check.name) for check in checks)
    lines = [f"{'ok' if check.ok else 'missing':<8} {check.name:<{width}}  {_remark(check)}" for check in checks]
    verdict = "rapbot respond, write, voice and listen work here" if works else "something above is needed first"
    return [*lines, f"rapbot {__version__}: {verdict}"]


def _remark(check: Check) -> str:
    if check.ok:
        return check.detail
    return f"{check.detail}: {check.fix}" + ("" if check.needed else " (only live battles need it)")


# --------------------------------------------------------------------------------------------------- the checks


def python_check(version: Sequence[int]) -> Check:
    ok = PYTHON_MIN <= tuple(version) < PYTHON_END
    detail = f"{platform.python_implementation()} {'.'.join(map(str, version))}"
    return Check("python", ok, True, detail, "" if ok else "install Python 3.11 or 3.12 and make a new environment")


def probe_packages(packages: Sequence[tuple[str, str]]) -> tuple[Probe, ...]:
    """Import each package in a child process, since an import can take this one down with it or open a sound card."""
    command = [sys.executable, "-c", PROBE, json.dumps(packages)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
        output, ending = done.stdout, f"its import ended Python with code {done.returncode}"
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout.decode() if isinstance(expired.stdout, bytes) else expired.stdout or ""
        ending = f"its import did not finish within {PROBE_TIMEOUT_S} s"
    answers = [json.loads(line.removeprefix("probe ")) for line in output.splitlines() if line.startswith("probe ")]
    found = {answer["package"]: Probe(**answer) for answer in answers}
    return tuple(found.get(package, Probe(package, "", ending)) for package, _ in packages)


def package_checks(probes: Iterable[Probe]) -> list[Check]:
    checks = []
    for probe in probes:
        needed = probe.package not in LIVE_ONLY_PACKAGES
        if not probe.fault:
            checks.append(Check(probe.package, True, needed, probe.version, ""))
        elif "PortAudio" in probe.fault:
            fix = "install it with your system's packages (Debian: `apt-get install libportaudio2`)"
            checks.append(Check(probe.package, False, needed, "the PortAudio library was not found", fix))
        else:
            checks.append(Check(probe.package, False, needed, probe.fault, "install rapbot again (`pip install .`)"))
    return checks


def cache_check(folder: Path) -> Check:
    """Whether weights can be kept: writes and removes an empty file in the cache or the folder it would be made in."""
    place = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".rapbot-doctor-"):
            pass
    except OSError as error:
        return Check(
            "cache", False, True, f"{place}: {error.strerror}", "set RAPBOT_CACHE to a folder you can write to"
        )
    return Check("cache", True, True, str(folder), "")


def model_checks(states: Iterable[ModelState]) -> list[Check]:
    checks = []
    for state in states:
        needed = state.model.kind != "download" or state.model.default
        ok = state.state in ("ok", "other version")
        detail = f"{state.model.size_bytes / 1e6:.1f} MB verified" if state.state == "ok" else state.state
        if state.state == "other version":
            detail = state.detail
        checks.append(Check(f"model {state.model.name}", ok, needed, detail, "" if ok else state.detail))
    return checks


def disk_check(free_bytes: int) -> Check:
    ok = free_bytes >= WEIGHTS_DISK_BYTES
    fix = "" if ok else f"free some space, {WEIGHTS_DISK_BYTES >> 20} MB are wanted"
    return Check("disk", ok, False, f"{free_bytes / 1e9:.1f} GB free", fix)


def memory_check(total_bytes: int) -> Check:
    ok = total_bytes >= RESPOND_MEMORY_BYTES
    fix = "" if ok else "rapbot may be slow or run out of memory, 2 GB are wanted"
    return Check("memory", ok, False, f"{total_bytes / 1e9:.1f} GB", fix)


def cores_check(cores: int) -> Check:
    ok = cores >= 2
    return Check("cores", ok, False, str(cores), "" if ok else "a live battle wants two; offline use works on one")


def _existing(folder: Path) -> Path:
    """The folder or its nearest parent that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
