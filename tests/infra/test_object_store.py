"""What the project relies on in the local object store. Production is any S3: there these are S3's own promises."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.infra.s3_door import PARTNER_MAY_READ, refusal, s3_client
from tests.stack_fixtures import SessionStack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKETS = {"intake", "originals", "working", "releases"}
PART_BYTES = 5 * 1024**2
"""The smallest part that S3 takes, but for the last."""


@pytest.fixture
def owner(s3_stack: SessionStack) -> "Iterator[S3Client]":
    with s3_client(s3_stack.settings) as client:
        yield client


@pytest.fixture
def partner(s3_stack: SessionStack) -> "Iterator[S3Client]":
    with s3_client(s3_stack.partner) as client:
        yield client


def test_every_bucket_is_there_and_keeps_versions(owner: "S3Client") -> None:
    assert {bucket["Name"] for bucket in owner.list_buckets()["Buckets"]} >= BUCKETS  # other tests make more
    assert {owner.get_bucket_versioning(Bucket=name).get("Status") for name in BUCKETS} == {"Enabled"}


def test_an_object_is_written_once_if_asked_so(owner: "S3Client") -> None:
    owner.put_object(Bucket="originals", Key="once/a", Body=b"first", IfNoneMatch="*")
    again = refusal(lambda: owner.put_object(Bucket="originals", Key="once/a", Body=b"second", IfNoneMatch="*"))
    assert again == 412
    assert owner.get_object(Bucket="originals", Key="once/a")["Body"].read() == b"first"


def test_a_multipart_upload_is_written_once_if_asked_so(owner: "S3Client") -> None:
    def upload(fill: bytes) -> None:
        made = owner.create_multipart_upload(Bucket="originals", Key="once/parts")
        parts = []
        for number, body in ((1, fill * PART_BYTES), (2, b"the end")):
            name = {"Bucket": "originals", "Key": "once/parts", "UploadId": made["UploadId"], "PartNumber": number}
            parts.append({"PartNumber": number, "ETag": owner.upload_part(**name, Body=body)["ETag"]})
        owner.complete_multipart_upload(
            Bucket="originals",
            Key="once/parts",
            UploadId=made["UploadId"],
            MultipartUpload={"Parts": parts},
            IfNoneMatch="*",
        )

    upload(b"1")
    assert refusal(lambda: upload(b"2")) == 412
    body = owner.get_object(Bucket="originals", Key="once/parts")["Body"].read()
    assert body == b"1" * PART_BYTES + b"the end"


def test_a_part_below_the_smallest_size_is_refused_as_on_s3(owner: "S3Client") -> None:
    made = owner.create_multipart_upload(Bucket="originals", Key="small")
    name = {"Bucket": "originals", "Key": "small", "UploadId": made["UploadId"]}
    parts = [
        {"PartNumber": number, "ETag": owner.upload_part(**name, PartNumber=number, Body=b"short")["ETag"]}
        for number in (1, 2)
    ]
    assert refusal(lambda: owner.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})) == 400


def test_overwritten_and_deleted_objects_are_still_there_as_versions(owner: "S3Client") -> None:
    first = owner.put_object(Bucket="working", Key="versions/a", Body=b"first")["VersionId"]
    second = owner.put_object(Bucket="working", Key="versions/a", Body=b"second")["VersionId"]
    owner.delete_object(Bucket="working", Key="versions/a")
    assert refusal(lambda: owner.get_object(Bucket="working", Key="versions/a")) == 404
    for version, body in ((first, b"first"), (second, b"second")):
        assert owner.get_object(Bucket="working", Key="versions/a", VersionId=version)["Body"].read() == body
    listed = owner.list_object_versions(Bucket="working", Prefix="versions/a")
    assert {entry["VersionId"] for entry in listed["Versions"]} == {first, second}
    assert [marker["IsLatest"] for marker in listed["DeleteMarkers"]] == [True]


def test_a_version_is_deleted_only_by_its_own_name(owner: "S3Client") -> None:
    first = owner.put_object(Bucket="working", Key="versions/b", Body=b"first")["VersionId"]
    owner.put_object(Bucket="working", Key="versions/b", Body=b"second")
    owner.delete_object(Bucket="working", Key="versions/b", VersionId=first)
    assert refusal(lambda: owner.get_object(Bucket="working", Key="versions/b", VersionId=first)) == 404
    assert owner.get_object(Bucket="working", Key="versions/b")["Body"].read() == b"second"


def test_a_listing_shows_every_object_that_was_put_before_it(owner: "S3Client", s3_stack: SessionStack) -> None:
    missing: list[str] = []

    def put_and_list(writer: int) -> None:
        with s3_client(s3_stack.settings) as client:
            for number in range(15):
                key = f"listing/{writer}/{number}"
                client.put_object(Bucket="working", Key=key, Body=b"x")
                listed = client.list_objects_v2(Bucket="working", Prefix=f"listing/{writer}/")
                if key not in [entry["Key"] for entry in listed.get("Contents", [])]:
                    missing.append(key)

    writers = [threading.Thread(target=put_and_list, args=(writer,)) for writer in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert missing == []
    pages = owner.get_paginator("list_objects_v2").paginate(Bucket="working", Prefix="listing/")
    assert sum(page["KeyCount"] for page in pages) == 6 * 15


def test_a_wrong_digest_is_refused(owner: "S3Client") -> None:
    wrong = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    refused = refusal(lambda: owner.put_object(Bucket="intake", Key="wrong", Body=b"bytes", ChecksumSHA256=wrong))
    assert refused == 400
    assert refusal(lambda: owner.head_object(Bucket="intake", Key="wrong")) == 404


def test_the_partner_reads_and_lists_what_it_was_granted(owner: "S3Client", partner: "S3Client") -> None:
    owner.put_object(Bucket="releases", Key="granted/a", Body=b"released", **PARTNER_MAY_READ)
    assert partner.get_object(Bucket="releases", Key="granted/a")["Body"].read() == b"released"
    listed = partner.list_objects_v2(Bucket="releases", Prefix="granted/")
    assert [entry["Key"] for entry in listed["Contents"]] == ["granted/a"]


def test_the_partner_may_do_nothing_else(owner: "S3Client", partner: "S3Client") -> None:
    owner.put_object(Bucket="releases", Key="kept/granted", Body=b"released", **PARTNER_MAY_READ)
    owner.put_object(Bucket="releases", Key="kept/draft", Body=b"not granted")
    owner.put_object(Bucket="originals", Key="kept/original", Body=b"evidence")
    attempts = {
        "read what was not granted": lambda: partner.get_object(Bucket="releases", Key="kept/draft"),
        "read another bucket": lambda: partner.get_object(Bucket="originals", Key="kept/original"),
        "list another bucket": lambda: partner.list_objects_v2(Bucket="originals"),
        "write": lambda: partner.put_object(Bucket="releases", Key="kept/new", Body=b""),
        "overwrite": lambda: partner.put_object(Bucket="releases", Key="kept/granted", Body=b""),
        "begin a multipart upload": lambda: partner.create_multipart_upload(Bucket="releases", Key="kept/new"),
        "delete": lambda: partner.delete_object(Bucket="releases", Key="kept/granted"),
        "copy out": lambda: partner.copy_object(
            Bucket="releases", Key="kept/copy", CopySource={"Bucket": "originals", "Key": "kept/original"}
        ),
        "make a bucket": lambda: partner.create_bucket(Bucket="partners-own"),
        "grant itself more": lambda: partner.put_bucket_acl(Bucket="originals", GrantRead='id="firsthand:partner"'),
        "stop versions": lambda: partner.put_bucket_versioning(
            Bucket="releases", VersioningConfiguration={"Status": "Suspended"}
        ),
    }
    assert {what: refusal(attempt) for what, attempt in attempts.items()} == dict.fromkeys(attempts, 403)
    assert partner.list_buckets()["Buckets"] == []


def test_a_signed_address_opens_one_object_and_a_spoiled_one_opens_none(owner: "S3Client") -> None:
    owner.put_object(Bucket="working", Key="signed", Body=b"0123456789")
    signed = owner.generate_presigned_url("get_object", Params={"Bucket": "working", "Key": "signed"}, ExpiresIn=60)
    assert httpx.get(signed).content == b"0123456789"
    assert httpx.get(signed[:-4] + "0000").status_code == 403
    assert httpx.get(signed.replace("/signed?", "/other?")).status_code == 403
    assert httpx.get(signed.partition("?")[0]).status_code in {400, 403}


def test_a_browser_can_seek(owner: "S3Client") -> None:
    owner.put_object(Bucket="working", Key="seek", Body=b"0123456789")
    signed = owner.generate_presigned_url("get_object", Params={"Bucket": "working", "Key": "seek"}, ExpiresIn=60)
    part = httpx.get(signed, headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")


def test_pages_of_label_studio_may_read_and_others_may_not(owner: "S3Client", s3_stack: SessionStack) -> None:
    owner.put_object(Bucket="working", Key="cors", Body=b"0123456789")
    signed = owner.generate_presigned_url("get_object", Params={"Bucket": "working", "Key": "cors"}, ExpiresIn=60)
    origin = s3_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    allowed = httpx.get(signed, headers={"Origin": origin, "Range": "bytes=0-1"})
    assert allowed.status_code == 206
    assert allowed.headers["Access-Control-Allow-Origin"] == origin
    ask = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    assert httpx.options(signed, headers={**ask, "Origin": origin}).status_code == 200
    stranger = "http://elsewhere.invalid"
    assert "Access-Control-Allow-Origin" not in httpx.get(signed, headers={"Origin": stranger}).headers
    assert httpx.options(signed, headers={**ask, "Origin": stranger}).status_code in {401, 403}


def test_signed_addresses_are_not_written_to_the_log(owner: "S3Client", s3_stack: SessionStack) -> None:
    owner.put_object(Bucket="working", Key="unlogged", Body=b"x")
    signed = owner.generate_presigned_url("get_object", Params={"Bucket": "working", "Key": "unlogged"}, ExpiresIn=60)
    assert httpx.get(signed).status_code == 200
    assert "unlogged" not in (s3_stack.home / "logs" / "s3.log").read_text()
