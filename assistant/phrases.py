"""What the assistant says of its own accord, in both languages: openings, hand-overs, quick replies.

Facts are filled in by the caller, who copied them; nothing here describes an item.
"""

from __future__ import annotations

from retrieval.schema import Language

_TEXT: dict[str, dict[Language, str]] = {
    "greeting": {
        "en": "Hello! I'm the shop's assistant (a computer program). Tell me what you are looking for, for whom, and what it may cost.",
        "zh": "您好！我是本店的智能导购（计算机程序）。告诉我想找什么、给谁用、预算多少就行。",
    },
    "thanks": {"en": "With pleasure. Anything else I can find for you?", "zh": "好的，还想看点什么？"},
    "nothing_said": {"en": "I couldn't find any words in that. What are you looking for?", "zh": "没看到文字内容，您想找点什么？"},
    "found": {"en": "{count} for you: {wishes}.", "zh": "按「{wishes}」挑了{count}款。"},
    "found_one": {"en": "One fits: {wishes}.", "zh": "按「{wishes}」找到1款。"},
    "found_plain": {"en": "The closest I have to “{text}”:", "zh": "和“{text}”最接近的商品："},
    "found_many": {"en": "{fitting} items fit; here are {count}.", "zh": "共有{fitting}款符合，先看这{count}款。"},
    "unmet": {"en": "None of these meets: {wishes}.", "zh": "没能满足：{wishes}。"},
    "surprise": {"en": "A different idea", "zh": "换个思路"},
    "blocked": {"en": "Nothing in the shop fits all of that. What rules everything out: {wishes}.", "zh": "店里没有全部符合的商品，卡在：{wishes}。"},
    "cheapest": {"en": "Nothing that fits is cheaper than **{title}** at {price}.", "zh": "符合要求的没有更便宜的了，**{title}**{price}就是最低价。"},
    "not_sold": {"en": "We have no {wishes}.", "zh": "店里没有{wishes}。"},
    "beside": {"en": "We have no {wishes}. What comes nearest: {kinds}.", "zh": "店里没有{wishes}，最接近的是{kinds}："},
    "beside_line": {"en": "**{title}**{price}.", "zh": "**{title}**{price}。"},
    "beside_costs": {"en": "On the shelf {kind}, not {costs}.", "zh": "属于{kind}，不是{costs}。"},
    "near": {"en": "Closest: **{title}**{price}. It misses: {costs}.", "zh": "最接近的是**{title}**{price}，但不符合{costs}。"},
    "costs": {"en": "It misses: {costs}.", "zh": "不符合：{costs}。"},
    "stopped": {"en": "(stopped)", "zh": "（已停止）"},
    "broken": {"en": "Something in the shop is not working just now. Please try again in a moment.", "zh": "店里的系统暂时出了点问题，请稍后再试。"},
    "quote": {"en": "A buyer writes: “{text}”", "zh": "有买家说：“{text}”"},
    "item_head": {"en": "**{title}** — {price}{stars}.", "zh": "**{title}** — {price}{stars}。"},
    "stars": {"en": ", {stars} stars from {count} reviews", "zh": "，{stars}星（{count}条评价）"},
    "why": {"en": "I suggested **{title}** because:", "zh": "推荐**{title}**的原因："},
    "why_exploration": {
        "en": "it fits your wishes and differs from the others, so that you see more than one kind",
        "zh": "它符合您的要求，又和其他几款不同，方便您多一种选择",
    },
    "why_plain": {"en": "it is close to the words you searched for", "zh": "它和您搜索的内容接近"},
    "says_yes": {"en": "**{title}**: {wish} — {evidence}.", "zh": "**{title}**：{wish}——{evidence}。"},
    "says_unknown": {"en": "The shop's data on **{title}** does not say anything about “{wish}”.", "zh": "**{title}**的资料里没有提到“{wish}”。"},
    "no_reviews": {"en": "No review of it mentions that.", "zh": "评价里也没有人提到。"},
    "reviewers_on": {
        "en": "Reviews of **{title}** that speak of “{topic}”: {praise} with praise, {complaints} with complaint.",
        "zh": "**{title}**的评价中提到“{topic}”的：好评{praise}条，差评{complaints}条。",
    },
    "one_praises": {"en": "In praise: “{text}”", "zh": "好评：“{text}”"},
    "one_complains": {"en": "In complaint: “{text}”", "zh": "差评：“{text}”"},
    "often_praised": {"en": "Buyers praise: {aspects}.", "zh": "买家称赞：{aspects}。"},
    "often_blamed": {"en": "Buyers complain of: {aspects}.", "zh": "买家吐槽：{aspects}。"},
    "aspect_count": {"en": "{aspect} ({count})", "zh": "{aspect}（{count}人）"},
    "which_item": {"en": "Which item do you mean? There is nothing on the screen yet.", "zh": "您指的是哪一件？目前还没有展示商品。"},
    "not_found": {"en": "I don't find a product called “{name}” in this shop.", "zh": "店里没有找到“{name}”。"},
    "compare": {"en": "Side by side:", "zh": "对比如下："},
    "noted_like": {"en": "Glad you like **{title}**.", "zh": "好的，**{title}**记下了。"},
    "noted_dislike": {"en": "Understood, **{title}** won't come up again.", "zh": "明白了，不再推荐**{title}**。"},
    "review_offer": {
        "en": "May I keep what you wrote as your review of **{title}**? Other shoppers would read it, without your name.",
        "zh": "可以把您刚才写的作为对**{title}**的评价保留吗？其他顾客会看到，不显示您的名字。",
    },
    "review_yes": {"en": "Yes, keep it as my review", "zh": "可以，作为我的评价"},
    "review_no": {"en": "No, thanks", "zh": "不用了"},
    "review_kept": {"en": "Thank you, your review is kept. It goes with everything else when you erase your data.", "zh": "谢谢，您的评价已保存。删除您的数据时会一并删除。"},
    "noted": {"en": "Noted: {wishes}.", "zh": "记下了：{wishes}。"},
    "forgotten": {"en": "Forgotten: {wishes}.", "zh": "已忘记：{wishes}。"},
    "forgotten_nothing": {"en": "I don't hold that: {wishes}.", "zh": "我没有记过：{wishes}。"},
    "forgotten_all": {"en": "Everything I remembered of you is forgotten.", "zh": "关于您，我记住的都已清除。"},
    "known": {"en": "In this conversation I hold: {wishes}. I keep nothing beyond it.", "zh": "本次对话里我记着：{wishes}。对话之外没有其他记录。"},
    "known_now": {"en": "In this conversation I hold: {wishes}.", "zh": "本次对话里我记着：{wishes}。"},
    "known_long": {"en": "What I remember of you:", "zh": "关于您，我记着："},
    "known_entry": {"en": "- **{wish}** ({surety}, {age}; {origin}: “{sentence}”)", "zh": "- **{wish}**（{surety}，{age}；{origin}：“{sentence}”）"},
    "known_brief": {"en": "- **{wish}** ({surety}, {age}; {origin})", "zh": "- **{wish}**（{surety}，{age}；{origin}）"},
    "known_more": {"en": "- and {count} more, less sure", "zh": "- 另有{count}项，把握较小"},
    "known_how": {
        "en": "Say “forget {wish}” and it is gone.",
        "zh": "说“忘掉{wish}”就会删除。",
    },
    "known_nothing": {"en": "I hold no wishes of yours so far.", "zh": "目前没有记住您的任何偏好。"},
    "human": {"en": "I'm passing this to a colleague; please leave your question here and a person will answer.", "zh": "马上为您转人工客服，请留下问题，会有同事回复您。"},
    "no_policy": {"en": "I can't answer that from the shop's rules, so I won't guess; a colleague will take it.", "zh": "店规里没有查到，我不乱猜，帮您转给人工同事。"},
    "policy": {"en": "From “{title}” (version {version}): {text}", "zh": "根据《{title}》（{version}版）：{text}"},
    "order_login": {"en": "To see an order I need to know that it is yours: please sign in to the shop and ask again.", "zh": "查询订单需要先确认是您本人，请登录后再问。"},
    "order_unknown": {"en": "I find no order {order} under your account. Please check the number.", "zh": "您的账户下没有订单{order}，请核对订单号。"},
    "order_which": {"en": "Which order is it about? Please give me its number.", "zh": "请告诉我订单号。"},
    "order_status": {"en": "Order {order}: {status}.", "zh": "订单{order}：{status}。"},
    "order_due": {"en": "Expected by {due}.", "zh": "预计{due}前送达。"},
    "order_tracking": {"en": "{carrier}, tracking number {tracking}.", "zh": "{carrier}，运单号{tracking}。"},
    "order_change": {"en": "I can't change orders myself, so I pass your wish ({action}) to a colleague.", "zh": "我不能直接操作订单，已把您的请求（{action}）转给人工同事。"},
    "try_wider": {"en": "Without that limit", "zh": "去掉这个限制"},
    "quick_cheaper": {"en": "cheaper", "zh": "便宜一点"},
    "quick_others": {"en": "show me others", "zh": "换一批"},
    "quick_why": {"en": "why the first one?", "zh": "为什么推荐第一个？"},
    "quick_compare": {"en": "compare 1 and 2", "zh": "比较第一个和第二个"},
    "ask_category": {"en": "What kind of thing shall it be?", "zh": "想看哪一类？"},
    "ask_price": {"en": "What may it cost?", "zh": "预算大概多少？"},
    "ask_use": {"en": "What is it for?", "zh": "主要用来做什么？"},
    "ask_audience": {"en": "Who is it for?", "zh": "给谁用？"},
    "ask_feature": {"en": "What matters most?", "zh": "最看重哪一点？"},
    "ask_color": {"en": "Which color would you like?", "zh": "喜欢什么颜色？"},
    "ask_material": {"en": "Which material would you like?", "zh": "想要什么材质？"},
    "ask_size": {"en": "Which size would you like?", "zh": "需要什么尺寸？"},
    "ask_type": {"en": "Which type would you like?", "zh": "想要哪种类型？"},
    "ask_brand": {"en": "Is there a brand that you like?", "zh": "有喜欢的品牌吗？"},
    "ask_other": {"en": "Any preference for {name}?", "zh": "对{name}有偏好吗？"},
    "up_to": {"en": "up to {high}", "zh": "{high}以内"},
    "just": {"en": "{low}", "zh": "{low}"},
    "between": {"en": "{low} to {high}", "zh": "{low}到{high}"},
    "from": {"en": "{low} and up", "zh": "{low}以上"},
    "which_today": {"en": "You used to ask for {old}, lately for {new}: which is it today?", "zh": "您以前常看{old}，最近在看{new}，今天想看哪一种？"},
    "no_preference": {"en": "no preference", "zh": "都可以"},
    "join": {"en": ", ", "zh": "、"},
}

BUTTONS: dict[str, str] = {
    "quick_cheaper": "refine | price~cheaper", "quick_others": "refine", "quick_why": "ask_item | item=1",
    "quick_compare": "compare | item=1 | item=2", "try_wider": "refine",
}
"""What the assistant's own buttons mean, as notation lines: a button needs no reading."""

STATUS: dict[str, dict[Language, str]] = {
    "placed": {"en": "placed, not yet paid", "zh": "已下单，待付款"},
    "paid": {"en": "paid, being prepared", "zh": "已付款，备货中"},
    "packed": {"en": "packed, waiting for the carrier", "zh": "已打包，待揽收"},
    "shipped": {"en": "on its way", "zh": "运输中"},
    "delivered": {"en": "delivered", "zh": "已送达"},
    "delayed": {"en": "delayed", "zh": "有延误"},
    "returning": {"en": "return on its way to us", "zh": "退货途中"},
    "returned": {"en": "return received", "zh": "已收到退货"},
    "refunded": {"en": "refunded", "zh": "已退款"},
    "cancelled": {"en": "cancelled", "zh": "已取消"},
    "lost": {"en": "lost by the carrier", "zh": "运输途中丢失"},
}


def say(key: str, language: Language, **facts: object) -> str:
    """The phrase in the shopper's language with the facts filled in."""
    return _TEXT[key][language].format(**facts)


def has_phrase(key: str) -> bool:
    """True when there are words for the key."""
    return key in _TEXT


def spoken(language: Language) -> tuple[str, ...]:
    """Everything the assistant may say in a language, facts left open."""
    return tuple(said[language] for said in _TEXT.values())


def button_line(text: str) -> str | None:
    """The line of the button with this text; None for words that are no button's."""
    wanted = text.strip().casefold()
    return next((line for key, line in BUTTONS.items() if wanted in (word.casefold() for word in _TEXT[key].values())), None)


def gives_up(text: str) -> bool:
    """True for the button that lifts what emptied the slate."""
    return text.strip() in _TEXT["try_wider"].values()


def join(parts: tuple[str, ...] | list[str], language: Language) -> str:
    """The parts as a list in a sentence."""
    return say("join", language).join(parts)
