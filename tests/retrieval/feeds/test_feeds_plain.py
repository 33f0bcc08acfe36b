"""Plain catalogues: columns under any name, attributes from the rest, ids where there are none."""

import json

import pytest

from retrieval.errors import FeedError
from retrieval.feeds import read_catalog
from retrieval.schema import Attribute, Money

CARS = "model,year,price,transmission,mileage,fuelType,tax(£)\n Fiesta,2017,12000,Automatic,15944,Petrol,150\n Puma,2019,22500,Manual,2029,Petrol,145\n"


def test_unknown_columns_are_attributes(feed, taken) -> None:
    """A car's year, mileage and fuel are facets, under lower-case names without the unit's sign."""
    path = feed("ford.csv.gz", CARS)
    items, errors = taken(read_catalog, path, currency="GBP", columns={"title": "model"}, constants={"brand": "Ford"})
    assert errors == []
    assert (items[0].title, items[0].brand, items[0].price) == ("Fiesta", "Ford", Money(1200000, "GBP"))
    assert items[1].values("year") == ("2019",)
    assert [a.name for a in items[0].attributes] == ["year", "transmission", "mileage", "fuel type", "tax"]


def test_a_title_may_be_made_of_several_columns(feed, taken) -> None:
    """A template takes columns and constants, and the columns stay attributes."""
    path = feed("ford.csv", CARS)
    items, _ = taken(read_catalog, path, columns={"title": "{brand} {model} {year}"}, constants={"brand": "Ford"})
    assert items[0].title == "Ford Fiesta 2017"
    assert items[0].values("model") == ("Fiesta",)


def test_ids_made_from_content_are_stable(feed, taken) -> None:
    """The same row gives the same id wherever it stands; equal rows are numbered."""
    options = {"columns": {"title": "model"}}
    first, _ = taken(read_catalog, feed("ford.csv", CARS), **options)
    head, fiesta, puma = CARS.splitlines()
    again, errors = taken(read_catalog, feed("ford.csv", "\n".join([head, puma, puma, fiesta])), **options)
    assert errors == []
    assert [item.id for item in again] == [first[1].id, f"{first[1].id}-2", first[0].id]


def test_a_catalogue_without_titles_is_refused_with_the_cure(feed, taken) -> None:
    """The error names the columns that there are and how to say which holds the title."""
    with pytest.raises(FeedError, match=r"model, year.*title=COLUMN"):
        taken(read_catalog, feed("ford.csv", CARS))
    with pytest.raises(FeedError, match="no column 'modell'"):
        taken(read_catalog, feed("ford.csv", CARS), columns={"title": "modell"})


@pytest.mark.parametrize("header", ["product_uid,product_title", "SKU;Name", "商品编号\t商品名称", "movieId,title", "Artikelnummer|Titel"])
def test_id_and_title_are_found_under_many_names(feed, taken, header: str) -> None:
    """Delimiter and names are sniffed."""
    delimiter = next(mark for mark in ";\t|," if mark in header)
    items, _ = taken(read_catalog, feed("a.csv", f"{header}\n7{delimiter}Tea pot\n"))
    assert (items[0].id, items[0].title) == ("7", "Tea pot")


def test_lists_units_and_translations_in_a_table(feed, taken) -> None:
    """`a|b` gives values, `Weight (kg)` keeps its unit, `title_zh` is a translation, a colour is `color`."""
    text = 'id,title,title_zh,description_zh,Colour,Weight (kg),tags\n1,Mug,杯子,白瓷,"red|blue",0.4,"[""gift"", ""tea""]"\n'
    (item,), _ = taken(read_catalog, feed("a.csv", text))
    assert item.attributes == (
        Attribute("color", ("red", "blue")), Attribute("weight", ("0.4 kg",)), Attribute("tags", ("gift", "tea")),
    )
    assert item.words("zh") == ("杯子", "白瓷")


def test_json_lines_carry_everything(feed, taken) -> None:
    """Variants, translations, attributes and a price in minor units come from hand-written JSON."""
    line = {
        "id": 12, "title": "Alpine flask", "category": ["Outdoor", "Bottles"], "price": {"amount": 2450, "currency": "EUR"},
        "attributes": {"color": ["red", "grey"], "capacity": 0.75, "waterproof": True},
        "variants": [
            {"id": "r", "price": 24.5, "stock": 0, "attributes": {"color": "red"}},
            {"id": "g", "price": "26.00 EUR", "stock": 3, "attributes": {"color": "grey"}},
        ],
        "translations": {"zh": {"title": "高山保温瓶", "attributes": {"颜色": ["红色"]}}},
    }
    (item,), errors = taken(read_catalog, feed("a.jsonl", json.dumps(line) + "\n"), currency="EUR")
    assert errors == []
    assert item.id == "12"
    assert item.price == Money(2600, "EUR")  # the cheaper one is sold out
    assert item.values("capacity") == ("0.75",)
    assert item.values("waterproof") == ("yes",)
    assert item.values("颜色") == ("红色",)
    assert [v.available for v in item.variants] == [False, True]


def test_a_sale_price_makes_the_price_the_list_price(feed, taken) -> None:
    """What can be paid now is the price; a list price that is not higher is none."""
    text = "id,title,price,sale_price,list_price\n1,A,20,15,\n2,B,20,,20\n3,C,,,9.50\n"
    items, _ = taken(read_catalog, feed("a.csv", text))
    assert [(i.price and i.price.amount, i.list_price and i.list_price.amount) for i in items] == [
        (1500, 2000), (2000, None), (950, None),
    ]


def test_vespa_puts_count_cents(feed, taken) -> None:
    """The envelope is opened; a whole price is in minor units unless the column is named."""
    text = '{"put":"id:s:p::1","fields":{"id":1,"title":"Drum","price":2334,"average_rating":4.5,"quantity":0}}\n'
    (item,), _ = taken(read_catalog, feed("a.json.gz", text))
    assert (item.id, item.price, item.rating, item.available) == ("1", Money(2334, "USD"), 4.5, False)
    (item,), _ = taken(read_catalog, feed("a.json", text), columns={"price": "price"})
    assert item.price == Money(233400, "USD")


def test_a_json_array_is_read_like_lines(feed, taken) -> None:
    """Pretty-printed objects in one array are items, with the lines at which they begin."""
    items, errors = taken(read_catalog, feed("a.json", json.dumps([{"id": 1, "title": "A"}, {"id": 2}, {"id": 3, "title": "C"}], indent=1)))
    assert [item.id for item in items] == ["1", "3"]
    assert [(error.row, error.column) for error in errors] == [(6, "title")]
