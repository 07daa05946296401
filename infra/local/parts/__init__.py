"""Which parts does the local stack have? Each comes after those that it needs."""

from infra.local.parts.label_studio import LabelStudio
from infra.local.parts.part import Part
from infra.local.parts.postgres import Postgres
from infra.local.parts.prefect import PrefectServer
from infra.local.parts.swift import ObjectStore
from infra.local.parts.worker import Worker

PARTS: dict[str, Part] = {
    part.name: part for part in (Postgres(), ObjectStore(), PrefectServer(), Worker(), LabelStudio())
}
