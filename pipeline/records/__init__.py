"""Postgres: plain functions that take a session and give back domain values."""

from sqlalchemy.orm import Session

from pipeline.records import (  # noqa: F401 -- whoever sees one table sees them all
    tables_alignments,
    tables_byproducts,
    tables_chapters,
    tables_dock,
    tables_duplicates,
    tables_encodings,
    tables_facts,
    tables_labelling,
    tables_people,
    tables_quality,
    tables_sightings,
    tables_sound,
)
from pipeline.records.session import Database

__all__ = ["Database", "Session"]
