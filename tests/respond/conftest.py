"""One real answer to a bundled verse, made once and looked at by many tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rapbot.respond.answer import Answer, Request, answer
from rapbot.respond.files import Outputs, check_outputs, write_outputs
from rapbot.respond.kit import Kit, open_kit
from rapbot.sound.files import read_audio
from rapbot.values import Audio

VERSES = Path(__file__).parents[1] / "data" / "verses"


@pytest.fixture(scope="session")
def kit() -> Kit:
    """The real engines; `make test` installs their weights."""
    return open_kit()


@dataclass(frozen=True)
class Made:
    """An answer, the files it was written to, and the truth about the verse."""

    answer: Answer
    outputs: Outputs
    report: dict[str, Any]
    truth: dict[str, Any]
    recording: Audio


@pytest.fixture(scope="session")
def made(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("reply")
    outputs = Outputs(
        folder / "reply.wav", folder / "report.json", folder / "stems", folder / "reply.lrc", folder / "reply.mid"
    )
    check_outputs(outputs)
    recording = read_audio(VERSES / "marcus.flac")
    request = Request(seed=1)
    reply = answer(recording, request, kit)
    report = write_outputs(reply, recording, request, outputs)
    return Made(reply, outputs, report, json.loads((VERSES / "marcus.json").read_text()), recording)


@pytest.fixture(scope="session")
def four_bars() -> Audio:
    """The first four bars of another verse: enough to answer, quick to hear."""
    recording = read_audio(VERSES / "jessica.flac")
    return Audio(recording.samples[: round(12.6 * recording.rate_hz)], recording.rate_hz)
