"""From bytes to text: which encoding a feed is written in, decided at its first byte beyond ASCII.

UTF-8 is taken where at most one in fifty of its characters is broken (rows with a broken one are rejected singly),
GB18030, Big5, Shift-JIS, Korean, Cyrillic and Central European code pages as charset-normalizer tells them apart where
there is text enough, and Latin-1 (as Windows writes it) as the last resort.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import chain

from charset_normalizer import from_bytes

from retrieval.feeds.rejection import unreadable

WINDOW = 1 << 17
"""Bytes that the decision looks at, from the first chunk with a byte beyond ASCII on."""
ENOUGH = 30
"""Bytes beyond ASCII below which statistics mislead."""
CANDIDATES = ["gb18030", "big5", "shift_jis", "cp949", "cp1252", "cp1250", "cp1251", "latin_1"]
TEXT_FEED = "a text feed (CSV, TSV, JSON lines or XML)"
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV UTF-8",
    b"%PDF": "a PDF document: ask for the feed as CSV, JSONL or XML",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format": "an SQLite database: export its table as CSV",
    b"PAR1": "a Parquet file: convert it to CSV or JSONL",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV UTF-8",
    b"BZh": "a bzip2 archive: unpack it, or pack it with gzip",
    b"\xfd7zXZ": "an xz archive: unpack it, or pack it with gzip",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it, or pack it with gzip",
    b"\x1f\x8b": "gzip inside gzip: unpack it once",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))
_DECLARED = re.compile(rb"""^<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_CONTROL_HIGH = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # undefined in the Western code page
_BROKEN = re.compile("[\udc80-\udcff]")
_SURROGATES = "".join(map(chr, range(0xDC80, 0xDD00)))


def decoded(chunks: Iterator[bytes], name: str) -> Iterator[str]:
    """The text of `chunks`, without its byte order mark.

    A broken UTF-8 byte comes back as a lone surrogate, so that the row it stands in can be rejected. Raises FeedError
    for what is no text.
    """
    first = next(chunks, b"")
    refuse_binary(first, name)
    for mark, encoding in BOMS:
        if first.startswith(mark):
            yield from _decoded_as(encoding, chain([first[len(mark) :]], chunks), name)
            return
    wide = _wide(first)
    if wide:
        yield from _decoded_as(wide, chain([first], chunks), name)
        return
    declared = _DECLARED.match(first[:200])
    for chunk in chain([first], chunks):
        if chunk.isascii():
            yield chunk.decode("ascii")
            continue
        window = chunk
        while len(window) < WINDOW and (more := next(chunks, b"")):
            window += more
        encoding = _declared(declared.group(1).decode()) if declared else ""
        yield from _decoded_as(encoding or encoding_of(window, name), chain([window], chunks), name)
        return


def encoding_of(window: bytes, name: str) -> str:
    """The encoding that `window` is most likely written in. Raises FeedError when it is none that we know."""
    text = window.decode("utf-8", "surrogateescape").rstrip(_SURROGATES)  # a window may end inside a character
    broken = len(_BROKEN.findall(text))
    whole = sum(not character.isascii() for character in text) - broken
    if broken * 50 <= whole:
        return "utf-8"
    telling = b"\n".join(line for line in window.split(b"\n") if not line.isascii())
    high = len(telling.translate(None, bytes(range(0x80))))
    best = from_bytes(telling, cp_isolation=CANDIDATES).best() if high >= ENOUGH else None
    if best is not None and best.encoding not in {"cp1250", "cp1252", "latin_1"}:
        return best.encoding
    if _reads_as_chinese(telling):
        return "gb18030"
    if len(telling.translate(None, _CONTROL_HIGH)) < len(telling) - high // 20:
        raise unreadable(name, "bytes that are no text in UTF-8, UTF-16, GB18030 or Latin-1", TEXT_FEED,
                         "Save it again as UTF-8.")
    return "cp1250" if best is not None and best.encoding == "cp1250" and _differs(telling) else "cp1252"


def _reads_as_chinese(telling: bytes) -> bool:
    """Most byte pairs beyond ASCII are punctuation of GB2312 or in its first level, the common characters."""
    try:
        telling.rstrip(b"\x80\xff").decode("gb18030")
    except UnicodeDecodeError as error:
        if error.start < len(telling) - 4:
            return False
    pairs = re.findall(rb"[\x81-\xfe][\x30-\xfe]", telling)
    common = sum(pair[1] >= 0xA1 and (0xB0 <= pair[0] <= 0xD7 or 0xA1 <= pair[0] <= 0xA3) for pair in pairs)
    return bool(pairs) and common >= 0.7 * len(pairs)


def _differs(telling: bytes) -> bool:
    return telling.decode("cp1250", "replace") != telling.decode("cp1252", "replace")


def refuse_binary(first: bytes, name: str) -> None:
    """Nothing, or a FeedError when `first`, the beginning of a file, is that of a known binary format or no text."""
    for magic, what in FOREIGN.items():
        if first.startswith(magic):
            kind, _, cure = what.partition(": ")
            cure = f"{cure[:1].upper()}{cure[1:]}." if cure else "Name the feed's own file."
            raise unreadable(name, kind, TEXT_FEED, cure)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _wide(first):
        return
    controls = len(first) - len(first.translate(None, _CONTROLS))
    if controls > max(3, len(first) // 100):
        raise unreadable(name, f"binary data ({controls:,} control bytes in the first {len(first):,})",
                         TEXT_FEED, "Export the feed as text, UTF-8.")


def _wide(first: bytes) -> str:
    """UTF-16 without a byte order mark shows in every second byte of ASCII being zero."""
    if len(first) < 4:
        return ""
    even, odd = first[0::2].count(0), first[1::2].count(0)
    if odd > 0.3 * len(first) / 2 and even < odd / 20:
        return "utf-16-le"
    if even > 0.3 * len(first) / 2 and odd < even / 20:
        return "utf-16-be"
    return ""


def _declared(encoding: str) -> str:
    """The encoding that an XML declaration names, empty when Python does not know it."""
    try:
        return codecs.lookup({"gb2312": "gb18030", "gbk": "gb18030"}.get(encoding.lower(), encoding)).name
    except LookupError:
        return ""


def _decoded_as(encoding: str, chunks: Iterator[bytes], name: str) -> Iterator[str]:
    errors = "surrogateescape" if encoding in {"utf-8", "gb18030", "cp1252"} else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    row = 1
    try:
        for chunk in chunks:
            text = decoder.decode(chunk)
            row += text.count("\n")
            yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        found, expected = f"bytes that are not {encoding} ({error.reason})", f"{encoding} to the end of the file"
        cure = "Save the whole file as UTF-8; it may join two encodings."
        raise unreadable(name, found, expected, cure, row) from error
