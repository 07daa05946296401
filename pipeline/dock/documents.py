"""What can this dock do, and which categories may a bookmark have?

Once declared, a capability is supported for ever: the camera manager builds on it. `FullStoreAndReadSupport` is not
among them: a dock that takes whatever there will ever be cannot say what it did with it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import SettingsError

CAPABILITIES_NAMES: Final = ("Capabilities.json", "Capability.json")
"""The vendor's text has both."""
CATEGORIES_NAME: Final = "Categories.json"

_CATEGORIES_MAX = 1000


def capabilities(*, categories: bool) -> bytes:
    """The capabilities document; reading categories is declared only where there are some."""
    said: Mapping[str, Mapping[str, bool]] = {
        "Read": {"ReadCategories": categories},
        "Store": {
            "StoreUserIDKey": True,
            "StoreBookmarks": True,
            "StoreSignedVideo": True,
            "StoreGNSSTrackRecording": True,
            "StoreRejectedContent": True,
        },
        "StoreAndRead": {"StoreReadSystemID": True},
    }
    return json.dumps(said, indent=2).encode()


def read_categories(path: Path | None) -> bytes | None:
    """The categories document, from a file such as `[{"Id": "1", "Name": "Room clearance"}]`.

    Raises:
        SettingsError: the file cannot be read, or does not say that.
    """
    if path is None:
        return None
    expected = 'expected JSON such as [{"Id": "1", "Name": "Room clearance"}], each id once'
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as exc:
        raise SettingsError(f"FIRSTHAND_DOCK_CATEGORIES: {path} cannot be read: {exc}; {expected}") from exc
    if not _are_categories(said):
        raise SettingsError(f"FIRSTHAND_DOCK_CATEGORIES: {path}: {expected}")
    return json.dumps(said, ensure_ascii=False).encode()


def _are_categories(said: object) -> bool:
    if not isinstance(said, Sequence) or isinstance(said, str) or not 0 < len(said) <= _CATEGORIES_MAX:
        return False
    if not all(
        isinstance(one, dict) and set(one) == {"Id", "Name"} and all(isinstance(word, str) for word in one.values())
        for one in said
    ):
        return False
    return len({one["Id"] for one in said}) == len(said)
