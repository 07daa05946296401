"""What does a recording's sound hold: sudden rises of energy, and how likely each moment is speech?

It reads the sound that came out of rendering: our own WAV of plain samples, which has no parser to attack. It measures
and decides nothing: which of it are hints is said in `pipeline.domain`. An hour is read in pieces, in 200 MB.
"""

from pipeline.adapters.listening.listener import Listener

__all__ = ["Listener"]
