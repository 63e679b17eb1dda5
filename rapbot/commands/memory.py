"""`rapbot memory show|merge|forget`: look into a memory, bring several together, forget.

*Conventions.*  Results go to stdout, remarks on the files to stderr.  `show --json` prints one object, schema
``rapbot.memory-summary/1``; `show --episodes` prints one object of schema rapbot.episode/1 a line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rapbot.errors import UserError

if TYPE_CHECKING:
    from rapbot.writing.memory import ArmKind, Memory

SCHEMA = "rapbot.memory-summary/1"
DEFAULT_TOP = 10


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "memory",
        help="show, merge or shorten a memory",
        description="Show what rapbot remembers, bring the memories of several machines together, or forget.",
    )
    actions = parser.add_subparsers(dest="action", metavar="show|merge|forget", required=True)
    show = actions.add_parser("show", help="what is in a memory: ideas, what works, who was met")
    show.add_argument("path", metavar="PATH", help="the memory file")
    show.add_argument("--json", action="store_true", help=f"print one JSON object, schema {SCHEMA}")
    show.add_argument("--episodes", action="store_true", help="print every logged decision, one JSON object a line")
    show.add_argument("--opponent", metavar="NAME", help="what works against this opponent, and what they are about")
    show.add_argument(
        "--top", type=int, default=DEFAULT_TOP, metavar="N", help=f"of each list (default: {DEFAULT_TOP})"
    )
    merge = actions.add_parser("merge", help="bring memories together; nothing is counted twice")
    merge.add_argument("output", metavar="OUT", help="where all goes; what is there already stays")
    merge.add_argument("inputs", metavar="IN", nargs="+", help="memories to take in; they are not changed")
    forget = actions.add_parser("forget", help="forget for good; a copy merged later brings back what it knows")
    forget.add_argument("path", metavar="PATH", help="the memory file")
    what = forget.add_mutually_exclusive_group(required=True)
    what.add_argument("--opponent", metavar="NAME", help="everything about this opponent")
    what.add_argument("--idea", metavar="ID", help="one idea and how it fared")
    what.add_argument(
        "--older-than-battles", type=int, metavar="N", help="what was neither had nor used in the last N battles"
    )
    what.add_argument("--all", action="store_true", help="everything")
    forget.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    return {"show": _show, "merge": _merge, "forget": _forget}[args.action](args)


# --------------------------------------------------------------------------------------------------- show


def _show(args: argparse.Namespace) -> int:
    from rapbot.writing.memory import episode_json, open_memory

    if args.top < 0:
        raise UserError(f"--top must not be negative, got {args.top}")
    memory = open_memory(args.path, writable=False)
    _remark(memory)
    if args.opponent is not None and args.opponent not in memory.contents.opponents():
        known = ", ".join(memory.contents.opponents()) or "nobody"
        raise UserError(f"{args.path}: knows nothing of an opponent {args.opponent!r}; it knows {known}")
    if args.episodes:
        for episode in memory.episodes():
            if args.opponent in (None, episode.opponent):
                print(json.dumps(episode_json(episode)))
        return 0
    summary = _summary(memory, args.top, args.opponent)
    print(json.dumps(summary) if args.json else _as_text(summary))
    return 0


def _summary(memory: Memory, top: int, opponent: str | None) -> dict[str, Any]:
    from rapbot.writing.memory import ARM_KINDS

    uses, spent = memory.contents.uses(), memory.spent()
    return {
        "schema": SCHEMA,
        "digest": memory.digest(),
        "opponent": opponent,
        "battles": memory.contents.battles,
        "opponents": list(memory.contents.opponents()),
        "counts": {
            "ideas": len(memory.ideas()),
            "couplets_said": len(spent),
            "concepts": len(memory.heard(opponent)),
            "episodes": len(memory.episodes()),
        },
        "arms": {kind: _arms(memory, kind, top, opponent or "") for kind in ARM_KINDS},
        "ideas": [
            {
                "id": idea.id,
                "lines": list(idea.couplet.lines),
                "move": idea.couplet.move,
                "link": idea.link,
                "seeds": list(idea.seeds),
                "critic": idea.critic,
                "used": uses.get(idea.id, 0),
                "provenance": idea.provenance,
            }
            for idea in memory.ideas()[:top]
        ],
        "said": [
            {"entry": entry, "count": spent[entry]}
            for entry in sorted(spent, key=lambda entry: (-spent[entry], entry))[:top]
        ],
        "heard": [
            {"text": heard.text, "kind": heard.kind, "category": heard.category}
            for heard in memory.heard(opponent)[:top]
        ],
        "remarks": list(memory.remarks),
    }


def _arms(memory: Memory, kind: ArmKind, top: int, opponent: str) -> list[dict[str, Any]]:
    """The arms that lean most, with what they were paid by everybody."""
    from rapbot.writing.bandit import leanings, total

    tallies = memory.tallies(kind)
    lean = leanings(tallies, sorted({arm for arm, _ in tallies}), opponent)
    out = []
    for arm in sorted(lean, key=lambda arm: (-lean[arm], arm))[:top]:
        paid = total(tallies, arm)
        out.append(
            {
                "arm": arm,
                "leaning": lean[arm],
                "count": paid.count,
                "mean_reward": round(paid.reward / paid.count, 4),
            }
        )
    return out


def _as_text(summary: dict[str, Any]) -> str:
    counts = summary["counts"]
    opponents = f" against {', '.join(summary['opponents'])}" if summary["opponents"] else ""
    rows = [
        f"{_many(summary['battles'], 'battle')}{opponents}; {_many(counts['ideas'], 'idea')}, "
        f"{_many(counts['couplets_said'], 'couplet')} said, {_many(counts['concepts'], 'word')} heard, "
        f"{_many(counts['episodes'], 'decision')} logged; digest {summary['digest']}"
    ]
    for kind, arms in summary["arms"].items():
        if arms:
            rows += ["", f"{kind}s, by how much the choice leans to them:"]
            rows += [
                f"  {arm['leaning']:+.2f}  {arm['arm']:16} reward {arm['mean_reward']:.2f} in {arm['count']}"
                for arm in arms
            ]
    if summary["ideas"]:
        rows += ["", "ideas:"]
        for idea in summary["ideas"]:
            rows.append(f"  {idea['critic']:.2f}  {idea['id']}  {' / '.join(idea['lines'])}")
            rows.append(f"        {idea['seeds'][0]} x {idea['seeds'][1]}, used {_many(idea['used'], 'time')}")
    if summary["said"]:
        rows += ["", "said: " + ", ".join(f"{said['entry']} {said['count']}" for said in summary["said"])]
    if summary["heard"]:
        rows += ["", "heard: " + ", ".join(heard["text"] for heard in summary["heard"])]
    return "\n".join(rows)


# --------------------------------------------------------------------------------------------------- merge, forget


def _merge(args: argparse.Namespace) -> int:
    from rapbot.writing.memory import merge

    memory = merge(args.output, args.inputs)
    _remark(memory)
    battles, ideas, decisions = memory.contents.battles, len(memory.ideas()), len(memory.episodes())
    print(f"{args.output}: {_many(battles, 'battle')}, {_many(ideas, 'idea')}, {_many(decisions, 'decision')}")
    return 0


def _forget(args: argparse.Namespace) -> int:
    from rapbot.writing.memory import FORGET_BYTES, about_idea, about_opponent, open_memory, untouched

    open_memory(args.path, writable=False, limit_bytes=FORGET_BYTES)  # a wrong path must not become a new memory
    memory = open_memory(args.path, limit_bytes=FORGET_BYTES)
    _remark(memory)
    forgotten: Callable[[Any], bool]
    if args.all:
        what, forgotten = "everything", lambda line: True
    elif args.idea is not None:
        what, forgotten = f"idea {args.idea}", lambda line: about_idea(line, args.idea)
    elif args.opponent is not None:
        what, forgotten = f"all about {args.opponent!r}", lambda line: about_opponent(line, args.opponent)
    else:
        if args.older_than_battles < 0:
            raise UserError(f"--older-than-battles must not be negative, got {args.older_than_battles}")
        what = f"what is older than {args.older_than_battles} battles"
        forgotten = untouched(memory.contents, args.older_than_battles)
    found = memory.contents.count(forgotten)
    if not found:
        print(f"{args.path}: nothing to forget")
        return 0
    if not args.yes and not _agreed(f"forget {what} in {args.path} ({_many(found, 'line')})?"):
        print("nothing was forgotten")
        return 0
    gone = memory.forget(forgotten)
    print(f"{args.path}: forgot {what}, {_many(gone, 'line')}")
    return 0


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UserError(f"{question} add --yes to say so")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _remark(memory: Memory) -> None:
    for remark in memory.remarks:
        print(f"rapbot: note: {remark}", file=sys.stderr)
