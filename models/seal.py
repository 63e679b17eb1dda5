"""Brings the manifest's digests and sizes of our own files up to date after one of them was made anew.

    python models/seal.py           rewrites models/manifest.toml in place, saying what changed

Only entries of kind "ours" are touched: what others packaged must match what was once looked at.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rapbot.resources import MANIFEST_NAME, parse_manifest

MODELS = Path(__file__).resolve().parent


def sealed(text: str, folder: Path) -> tuple[str, list[str]]:
    """The manifest's text with fresh digests, and the files whose entry changed."""
    changed = []
    for model in parse_manifest(text):
        if model.kind != "ours":
            continue
        for file in model.files:
            data = (folder / file.target).read_bytes()
            lines = (
                f'target = "{file.target}"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsize_bytes = {len(data)}\n'
            )
            pattern = rf'target = "{re.escape(file.target)}"\nsha256 = "[0-9a-f]*"\nsize_bytes = \d+\n'
            fresh, count = re.subn(pattern, lines, text)
            if count != 1:
                raise SystemExit(f"{file.target}: expected one entry with target, sha256, size_bytes in that order")
            if fresh != text:
                changed.append(file.target)
                text = fresh
    return text, changed


def main() -> None:
    manifest = MODELS / MANIFEST_NAME
    text, changed = sealed(manifest.read_text(encoding="utf-8"), MODELS)
    manifest.write_text(text, encoding="utf-8")
    print("\n".join(f"resealed {target}" for target in changed) or "every digest was right")


if __name__ == "__main__":
    main()
