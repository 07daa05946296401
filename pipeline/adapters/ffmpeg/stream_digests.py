"""What are the packets of picture and sound, whatever container they lie in?

The same stream in another container has the same digests: so a copy that was only packed anew is found.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import ffmpeg

from pipeline.adapters.ffmpeg.argv import ONE_FORM, SOURCE, compile_command, open_source
from pipeline.adapters.ffmpeg.faults import blame
from pipeline.adapters.ffmpeg.limits import Limits
from pipeline.adapters.sandbox import OUTPUT_FOLDER, Sandbox, working_folder
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import StreamDigests
from pipeline.domain.media import MediaFacts
from pipeline.errors import UnreadableMediaError

_SOUND = "sound"
_DIGEST = re.compile(r"^\d+,a,sha256=([0-9a-f]{64})$", re.MULTILINE)


def stream_digests_argv(facts: MediaFacts, limits: Limits) -> list[str]:
    """Ffmpeg: the packets of the picture on stdout; of the sound, a line with their SHA-256 in `out/sound`.

    Decodes nothing. The picture is digested by us: ffmpeg's SHA-256 takes three times as long as one that uses what
    processors have for it. Packets are brought to one form, because containers store the same ones
    differently: H.264 and HEVC get start codes, and lose what containers keep elsewhere or repeat (parameter sets,
    delimiters, filler, SEI); AAC loses its ADTS headers. What an edit list hides is hashed too: the list says how to
    show packets, and is none.
    """
    options = {"ignore_editlist": 1} if facts.container.startswith("mov") else {}
    source = open_source(limits, **options)
    copied: dict[str, Any] = {"c": "copy", "copyinkf": None}
    filters = {"bsf:v": ONE_FORM[facts.video.codec]} if facts.video.codec in ONE_FORM else {}
    outputs = [ffmpeg.output(source[str(facts.video.stream_index)], "pipe:1", format="data", **copied, **filters)]
    if facts.audio is not None:
        filters = {"bsf:a": ONE_FORM[facts.audio.codec]} if facts.audio.codec in ONE_FORM else {}
        sound = source[str(facts.audio.stream_index)]
        target = f"file:out/{_SOUND}"
        outputs.append(ffmpeg.output(sound, target, format="streamhash", hash="sha256", **copied, **filters))
    return compile_command(ffmpeg.merge_outputs(*outputs), "level+error")


def digest_streams(
    sandbox: Sandbox, path: Path, facts: MediaFacts, *, scratch: Path, limits: Limits, wall_s: int
) -> StreamDigests:
    """The digests of the packets of picture and sound. Decodes nothing. Safe to repeat.

    Raises:
        UnreadableMediaError: the packets cannot be read, or not brought to one form.
        MediaLimitError: it took longer than allowed.
        MediaToolError: ffmpeg was stopped from outside.
    """
    picture = hashlib.sha256()
    nothing = picture.digest()
    with working_folder(scratch) as folder:
        command = stream_digests_argv(facts, limits)
        inputs = {SOURCE: path}
        finished = sandbox.run(command, folder=folder, inputs=inputs, wall_s=wall_s, on_bytes=picture.update)
        if finished.returncode != 0:
            raise blame(finished, "reading packets", UnreadableMediaError)
        told = folder / OUTPUT_FOLDER / _SOUND
        sound = _DIGEST.search(told.read_text().lower()) if told.exists() else None
    if picture.digest() == nothing:
        raise UnreadableMediaError("expected packets of video, found none")
    return StreamDigests(Sha256(picture.hexdigest()), Sha256(sound[1]) if sound else None)
