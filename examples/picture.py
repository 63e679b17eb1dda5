"""A picture of a reply: its voice, its beat and the grid, from the files `rapbot respond` wrote.

    rapbot respond VERSE -o reply.wav --stems stems --report report.json
    python examples/picture.py report.json stems picture.png

Green lines are where stressed vowels were wanted, yellow ones the other syllables; red lines are bar lines.  Needs
matplotlib (the `dev` extra).
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import soundfile

BARS_SHOWN = 2
report_path, stems, picture_path = (Path(argument) for argument in sys.argv[1:4])

report = json.loads(report_path.read_text())
voice, rate_hz = soundfile.read(stems / "voice.wav")
beat, _ = soundfile.read(stems / "beat.wav")
beat_s = 60 / report["bpm"]
bar_s = report["span_beats"] * beat_s
origin_s = report["grid_origin_s"]
first_s, last_s = max(0.0, origin_s - beat_s), origin_s + BARS_SHOWN * bar_s

figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(12, 6), sharex=True)
times_s = np.arange(len(voice)) / rate_hz
for axis, samples, name in ((top, voice, "voice"), (middle, beat, "beat")):
    axis.plot(times_s, samples.mean(axis=1), lw=0.4, color="0.3")
    axis.set_ylabel(name)
bottom.specgram(voice.mean(axis=1) + 1e-7, NFFT=1024, Fs=rate_hz, noverlap=768, vmin=-120, cmap="magma")
bottom.set_ylim(0, 6000)
bottom.set_ylabel("voice, Hz")
bottom.set_xlabel("seconds in reply.wav")
for axis in (top, middle):
    for step in range(int((last_s - origin_s) / (beat_s / 4)) + 1):
        heavy = step % (4 * report["span_beats"]) == 0
        axis.axvline(origin_s + step * beat_s / 4, color="tab:red" if heavy else "0.85", lw=1.4 if heavy else 0.5)
for bar in report["reply"]["bars"][:BARS_SHOWN]:
    for syllable in bar["syllables"]:
        stressed = syllable["stress"] == 1
        top.axvline(syllable["target_s"], color="tab:green" if stressed else "gold", lw=1.2, ls="--")
top.set_title(" / ".join(bar["text"] for bar in report["reply"]["bars"][:BARS_SHOWN]), fontsize=10)
top.set_xlim(first_s, last_s)
figure.tight_layout()
figure.savefig(picture_path, dpi=80)
