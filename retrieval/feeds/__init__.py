"""Feeds: files of products, reviews, interactions, orders and help pages, read as values one by one.

>>> from retrieval.feeds import read_catalog
>>> for item in read_catalog("ford.csv.gz", currency="GBP", columns={"title": "model"},  # doctest: +SKIP
...                          constants={"brand": "Ford"}, on_error=print): ...
"""

from retrieval.feeds.catalogs import read_catalog
from retrieval.feeds.help_pages import read_help_pages
from retrieval.feeds.interactions import read_interactions
from retrieval.feeds.orders import read_orders
from retrieval.feeds.reviews import read_reviews

__all__ = ["read_catalog", "read_help_pages", "read_interactions", "read_orders", "read_reviews"]
