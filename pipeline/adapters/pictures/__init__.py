"""Hashes of pictures: how is a recording known again, and where do two recordings match best?

A picture is hashed by PDQ (256 bits, of Facebook's ThreatExchange) from a small grey copy of it. The whole of a
recording is hashed ten times a second while it is compared; two of a second are kept. One side must be dense: in
footage of a running person, pictures a quarter of a second apart are as unlike as those of strangers.
"""

from pipeline.adapters.pictures.anchors import anchors_of, bands_to_look_up, is_candidate
from pipeline.adapters.pictures.bars import find_bars
from pipeline.adapters.pictures.hashing import DenseHashes, hash_pictures
from pipeline.adapters.pictures.matching import match_pictures
from pipeline.adapters.pictures.motion import measure_motion

__all__ = [
    "DenseHashes",
    "anchors_of",
    "bands_to_look_up",
    "find_bars",
    "hash_pictures",
    "is_candidate",
    "match_pictures",
    "measure_motion",
]
