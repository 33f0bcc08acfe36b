"""Bad files say what they are and how to cure them; a bad row costs only itself; memory stays bounded."""

import gzip
import itertools
import json
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import FeedError, RowError
from retrieval.feeds import read_catalog, read_reviews
from retrieval.feeds.encoding import encoding_of
from retrieval.feeds.rejection import Feed
from retrieval.feeds.source import Limits, Lines, open_source

GOOD = "id,title,price\n1,Tea pot,20\n2,Mug,5\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty file"),
        (b" \n\n", "empty file"),
        (b"id,title\n", "no readable row"),
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (random.Random(7).randbytes(5000), "binary|no text"),
        (gzip.compress(gzip.compress(GOOD.encode(), mtime=0), mtime=0), "gzip inside gzip"),
        (gzip.compress(b"id,title\n" + random.Random(7).randbytes(9000).hex().encode(), mtime=0)[:-300], "cut off"),
        (gzip.compress(GOOD.encode(), mtime=0)[:12] + b"\xff" * 40, "damaged|cut off"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b"<rss><channel><item><id>1</id><title>A</title></item>", "breaks off"),
        (b'<!DOCTYPE x [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><rss><item><id>1</id><title>&b;</title></item></rss>', "entity"),
        (b'[{"id": 1, "title": "A"}, {"id": 2, "ti', "cut off"),
        ("id,title\n1,Größe\n".encode("utf-16")[:-1], "utf-16"),
    ],
)
def test_a_file_that_is_no_feed_says_so(feed, taken, data: bytes, says: str) -> None:
    """Empty, binary, truncated, damaged and foreign files raise a FeedError with what was found."""
    with pytest.raises(FeedError, match=says) as raised:
        taken(read_catalog, feed("feed.dat", data))
    assert raised.value.row_error.cure


def test_a_missing_file_a_directory_and_a_wrong_option_are_refused(tmp_path: Path, feed) -> None:
    """What the caller got wrong is a FeedError too."""
    for path, options in [(tmp_path / "none.csv", {}), (tmp_path, {}), (feed("a.csv", GOOD), {"currency": "XQX"}),
                          (feed("a.csv", GOOD), {"format": "excel"})]:
        with pytest.raises(FeedError):
            list(read_catalog(path, **options))


def test_without_a_handler_the_first_bad_row_stops(feed) -> None:
    """The strict way is the default."""
    with pytest.raises(FeedError, match=r"row 3, column 'price'.*-5"):
        list(read_catalog(feed("a.csv", "id,title,price\n1,A,5\n2,B,-5\n")))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2,Mug,-5", "price"), ("2,Mug,5 XQX", "price"), ("2,Mug,call", "price"), ("1,Mug,5", "id"), ("2,,5", "title"),
        (",Mug,5", "id"), ("2,Mug,5,6,7", ""), (f"{'x' * 300},Mug,5", "id"), (f"2,{'杯' * 60}\udcff,5", "title"), ('2,"never closed,5\n3,Cup,4', ""),
        (f'2,"{"x" * 200_000}",5', ""),
    ],
)
def test_a_bad_row_is_rejected_with_its_line_and_a_cure(feed, taken, row: str, column: str) -> None:
    """Line, column and cure are told, and the rows around it come in."""
    data = f"id,title,price\n1,Tea pot,20\n{row}\n".encode("utf-8", "surrogateescape")
    items, errors = taken(read_catalog, feed("a.csv", data))
    assert [item.title for item in items] == ["Tea pot"]
    assert [(error.file, error.row, error.column) for error in errors] == [("a.csv", 3, column)]
    assert errors[0].cure


def test_rows_after_bad_ones_are_read(feed, taken) -> None:
    """Lines are counted through cells that hold line ends."""
    text = 'id,title,description\n1,A,"two\nlines"\n2,,x\n3,C,ok\n'
    items, errors = taken(read_catalog, feed("a.csv", text))
    assert [item.id for item in items] == ["1", "3"]
    assert [error.row for error in errors] == [4]


@pytest.mark.parametrize("line", ["{", "[1]", '{"id": 2, "title": "B"', "nonsense", '{"id": NaN, "title": "x"}', '{"a":' * 9000,
                                  "{'id': " * 900, "{'id': __import__('os')}", '"text"'])
def test_a_bad_json_line_is_rejected(feed, taken, line: str) -> None:
    """Cut, deep, foreign and executable lines are rejected; nothing is run."""
    items, errors = taken(read_catalog, feed("a.jsonl", f'{{"id": 1, "title": "A"}}\n{line}\n{{"id": 3, "title": "C"}}\n'))
    assert [item.id for item in items] == ["1", "3"]
    assert [error.row for error in errors] == [2]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("编号,标题\n1,红色跑鞋\n2,高山保温瓶\n", "gb18030"), ("编号,标题\n1,红色跑鞋\n", "utf-8-sig"), ("编号,标题\n1,红色跑鞋\n", "utf-16"),
        ("id,title\n1,red shoe\n", "utf-16-le"), ("id;title\n1;Größe für Töpfe\n", "latin-1"), ("id,title\n1,3,5” – €\n", "cp1252"),
        ("id,title\n" + "1,plain\n" * 20_000 + "2,红鞋\n", "gb18030"),
    ],
)
def test_encodings_are_told_apart(tmp_path: Path, text: str, encoding: str) -> None:
    """UTF-8 with a mark, UTF-16, GB18030 and Latin-1 give the same text, decided where the first such character stands."""
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    with open_source(path) as source:
        assert "".join(source.chunks) == text


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=200))
def test_utf_8_is_always_recognised(text: str) -> None:
    """No UTF-8 text is taken for another encoding."""
    assert encoding_of(text.encode(), "a.csv") == "utf-8"


@given(st.binary(max_size=400), st.sampled_from(["", "id,title\n1,", '{"id": 1, "title": "', "<rss><item>", "[", "id\ttitle\n\""]))
def test_any_bytes_give_rows_or_a_feed_error(tmp_path_factory: pytest.TempPathFactory, data: bytes, start: str) -> None:
    """No file breaks a reader in any other way."""
    path = tmp_path_factory.mktemp("any") / "a.dat"
    path.write_bytes(start.encode() + data)
    for read in (read_catalog, read_reviews):
        errors: list[RowError] = []
        try:
            values = list(read(path, on_error=errors.append))
        except FeedError:
            continue
        assert all(value.id for value in values)


def test_a_line_without_end_is_rejected(tmp_path: Path) -> None:
    """A line over the limit is one error, and the lines after it are read."""
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "x" * 500_000 + "\nb\n" + "y" * 300_000)
    errors: list[RowError] = []
    feed = Feed("a.csv", errors.append)
    with open_source(path, Limits(line=100_000)) as source:
        assert list(Lines(source, feed)) == ["a\n", "b\n"]
    assert [error.row for error in errors] == [2, 4]


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    """An archive that grows a thousandfold stops, an ordinary one of the same length does not."""
    limits = Limits(expansion=100, unpacked=1 << 20)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(b"id,title\n" + b"0" * (3 << 20), mtime=0))
    with pytest.raises(FeedError, match="100 times"), open_source(bomb, limits) as source:
        for _ in source.chunks:
            pass
    honest = tmp_path / "honest.csv.gz"
    rows = (f"{number},{random.Random(number).random()}" for number in range(60_000))
    honest.write_bytes(gzip.compress("\n".join(rows).encode(), mtime=0))
    with open_source(honest, limits) as source:
        assert sum(map(len, source.chunks)) > 1 << 20


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "xml"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    """A feed of 8 MB is read within 4 MB, most of it the parser's chunks."""
    words = "warmanddry" * 800
    rows = ({"id": str(number), "title": f"Boot {number}", "description": words} for number in range(1000))
    path = tmp_path / f"big.{kind}"
    with path.open("w") as file:
        if kind == "csv":
            file.write("id,title,description\n" + "".join(f"{r['id']},{r['title']},{r['description']}\n" for r in rows))
        elif kind == "jsonl":
            file.writelines(json.dumps(r) + "\n" for r in rows)
        elif kind == "json":
            file.write("[" + ",".join(json.dumps(r) for r in rows) + "]")
        else:
            body = "".join(f"<item>{''.join(f'<{k}>{v}</{k}>' for k, v in r.items())}</item>" for r in rows)
            file.write(f"<rss><channel>{body}</channel></rss>")
    items = read_catalog(path)
    assert len(list(itertools.islice(items, 100))) == 100
    tracemalloc.start()
    try:
        assert sum(1 for _ in items) == 900
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
