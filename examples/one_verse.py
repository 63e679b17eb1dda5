"""One verse, start to finish, in a straight line: what rapbot does when it answers a recording.

    python examples/one_verse.py tests/data/verses/marcus.flac reply.wav

No sound card, no server, no options: each paragraph is one stage.
"""

import sys

import numpy as np

from rapbot.hearing.listener import Listener
from rapbot.language.anchors import find_anchors, verse_facts
from rapbot.language.syllables import accent_final
from rapbot.protocols import HEARING_RATE_HZ, MIX_RATE_HZ
from rapbot.respond.accompany import choose_backing, lay_out
from rapbot.respond.answer import reply_timeline, resample
from rapbot.respond.kit import open_kit
from rapbot.respond.opponent import lines_by_bar
from rapbot.rhythm.tracker import BeatTracker
from rapbot.sound.files import read_audio, write_audio
from rapbot.sound.mix import mix_reply
from rapbot.voicing.assemble import place
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import voice_spec

verse_path, reply_path = sys.argv[1:3]
kit = open_kit()
recording = read_audio(verse_path)

# Hear: words and syllables from the voice, tempo and bar lines from everything, 20 ms at a time.
listener = Listener(kit.transcriber, kit.phones, kit.activity, kit.text.syllable_stresses, kit.aligner, kit.linguist)
tracker = BeatTracker(recording.rate_hz, estimate_every_s=None)
speech = resample(recording, HEARING_RATE_HZ)
for block in np.array_split(speech, len(speech) // 320):
    listener.feed(block)
for block in np.array_split(recording.samples, len(speech) // 320):
    tracker.feed(block)
heard = listener.finish()
grid = tracker.finish(tuple(syllable.start_s for syllable in heard.syllables))

# Understand: what did they claim, own, threaten, call us?
lines = lines_by_bar(heard.words, grid)
anchors = find_anchors(heard.words, kit.text, kit.pen.nouns, lines)

# Write: eight bars that answer those things, rhyme, and fit the grid at this tempo.
verse = kit.pen.write(anchors, verse_facts(heard.words, lines, kit.text), bpm=grid.bpm, bars=8)

# Voice: every stressed vowel on its 16th.
timeline, bar_lines = reply_timeline(verse)
voice = Voice(kit.acoustic, voice_spec(kit.pen.persona(verse.persona).voice))
takes = [voice.render(accent_final(kit.text.pronounce(bar.text)), bar.slots, verse.bpm) for bar in verse.bars]

# Mix: over a beat in the verse's tempo.
beat = lay_out(choose_backing("auto", verse.bpm, seed=0), timeline, len(verse.bars) * verse.span_beats)
track = np.resize(np.pad(place(takes, bar_lines, MIX_RATE_HZ), (0, len(beat))), len(beat))
write_audio(reply_path, mix_reply(track, beat, MIX_RATE_HZ).mix, MIX_RATE_HZ)

for line in lines:
    print("  they:", " ".join(heard.words[i].text for i in line))
for bar in verse.bars:
    print("rapbot:", bar.text)
