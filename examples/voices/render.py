"""Renders the clips in this folder: every voice, every attitude, every flow, the same two bars.

Run from the repository's root: `python examples/voices/render.py`.  Voices whose weights are not installed are named
and left out.
"""

from __future__ import annotations

from pathlib import Path

from rapbot.cli import main
from rapbot.rhythm.slots import FLOWS
from rapbot.voicing.delivery import AFFECTS
from rapbot.voicing.voices import DEFAULT_VOICE, all_voices

HERE = Path(__file__).parent
TEXT = (
    "You brought a plastic sword into a thunderstorm, / I brought a cup of tea to keep the judges warm. / "
    "They hid the trophy when they saw you at the door, / and now the door has asked to see you nevermore."
)
BPM = "90"


def render(name: str, *options: str) -> None:
    path = HERE / f"{name}.ogg"
    if main(["voice", TEXT, "--bpm", BPM, "-o", str(path), *options]) != 0:
        print(f"{name}: left out")


for voice, spec in all_voices().items():
    if "unclear" in spec.licence:
        continue  # never in a bundled clip
    render(f"voice_{voice}", "--voice", voice)
for affect in AFFECTS:
    render(f"affect_{affect}", "--voice", DEFAULT_VOICE, "--affect", affect)
for flow in FLOWS:
    render(f"flow_{flow}", "--voice", DEFAULT_VOICE, "--flow", flow)
