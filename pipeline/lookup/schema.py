"""Is the database's schema the newest, and how does it become so?"""

from pipeline.records.migrate import upgrade

__all__ = ["upgrade"]
