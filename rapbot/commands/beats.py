"""`rapbot beats FILE`: tempo, beats and bar lines of a recording; `--list` and `--render` for the built-in beats."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rapbot.errors import UserError

CAUSAL_BLOCK_S = 0.1  # the file is fed to the tracker as a sound card would hand it over; the size changes nothing
LOW_KNOWN_BPM, HIGH_KNOWN_BPM = 40.0, 240.0
DEFAULT_BARS = 8
LOW_CONFIDENCE = 0.5  # below this the bar line is more likely wrong than right: say so


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "beats",
        help="track the beat of a file, list or render backing beats",
        description="Find tempo, beats and bar lines of a recording, or list and render the built-in backing beats.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="the recording to track (wav, flac, mp3, ogg)")
    parser.add_argument(
        "--causal", action="store_true", help="also predict the next beat and bar line every 0.5 s from the past alone"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--list", action="store_true", help="list the built-in beats")
    parser.add_argument("--render", metavar="NAME", help="render a built-in beat; with --bpm, --bars and -o")
    parser.add_argument("--bpm", type=float, metavar="N", help="tempo to render, or the known tempo of FILE (±4 %%)")
    parser.add_argument("--bars", type=int, metavar="N", help=f"bars to render (default: {DEFAULT_BARS})")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which variation to render (default: 0)")
    parser.add_argument("-o", "--output", metavar="F", help="where to write the rendered beat")


def run(args: argparse.Namespace) -> int:
    asked = [bool(args.list), args.render is not None, args.file is not None]
    if sum(asked) != 1:
        raise UserError("give exactly one of FILE, --list or --render NAME (see `rapbot beats --help`)")
    if args.list:
        return _list(args.json)
    if args.render is not None:
        return _render(args)
    return _track(args)


def _list(as_json: bool) -> int:
    from rapbot.sound.backing import STYLES, describe

    styles = [describe(name) for name in STYLES]
    if as_json:
        print(json.dumps([vars(style) for style in styles], separators=(",", ":")))
        return 0
    for style in styles:
        print(f"{style.name:10} {style.home_bpm:4g} BPM ({style.low_bpm:g}-{style.high_bpm:g})  {style.description}")
    return 0


def _render(args: argparse.Namespace) -> int:
    from rapbot.sound.backing import describe, render_backing
    from rapbot.sound.files import check_audio_writable, write_audio

    if not args.output:
        raise UserError("say where to write the beat: -o FILE.wav")
    if args.causal:
        raise UserError("--causal belongs to tracking a FILE, not to --render")
    check_audio_writable(args.output)
    bpm = describe(args.render).home_bpm if args.bpm is None else args.bpm
    bars = DEFAULT_BARS if args.bars is None else args.bars
    beat = render_backing(args.render, bpm, bars, seed=args.seed)
    write_audio(args.output, beat.samples, beat.rate_hz)
    if args.json:
        print(json.dumps({"bpm": bpm, "bars": bars, "duration_s": beat.duration_s, "file": args.output}))
    else:
        print(f"{args.output}: {bars} bars of {args.render} at {bpm:g} BPM, {beat.duration_s:.2f} s")
    return 0


def _track(args: argparse.Namespace) -> int:
    from rapbot.rhythm.tracker import ESTIMATE_EVERY_S, BeatTracker
    from rapbot.sound.files import read_audio

    if args.bpm is not None and not LOW_KNOWN_BPM <= args.bpm <= HIGH_KNOWN_BPM:
        raise UserError(f"--bpm must be between {LOW_KNOWN_BPM:g} and {HIGH_KNOWN_BPM:g}, got {args.bpm:g}")
    for option, value in (("-o", args.output), ("--bars", args.bars)):
        if value is not None:
            raise UserError(f"{option} belongs to --render NAME, not to tracking a file")
    audio = read_audio(args.file)
    tracker = BeatTracker(audio.rate_hz, args.bpm, ESTIMATE_EVERY_S if args.causal else None)
    estimates = []
    block = max(1, round(CAUSAL_BLOCK_S * audio.rate_hz))
    for start in range(0, len(audio.samples), block):
        estimates += tracker.feed(audio.samples[start : start + block])
    grid = tracker.finish()
    if args.json:
        result = {
            "bpm": round(grid.bpm, 4),
            "beats_s": [round(t, 4) for t in grid.beats_s],
            "downbeats_s": [round(t, 4) for t in grid.downbeats_s],
            "causal": [
                {"asked_s": e.asked_s, "next_beat_s": round(e.next_beat_s, 4), "next_bar_s": round(e.next_bar_s, 4)}
                for e in estimates
            ],
        }
        print(json.dumps(result, separators=(",", ":")))
        return 0
    print(f"{grid.bpm:.2f} BPM, first bar line at {grid.beat_origin_s:.3f} s, confidence {grid.confidence:.2f}")
    if grid.confidence < LOW_CONFIDENCE:
        print("the bar line is uncertain: if you know the tempo, give it with --bpm")
    print("bars " + " ".join(f"{t:.3f}" for t in grid.downbeats_s))
    for e in estimates:
        print(f"{e.asked_s:7.1f} s  next beat {e.next_beat_s:8.3f}  next bar {e.next_bar_s:8.3f}  {e.bpm:6.2f} BPM")
    return 0
