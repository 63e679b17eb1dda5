"""`rapbot voice TEXT`: the voice alone.  Any text becomes lines that fit the bars, on the grid, in a file.

*Conventions.*  ``--json`` prints one object; every time in it is in seconds from the first sample of the file written
(``origin_s`` is the first bar line), a syllable's ``target_s`` is where its vowel was wanted, ``onset_s`` where it is.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rapbot.commands.reference import add_reference, leaning_line, reference_of
from rapbot.errors import UserError

if TYPE_CHECKING:
    from rapbot.engines.hibari_text import HibariText
    from rapbot.rhythm.slots import SlotPlan
    from rapbot.values import PronouncedWord

DEFAULT_BPM = 90.0
LOW_BPM, HIGH_BPM = 50.0, 200.0
FLOWS = ("straight", "swung", "laid-back", "triplet", "double")
LAID_BACK_MS = 20.0  # behind the beat as one hears it, still under the 24 ms at which listeners call it wrong
MAX_CHARS = 4000  # some 100 bars
PAD_S = 0.05  # silence before the first sound of the file
LINE_MARK = " / "  # as in quoted verse


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "voice",
        help="speak a text on the beat",
        description='Speak a text on the beat.  Lines end at a line break or " / "; one too long for its bar is cut.',
    )
    parser.add_argument("text", metavar="TEXT", help="what to say")
    parser.add_argument("-o", "--output", metavar="F", required=True, help="the file to write (wav, flac, ogg, mp3)")
    parser.add_argument("--bpm", type=float, default=DEFAULT_BPM, metavar="N", help=f"tempo (default {DEFAULT_BPM:g})")
    parser.add_argument("--voice", metavar="V", help="one of `rapbot voices` (default: heart)")
    add_reference(parser)
    parser.add_argument(
        "--flow", choices=FLOWS, default="straight", help="placement of the syllables (default straight)"
    )
    parser.add_argument(
        "--affect", metavar="A", help="calm, mocking, aggressive, triumphant or deadpan (default: the voice's own)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the breath noise (default 0)")
    parser.add_argument("--json", action="store_true", help="print where every syllable lies")


def run(args: argparse.Namespace) -> int:
    text = _checked_text(args.text)
    if not (math.isfinite(args.bpm) and LOW_BPM <= args.bpm <= HIGH_BPM):
        raise UserError(f"--bpm must lie in {LOW_BPM:g}..{HIGH_BPM:g}, got {args.bpm:g}")
    if args.seed < 0:
        raise UserError(f"--seed must not be negative, got {args.seed}")

    from rapbot.respond.performer import check_voice, engage
    from rapbot.sound.files import check_audio_writable, write_audio
    from rapbot.voicing.delivery import AFFECTS, with_affect
    from rapbot.voicing.voices import DEFAULT_VOICE, voice_spec

    spec = voice_spec(args.voice or DEFAULT_VOICE)
    reference = reference_of(args)
    check_voice(spec.name, reference)
    if args.affect is not None and args.affect not in AFFECTS:
        raise UserError(f"--affect must be one of {', '.join(AFFECTS)}, got '{args.affect}'")
    check_audio_writable(args.output)

    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice
    from rapbot.protocols import MIX_RATE_HZ
    from rapbot.respond.report import reference_json
    from rapbot.rhythm.slots import span_beats_for
    from rapbot.voicing.assemble import place

    speaker = HibariText()
    lines, plans = lines_and_plans(text, args.bpm, args.flow, speaker)
    engaged = engage(spec.name, HibariVoice(), speaker, args.seed, reference)
    voice = engaged.voice
    delivery = voice.spec.delivery
    if args.affect is not None:
        delivery = with_affect(delivery, args.affect)
    if args.flow == "laid-back":
        delivery = replace(delivery, late_ms=max(delivery.late_ms, LAID_BACK_MS))
    takes = [
        voice.render(words, plan.slots, args.bpm, delivery, seed=index)
        for index, (words, plan) in enumerate(zip(lines, plans, strict=True))
    ]
    line_s = span_beats_for(args.bpm) * 60.0 / args.bpm
    origin = max(take.origin_samples / take.rate_hz - k * line_s for k, take in enumerate(takes)) + PAD_S
    origin_samples = round(max(origin, PAD_S) * MIX_RATE_HZ)
    starts = [origin_samples + round(k * line_s * MIX_RATE_HZ) for k in range(len(takes))]
    track = place(takes, starts, MIX_RATE_HZ)
    write_audio(args.output, track, MIX_RATE_HZ)
    duration_s = len(track) / MIX_RATE_HZ
    if engaged.leaning is not None:
        print(f"rapbot: note: {leaning_line(engaged.leaning)}", file=sys.stderr)
    if not args.json:
        bars = "1 line" if len(takes) == 1 else f"{len(takes)} lines"
        print(f"{args.output}: {bars} by {spec.name} at {args.bpm:g} BPM, {duration_s:.2f} s")
        return 0
    syllables = [
        {
            "phones": list(syllable.phones),
            "stress": syllable.stress,
            "target_s": round(start / MIX_RATE_HZ + syllable.target_s, 4),
            "onset_s": round(start / MIX_RATE_HZ + syllable.onset_s, 4),
        }
        for take, start in zip(takes, starts, strict=True)
        for syllable in take.syllables
    ]
    result: dict[str, Any] = {
        "bpm": args.bpm,
        "origin_s": round(origin_samples / MIX_RATE_HZ, 4),
        "syllables": syllables,
        "duration_s": round(duration_s, 4),
        "render_ms": round(sum(take.render_ms for take in takes), 1),
    }
    if reference is not None:
        result["reference"] = reference_json(reference, engaged.leaning)
    print(json.dumps(result, separators=(",", ":")))
    return 0


def lines_and_plans(
    text: str, bpm: float, flow: str, speaker: HibariText
) -> tuple[list[tuple[PronouncedWord, ...]], list[SlotPlan]]:
    """The text cut into lines that fit, each with its slots; no line's pickup overlaps the end of the one before."""
    from rapbot.language.syllables import accent_final, line_syllables, weak_by_partner
    from rapbot.rhythm.slots import (
        DOUBLE_TIME_SYL_S,
        MAX_RATE_SYL_S,
        SlotError,
        free_pickups,
        plan_slots,
        span_beats_for,
    )

    rate = DOUBLE_TIME_SYL_S if flow == "double" else MAX_RATE_SYL_S
    placement = "straight" if flow == "double" else flow
    span = span_beats_for(bpm)
    written = [words for line in _written_lines(text) if (words := _pronounced(line, speaker))]
    if not written:
        raise UserError("nothing to say: give a text with at least one word")
    waiting = list(zip(written, weak_by_partner(written), strict=True))
    waiting.reverse()
    lines: list[tuple[PronouncedWord, ...]] = []
    plans: list[SlotPlan] = []
    free = 3
    while waiting:
        words, weak = waiting.pop()
        weak = weak if weak < len(words) else 0  # cut off from its accent
        words = accent_final(words, weak)
        try:
            syllables = line_syllables(words)
        except ValueError as error:
            raise UserError(str(error)) from error
        try:
            plan = plan_slots(
                syllables, bpm, span_beats=span, flow=placement, max_rate_syl_s=rate, pickup_slots=min(3, free)
            )
        except SlotError as error:
            if len(words) == 1:
                raise UserError(f"'{words[0].text}' does not fit a line at {bpm:g} BPM: {error}") from error
            plan = None
        if plan is None or (not plan.fits and len(words) > 1 and flow != "double"):
            cut = _cut(words)
            waiting += [(words[cut:], weak), (words[:cut], 0)]
            continue
        lines.append(words)
        plans.append(plan)
        free = free_pickups(plan.slots, span, placement)
    return lines, plans


def _checked_text(text: str) -> str:
    if len(text) > MAX_CHARS:
        raise UserError(f"the text has {len(text)} characters; the limit is {MAX_CHARS}")
    return text


def _written_lines(text: str) -> list[str]:
    return [line for line in text.replace(LINE_MARK, "\n").splitlines() if line.strip()]


def _pronounced(line: str, speaker: HibariText) -> tuple[PronouncedWord, ...]:
    try:
        return speaker.pronounce(line)
    except ValueError as error:
        raise UserError(str(error)) from error


def _cut(words: Sequence[PronouncedWord]) -> int:
    """Where to break a line in two: near the middle, rather after punctuation."""
    middle = len(words) / 2
    return min(
        range(1, len(words)), key=lambda at: (abs(at - middle) - (len(words) * 0.3 if words[at - 1].after else 0), at)
    )
