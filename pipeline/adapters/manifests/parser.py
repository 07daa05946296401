"""What stands in a manifest at the places that a form declares? Run within the walls: the bytes are untrusted.

No entity is expanded and no document type allowed (defusedxml); JSON that is nested too deeply is refused.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from pipeline.errors import UnreadableFileError

_ENTRIES_MAX = 20_000
_TEXT_LENGTH_MAX = 1024
_SIZE_MAX_BYTES = 4 << 20


def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> list[dict[str, str]]:
    """The entries of the file `manifest`: the declared fields of each, as texts.

    Raises:
        UnreadableFileError: it is too large, or not what its form says.
    """
    content = Path(files["manifest"]).read_bytes()
    if len(content) > _SIZE_MAX_BYTES:
        raise UnreadableFileError(f"expected a manifest of at most {_SIZE_MAX_BYTES} bytes, found {len(content)}")
    find = _in_xml if options["format"] == "xml" else _in_json
    try:
        entries = find(content, options["each"], options["fields"])
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as exc:
        raise UnreadableFileError(f"expected {options['format'].upper()}, found {type(exc).__name__}") from exc
    if len(entries) > _ENTRIES_MAX:
        raise UnreadableFileError(f"expected at most {_ENTRIES_MAX} files in a manifest, found {len(entries)}")
    return entries


def _in_xml(content: bytes, each: Sequence[str], fields: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    found: list[Any] = [fromstring(content, forbid_dtd=True)]
    for step in each:
        found = [child for element in found for child in _children(element, step)]
    return [_texts({name: _xml_text(element, way) for name, way in fields.items()}) for element in found]


def _xml_text(element: Any, way: Sequence[str]) -> object:
    for step in way:
        if step.startswith("@"):
            return next((value for name, value in element.attrib.items() if _local(name) == step[1:]), None)
        element = next(iter(_children(element, step)), None)
        if element is None:
            return None
    return element.text


def _children(element: Any, name: str) -> Iterable[Any]:
    return [child for child in element if isinstance(child.tag, str) and _local(child.tag) == name]


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _in_json(content: bytes, each: Sequence[str], fields: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    found: list[object] = [json.loads(content)]
    for step in each:
        found = [inner for value in found for inner in _inside(value, step)]
    return [_texts({name: _json_text(value, way) for name, way in fields.items()}) for value in found]


def _inside(value: object, step: str) -> list[object]:
    inner = value.get(step) if isinstance(value, dict) else None
    if isinstance(inner, list):
        return inner
    return [] if inner is None else [inner]


def _json_text(value: object, way: Sequence[str]) -> object:
    for step in way:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _texts(said: Mapping[str, object]) -> dict[str, str]:
    return {
        name: str(value)[:_TEXT_LENGTH_MAX]
        for name, value in said.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    }
