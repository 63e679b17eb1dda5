"""Hearing: voice activity, words, syllable nuclei.  Pure stages over recognisers passed in; see `listener.Listener`."""

from rapbot.hearing.events import Event, Heard, SpeechEnded, SpeechStarted, SyllableHeard, WordCommitted
from rapbot.hearing.listener import Listener

__all__ = ["Event", "Heard", "Listener", "SpeechEnded", "SpeechStarted", "SyllableHeard", "WordCommitted"]
