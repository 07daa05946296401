"""A flow that only waits, in a process of its own as ffmpeg would. Registered by `python sleeping.py PROJECT POOL`."""

import subprocess
import sys

from prefect import flow


@flow
def sleep_in_a_child(seconds: int) -> None:
    """Wait."""
    subprocess.run(["sleep", str(seconds)], check=True)


if __name__ == "__main__":
    source = flow.from_source(source=sys.argv[1], entrypoint="tests/infra/sleeping.py:sleep_in_a_child")
    source.deploy(name="test", work_pool_name=sys.argv[2], print_next_steps=False)
