"""What shops call their columns: tables, not code. A name is compared without case, spaces and punctuation."""

from __future__ import annotations

import re
from collections.abc import Mapping

Aliases = Mapping[str, tuple[str, ...]]
"""Field -> the names it goes by, the surest first."""


def squashed(name: str) -> str:
    """`name` as aliases are compared: `Product_UID` and `product uid` give `productuid`."""
    return re.sub(r"[\W_]+", "", name.casefold())


def words(text: str) -> frozenset[str]:
    """The words of a list written with spaces."""
    return frozenset(text.split())


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Aliases from lines `field: name, name`; an indented line goes on with the one before."""
    rows = (line.split(":", 1) for line in re.sub(r",?\n +", ", ", text.strip()).splitlines())
    return {field.strip(): tuple(name.strip() for name in names.split(",")) for field, names in rows}


CATALOG = table("""
id: id, item_id, product_id, product_uid, uid, sku, item_sku, parent_asin, asin, article_number,
    article_id, product_code, code, handle, artikelnummer, artikelnr, artikel_id, 商品编号, 商品id, 产品编号, 编号, 货号
title: title, name, product_title, product_name, item_title, item_name, titel,
    artikelname, produktname, bezeichnung, 标题, 商品标题, 名称, 商品名称, 产品名称, 品名, 商品名
description: description, product_description, long_description, body_html, desc, summary, beschreibung,
    produktbeschreibung, 描述, 商品描述, 产品描述, 详情, 介绍
category: category, category_path, categories, product_category, product_type, department, kategorie,
    kategorien, warengruppe, 分类, 类别, 品类, 商品分类
brand: brand, brand_name, manufacturer, vendor, make, marke, hersteller, 品牌
price: price, current_price, selling_price, unit_price, preis, verkaufspreis, 价格, 售价, 单价, 现价
sale_price: sale_price, special_price, discounted_price, angebotspreis, 促销价, 促销价格, 特价
price_minor: price_minor, price_cents, price_in_cents
list_price: list_price, original_price, regular_price, compare_at_price, msrp, rrp, uvp, listenpreis, 原价, 市场价, 吊牌价
currency: currency, price_currency, currency_code, waehrung, währung, 货币, 币种
rating: rating, average_rating, avg_rating, rating_average, stars, bewertung, 评分
rating_count: rating_count, rating_number, ratings_total, review_count, reviews_count, number_of_reviews,
    num_reviews, bewertungen, 评论数, 评价数
available: available, availability, in_stock, is_available, instock, verfügbar, verfügbarkeit, 是否有货, 有货
stock: stock, stock_quantity, inventory, inventory_quantity, quantity, qty, lagerbestand, bestand, 库存, 库存数量
url: url, link, product_url, product_link, page_url, 链接, 商品链接, 网址
image: image, image_url, image_link, image_src, images, picture, thumbnail, img, bild, bild_url, 图片, 主图, 图片链接
attributes: attributes, properties, specifications, specs, 属性, 规格参数
variants: variants
translations: translations
""")

REVIEWS = table("""
id: review_id, id, reviewid, 评论id
item_id: item_id, parent_asin, asin, product_id, product_uid, clothing_id, sku, item, article_id, artikelnummer, 商品编号, 商品id
text: text, review_text, reviewtext, review, review_body, body, comment, content, reviews.text,
    bewertungstext, 评论, 评价, 评论内容, 内容
rating: rating, overall, stars, star_rating, score, review_rating, bewertung, 评分, 星级
title: title, summary, review_title, review_headline, headline, titel, 标题
author: author_id, reviewer_id, user_id, customer_id, shopper_id, userid, 用户id
at: at, timestamp, unix_review_time, review_time, review_date, date, created_at, submitted_at, time, datum, 时间, 日期
language: language, lang, locale, sprache, 语言
verified: verified, verified_purchase, is_verified
""")
REVIEWER_NAMES = frozenset(map(squashed, (
    "reviewer_name", "author", "author_name", "user_name", "username", "customer_name", "name", "nickname", "reviewer", "email",
)))
"""Personal data: such a column is never read, not even as an attribute."""

INTERACTIONS = table("""
shopper_id: shopper_id, user_id, user, customer_id, visitor_id, client_id, member_id, reviewer_id, 用户id, 用户
session_id: session_id, session
item_id: item_id, item, product_id, movie_id, parent_asin, asin, sku, article_id, 商品id, 商品编号, 商品
kind: kind, event, event_type, action, type, behavior, behaviour, interaction, 行为, 类型
at: at, timestamp, time, event_time, date, event_date, datetime, created_at, unix_review_time, 时间, 日期
value: value, rating, stars, score, overall, 评分
""")
KINDS = table("""
view: view, pageview, page_view, detail, detail_view, impression, pv, product_viewed, 浏览
click: click, 点击
cart: cart, add_to_cart, addtocart, add, basket, product_added, 加购
purchase: purchase, buy, bought, order, transaction, checkout, sale, order_completed, 购买
like: like, fav, favorite, favourite, wishlist, upvote, 收藏, 喜欢
dislike: dislike, hide, downvote, 不喜欢
rating: rating, rate, review, 评分
""")

ORDERS = table("""
id: id, order_id, order_number, order_no, order, name, bestellnummer, 订单号, 订单编号
shopper_id: shopper_id, customer_id, user_id, customer, user, kundennummer, 用户id, 客户id
status: status, order_status, state, fulfillment_status, 状态, 订单状态
placed_at: placed_at, created_at, order_date, date, ordered_at, bestelldatum, 下单时间
items: items, line_items, lines, products, artikel, 商品, 商品列表
item_id: item_id, product_id, sku, lineitem_sku, asin, artikelnummer, 商品编号
quantity: quantity, qty, lineitem_quantity, amount_ordered, menge, 数量
total: total, order_total, total_price, grand_total, amount, gesamtbetrag, 总价, 金额
currency: currency, currency_code, währung, 货币, 币种
carrier: carrier, shipping_company, courier, versanddienst, 承运商, 快递公司
tracking: tracking, tracking_number, tracking_code, tracking_no, sendungsnummer, 快递单号, 物流单号
due: due, due_at, eta, expected_delivery, delivery_date, estimated_delivery, lieferdatum, 预计送达
updated_at: updated_at, last_updated, modified_at, 更新时间
""")
STATUSES = table("""
placed: placed, pending, new, open, created, on_hold, 已下单, 待付款
paid: paid, processing, confirmed, unfulfilled, 已付款
packed: packed, ready_to_ship, 已打包, 待发货
shipped: shipped, fulfilled, in_transit, dispatched, sent, 已发货, 运输中
delivered: delivered, completed, complete, received, 已送达, 已完成, 已签收
delayed: delayed, 延误
returning: returning, return_requested, return_in_progress, 退货中
returned: returned, 已退货
refunded: refunded, 已退款
cancelled: cancelled, canceled, void, voided, failed, 已取消
lost: lost, missing, 丢失
""")

ATTRIBUTE_NAMES = {
    squashed(name): ours
    for ours, names in {
        "color": "colour, colors, colours, color name, farbe, 颜色, 颜色分类",
        "material": "materials, material type, fabric, stoff, 材质, 材料, 面料",
        "size": "sizes, size name, größe, groesse, 尺寸, 尺码, 大小",
        "style": "styles, stil, 风格, 款式",
        "audience": "target audience, zielgruppe, 适用人群",
        "use": "recommended use, recommended uses for product, 用途, 适用场景",
        "feature": "features, key features, bullet points, product highlight, 特点, 功能",
    }.items()
    for name in names.split(",")
}
"""Columns that hold a facet of the notation under another name."""
