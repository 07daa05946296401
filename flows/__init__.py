"""Prefect: order, retries, concurrency, schedules; and the command line. No decision about footage is made here."""

import gc

_OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""Python's own 700 go over all that is being loaded again and again and find nothing: a tenth of the two seconds that
every flow run needs to load."""

gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
