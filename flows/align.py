"""align: the recordings of one exercise on one common timeline."""

from prefect import flow

from flows.looking import align_one
from flows.presence import present


@flow(name="align")
def align(exercise: str) -> None:
    """Align one exercise; where nothing is new since it was aligned last, nothing happens."""
    with present():
        align_one(exercise)
