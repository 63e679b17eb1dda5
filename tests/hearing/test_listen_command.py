"""`rapbot listen`: one line an event, from a file or a pipe."""

from __future__ import annotations

import argparse
import io
import json
import sys
import wave
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rapbot.commands import listen
from rapbot.errors import EngineUnavailable, UserError
from rapbot.hearing import SpeechEnded, SpeechStarted, SyllableHeard, WordCommitted
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.resources import weights_dir
from rapbot.sound.files import read_audio, write_audio

VERSE = Path(__file__).resolve().parents[1] / "data" / "verses" / "tony.flac"


def wav_bytes(samples: np.ndarray, rate_hz: int, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(np.round(samples * 32767).astype("<i2"), channels).tobytes())
    return out.getvalue()


def tone(rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 220.0 * np.arange(round(seconds * rate_hz)) / rate_hz)


def test_raw_samples_from_a_pipe_come_through_whole():
    samples = np.arange(-1000, 1001, dtype="<i2")
    found = np.concatenate(list(listen.stdin_blocks(io.BytesIO(samples.tobytes()))))
    assert np.array_equal(np.round(found * 32768), samples)


def test_a_wav_from_a_pipe_is_mixed_and_resampled():
    for rate_hz, channels in ((HEARING_RATE_HZ, 1), (HEARING_RATE_HZ, 2), (44_100, 2), (48_000, 1)):
        blocks = listen.stdin_blocks(io.BytesIO(wav_bytes(tone(rate_hz), rate_hz, channels)))
        found = np.concatenate(list(blocks))
        assert abs(len(found) - 0.5 * HEARING_RATE_HZ) <= 2
        middle = slice(2000, 6000)  # away from the resampler's edges
        assert np.max(np.abs(found[middle] - tone(HEARING_RATE_HZ)[middle])) < 0.01


def test_a_wav_header_with_extra_chunks_is_read():
    whole = wav_bytes(tone(HEARING_RATE_HZ), HEARING_RATE_HZ)
    extra = whole[:36] + b"LIST" + (3).to_bytes(4, "little") + b"abc\0" + whole[36:]
    assert sum(map(len, listen.stdin_blocks(io.BytesIO(extra)))) == round(0.5 * HEARING_RATE_HZ)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF____WAVX",
        b"RIFF____WAVEdata\0\0\0\0",
        wav_bytes(tone(16_000), 16_000)[:20] + b"\x03\0" + wav_bytes(tone(16_000), 16_000)[22:],  # float samples
    ],
)
def test_a_pipe_that_is_no_sound_is_one_line(data):
    with pytest.raises(UserError, match="standard input"):
        list(listen.stdin_blocks(io.BytesIO(data)))


def test_records_follow_the_contract():
    word = listen.as_record(WordCommitted("Marcus", 1.0, 1.4, 0.9, 2.0), 2.1)
    assert word == {
        "type": "word",
        "start_s": 1.0,
        "end_s": 1.4,
        "emitted_s": 2.1,
        "text": "Marcus",
        "confidence": 0.9,
    }
    assert listen.as_record(SyllableHeard("AA", 1.0, 1.1, 1.5), 1.6)["type"] == "syllable"
    assert listen.as_record(SpeechEnded(0.0, 3.0, 3.4), 3.5)["type"] == "turn_may_end"
    assert listen.as_record(SpeechStarted(0.0, 0.1, 0.1), 0.2) is None
    assert json.loads(listen.json_line(word)) == word
    assert "Marcus" in listen.text_line(word)


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    listen.add_parser(parser.add_subparsers())
    return listen.run(parser.parse_args(["listen", *arguments]))


def test_a_bad_file_is_told_before_anything_loads(tmp_path):
    with pytest.raises(UserError):
        run([str(tmp_path / "missing.wav")])


def test_file_and_pipe_say_the_same(tmp_path, capsys, monkeypatch):
    try:
        weights_dir("whisper-tiny.en")
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    samples = read_audio(VERSE, rate_hz=HEARING_RATE_HZ).samples[: 3 * HEARING_RATE_HZ]
    write_audio(tmp_path / "line.wav", samples, HEARING_RATE_HZ)
    assert run([str(tmp_path / "line.wav"), "--jsonl"]) == 0
    from_file = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((tmp_path / "line.wav").read_bytes())))
    assert run(["-", "--jsonl"]) == 0
    from_pipe = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def timeless(records):  # emitted_s holds the time the work took, which no two runs share
        return [{key: value for key, value in record.items() if key != "emitted_s"} for record in records]

    assert timeless(from_file) == timeless(from_pipe)
    assert {"word", "syllable", "turn_may_end", "turn_ended"} == {record["type"] for record in from_file}
    emitted = [record["emitted_s"] for record in from_file]
    assert emitted == sorted(emitted)
    assert all(record["emitted_s"] >= record["start_s"] for record in from_file)
    assert {"name", "cooler"} <= {record["text"].lower() for record in from_file if record["type"] == "word"}
