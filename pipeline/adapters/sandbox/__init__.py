"""Untrusted bytes are read by a child process within walls, never by us: how is one run, and what comes back?

* `Sandbox` runs any program on read-only inputs, with an output folder, within limits: ffmpeg, ffprobe.
* `Parsers` runs a Python parser of ours in the same way and gives its answer as a JSON value: `parsers`.
* `walls_here` says which walls hold on this machine.

The other adapters stand on this one; it knows none of them.
"""

from pipeline.adapters.sandbox.limits import ChildLimits
from pipeline.adapters.sandbox.parsers import PARSER_LIMITS, Parsers
from pipeline.adapters.sandbox.process import Finished, Stop, StoppedError
from pipeline.adapters.sandbox.programs import find_program
from pipeline.adapters.sandbox.runner import INPUT_FOLDER, OUTPUT_FOLDER, Sandbox, working_folder
from pipeline.adapters.sandbox.walls import WallsHere, walls_here

__all__ = [
    "INPUT_FOLDER",
    "OUTPUT_FOLDER",
    "PARSER_LIMITS",
    "ChildLimits",
    "Finished",
    "Parsers",
    "Sandbox",
    "Stop",
    "StoppedError",
    "WallsHere",
    "find_program",
    "walls_here",
    "working_folder",
]
