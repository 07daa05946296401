"""`make fuzz TARGET=exif`: feed one parser of ours with what atheris makes up, guided by which code it reaches.

Atheris is not among the locked libraries: it is for a person who looks for faults, on demand. A parser may refuse its
input as `RejectedInputError`; anything else that leaves it is a fault, and the input is kept.
"""

import contextlib
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["pipeline", "exifread", "defusedxml"]):
    from pipeline.adapters.facts.exif import still_facts
    from pipeline.adapters.facts.tracks import track_facts
    from pipeline.adapters.facts.xmp import xmp_facts
    from pipeline.errors import RejectedInputError
    from tests.hostile.mutants import honest_sidecars

TARGETS: dict[str, Callable[[bytes], object]] = {"exif": still_facts, "tracks": track_facts, "xmp": xmp_facts}


def main() -> None:
    """Fuzz the target that is named first; what follows are libFuzzer's own options."""
    target = TARGETS[sys.argv[1]]

    def one_input(data: bytes) -> None:
        with contextlib.suppress(RejectedInputError):
            target(data)

    for _, content in honest_sidecars().values():
        one_input(content)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
