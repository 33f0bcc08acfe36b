"""The exports of Google Merchant, Shopify, WooCommerce and Amazon come in as they are."""

from datetime import UTC, datetime

import pytest

from retrieval.feeds import read_catalog
from retrieval.schema import Attribute, Money

GOOGLE_ROWS = """id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\tsale_price_effective_date\tbrand\tcolor\tsize\titem_group_id\tproduct_type\tgtin
b1\tTrail boot red 40\tWarm &amp; dry\thttps://shop.example/b1\thttps://shop.example/b1.jpg\tin stock\t80.00 EUR\t\t\tNorda\tred\t40\tB\tShoes > Boots\t400
b2\tTrail boot red 41\tWarm\thttps://shop.example/b2\t\tout_of_stock\t75.00 EUR\t\t\tNorda\tred\t41\tB\tShoes > Boots\t401
c1\tCap\tShade\thttps://shop.example/c1\t\tin_stock\t20.00 EUR\t12.50 EUR\t2026-05-01T00:00+0000/2026-05-31T00:00+0000\tNorda\tblue/white\t\t\tHats\t402
"""

GOOGLE_XML = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<title>Shop</title>
<item>
 <g:id>t1</g:id><title>Tea &amp; pot</title>
 <description>&lt;p&gt;Cast &lt;b&gt;iron&lt;/b&gt;&lt;/p&gt;</description>
 <link>https://shop.example/t1</link><g:price>39.90 USD</g:price><g:availability>in stock</g:availability>
 <g:additional_image_link>a.jpg</g:additional_image_link><g:additional_image_link>b.jpg</g:additional_image_link>
 <g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Capacity</g:attribute_name><g:attribute_value>1.2 l</g:attribute_value></g:product_detail>
 <g:product_highlight>keeps warm</g:product_highlight><g:product_highlight>enamelled</g:product_highlight>
</item>
<item><g:id>t2</g:id><title>No price yet</title><g:price>soon</g:price></item>
</channel></rss>
"""

SHOPIFY_OLD = """Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,Status
scarf,Wool scarf,<p>Soft <b>wool</b></p>,Norda,Apparel > Scarves,Scarf,"winter, gift",TRUE,Color,Red,Size,L,S-R,shopify,0,deny,25.00,30.00,https://cdn.example/1.jpg,1,active
scarf,,,,,,,,,Blue,,L,S-B,shopify,4,deny,27.00,,https://cdn.example/2.jpg,2,
scarf,,,,,,,,,,,,,,,,,,https://cdn.example/3.jpg,3,
soap,Soap,Clean,Norda,,Soap,,TRUE,Title,Default Title,,,SO,,,deny,4.5,,,,active
secret,Not out yet,,,,,,FALSE,Title,Default Title,,,X,,,deny,1,,,,draft
"""

SHOPIFY_NEW = """Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL,Color (product.metafields.shopify.color-pattern)
Mug,mug,<p>Stoneware</p>,Norda,Home > Kitchen > Mugs,,tea,true,Active,M1,Size,Small,9.00,,shopify,0,TRUE,https://cdn.example/m.jpg,white; black
,mug,,,,,,,,M2,,Large,12.00,,shopify,0,FALSE,,
"""

WOO_EN = """ID,Type,SKU,Name,Published,"Visibility in catalog","Short description",Description,"In stock?",Stock,"Weight (kg)","Sale price","Regular price",Categories,Tags,Images,Parent,"Attribute 1 name","Attribute 1 value(s)"
10,variable,TEE,Tee,1,visible,Soft,"Line one\\nLine two",1,,,,,"Clothing, Clothing > Tees",,https://x.example/a.jpg,,Color,"Red, Blue"
11,simple,CAP,Cap,1,visible,,Shade,1,3,0.2,8.00,10.00,Hats,"sun, summer",,,,
12,variation,TEE-R,Tee - Red,1,visible,,,1,2,,,15.00,,,,TEE,Color,Red
13,variation,TEE-B,Tee - Blue,1,visible,,,0,0,,,14.00,,,,id:10,Color,Blue
14,simple,HID,Hidden,1,hidden,,,1,,,,5.00,,,,,,
15,variation,ORPHAN,Lost,1,visible,,,1,,,,5.00,,,,NOPE,Color,Red
"""

WOO_DE = """ID;Typ;Artikelnummer;Name;Veröffentlicht;"Sichtbarkeit im Katalog";Kurzbeschreibung;Beschreibung;Vorrätig?;Lager;"Gewicht (kg)";Angebotspreis;"Regulärer Preis";Kategorien;Bilder;"Attribut 1 Name";"Attribut 1 Wert(e)"
20;simple;KANNE;Teekanne;1;visible;;"Gusseisen, emailliert";1;5;1,4;;1.234,50;Küche > Tee;;Farbe;Rot, Schwarz
"""

WOO_ZH = """ID,类型,SKU,名称,已发布,是推荐产品？,在列表页可见,简短描述,描述,有货？,库存,促销价格,常规售价,分类,标签,图片,父级,交叉销售,交叉销售,属性 1 名称,属性 1 值
30,simple,CH1,紫砂壶,1,0,visible,,宜兴紫砂,1,8,,"199,00",茶具 > 茶壶,送礼,,,,,材质,紫砂
"""


def test_google_rows_of_a_group_are_variants(feed, taken) -> None:
    """Two sizes are one item with the lowest price to be had; what they share is the item's."""
    items, errors = taken(read_catalog, feed("g.tsv", GOOGLE_ROWS), now=datetime(2026, 5, 10, tzinfo=UTC))
    assert errors == []
    boot, cap = items
    assert (boot.id, boot.price, boot.category, boot.description) == ("B", Money(8000, "EUR"), ("Shoes", "Boots"), "Warm & dry")
    assert boot.attributes == (Attribute("color", ("red",)),)
    assert [(v.id, v.available, v.attributes[0].values) for v in boot.variants] == [("b1", True, ("40",)), ("b2", False, ("41",))]
    assert (cap.price, cap.list_price, cap.values("color")) == (Money(1250, "EUR"), Money(2000, "EUR"), ("blue", "white"))


def test_a_dated_sale_counts_only_in_its_time(feed, taken) -> None:
    """Before, after, and without a clock the ordinary price stands."""
    path = feed("g.tsv", GOOGLE_ROWS)
    for now in (None, datetime(2026, 6, 2, tzinfo=UTC)):
        items, _ = taken(read_catalog, path, now=now)
        assert (items[1].price, items[1].list_price) == (Money(2000, "EUR"), None)


def test_google_xml_is_read_with_its_lines(feed, taken) -> None:
    """RSS items give items; a bad price is reported with the line of its item."""
    (pot,), errors = taken(read_catalog, feed("g.xml", GOOGLE_XML))
    assert (pot.title, pot.description, pot.price) == ("Tea & pot", "Cast iron", Money(3990, "USD"))
    assert pot.attributes == (Attribute("capacity", ("1.2 l",)), Attribute("feature", ("keeps warm", "enamelled")))
    assert [(error.row, error.column) for error in errors] == [(12, "price")]


def test_atom_and_foreign_encodings(feed, taken) -> None:
    """An Atom feed in GB18030 that declares GB2312 is read; a link is its address."""
    xml = (
        '<?xml version="1.0" encoding="gb2312"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
        '<entry><g:id>1</g:id><title>红色茶壶</title><link href="https://x.example/1"/><g:price>99 CNY</g:price></entry></feed>'
    )
    (item,), _ = taken(read_catalog, feed("g.xml", xml, "gb18030"))
    assert (item.title, item.url, item.price) == ("红色茶壶", "https://x.example/1", Money(9900, "CNY"))


def test_shopify_old_headers(feed, taken) -> None:
    """Variants and extra pictures of a handle are one item; a default variant is none; drafts stay out."""
    items, errors = taken(read_catalog, feed("products.csv", SHOPIFY_OLD))
    assert errors == []
    scarf, soap = items
    assert (scarf.id, scarf.description, scarf.brand, scarf.image) == ("scarf", "Soft wool", "Norda", "https://cdn.example/1.jpg")
    assert scarf.category == ("Apparel", "Scarves", "Scarf")
    assert (scarf.price, scarf.list_price) == (Money(2700, "USD"), Money(3000, "USD"))  # the red one is sold out
    assert [(v.id, v.title, v.stock, v.available) for v in scarf.variants] == [("S-R", "Red / L", 0, False), ("S-B", "Blue / L", 4, True)]
    assert scarf.values("color") == ("Red", "Blue")
    assert (soap.variants, soap.price, soap.available) == ((), Money(450, "USD"), True)


def test_shopify_new_headers(feed, taken) -> None:
    """The other dialect gives the same; selling on without stock is available; metafields are attributes."""
    (mug,), errors = taken(read_catalog, feed("products.csv", SHOPIFY_NEW))
    assert errors == []
    assert (mug.id, mug.price, mug.values("color")) == ("mug", Money(900, "USD"), ("white", "black"))
    assert [(v.title, v.available) for v in mug.variants] == [("Small", True), ("Large", False)]


def test_woocommerce_parents_gather_their_variations(feed, taken) -> None:
    """Variations find their parent by SKU or id, hidden products stay out, an orphan is rejected."""
    items, errors = taken(read_catalog, feed("wc.csv", WOO_EN))
    cap, tee = items
    assert (cap.id, cap.price, cap.list_price) == ("11", Money(800, "USD"), Money(1000, "USD"))
    assert cap.attributes == (Attribute("weight", ("0.2 kg",)), Attribute("tag", ("sun", "summer")))
    assert (tee.price, tee.category, tee.description) == (Money(1500, "USD"), ("Clothing", "Tees"), "Soft\n\nLine one\nLine two")
    assert [(v.id, v.title, v.available) for v in tee.variants] == [("12", "Red", True), ("13", "Blue", False)]
    assert [(error.row, error.column, error.found) for error in errors] == [(7, "Parent", "'NOPE'")]


@pytest.mark.parametrize(
    ("text", "currency", "title", "price", "facet"),
    [(WOO_DE, "EUR", "Teekanne", 123450, ("farbe", ("Rot", "Schwarz"))), (WOO_ZH, "CNY", "紫砂壶", 19900, ("material", ("紫砂",)))],
)
def test_woocommerce_in_other_languages(feed, taken, text: str, currency: str, title: str, price: int, facet: tuple) -> None:
    """German and Chinese headers with decimal commas are recognised."""
    (item,), errors = taken(read_catalog, feed("wc.csv", text), currency=currency)
    assert errors == []
    assert (item.title, item.price) == (title, Money(price, currency))
    name = "color" if facet[0] == "farbe" else facet[0]
    assert Attribute(name, facet[1]) in item.attributes


def test_amazon_in_its_three_forms(feed, taken) -> None:
    """Python literals of 2014, JSON Lines of 2018 and JSONL of 2023 give the same kind of item."""
    old = "{'asin': 'A1', 'title': \"Kid's drum\", 'price': 19.99, 'categories': [['Toys'], ['Toys', 'Drums']], 'imUrl': 'http://x.example/1.jpg'}\n"
    (item,), _ = taken(read_catalog, feed("meta14.json.gz", old))
    assert (item.id, item.title, item.price, item.category) == ("A1", "Kid's drum", Money(1999, "USD"), ("Toys", "Drums"))
    mid = (
        '{"asin": "B1", "title": "Card &amp; box", "brand": "Norda", "price": "$1,250.00", "category": ["Gift", "Gift"], '
        '"feature": ["folds"], "details": {"\\n Shipping Weight: ": "3 ounces (", "ASIN: ": "B1"}, "rank": [], "also_buy": ["B2"]}\n'
    )
    (item,), _ = taken(read_catalog, feed("meta18.json", mid))
    assert (item.title, item.price, item.category) == ("Card & box", Money(125000, "USD"), ("Gift",))
    assert item.attributes == (Attribute("shipping weight", ("3 ounces",)), Attribute("feature", ("folds",)))
    new = (
        '{"parent_asin": "C1", "title": "Lamp", "main_category": "Home", "average_rating": 4.3, "rating_number": 17, "price": null, '
        '"features": [], "description": ["Warm light."], "store": "Norda", "categories": [], '
        '"images": [{"thumb": "t.jpg", "large": "l.jpg", "hi_res": null}], "details": {"Color": "White", "Brand": "Norda"}}\n'
    )
    (item,), _ = taken(read_catalog, feed("meta23.jsonl", new))
    assert (item.id, item.price, item.rating, item.rating_count, item.image) == ("C1", None, 4.3, 17, "l.jpg")
    assert (item.category, item.values("color")) == (("Home",), ("White",))
