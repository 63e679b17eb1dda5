"""`rapbot write`: the pen alone, and the check of its arsenal."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapbot.errors import UserError

if TYPE_CHECKING:
    from rapbot.values import Verse

SCHEMA = "rapbot.verse/1"
HEATS = ("clean", "street", "raw")
PEN_HELP = "arsenal (default); model or openai:URL#MODEL also asks SmolLM2 or a language model on this machine"
DENSITIES = ("own", "match", "contrast")
DENSITY_HELP = "line length: as it comes, as dense as the opponent (match), or the opposite (contrast)"
MIN_BARS, MAX_BARS = 4, 32
MIN_BPM, MAX_BPM = 50.0, 200.0
MAX_VERSE_BYTES = 1_000_000  # twenty hours of rap; /dev/zero has no end


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "write",
        help="write an answer to a typed verse",
        description="Write an answer to a verse given as text, on the slots of a beat; or check the arsenal (--lint).",
    )
    parser.add_argument(
        "--opponent", metavar="TEXT|@FILE", help="what the opponent said, lines parted by / or line ends"
    )
    parser.add_argument("--bars", type=int, default=8, metavar="N", help="lines to answer with, 4 to 32 (default: 8)")
    parser.add_argument("--bpm", type=float, default=90.0, metavar="N", help="tempo the lines must fit (default: 90)")
    parser.add_argument("--persona", metavar="P|FILE.toml", help="who answers (default: the comedian)")
    parser.add_argument("--heat", choices=HEATS, default="street", help="how rough it may get (default: street)")
    parser.add_argument("--surprise", type=float, default=0.3, metavar="0..1", help="from the sure to the far-fetched")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="same input, options and seed: same verse")
    parser.add_argument("--pen", default="arsenal", metavar="P", help=PEN_HELP)
    parser.add_argument("--memory", metavar="PATH", help="use what is remembered there, and remember this verse")
    parser.add_argument("--density", choices=DENSITIES, default="own", help=DENSITY_HELP)
    parser.add_argument("--json", action="store_true", help=f"print one JSON object, schema {SCHEMA}")
    parser.add_argument("--lint", action="store_true", help="check every couplet of the arsenal and exit")


def run(args: argparse.Namespace) -> int:
    if args.lint:
        return _lint(as_json=args.json)
    if args.opponent is None:
        raise UserError("give the opponent's verse with --opponent TEXT or --opponent @FILE (or --lint)")
    _check(args)
    text = opponent_text(args.opponent)
    from rapbot.respond.kit import open_maker, persona_name

    maker = open_maker(args.pen)

    from rapbot.engines.cmu import CmuLexicon
    from rapbot.engines.hibari_text import HibariText
    from rapbot.language.anchors import find_anchors, verse_facts, words_from_text
    from rapbot.resources import models_root
    from rapbot.writing.memory import open_memory
    from rapbot.writing.pen import Order, open_pen
    from rapbot.writing.recollection import answer_remembering

    engine = HibariText()
    pen = open_pen(engine, CmuLexicon(), models_root())
    persona = persona_name(pen, args.persona)  # an unknown one is told before the work
    words, lines = words_from_text(text)
    anchors = find_anchors(words, engine, pen.nouns, lines)
    heard = tuple(word.text for word in words)
    proposed, remark = pen.proposals(maker, anchors, args.bpm, seed=args.seed, heard=heard) if maker else ([], "")
    if remark:
        print(f"rapbot: note: {remark}", file=sys.stderr)
    order = Order(args.bpm, args.bars, persona, args.heat, args.surprise, args.seed, density=args.density)
    memory = open_memory(args.memory, writable=None) if args.memory else None
    verse = answer_remembering(pen, order, memory, anchors, verse_facts(words, lines, engine), heard, proposed)
    for remark in memory.remarks if memory is not None else ():
        print(f"rapbot: note: {remark}", file=sys.stderr)
    if args.bars % 2:
        print(f"rapbot: note: lines come in pairs, so {args.bars} bars became {args.bars - 1}", file=sys.stderr)
    dreamt = (len(memory.ideas()) if memory is not None else 0, sum(pen.is_idea(b.entry_id) for b in verse.bars[::2]))
    print(json.dumps(verse_json(verse, *dreamt), ensure_ascii=False) if args.json else verse_text(verse))
    return 0


def opponent_text(argument: str) -> str:
    """The verse itself, or the text of the file named after an @; " / " parts lines as well as a line end does."""
    if not argument.startswith("@"):
        return argument.replace(" / ", "\n")
    path = Path(argument[1:])
    try:
        with path.open("rb") as file:
            data = file.read(MAX_VERSE_BYTES + 1)
        if len(data) > MAX_VERSE_BYTES:
            raise UserError(f"{path} is no verse: more than {MAX_VERSE_BYTES} bytes; give the lines of one verse")
        return data.decode("utf-8-sig").replace(" / ", "\n")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text: save the verse as plain text") from None
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path} is not a file: --opponent @FILE takes a text file") from None


def verse_json(verse: Verse, ideas_kept: int = 0, ideas_used: int = 0) -> dict[str, Any]:
    """Schema rapbot.verse/1; ``slot`` counts 16ths from the bar line; ideas: in the memory, and in this verse."""
    return {
        "schema": SCHEMA,
        "bpm": verse.bpm,
        "span_beats": verse.span_beats,
        "persona": verse.persona,
        # a reply dreams nothing itself; what dreaming cost is told by `rapbot daydream`
        "daydream": {
            "tried": 0,
            "kept": ideas_kept,
            "used": ideas_used,
            "cpu_s_per_kept": None,
            "cpu_s_per_used": None,
        },
        "bars": [
            {
                "index": bar.index,
                "text": bar.text,
                "move": bar.move,
                "entry": bar.entry_id,
                "answers": list(bar.answers),
                "rhyme_group": bar.rhyme_group,
                "end_word": bar.end_word,
                "syllables": [
                    {"phones": list(syllable.phones), "stress": syllable.stress, "slot": slot}
                    for syllable, slot in zip(bar.syllables, bar.slots, strict=True)
                ],
            }
            for bar in verse.bars
        ],
        "monitors": verse.monitors,
    }


def verse_text(verse: Verse) -> str:
    """The bars with rhyme letters, and what each answers."""
    width = max((len(bar.text) for bar in verse.bars), default=0)
    rows = []
    for bar in verse.bars:
        answer = f"  <- {', '.join(bar.answers)}" if bar.answers else ""
        rows.append(f"{bar.rhyme_group:>2}  {bar.text:<{width}}{answer}".rstrip())
        if bar.index % 2 and bar.index < len(verse.bars) - 1:
            rows.append("")
    return "\n".join(rows)


def _check(args: argparse.Namespace) -> None:
    if not MIN_BARS <= args.bars <= MAX_BARS:
        raise UserError(f"--bars must be {MIN_BARS} to {MAX_BARS}, got {args.bars}")
    if not MIN_BPM <= args.bpm <= MAX_BPM:
        raise UserError(f"--bpm must be {MIN_BPM:g} to {MAX_BPM:g}, got {args.bpm:g}")
    if not 0.0 <= args.surprise <= 1.0:
        raise UserError(f"--surprise must be 0 to 1, got {args.surprise:g}")
    if args.seed < 0:
        raise UserError(f"--seed must not be negative, got {args.seed}")


def _lint(*, as_json: bool) -> int:
    from rapbot.engines.cmu import CmuLexicon
    from rapbot.engines.hibari_text import HibariText
    from rapbot.language.nouns import load_nouns
    from rapbot.resources import models_root
    from rapbot.writing.arsenal import load_arsenal
    from rapbot.writing.checker import Checker
    from rapbot.writing.lint import lint
    from rapbot.writing.persona import load_personas
    from rapbot.writing.vocabulary import parse_vocabulary

    models = models_root()
    personas = load_personas(models / "personas").values()
    couplets = [*load_arsenal(models / "arsenal"), *(couplet for persona in personas for couplet in persona.own)]
    vocabulary = parse_vocabulary((models / "categories.toml").read_text(encoding="utf-8"))
    checker = Checker(HibariText(), CmuLexicon())
    findings = list(lint(couplets, vocabulary, load_nouns(models / "nouns"), checker))
    if as_json:
        listed = [{"id": f.couplet_id, "rule": f.rule, "text": f.text} for f in findings]
        print(json.dumps({"schema": "rapbot.lint/1", "couplets": len(couplets), "findings": listed}))
    else:
        for finding in findings:
            print(finding)
        print(f"{len(couplets)} couplets, {len(findings)} findings")
    return 1 if findings else 0
