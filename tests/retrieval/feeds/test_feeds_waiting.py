"""A WooCommerce file with more variable products than may wait stays within its bound."""

from retrieval.errors import RowError
from retrieval.feeds.catalogs import rows_of
from retrieval.feeds.rejection import Feed
from retrieval.feeds.source import open_source
from retrieval.feeds.woocommerce import woocommerce_items


def test_the_product_that_waited_longest_goes_first(feed) -> None:
    """With room for one, the older product is given without its late variation, which is rejected with its line."""
    path = feed("wc.csv", "ID,Type,SKU,Name,Published,Regular price,Parent\n"
                          "1,variable,A,First,1,,\n2,variable,B,Second,1,,\n3,variation,B-1,,1,5,B\n4,variation,A-1,,1,6,A\n")
    errors: list[RowError] = []
    shared = Feed(path.name, errors.append)
    with open_source(path) as source:
        items = [item for _, item in woocommerce_items(rows_of(source, shared), shared, waiting=1)]
    assert [(item.title, len(item.variants)) for item in items] == [("First", 0), ("Second", 1)]
    assert [(error.row, error.column) for error in errors] == [(5, "Parent")]
