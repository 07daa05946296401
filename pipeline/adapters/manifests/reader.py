"""What does this manifest announce? Asked of a child within the walls."""

import tempfile
from pathlib import Path

from pipeline.adapters.sandbox import Parsers
from pipeline.domain.drop import Announced
from pipeline.domain.export_manifest import ManifestForm, announced_by
from pipeline.errors import RejectedInputError


class ManifestReader:
    """Reads manifests of exports. Safe to share between threads."""

    def __init__(self, parsers: Parsers, *, scratch: Path) -> None:
        self._parsers = parsers
        self._scratch = scratch

    def read(self, form: ManifestForm, content: bytes) -> tuple[dict[str, Announced], str | None]:
        """What a manifest announces, by file name in capitals; and what was wrong with it, if it cannot be read.

        A manifest that is still arriving is not well-formed yet: it announces nothing.

        Raises:
            MediaToolError: the parser was stopped from outside.
        """
        options = {"format": form.format, "each": form.each, "fields": dict(form.fields)}
        with tempfile.NamedTemporaryFile(dir=self._scratch) as file:
            file.write(content)
            file.flush()
            try:
                entries = self._parsers.run(f"{__package__}.parser", {"manifest": Path(file.name)}, options=options)
            except RejectedInputError as exc:
                return {}, str(exc)
        return announced_by(entries), None
