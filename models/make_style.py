"""Teaches the style reader what each persona sounds like: ``models/personas/style.json``.

    python models/make_style.py           verses of every persona against the typed opponents, seeds 0 to 5

The benchmark judges by a reader of its own, trained on other opponents; this one is for the monitor.
"""

from __future__ import annotations

from pathlib import Path

from rapbot.bench.personas import verses_of
from rapbot.bench.writing import known_verses, open_kit, opponent_of
from rapbot.writing.style import learn, to_json

OUT = Path(__file__).resolve().parent / "personas" / "style.json"
SEEDS = range(6)


def main() -> None:
    kit = open_kit()
    opponents = [opponent_of(*verse, kit.text, kit.pen.nouns) for verse in known_verses()]
    verses = [verse for name in kit.pen.personas for verse in verses_of(kit.pen, name, opponents, SEEDS)]
    OUT.write_text(to_json(learn(verses)), encoding="utf-8")
    print(f"{OUT.name}: {len(verses)} verses of {len(kit.pen.personas)} personas")


if __name__ == "__main__":
    main()
