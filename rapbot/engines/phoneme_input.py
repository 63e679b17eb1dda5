"""What every voice that is given phonemes asks of them.

*Conventions.*  Tokens are misaki characters between the pads ``^`` and ``$``.
"""

from __future__ import annotations

from collections.abc import Callable

PAD_START, PAD_END = "^", "$"


def padded_tokens(misaki: str) -> tuple[str, ...]:
    """The characters with a pad at both ends."""
    return (PAD_START, *misaki, PAD_END)


def check_misaki(misaki: str, has_sound: Callable[[str], bool], most: int) -> None:
    """Raises ValueError for a string that is empty, longer than ``most``, or has a character without a sound."""
    unknown = sorted({char for char in misaki if not has_sound(char)})
    if unknown:
        raise ValueError(f"the voice has no sound for {' '.join(map(repr, unknown))} in {misaki!r}")
    if not misaki.strip():
        raise ValueError("nothing to say: the phoneme string is empty")
    if len(misaki) > most:
        raise ValueError(f"a line of {len(misaki)} phonemes is longer than the voice's {most}")
