"""How migrations run: one at a time across machines, each in a transaction of its own, never waiting long."""

import sqlalchemy as sa
from alembic import context

from pipeline.records.tables import Row

# Any constant does, as long as every Firsthand migration uses the same one.
ADVISORY_LOCK = 0x46495253


def run() -> None:
    """Upgrade under an advisory lock, so that two machines that start together do not migrate together."""
    engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SET lock_timeout = '60s'"))
        connection.execute(sa.text("SET statement_timeout = '600s'"))
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=Row.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
