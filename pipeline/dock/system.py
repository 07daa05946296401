"""The documents of the dock's own that a station reads from the System container, each with the MD5 of its bytes."""

import hashlib
from http import HTTPStatus

from starlette.responses import Response

from pipeline.dock.documents import CAPABILITIES_NAMES, CATEGORIES_NAME, capabilities
from pipeline.errors import UsageError


class SystemDocuments:
    """What is served from memory."""

    def __init__(self, categories: bytes | None) -> None:
        said = capabilities(categories=categories is not None)
        self._documents: dict[str, bytes | None] = {CATEGORIES_NAME: categories}
        self._documents |= dict.fromkeys(CAPABILITIES_NAMES, said)

    def is_ours(self, name: str) -> bool:
        """Whether a name in the System container is the dock's own, also when there is nothing under it."""
        return name in self._documents

    def answer(self, name: str) -> Response:
        """The document of this name.

        Raises:
            UsageError: this dock has none.
        """
        content = self._documents[name]
        if content is None:
            raise UsageError("no such object")
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return Response(content, HTTPStatus.OK, {"ETag": etag}, "application/json")
