"""Both verses side by side on a terminal, end rhymes marked by letter (and colour where the terminal has it)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

_COLOURS = (36, 33, 35, 32, 34, 31)  # ANSI foregrounds, one per rhyme group, in turn
GUTTER = "   "


def side_by_side(
    left: Sequence[tuple[str, str]],
    right: Sequence[tuple[str, str]],
    *,
    titles: tuple[str, str],
    width: int = 118,
    colour: bool = False,
) -> str:
    """Two columns of (text, rhyme letter) lines under their titles; long lines wrap inside their column."""
    column = (width - len(GUTTER)) // 2
    rows = [*_rows([(titles[0], "")], [(titles[1], "")], column, False), "─" * column + GUTTER + "─" * column]
    rows += _rows(left, right, column, colour)
    return "\n".join(row.rstrip() for row in rows)


def _rows(left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]], column: int, colour: bool) -> list[str]:
    rows: list[str] = []
    for i in range(max(len(left), len(right))):
        a = _cell(left[i], column, colour) if i < len(left) else []
        b = _cell(right[i], column, colour) if i < len(right) else []
        for k in range(max(len(a), len(b))):
            rows.append((a[k] if k < len(a) else " " * column) + GUTTER + (b[k] if k < len(b) else ""))
    return rows


def _cell(line: tuple[str, str], column: int, colour: bool) -> list[str]:
    text, letter = line
    parts = textwrap.wrap(text, column - 4) or [""]
    out = []
    for k, part in enumerate(parts):
        mark = f" [{letter}]" if letter and k == len(parts) - 1 else ""
        plain = (part + mark).ljust(column)
        if colour and mark:
            code = _COLOURS[(ord(letter[0]) - ord("A")) % len(_COLOURS)]
            head, _, last = part.rpartition(" ")
            lead = f"{head} " if head else ""
            plain = f"{lead}\x1b[{code}m{last}{mark}\x1b[0m" + " " * (column - len(part) - len(mark))
        out.append(plain)
    return out


def waterfall(timing_ms: Sequence[tuple[str, float]], width: int = 40) -> str:
    """Stage times as a text waterfall: each bar starts where the one before it ended."""
    total = sum(ms for _, ms in timing_ms) or 1.0
    rows, at = [], 0.0
    for name, ms in timing_ms:
        start, stop = int(at / total * width), max(int(at / total * width) + 1, int((at + ms) / total * width))
        rows.append(f"{name:<22}{ms / 1000:7.2f} s  {' ' * start}{'█' * (stop - start)}")
        at += ms
    rows.append(f"{'total':<22}{total / 1000:7.2f} s")
    return "\n".join(rows)
