"""The layers hold: imports point down, stages do not know each other, importing the package stays light.

Order, from the top (DESIGN): cli, commands, web > respond, battle, bench > hearing | writing | voicing > rhythm
> language > values, protocols, errors, rates.  engines/ and sound/ stand beside the stages: only drivers and commands
may open them.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rapbot
from rapbot.cli import COMMANDS

ROOT = Path(rapbot.__file__).resolve().parent

BASE = {"values", "protocols", "errors", "rates"}
SCIENCES = {"rhythm", "language"}
STAGES = {"hearing", "writing", "voicing"}
DRIVERS = {"respond", "battle", "bench"}
BELOW_DRIVERS = BASE | SCIENCES | STAGES | {"engines", "sound", "resources"}

# What each part may import of rapbot, besides itself.  `rapbot` itself stands for the version in rapbot/__init__.py.
ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "rates": set(),
    "values": {"errors"},
    "protocols": {"values", "errors"},
    "resources": {"errors"},
    "language": BASE,
    "rhythm": BASE | {"language"},  # slots are planned for sounds; never the other way round
    "hearing": BASE | SCIENCES,
    "writing": BASE | SCIENCES,
    "voicing": BASE | SCIENCES,
    "engines": BASE | SCIENCES | {"resources"},
    "sound": BASE | {"rhythm", "resources"},
    "respond": BELOW_DRIVERS | {"rapbot"},
    "battle": BELOW_DRIVERS | {"rapbot", "respond"},
    "bench": BELOW_DRIVERS | {"rapbot", "respond", "battle"},
    "commands": BELOW_DRIVERS | DRIVERS | {"rapbot"},
    "web": BELOW_DRIVERS | DRIVERS | {"rapbot"},
    "cli": {"errors", "commands", "rapbot"},
}

# Outside packages a part may import when it is itself imported (what a function imports is loaded on first use).
LIGHT: dict[str, set[str]] = {
    "rhythm": {"numpy"},
    "language": {"numpy"},
    "hearing": {"numpy"},
    "writing": {"numpy"},
    "voicing": {"numpy", "scipy"},
    "sound": {"numpy", "scipy"},
    "rates": {"numpy"},
    "values": {"numpy"},
    "protocols": {"numpy"},
}

HEAVY = (
    "librosa",
    "numba",
    "faster_whisper",
    "ctranslate2",
    "onnxruntime",
    "onnx",
    "torch",
    "whisper",
    "TTS",
    "hama",
    "hibari",
    "pocketsphinx",
    "sounddevice",
    "pronouncing",
    "soundfile",
    "soxr",
)


def part_of(path: Path) -> str:
    """ "rhythm" for rapbot/rhythm/slots.py, "cli" for rapbot/cli.py."""
    relative = path.relative_to(ROOT)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_modules(tree: ast.AST, package: tuple[str, ...]) -> list[tuple[int, str]]:
    """(line, dotted module) of every import in a tree; relative ones resolved against ``package``.

    ``from rapbot import sound`` and ``from rapbot.sound import files`` both yield the module and the imported name, so
    that a submodule imported by name is seen.
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*parent, *(node.module or "").split("."))).strip(".")
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def rapbot_part(module: str) -> str | None:
    """The part of rapbot a dotted name leads to, "rapbot" for a name in its __init__, None outside the package."""
    names = module.split(".")
    if names[0] != "rapbot":
        return None
    if len(names) > 1 and ((ROOT / names[1]).is_dir() or (ROOT / f"{names[1]}.py").is_file()):
        return names[1]
    return "rapbot"


def at_import_time(tree: ast.Module) -> ast.Module:
    """The statements that run when the module is imported: no function bodies, no ``if TYPE_CHECKING``."""

    class Strip(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                return None
            return self.generic_visit(node)

    return ast.fix_missing_locations(Strip().visit(ast.parse(ast.unparse(tree))))


def upward_arrows(part: str, source: str, package: tuple[str, ...]) -> list[str]:
    """What a module of ``part`` imports of rapbot and may not, wherever the import stands."""
    allowed = ALLOWED[part] | {part}
    arrows = []
    for line, module in imported_modules(ast.parse(source), package):
        target = rapbot_part(module)
        if target is not None and target not in allowed:
            arrows.append(f"line {line}: {part} imports {module}")
    return arrows


def heavy_at_import(part: str, source: str, package: tuple[str, ...]) -> list[str]:
    """Outside packages a light module of ``part`` imports at once and may not."""
    tree = at_import_time(ast.parse(source))
    tops = {module.split(".")[0] for _, module in imported_modules(tree, package)}
    return sorted(tops - LIGHT[part] - set(sys.stdlib_module_names) - {"rapbot"})


def source_files() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "_models" not in path.parts)


def package_of(path: Path) -> tuple[str, ...]:
    return ("rapbot", *path.relative_to(ROOT).parts[:-1])


@pytest.mark.parametrize("path", source_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down(path: Path) -> None:
    part = part_of(path)
    assert part in ALLOWED, f"rapbot/{part} has no place in the layers: give it one in this test and in DESIGN"
    assert upward_arrows(part, path.read_text(encoding="utf-8"), package_of(path)) == []


@pytest.mark.parametrize(
    "path", [p for p in source_files() if part_of(p) in LIGHT], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_pure_layers_load_nothing_heavy(path: Path) -> None:
    assert heavy_at_import(part_of(path), path.read_text(encoding="utf-8"), package_of(path)) == []


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("hearing", "from rapbot.writing import plan"),
        ("writing", "import rapbot.voicing.align"),
        ("voicing", "def f():\n    from rapbot.engines.weights import install"),
        ("language", "from ..rhythm import slots"),
        ("rhythm", "from rapbot import sound"),
        ("sound", "from rapbot.respond.answer import Answer"),
        ("engines", "from rapbot.hearing.events import Event"),
        ("respond", "from rapbot import cli"),
        ("values", "from rapbot.rhythm.timeline import Timeline"),
    ],
)
def test_a_wrong_arrow_is_seen(part: str, source: str) -> None:
    assert upward_arrows(part, source, ("rapbot", part))


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("hearing", "from rapbot.rhythm.timeline import Timeline\nfrom rapbot.values import Word\nfrom . import vad"),
        ("respond", "from rapbot import __version__\nfrom rapbot.engines import weights"),
        ("cli", "from rapbot.errors import UserError"),
    ],
)
def test_a_right_arrow_is_not(part: str, source: str) -> None:
    assert upward_arrows(part, source, ("rapbot", part)) == []


def test_heavy_imports_are_seen_only_where_they_run_at_import() -> None:
    package = ("rapbot", "rhythm")
    assert heavy_at_import("rhythm", "import librosa.beat", package) == ["librosa"]
    assert heavy_at_import("rhythm", "try:\n    from scipy import signal\nexcept ImportError:\n    pass", package) == [
        "scipy"
    ]
    assert heavy_at_import("rhythm", "class A:\n    import torch", package) == ["torch"]
    lazy = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import onnx\ndef f():\n    import torch"
    assert heavy_at_import("rhythm", lazy, package) == []


# --------------------------------------------------------------------------------------------------- what really loads


def loaded_after(code: str) -> set[str]:
    """Top-level modules loaded in a fresh interpreter after running ``code``."""
    program = f"{code}\nimport sys\nprint('loaded', *sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT.parent)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_importing_the_layers_is_light() -> None:
    loaded = loaded_after(
        "import rapbot, rapbot.hearing, rapbot.writing, rapbot.voicing, rapbot.rhythm, rapbot.language, rapbot.sound"
    )
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


def test_every_module_of_the_pure_layers_is_light() -> None:
    names = [
        ".".join(("rapbot", *p.relative_to(ROOT).with_suffix("").parts)) for p in source_files() if part_of(p) in LIGHT
    ]
    loaded = loaded_after("\n".join(f"import {name}" for name in names if not name.endswith("__init__")))
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


def test_importing_rapbot_does_not_even_load_numpy() -> None:
    assert "numpy" not in loaded_after("import rapbot.cli")


def test_building_the_parser_is_light() -> None:
    loaded = loaded_after("from rapbot.cli import build_parser\nbuild_parser()")
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_opens_no_sound_card_and_no_engine(command: str) -> None:
    loaded = loaded_after(
        "from rapbot.cli import main\n"
        f"try:\n    main(['{command}', '--help'])\nexcept SystemExit as done:\n    assert done.code == 0, done.code"
    )
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))
