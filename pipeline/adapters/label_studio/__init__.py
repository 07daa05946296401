"""Label Studio: a project for each taxonomy, a task for each clip, answers as exact seconds."""

from pipeline.adapters.label_studio.client import LabelStudio
from pipeline.adapters.label_studio.desks import SHOWN_CONTROLS, DeskTask, DisputedTask
from pipeline.adapters.label_studio.projects import S3Source
from pipeline.adapters.label_studio.results import Readout, ReceivedAnnotation, read_labels
from pipeline.adapters.label_studio.tasks import ClipTask

__all__ = [
    "SHOWN_CONTROLS",
    "ClipTask",
    "DeskTask",
    "DisputedTask",
    "LabelStudio",
    "Readout",
    "ReceivedAnnotation",
    "S3Source",
    "read_labels",
]
