"""Put the pictures of a taxonomy where Label Studio finds them, for the instruction of every desk."""

from typing import Final

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys, taxonomies
from pipeline.domain.labels import Taxonomy

_MEDIA_TYPES: Final = {"svg": "image/svg+xml", "png": "image/png"}


def illustrate_labels(
    *, taxonomy: Taxonomy, working_bucket: str, store: ObjectStore, reader: str | None = None
) -> None:
    """See that every picture of a taxonomy is in the bucket that Label Studio reads clips from.

    They come with the program and are no evidence: nothing is recorded. Safe to repeat: a picture is named by its
    bytes, and one that is there is left alone.

    Args:
        taxonomy: the words; some of their events have a picture.
        working_bucket: where clips are.
        store: the object store.
        reader: canonical id given read on each picture, for stores without bucket policies.

    Raises:
        StoreUnavailableError: S3 did not take a picture.
    """
    for kind in taxonomy.events:
        if kind.picture is not None:
            suffix, digest = kind.picture.file.rpartition(".")[2], kind.picture.digest
            store.put_once(
                working_bucket,
                keys.picture_key(digest, suffix),
                taxonomies.picture_bytes(kind.picture),
                digest=digest,
                media_type=_MEDIA_TYPES[suffix],
                reader=reader,
            )
