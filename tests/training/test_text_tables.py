"""Tables of texts are read whatever holds them; bad rows are reported, empty texts counted, binary columns recognised."""

import gzip
import json

import pytest

from retrieval.errors import FeedError
from training.text_tables import OUTSIDE, read_asked, read_rated


@pytest.fixture
def table(tmp_path):
    """Writes a file and comes back with its path."""

    def write(text, name="rows.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode())
        return path

    return write


def test_bad_rows_are_reported_and_empty_texts_counted(table):
    """A word, a six and a zero among stars are rejected with row, column and cure; the rest is there."""
    found = read_rated(table("text,stars\nfine,4\nbad,nine\nbad,6\n ,3\nbad,0\nalso fine,2.5\nbad,\n"), "text", "stars")
    assert [(row.row, row.rating) for row in found.rows] == [(2, 4.0), (7, 2.5)]
    assert [(error.row, error.column) for error in found.rejected] == [(3, "stars"), (4, "stars"), (6, "stars"), (8, "stars")]
    assert all(error.cure for error in found.rejected)
    assert (found.empty, found.binary) == (1, False)


@pytest.mark.parametrize(("ratings", "binary"), [("010", True), ("111", False), ("015", False), ("123", False)])
def test_only_a_column_of_zeros_and_ones_is_binary(table, ratings, binary):
    """At least one of each, and nothing else."""
    found = read_rated(table("text,stars\n" + "".join(f"t,{rating}\n" for rating in ratings)), "text", "stars")
    assert found.binary is binary


def test_gzipped_json_lines_are_read_too(table):
    """The first bytes tell; a group is kept."""
    line = json.dumps({"body": "很好", "score": 1, "who": "a"}, ensure_ascii=False)
    found = read_rated(table(f"{line}\n{line.replace('1', '0')}\n", "rows.jsonl.gz"), "body", "score", "who")
    assert [(row.text, row.rating, row.group) for row in found.rows] == [("很好", 1.0, "a"), ("很好", 0.0, "a")]


def test_a_column_that_is_not_there_is_named_with_those_that_are(table):
    """The message says what was found and what was expected."""
    with pytest.raises(FeedError, match=r"columns text, stars, expected a column body"):
        read_rated(table("text,stars\nfine,4\n"), "body", "stars")
    with pytest.raises(FeedError, match="intent or category or label"):
        read_asked(table("text,stars\nfine,4\n"))


def test_a_sample_is_drawn_from_the_whole_file_and_repeats(table):
    """Sorted files are not cut off; the order stays."""
    found = read_rated(table("text,stars\n" + "".join(f"t{n},{1 + n // 20}\n" for n in range(100))), "text", "stars")
    part = found.sample(10, 3)
    assert part == found.sample(10, 3)
    assert len({row.rating for row in part.rows}) > 2
    assert [row.row for row in part.rows] == sorted(row.row for row in part.rows)
    assert found.sample(1000, 3) is found


@pytest.mark.parametrize("name", ["intent", "category", "label"])
def test_the_intent_column_has_several_names(table, name):
    """What is out of scope has one name whatever the file calls it."""
    found = read_asked(table(f"text,{name}\nwhere is it,track\nhow tall is everest,Out-of-Scope\nhm,oos\nwhat,\n"))
    assert [row.intent for row in found.rows] == ["track", OUTSIDE, OUTSIDE]
    assert len(found.rejected) == 1
