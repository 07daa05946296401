"""Which parts come up, and in which order."""

import pytest

from infra.local.parts import PARTS
from infra.local.together import closure
from pipeline.errors import UsageError


def test_no_name_means_every_part() -> None:
    assert closure(None) == closure([]) == list(PARTS)


def test_a_part_brings_what_it_needs() -> None:
    assert closure(["worker"]) == ["postgres", "prefect", "worker"]
    assert closure(["label-studio"]) == ["postgres", "label-studio"]
    assert closure(["s3"]) == ["s3"]


def test_every_part_comes_after_what_it_needs() -> None:
    names = list(PARTS)
    assert all(names.index(need) < names.index(name) for name, part in PARTS.items() for need in part.needs)


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"postgres.*found minio"):
        closure(["postgres", "minio"])


def test_no_two_parts_share_a_port() -> None:
    ports = [port for part in PARTS.values() for port in part.ports]
    assert len(ports) == len(set(ports))


def test_no_process_name_belongs_to_two_parts() -> None:
    """A part owns every process whose name begins with its own name and a dash."""
    assert not any(one != other and other.startswith(f"{one}-") for one in PARTS for other in PARTS)
