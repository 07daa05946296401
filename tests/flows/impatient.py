"""`python -m tests.flows.impatient DEPLOYMENT`: waits for a run as commands do, but loses patience after a moment."""

import sys

from flows.cli import runs
from pipeline.errors import FirsthandError
from pipeline.settings import load_settings

LIMIT_S = 1.5


def main() -> None:
    runs.NO_WORKER_S = runs.NOT_BEGUN_S = runs.GONE_S = LIMIT_S
    runs.POLL_S = 0.2
    try:
        runs.run_and_wait(
            sys.argv[1], {}, api_url=load_settings().prefect_api_url, doing="the work", progress=lambda: "going on"
        )
    except FirsthandError as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
