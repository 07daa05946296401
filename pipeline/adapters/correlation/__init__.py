"""Where in one recording's sound does another's fit? Envelopes find the places, GCC-PHAT measures them."""

from pipeline.adapters.correlation.listening import DETECTOR, Listened, compare_sounds, listen
from pipeline.adapters.correlation.sound import Sound, open_sound

__all__ = ["DETECTOR", "Listened", "Sound", "compare_sounds", "listen", "open_sound"]
