"""Code archives and files, as Pulumi passes them to a provider. Their content counts, not their path.

Source: Pulumi's sdk/go/common/resource/sig and sdk/go/common/resource/asset.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key of Pulumi's special objects: secrets, assets and archives."""

ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold. With the same time, the same files make the same bytes."""


def contents(value: Any) -> Any:
    """The value for a comparison: each file and archive is replaced by Pulumi's hash of its content."""
    if isinstance(value, list):
        return [contents(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    given = cast(dict[str, Any], value)
    if given.get(SIGNATURE) in (ASSET, ARCHIVE) and given.get("hash"):
        return {SIGNATURE: given[SIGNATURE], "hash": given["hash"]}
    return {key: contents(item) for key, item in given.items()}


def zipped(value: Any) -> bytes:
    """An archive as the bytes of a zip file.

    Raises:
        ValueError: it isn't an archive of files or texts.
    """
    files = dict(_files(value, ""))
    if not files:
        raise ValueError("must be an archive with a file in it; write pulumi.AssetArchive({'handler.py': pulumi.FileAsset(…)})")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.external_attr = 0o644 << 16  # Lambda reads the files as another user
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _files(value: Any, place: str) -> Iterator[tuple[str, bytes]]:
    given = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    kind, text, path, inner = (given.get(key) for key in (SIGNATURE, "text", "path", "assets"))
    if kind == ARCHIVE and isinstance(inner, dict):
        for name, item in cast(dict[str, Any], inner).items():
            yield from _files(item, f"{place}/{name}" if place else name)
    elif kind == ASSET and isinstance(text, str) and not path:
        yield place, text.encode()
    elif kind == ASSET and isinstance(path, str):
        yield place, _read(Path(path))
    else:
        raise ValueError("must be an archive of files or texts; the local cloud reads no addresses and no ready-made archives")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"names {path.name}, which can't be read ({error.strerror})") from None
