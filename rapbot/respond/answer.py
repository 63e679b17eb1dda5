"""One verse, from recording to reply: listen, understand, write, voice, mix.

This file is the offline driver.  It owns the order of the stages and the stopwatch, and nothing else; the stages are
the ones a live battle feeds, block by block.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rapbot.errors import UserError
from rapbot.language.anchors import VerseFacts, find_anchors, verse_facts
from rapbot.language.syllables import accent_final, weak_words
from rapbot.protocols import HEARING_RATE_HZ, MIX_RATE_HZ
from rapbot.respond.accompany import LEAD_BEATS, Backing, check_beat, choose_backing, lay_out
from rapbot.respond.kit import Kit, check_maker, open_maker, persona_name
from rapbot.respond.opponent import Opponent, lines_by_bar
from rapbot.respond.performer import Reference, check_voice, engage
from rapbot.rhythm.timeline import Timeline
from rapbot.values import Audio, PronouncedWord, Take, Verse
from rapbot.voicing.backing_vocals import Extra, Performer, second_track
from rapbot.voicing.performance import BarDelivery, performed_verse, plan_performance
from rapbot.voicing.voices import DEFAULT_VOICE
from rapbot.writing.memory import open_memory
from rapbot.writing.pen import Order
from rapbot.writing.recollection import answer_remembering

if TYPE_CHECKING:
    from rapbot.sound.mix import MixResult
    from rapbot.sound.space import Space
    from rapbot.voicing.reference import Leaning
    from rapbot.writing.candidates import Candidate

SENT_BEFORE_S, SENT_AFTER_S = 0.08, 0.45  # of a word, about its first vowel's onset and its last one's
BLOCK_S = 0.020  # what a sound card delivers; the recording is fed as the live stream would be
UPDATE_S = 1.2  # a third as often as on stage: nobody waits for the single word of a recording
MIN_BARS, MAX_BARS, DEFAULT_BARS = 4, 32, 8
LONGEST_DEFAULT_BARS = 16  # an answer longer than a round is asked for, never assumed
DOUBTFUL_TEMPO = 0.5  # a beat grid less sure than this deserves a word to the user
ENGLISH = "en"
DOUBTFUL_ENGLISH, CERTAIN_OTHER = 0.6, 0.8  # below the first: a warning; another language above the second: an error


@dataclass(frozen=True)
class Request:
    """What the user asked for.  None means: decide from the recording."""

    bars: int | None = None
    bpm: float | None = None
    beat: str = "auto"
    persona: str | None = None
    voice: str | None = None
    heat: str = "street"
    surprise: float = 0.3
    seed: int = 0
    reference: Reference | None = None
    pen: str = "arsenal"
    memory: Path | None = None


@dataclass(frozen=True)
class Answer:
    """Everything one reply consists of; sample arrays at `MIX_RATE_HZ`, all stems as long as ``mix``.

    ``takes`` are the lead alone and dry; ``verse`` has the slots it was said on.
    """

    opponent: Opponent
    verse: Verse
    takes: tuple[Take, ...]
    bar_starts: tuple[int, ...]
    mix: np.ndarray
    voice_stem: np.ndarray
    beat_stem: np.ndarray
    timeline: Timeline
    beat_name: str
    voice_name: str
    warnings: tuple[str, ...]
    timing_ms: tuple[tuple[str, float], ...]
    deliveries: tuple[BarDelivery, ...] = ()
    extras: tuple[Extra, ...] = ()
    leaning: Leaning | None = None
    memory_digest: str | None = None


@dataclass(frozen=True)
class Performance:
    """A verse as it was said: the lead bar by bar and as a track, what stands beside it, and where words are sent."""

    verse: Verse
    deliveries: tuple[BarDelivery, ...]
    takes: tuple[Take, ...]
    lead: np.ndarray
    second: np.ndarray
    extras: tuple[Extra, ...]
    space: Space


def answer(
    recording: Audio, request: Request, kit: Kit, on_stage: Callable[[str, float], None] = lambda name, share: None
) -> Answer:
    """Answer a recorded verse.

    Args:
        recording: mono, any rate.
        request: options; validated here.
        kit: opened engines.
        on_stage: told (stage, share done 0..1) for a progress bar.

    Raises:
        UserError: an option out of range, another language than English, or nothing but silence or music in the
            recording while no ``bars`` were asked for.
    """
    check(request)
    persona = persona_name(kit.pen, request.persona)  # a wrong one is said before the long work
    watch = _Stopwatch(on_stage)
    warnings: list[str] = []

    with watch("hear"):
        opponent, facts = listen(recording, kit, request, warnings, lambda share: on_stage("hear", share))
    with watch("beat"):
        backing = choose_backing(request.beat, request.bpm or opponent.grid.bpm, request.seed)
        if request.bpm and abs(backing.bpm / request.bpm - 1) > 0.005:
            warnings.append(
                f"the beat file runs at {backing.bpm:.1f} BPM; the reply follows it, not --bpm {request.bpm:g}"
            )
    maker = open_maker(request.pen)
    proposed: list[Candidate] = []
    heard = [word.text for word in opponent.words]
    if maker is not None:
        with watch("ask"):
            proposed, remark = kit.pen.proposals(maker, opponent.anchors, backing.bpm, seed=request.seed, heard=heard)
        warnings += [remark] if remark else []
    with watch("write"):
        order = Order(
            backing.bpm, request.bars or default_bars(opponent), persona, request.heat, request.surprise, request.seed
        )
        memory = open_memory(request.memory, writable=None) if request.memory else None
        digest = memory.digest() if memory is not None else None
        verse = answer_remembering(kit.pen, order, memory, opponent.anchors, facts, heard, proposed)
        warnings += memory.remarks if memory is not None else ()
    voice_name = request.voice or kit.pen.persona(verse.persona).voice
    with watch("reference") if request.reference else nullcontext():
        engaged = engage(voice_name, kit.acoustic, kit.text, request.seed, request.reference)
    with watch("voice"):
        timeline, starts = reply_timeline(verse)
        said = perform(verse, engaged.voice, starts, kit, request.seed, lambda share: on_stage("voice", share))
    with watch("mix"):
        mixed = _mix(said, backing, timeline)
    return Answer(
        opponent, said.verse, said.takes, starts, mixed.mix, mixed.voice_stem, mixed.beat_stem, timeline, backing.name,
        voice_name, tuple(warnings), watch.timing_ms, said.deliveries, said.extras, engaged.leaning, digest,
    )  # fmt: skip


def check(request: Request) -> None:
    """Refuse options outside their range, naming the range, and names that do not exist, naming those that do."""
    if request.bars is not None and not MIN_BARS <= request.bars <= MAX_BARS:
        raise UserError(f"--bars must be {MIN_BARS} to {MAX_BARS}, got {request.bars}")
    if request.bpm is not None and not 50 <= request.bpm <= 200:
        raise UserError(f"--bpm must be 50 to 200, got {request.bpm:g}")
    if not 0 <= request.surprise <= 1:
        raise UserError(f"--surprise must be 0 to 1, got {request.surprise:g}")
    check_beat(request.beat)
    check_maker(request.pen)
    if request.voice is not None or request.reference is not None:
        check_voice(request.voice or DEFAULT_VOICE, request.reference)


def listen(
    recording: Audio,
    kit: Kit,
    request: Request,
    warnings: list[str],
    on_share: Callable[[float], None] = lambda share: None,
) -> tuple[Opponent, VerseFacts]:
    """Feed the recording in 20 ms blocks, then take the stages' final pass."""
    from rapbot.hearing.listener import Listener
    from rapbot.rhythm.tracker import BeatTracker

    speech = resample(recording, HEARING_RATE_HZ)
    language, probability = kit.linguist.language(speech)
    listener = Listener(
        kit.transcriber, kit.phones, kit.activity, kit.text.syllable_stresses, kit.aligner, kit.linguist, UPDATE_S
    )
    tracker = BeatTracker(recording.rate_hz, request.bpm, estimate_every_s=None)
    blocks = max(1, round(len(speech) / (BLOCK_S * HEARING_RATE_HZ)))
    for i, (heard_block, played_block) in enumerate(
        zip(np.array_split(speech, blocks), np.array_split(recording.samples, blocks), strict=True)
    ):
        listener.feed(heard_block)
        tracker.feed(played_block)
        if i % 50 == 0:
            on_share(0.7 * i / blocks)
    heard = listener.finish()
    on_share(0.9)
    if not heard.words and request.bars is None:
        raise UserError(
            "no words were heard in the recording (silence or music only): "
            "record closer to the microphone, or give --bars N for a reply that says so"
        )
    if heard.words:
        _check_language(language, probability, warnings)
    else:
        warnings.append("no words were heard (silence or music only): the reply says so")
    grid = tracker.finish(tuple(s.start_s for s in heard.syllables))
    if grid.confidence < DOUBTFUL_TEMPO:
        warnings.append(f"the tempo is a guess ({grid.bpm:.1f} BPM): give it with --bpm if the reply is off")
    lines = lines_by_bar(heard.words, grid)
    anchors = find_anchors(heard.words, kit.text, kit.pen.nouns, lines)
    opponent = Opponent(heard.words, lines, heard.syllables, anchors, grid, heard.end_s, language, probability)
    return opponent, verse_facts(heard.words, lines, kit.text)


def _check_language(language: str, probability: float, warnings: list[str]) -> None:
    if language != ENGLISH and probability > CERTAIN_OTHER:
        raise UserError(
            f"the verse sounds like language {language!r} ({probability:.0%} sure): rapbot answers English only"
        )
    if language != ENGLISH or probability < DOUBTFUL_ENGLISH:
        warnings.append(
            f"not sure this is English (best guess {language!r}, {probability:.0%}); the words may be wrong"
        )


def default_bars(opponent: Opponent) -> int:
    """As many bars as the opponent took, to the nearest multiple of four, at most a round of sixteen."""
    if not opponent.bar_count:
        return DEFAULT_BARS
    return min(LONGEST_DEFAULT_BARS, max(MIN_BARS, 4 * round(opponent.bar_count / 4)))


def reply_timeline(verse: Verse) -> tuple[Timeline, tuple[int, ...]]:
    """The reply's clock (beat 0 one pickup beat into the file) and the bar line of every written line, in samples."""
    lead_samples = Timeline(verse.bpm, MIX_RATE_HZ).sample_of(LEAD_BEATS)
    timeline = Timeline(verse.bpm, MIX_RATE_HZ, 0.0, lead_samples)
    return timeline, tuple(timeline.sample_of(bar.index * verse.span_beats) for bar in verse.bars)


def perform(
    verse: Verse,
    voice: Performer,
    starts: tuple[int, ...],
    kit: Kit,
    seed: int,
    on_share: Callable[[float], None] = lambda share: None,
) -> Performance:
    """The verse delivered: planned, every bar rendered on its slots, and the second track beside it."""
    from rapbot.voicing.assemble import place

    deliveries = plan_performance(verse, kit.pen.persona(verse.persona).affects or None, seed)
    verse = performed_verse(verse, deliveries)
    lines: list[tuple[PronouncedWord, ...]] = []
    takes: list[Take] = []
    for i, (bar, plan) in enumerate(zip(verse.bars, deliveries, strict=True)):
        words = accent_final(kit.text.pronounce(bar.text), weak_words(bar.syllables))
        lines.append(with_pause(words, plan.pause_before))
        takes.append(voice.render(lines[-1], bar.slots, verse.bpm, plan.colours(voice.spec.delivery), seed=seed + i))
        on_share((i + 1) / (len(verse.bars) + 1))
    lead = place(takes, starts, MIX_RATE_HZ)
    beside = second_track(voice, lines, deliveries, takes, starts, lead, verse.bpm, kit.text.pronounce, seed)
    on_share(1.0)
    space = _space(verse, deliveries, takes, starts)
    return Performance(verse, deliveries, tuple(takes), lead, beside.samples, beside.extras, space)


def with_pause(words: Sequence[PronouncedWord], before: int | None) -> tuple[PronouncedWord, ...]:
    """The words with a comma before the one that waits, so that the voice takes the rest for a rest."""
    out = list(words)
    if before is not None and not out[before - 1].after:
        out[before - 1] = replace(out[before - 1], after=",")
    return tuple(out)


def _space(verse: Verse, deliveries: Sequence[BarDelivery], takes: Sequence[Take], starts: Sequence[int]) -> Space:
    """Where in the lead the words lie that are thrown or get a room."""
    from rapbot.sound.space import Space

    def windows(k: int, words: Sequence[int]) -> Iterator[tuple[int, int]]:
        syllables = verse.bars[k].syllables
        for word in words:
            own = [n for n, syllable in enumerate(syllables) if syllable.word_index == word]
            first_s = takes[k].syllables[own[0]].onset_s - SENT_BEFORE_S
            last_s = takes[k].syllables[own[-1]].onset_s + SENT_AFTER_S
            if own[-1] + 1 < len(syllables):
                last_s = min(last_s, takes[k].syllables[own[-1] + 1].onset_s - SENT_BEFORE_S)
            elif k + 1 < len(starts):  # the next line may be on its way in
                pickup_s = (starts[k + 1] - starts[k]) / MIX_RATE_HZ + takes[k + 1].syllables[0].onset_s
                last_s = min(last_s, pickup_s - SENT_BEFORE_S)
            yield starts[k] + round(first_s * MIX_RATE_HZ), starts[k] + round(last_s * MIX_RATE_HZ)

    throws = [window for k, plan in enumerate(deliveries) for window in windows(k, plan.thrown)]
    rooms = [window for k, plan in enumerate(deliveries) for window in windows(k, plan.roomy)]
    return Space(verse.bpm, tuple(throws), tuple(rooms))


def _mix(said: Performance, backing: Backing, timeline: Timeline) -> MixResult:
    from rapbot.sound.mix import mix_reply

    beat = lay_out(backing, timeline, len(said.verse.bars) * said.verse.span_beats)
    return mix_reply(
        _fitted(said.lead, len(beat)), beat, MIX_RATE_HZ, second=_fitted(said.second, len(beat)), space=said.space
    )


def _fitted(track: np.ndarray, frames: int) -> np.ndarray:
    """The track cut or padded to a length."""
    out = np.zeros((frames, *track.shape[1:]), np.float32)
    used = min(frames, len(track))
    out[:used] = track[:used]
    return out


def resample(audio: Audio, rate_hz: int) -> np.ndarray:
    """Mono samples at ``rate_hz`` (librosa's soxr, high quality)."""
    if audio.rate_hz == rate_hz:
        return audio.samples
    import librosa

    return librosa.resample(audio.samples, orig_sr=audio.rate_hz, target_sr=rate_hz, res_type="soxr_hq").astype(
        np.float32
    )


class _Stopwatch:
    """Wall time per stage, in order."""

    def __init__(self, on_stage: Callable[[str, float], None]) -> None:
        self._on_stage = on_stage
        self._laps: list[tuple[str, float]] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self._on_stage(name, 0.0)
        start = time.perf_counter()
        yield
        self._laps.append((name, 1e3 * (time.perf_counter() - start)))
        self._on_stage(name, 1.0)

    @property
    def timing_ms(self) -> tuple[tuple[str, float], ...]:
        return tuple(self._laps)
