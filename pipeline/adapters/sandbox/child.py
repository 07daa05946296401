"""The other side: what runs inside the walls, calls one parser, and says what it answered.

Started as `python -I -S child.py` with one JSON document as its only argument: where code is, which parser, which
files, which options. Its answer is one line of JSON on standard output: `{"answer": …}`, or
`{"refused": [kind, reason]}` where the parser raised a `RejectedInputError` of ours, or `{"failed": where}` for any
other exception. What a parser prints goes to standard error.

Imports nothing but the standard library before it knows where the rest is: it starts for each file.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any


def main() -> int:
    """Run the parser that the argument names."""
    order = json.loads(sys.argv[1])
    sys.path[:0] = order["code"]
    sys.setrecursionlimit(order["frames_deep"])
    answer_to = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever prints, libraries in C included
    said = _parse(order)
    answer_to.write(said)
    answer_to.flush()
    # A library's own clearing up can hang or crash, after the answer is known.
    os._exit(0)


def _parse(order: dict[str, Any]) -> str:
    from pipeline.errors import RejectedInputError  # noqa: PLC0415  # not to be found before `order` said where

    try:
        parser = import_module(order["parser"])
        found = parser.parse({name: f"in/{name}" for name in order["inputs"]}, order["options"])
        return json.dumps({"answer": found}, allow_nan=False)
    except RejectedInputError as refused:
        return json.dumps({"refused": [type(refused).__name__, str(refused)]})
    except MemoryError:
        return json.dumps({"failed": "MemoryError"})
    except Exception as exc:  # noqa: BLE001  # whatever it is, it is about this file
        return json.dumps({"failed": f"{type(exc).__name__} at {_where(exc)}"})


def _where(exc: Exception) -> str:
    """The last place in a module's code, never a message: messages hold what is in the file."""
    trace = exc.__traceback__
    place = "nowhere"
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


if __name__ == "__main__":
    raise SystemExit(main())
