"""The stack without the CLI: `python -m infra.local up|status|down|reset [PART…]`."""

import os
import sys
from pathlib import Path

from infra.local import Progress, Stack
from pipeline.errors import FirsthandError


def main() -> int:
    """Run one command."""
    project = Path(__file__).resolve().parents[2]
    home = Path(os.environ.get("FIRSTHAND_HOME", project / ".firsthand"))
    stack = Stack(home, Path(os.environ.get("FIRSTHAND_TOOLS", project / ".tools")), project)

    def say(progress: Progress) -> None:
        print(f"{progress.elapsed_s:6.1f} {progress.part:12} {progress.phase:8} {progress.detail}", flush=True)  # noqa: T201 - this is the output

    verb, *parts = sys.argv[1:]
    try:
        if verb == "up":
            stack.up(parts or None, say)
        elif verb == "down":
            stack.down(say)
        elif verb == "reset":
            stack.reset(say)
        else:
            for status in stack.status():
                print(status)  # noqa: T201 - this is the output
    except FirsthandError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 - this is the output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
