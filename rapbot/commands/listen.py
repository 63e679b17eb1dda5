"""`rapbot listen FILE|-`: what the ears make of a recording, line by line, as it would come up live."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from rapbot.errors import UserError
from rapbot.protocols import HEARING_RATE_HZ

if TYPE_CHECKING:
    from rapbot.hearing.events import Event

BLOCK_SAMPLES = HEARING_RATE_HZ // 50  # 20 ms, what a sound card hands over; the size never changes an event
STDIN_NAME = "-"
PCM_BYTES = 2  # raw standard input is 16-bit little-endian mono at 16 kHz
PCM_SCALE = 32768.0
DECIMALS = 4


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "listen",
        help="print words and syllables as they are heard",
        description="Print words and syllables as they are heard, one a line.",
    )
    parser.add_argument(
        "file", metavar="FILE|-", help="the recording; - reads WAV or raw 16 kHz 16-bit mono from standard input"
    )
    parser.add_argument("--jsonl", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    from rapbot.engines.hama_phones import HamaPhones
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.silero import SileroVad
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.hearing.listener import Listener
    from rapbot.resources import weights_dir

    blocks = stdin_blocks(sys.stdin.buffer) if args.file == STDIN_NAME else file_blocks(args.file)
    first = next(blocks, None)  # a bad file is told before the engines load
    if first is None:
        raise UserError(f"{args.file}: there is no sound in it")
    transcriber = FasterWhisper(weights_dir("whisper-tiny.en"))
    listener = Listener(transcriber, HamaPhones(), SileroVad(), HibariText().syllable_stresses)
    show = json_line if args.jsonl else text_line
    fed_samples = 0
    free_s = 0.0  # stream time at which the ears are done with what they were given
    for block in chain_first(first, blocks):
        begun_s = time.perf_counter()
        events = listener.feed(block)
        fed_samples += len(block)
        free_s = max(free_s, fed_samples / HEARING_RATE_HZ) + time.perf_counter() - begun_s
        tell(events, free_s, show)
    begun_s = time.perf_counter()
    closing = listener.close()
    end_s = fed_samples / HEARING_RATE_HZ
    free_s = max(free_s, end_s) + time.perf_counter() - begun_s
    tell(closing, free_s, show)
    print(show({"type": "turn_ended", "start_s": end_s, "end_s": end_s, "emitted_s": free_s}), flush=True)
    return 0


# --------------------------------------------------------------------------------------------------- sound in


def file_blocks(path: str) -> Iterator[np.ndarray]:
    """A file's sound in blocks at 16 kHz mono."""
    from rapbot.sound.files import read_audio

    samples = read_audio(path, rate_hz=HEARING_RATE_HZ).samples
    for first in range(0, len(samples), BLOCK_SAMPLES):
        yield samples[first : first + BLOCK_SAMPLES]


def stdin_blocks(stream: IO[bytes]) -> Iterator[np.ndarray]:
    """Sound from a pipe as it arrives: a WAV of any rate with 16-bit samples, or raw 16 kHz 16-bit mono."""
    head = stream.read(4)
    if not head:
        raise UserError("standard input is empty: pipe WAV or raw 16 kHz 16-bit mono into `rapbot listen -`")
    if head == b"RIFF":
        yield from wav_blocks(stream)
        return
    pending = head
    while data := stream.read(BLOCK_SAMPLES * PCM_BYTES):
        pending += data
        whole = len(pending) // PCM_BYTES * PCM_BYTES
        yield np.frombuffer(pending[:whole], "<i2").astype(np.float32) / PCM_SCALE
        pending = pending[whole:]


def wav_blocks(stream: IO[bytes]) -> Iterator[np.ndarray]:
    """The rest of a WAV after its first four bytes, mixed to mono and resampled as it comes."""
    channels, rate_hz = wav_format(stream)
    resampler = None
    if rate_hz != HEARING_RATE_HZ:
        import soxr

        resampler = soxr.ResampleStream(rate_hz, HEARING_RATE_HZ, 1, dtype="float32")
    frame_bytes = PCM_BYTES * channels
    block_bytes = max(1, rate_hz // 50) * frame_bytes
    while data := stream.read(block_bytes):
        whole = len(data) // frame_bytes * frame_bytes
        frames = np.frombuffer(data[:whole], "<i2").astype(np.float32).reshape(-1, channels)
        mono = np.ascontiguousarray(frames.mean(axis=1) / np.float32(PCM_SCALE))
        yield mono if resampler is None else resampler.resample_chunk(mono, last=False)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def wav_format(stream: IO[bytes]) -> tuple[int, int]:
    """(channels, rate in Hz) from the header, the stream left at the first sample; lengths in a pipe mean nothing."""
    fault = UserError("standard input is not a 16-bit WAV: convert it first, for example to a file")
    stream.read(4)
    if stream.read(4) != b"WAVE":
        raise fault
    channels = rate_hz = 0
    while header := stream.read(8):
        if len(header) < 8:
            raise fault
        name, size = header[:4], int.from_bytes(header[4:], "little")
        if name == b"data":
            if not channels:
                raise fault
            return channels, rate_hz
        body = stream.read(size + size % 2)
        if name == b"fmt ":
            codec, channels = int.from_bytes(body[0:2], "little"), int.from_bytes(body[2:4], "little")
            rate_hz, bits = int.from_bytes(body[4:8], "little"), int.from_bytes(body[14:16], "little")
            if codec not in (1, 0xFFFE) or bits != 8 * PCM_BYTES or channels < 1 or rate_hz < 1:
                raise fault
    raise fault


def chain_first(first: np.ndarray, rest: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from rest


# --------------------------------------------------------------------------------------------------- lines out


def tell(events: Iterable[Event], emitted_s: float, show: Any) -> None:
    for event in events:
        if (record := as_record(event, emitted_s)) is not None:
            print(show(record), flush=True)


def as_record(event: Event, emitted_s: float) -> dict[str, Any] | None:
    """The event as the documented JSON object; None for a voice that begins, which the contract has no line for."""
    from rapbot.hearing.events import SpeechEnded, SyllableHeard, WordCommitted

    span = {"start_s": event.start_s, "end_s": event.end_s, "emitted_s": emitted_s}
    match event:
        case WordCommitted():
            return {"type": "word", **span, "text": event.text, "confidence": event.confidence}
        case SyllableHeard():
            return {"type": "syllable", **span, "phone": event.phone}
        case SpeechEnded():
            return {"type": "turn_may_end", **span}
    return None


def json_line(record: dict[str, Any]) -> str:
    rounded = {key: round(value, DECIMALS) if isinstance(value, float) else value for key, value in record.items()}
    return json.dumps(rounded, separators=(",", ":"), ensure_ascii=False)


def text_line(record: dict[str, Any]) -> str:
    detail = record.get("text") or record.get("phone") or ""
    sure = f"  {record['confidence']:.2f}" if "confidence" in record else ""
    return f"{record['start_s']:8.2f} s  {record['type']:12}  {detail}{sure}  (known at {record['emitted_s']:.2f} s)"
