"""A content destination for body-worn cameras that upload by themselves, after the Axis body-worn integration API.

A docking station is the client, we are the server. What it sends lies under the dock's own prefix of the intake bucket;
when it calls a recording complete, its clips become uploads, once, and go the way of all footage.
"""

from pipeline.dock.app import build
from pipeline.dock.reception import Reception
from pipeline.dock.tokens import Tokens

__all__ = ["Reception", "Tokens", "build"]
