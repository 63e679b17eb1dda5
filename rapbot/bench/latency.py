"""`rapbot bench latency --device offline`: where the time of one `respond` goes, on every bundled verse.

*Conventions.*  Wall milliseconds per stage, engines already loaded (their loading is a row of its own), one run a verse
after a warm-up.  The real-time factor is wall time over the verse's length.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from typing import Any

from rapbot.bench.verses import BundledVerse
from rapbot.respond.answer import Request, answer
from rapbot.respond.kit import open_kit
from rapbot.sound.files import read_audio


def run(verses: Sequence[BundledVerse]) -> dict[str, Any]:
    """Time every verse once; peak memory is the process's own maximum resident size."""
    start = time.perf_counter()
    kit = open_kit()
    load_ms = 1e3 * (time.perf_counter() - start)
    answer(read_audio(verses[0].path), Request(), kit)  # first calls build caches that a session builds once
    rows = {}
    for verse in verses:
        recording = read_audio(verse.path)
        reply = answer(recording, Request(), kit)
        total_ms = sum(ms for _, ms in reply.timing_ms)
        rows[verse.name] = {
            "stages_ms": {name: round(ms, 1) for name, ms in reply.timing_ms},
            "total_ms": round(total_ms, 1),
            "verse_s": round(recording.duration_s, 2),
            "real_time_factor": round(total_ms / 1e3 / recording.duration_s, 3),
        }
    return {
        "benchmark": "latency",
        "device": "offline",
        "load_ms": round(load_ms, 1),
        "verses": rows,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def table(result: dict[str, Any]) -> str:
    """The waterfall per verse, for people."""
    from rapbot.respond.show import waterfall

    parts = [f"engines load in {result['load_ms'] / 1e3:.2f} s; peak memory {result['peak_memory_mb']:.0f} MB"]
    for name, row in result["verses"].items():
        parts.append(f"\n{name} ({row['verse_s']:.1f} s of audio, real-time factor {row['real_time_factor']:.2f})")
        parts.append(waterfall(list(row["stages_ms"].items())))
    return "\n".join(parts)
