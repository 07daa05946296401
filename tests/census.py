"""Counts everything that a bench holds, so that a test can say: and nothing else changed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pipeline.records.tables import Row
from pipeline.workbench import Workbench
from tests.benches import raw_client


@dataclass(frozen=True)
class Census:
    """Rows by table, and every version of every object as BUCKET/KEY@VERSION, marks of deletion included."""

    rows: dict[str, int]
    objects: frozenset[str]

    def new_rows(self, before: "Census") -> dict[str, int]:
        """How many more there are than before, tables without news left out."""
        grown = {table: count - before.rows[table] for table, count in self.rows.items()}
        return {table: count for table, count in grown.items() if count}


def census(bench: Workbench) -> Census:
    with psycopg.connect(bench.settings.database_url.get_secret_value().replace("+psycopg", "")) as connection:
        rows = {}
        for table in Row.metadata.tables:
            found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            rows[table] = found[0] if found else 0
    settings = bench.settings
    buckets = (
        settings.s3_intake_bucket,
        settings.s3_originals_bucket,
        settings.s3_working_bucket,
        settings.s3_releases_bucket,
    )
    s3 = raw_client(bench)

    def versions_in(bucket: str) -> list[str]:
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket))
        found = [version for page in pages for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]
        return [f"{bucket}/{version['Key']}@{version['VersionId']}" for version in found]

    with ThreadPoolExecutor(len(buckets)) as pool:
        return Census(rows, frozenset(name for names in pool.map(versions_in, buckets) for name in names))
