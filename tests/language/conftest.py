"""Real engines for the language tests: loaded once, since each takes a fraction of a second."""

from pathlib import Path

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.language.nouns import NounLexicon, load_nouns

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).resolve().parent / "data"


@pytest.fixture(scope="session")
def hibari() -> HibariText:
    return HibariText()


@pytest.fixture(scope="session")
def nouns() -> NounLexicon:
    return load_nouns(ROOT / "models" / "nouns")


@pytest.fixture(scope="session")
def cmu() -> CmuLexicon:
    return CmuLexicon()


@pytest.fixture(scope="session")
def opponents() -> list[str]:
    return (ROOT / "benchmarks" / "opponents.txt").read_text(encoding="utf-8").strip().split("\n\n")


@pytest.fixture(scope="session")
def data() -> Path:
    return DATA
