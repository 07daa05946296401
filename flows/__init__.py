"""Prefect: order, retries, concurrency, schedules; and the command line. No decision about footage is made here."""
