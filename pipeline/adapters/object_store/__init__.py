"""S3: what is stored, under which key and version, and is it what it should be?"""

from pipeline.adapters.object_store.arriving import PART_BYTES_MAX, Arriving
from pipeline.adapters.object_store.store import ObjectStore
from pipeline.adapters.object_store.values import ListedObject, Progress, Sent, StoredObject

__all__ = ["PART_BYTES_MAX", "Arriving", "ListedObject", "ObjectStore", "Progress", "Sent", "StoredObject"]
