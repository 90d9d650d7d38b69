"""Text of an answer file, however it was stored."""

import gzip
import io
import zlib
from pathlib import Path

from avqa_lit.artifacts.reading import MOST_TEXT, read_bytes
from avqa_lit.errors import DataError

GZIP = b"\x1f\x8b"
KIND = "file of answers"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_answer_text(path: Path) -> str:
    r"""The text of a file, plain or compressed with gzip, with every line end as ``\n``.

    A byte order mark is left out; with that of UTF-16, the file is read as such.

    Raises:
        DataError: no regular file there, one that is too large, damaged, or not text.
    """
    content = _decompressed(path, read_bytes(path, kind=KIND))
    try:
        text = content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"predictions={path}, line {line}: expected UTF-8 text ({error})") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decompressed(path: Path, content: bytes) -> bytes:
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            plain = file.read(MOST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"predictions={path}: compressed with gzip, but damaged or cut off ({error}); fetch it again"
        ) from error
    if len(plain) > MOST_TEXT:
        raise DataError(f"predictions={path}: unpacks to more than {MOST_TEXT:,} bytes, which no {KIND} has")
    return plain
