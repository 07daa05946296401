"""Manifests of exports: read at the declared places, by a child, whatever they hold."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.manifests.parser import parse
from pipeline.adapters.manifests.reader import ManifestReader
from pipeline.adapters.sandbox import Parsers
from pipeline.domain.digest import Sha256
from pipeline.domain.drop import Announced
from pipeline.domain.export_manifest import FIELDS, OURS, announced_by, parse_forms
from pipeline.errors import SettingsError, UnreadableFileError

DIGEST = Sha256.of(b"one")
VENDOR = {
    "id": "vendor",
    "match": r"export_\d+\.xml",
    "format": "xml",
    "each": "Files/File",
    "name": "FileName",
    "size_bytes": "Size",
    "sha256": "Hash/@value",
    "camera": "Device/SerialNumber",
    "started_at": "@start",
}
(FORM,) = parse_forms([VENDOR], source="site.toml")
XML = f"""<?xml version="1.0"?>
<Export xmlns="urn:vendor"><Officer>Jane Doe</Officer><Files>
  <File start="2026-03-02T10:11:12Z"><FileName>..\\DCIM/one.mp4</FileName><Size>7</Size>
    <Hash value="{DIGEST.hex.upper()}"/><Device><SerialNumber>X1</SerialNumber></Device></File>
  <File><FileName>two.mp4</FileName><Size>many</Size></File>
  <File><Size>9</Size></File>
</Files></Export>"""


@pytest.fixture
def reader(tmp_path: Path) -> ManifestReader:
    return ManifestReader(Parsers(scratch=tmp_path), scratch=tmp_path)


def test_xml_is_read_at_the_declared_places_and_nowhere_else(reader: ManifestReader) -> None:
    found, problem = reader.read(FORM, XML.encode())
    assert problem is None
    assert found == {
        "ONE.MP4": Announced(7, DIGEST, "X1", datetime(2026, 3, 2, 10, 11, 12, tzinfo=UTC)),
        "TWO.MP4": Announced(),
    }


def test_json_is_read_in_the_form_that_anybody_can_write(reader: ManifestReader) -> None:
    content = {"files": [{"name": "one.mp4", "size_bytes": 7, "sha256": DIGEST.hex}, 3, {"name": True}, {"name": "x/"}]}
    found, problem = reader.read(OURS, json.dumps(content).encode())
    assert (found, problem) == ({"ONE.MP4": Announced(7, DIGEST)}, None)


BOMB = '<!DOCTYPE a [<!ENTITY b "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("bcdefghi", "cdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (FORM, XML[:-20].encode()),
        (FORM, b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Export><Files><File>&b;</File></Files></Export>'),
        (FORM, f"{BOMB}]><Export>&j;</Export>".encode()),
        (FORM, b"PK\x03\x04" + bytes(100)),
        (FORM, b"<a>" * 200_000),
        (OURS, b"[" * 200_000),
        (OURS, b'{"files": ['),
        (OURS, b"\xff\xfe"),
        (OURS, b""),
        (OURS, b" " * (5 << 20)),
        (OURS, b'{"files": [' + b"{}," * 20_001 + b"{}]}"),
    ],
)  # fmt: skip
def test_what_is_no_manifest_or_no_whole_one_announces_nothing(
    reader: ManifestReader, form: Any, content: bytes
) -> None:
    found, problem = reader.read(form, content)
    assert found == {}
    assert problem


def test_two_entries_of_one_name_that_differ_tell_nothing() -> None:
    assert announced_by([{"name": "a", "size_bytes": "1"}, {"name": "A", "size_bytes": "2"}]) == {"A": Announced()}


@given(st.sampled_from(["../", "..\\", "/", "C:\\", "file:///", "\\\\host\\share\\"]), st.text(max_size=12))
def test_of_a_path_in_a_manifest_only_the_last_name_is_believed(before: str, name: str) -> None:
    found = announced_by([{"name": f"{before * 3}etc/{name}", "size_bytes": "1"}])
    assert all("/" not in one and "\\" not in one for one in found)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["files", *FIELDS]), inner),
    max_leaves=20,
)


@given(anything)
def test_any_json_gives_announcements_or_nothing(tmp_path_factory: pytest.TempPathFactory, content: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(content))
    entries = parse({"manifest": str(path)}, {"format": "json", "each": OURS.each, "fields": dict(OURS.fields)})
    assert all(isinstance(said, Announced) for said in announced_by(entries).values())
    assert isinstance(announced_by(content), dict)


@given(st.binary(max_size=200))
def test_any_bytes_are_xml_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(content)
    try:
        parse({"manifest": str(path)}, {"format": "xml", "each": FORM.each, "fields": dict(FORM.fields)})
    except UnreadableFileError:
        return


@pytest.mark.parametrize(
    ("field", "said", "mistake"),
    [
        ("format", "zip", "a format of xml or json"),
        ("each", "Files//File", "expected each as a way"),
        ("sha256", "@a/b", "expected sha256 as a way"),
        ("name", "", "expected text for name"),
        ("match", "(a+)+", "no group repeated without end"),
        ("officer", "Officer", "unknown field officer"),
    ],
)
def test_a_form_that_is_wrong_is_told(field: str, said: str, mistake: str) -> None:
    with pytest.raises(SettingsError, match=mistake):
        parse_forms([VENDOR | {field: said}], source="site.toml")
