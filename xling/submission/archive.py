"""A zip that depends on nothing but the files in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_THE_SAME_EACH_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can tell
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """The files at the root of a zip, in the order of their names: equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_THE_SAME_EACH_TIME)
            entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
            archive.writestr(entry, files[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()
