"""`rapbot respond VERSE -o reply.wav`: answer a recorded verse."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rapbot.commands.reference import add_reference, leaning_line, reference_of
from rapbot.commands.write import PEN_HELP

HEATS = ("clean", "street", "raw")


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "respond",
        help="answer a recorded verse",
        description="Hear a recorded verse (wav, flac, mp3, ogg), write an answer and perform it on the same beat.",
    )
    parser.add_argument("verse", metavar="VERSE", help="the recording, a cappella or over a beat")
    parser.add_argument("-o", "--output", required=True, metavar="REPLY.wav", help="where to write the reply")
    parser.add_argument(
        "--bars", type=int, metavar="N", help="lines to answer with, 4 to 32 (default: as many as were heard)"
    )
    parser.add_argument("--bpm", type=_bpm, default=None, metavar="N|auto", help="tempo of the verse (default: auto)")
    parser.add_argument(
        "--beat",
        default="auto",
        metavar="NAME|FILE|none",
        help="what plays under the reply (see `rapbot beats --list`)",
    )
    parser.add_argument("--persona", metavar="P|FILE.toml", help="who answers (default: the comedian)")
    parser.add_argument("--voice", metavar="V", help="the voice (default: the persona's; see `rapbot voices`)")
    add_reference(parser)
    parser.add_argument("--pen", default="arsenal", metavar="P", help=PEN_HELP)
    parser.add_argument("--heat", choices=HEATS, default="street", help="how rough it may get (default: street)")
    parser.add_argument("--surprise", type=float, default=0.3, metavar="0..1", help="from the sure to the far-fetched")
    parser.add_argument("--memory", metavar="PATH", help="use what is remembered there, and remember this reply")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="same input, options and seed: same reply")
    parser.add_argument("--report", metavar="R.json", help="write the whole account as JSON")
    parser.add_argument(
        "--stems", metavar="DIR", help="write voice.wav and beat.wav (aligned with the reply) and opponent.wav"
    )
    parser.add_argument("--lrc", metavar="F", help="write the lyrics with word times")
    parser.add_argument("--midi", metavar="F", help="write the syllable rhythm as a MIDI file")
    parser.add_argument("--quiet", action="store_true", help="print nothing but warnings")


def _bpm(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'auto'") from None


def run(args: argparse.Namespace) -> int:
    from rapbot.commands.progress import stage_progress
    from rapbot.respond.answer import Request, answer, check
    from rapbot.respond.files import Outputs, check_outputs, write_outputs
    from rapbot.respond.kit import open_kit
    from rapbot.sound.files import read_audio

    request = Request(
        args.bars, args.bpm, args.beat, args.persona, args.voice, args.heat, args.surprise, args.seed,
        reference_of(args), args.pen, Path(args.memory) if args.memory else None,
    )  # fmt: skip
    outputs = Outputs(
        Path(args.output),
        *(Path(value) if value else None for value in (args.report, args.stems, args.lrc, args.midi)),
    )
    check(request)
    check_outputs(outputs)
    recording = read_audio(args.verse)
    with stage_progress(enabled=not args.quiet) as progress:
        progress("load", 0.0)
        kit = open_kit(lambda step: progress("load", 0.5))
        reply = answer(recording, request, kit, progress)
        progress("write files", 0.0)
        account = write_outputs(reply, recording, request, outputs)
    for warning in reply.warnings:
        print(f"rapbot: note: {warning}", file=sys.stderr)
    if reply.leaning is not None:
        print(f"rapbot: note: {leaning_line(reply.leaning)}", file=sys.stderr)
    if not args.quiet:
        print(_summary(reply, account, outputs))
    return 0


def _summary(reply: Any, account: dict, outputs: Any) -> str:
    from rapbot.language.rhyme import rhyme_letters
    from rapbot.respond.show import side_by_side, waterfall

    opponent = reply.opponent
    theirs = [opponent.line_text(line) for line in opponent.lines]
    letters = rhyme_letters([_last_phones(text) for text in theirs])
    grid = opponent.grid
    table = side_by_side(
        list(zip(theirs, letters, strict=True)),
        [(bar.text, bar.rhyme_group) for bar in reply.verse.bars],
        titles=(f"heard at {grid.bpm:.1f} BPM", f"answered by {reply.verse.persona} over {reply.beat_name}"),
        colour=sys.stdout.isatty(),
    )
    answered = sorted({text for bar in reply.verse.bars for text in bar.answers})
    seconds = len(reply.mix) / 48_000
    files = ", ".join(str(path) for path in outputs.paths())
    return (
        f"\n{table}\n\nanswers: {', '.join(answered) or 'nothing that was said'}\n\n"
        f"{waterfall(reply.timing_ms)}\n\nwrote {files} ({seconds:.1f} s)"
    )


def _last_phones(text: str) -> tuple[str, ...]:
    from rapbot.engines.hibari_text import HibariText

    try:
        words = HibariText().pronounce(text)
    except ValueError:
        return ()
    return words[-1].phones if words else ()
