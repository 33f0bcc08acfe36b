"""A turn, a slate and their parts as the JSON that the command line and the API give out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assistant.schema import Interest, Recommendation, Turn
from retrieval.schema import Match, Money, NearMiss, Pick, Query, Signal, Slate

Json = dict[str, Any]


def turn_view(turn: Turn) -> Json:
    """The whole turn, in the keys that `daogou ask --json` promises."""
    return {
        "id": turn.id,
        "session": turn.session_id,
        "number": turn.number,
        "message": turn.message,
        "reading": {
            "intent": turn.reading.intent,
            "language": turn.reading.language,
            "signals": [signal_view(signal) for signal in turn.reading.signals],
            "by": turn.reading.by,
        },
        "profile": {
            "interests": [_interest(interest) for interest in turn.profile.interests],
            "shown": list(turn.profile.shown),
            "rejected": list(turn.profile.rejected),
            "liked": list(turn.profile.liked),
        },
        "query": _query(turn.query) if turn.query else None,
        "slate": slate_view(turn.slate) if turn.slate else None,
        "reply": {
            "kind": turn.reply.kind,
            "text": turn.reply.text,
            "recommendations": [recommendation_view(entry) for entry in turn.reply.recommendations],
            "quick_replies": list(turn.reply.quick_replies),
            "passages": [asdict(passage) for passage in turn.reply.passages],
            "dropped": list(turn.reply.dropped),
        },
        "degraded": [str(entry) for entry in turn.degraded],
        "timings_ms": {name: round(value, 1) for name, value in asdict(turn.timings).items()},
    }


def signal_view(signal: Signal) -> Json:
    return {
        "facet": signal.facet, "op": signal.op, "value": signal.value, "source": signal.source, "span": signal.span,
    }


def money_view(price: Money | None) -> Json | None:
    return None if price is None else {"amount": price.amount, "currency": price.currency}


def slate_view(slate: Slate) -> Json:
    """Picks with their receipts, and what stood in the way."""
    return {
        "picks": [_pick(pick) for pick in slate.picks],
        "relaxed": [str(signal) for signal in slate.relaxed],
        "blocked_by": [str(signal) for signal in slate.blocked_by],
        "near_misses": [_near_miss(miss) for miss in slate.near_misses],
        "fitting": slate.fitting,
        "served_by": slate.served_by,
    }


def recommendation_view(entry: Recommendation) -> Json:
    return {
        "id": entry.item.id,
        "title": entry.title,
        "price": money_view(entry.price),
        "rating": entry.item.rating,
        "rating_count": entry.item.rating_count,
        "url": entry.item.url,
        "image": entry.item.image,
        "sentence": entry.sentence,
        "reasons": list(entry.reasons),
        "quotes": [asdict(quote) for quote in entry.quotes],
        "receipt": entry.receipt,
    }


def _pick(pick: Pick) -> Json:
    item = pick.candidate.item
    return {
        "id": item.id,
        "title": item.title,
        "price": money_view(item.price),
        "score": round(pick.candidate.score, 4),
        "receipt": pick.receipt,
        "reason": pick.reason,
        "matches": [_match(match) for match in pick.candidate.matches],
        "missed": [str(signal) for signal in pick.candidate.missed],
    }


def _match(match: Match) -> Json:
    found: Json = {"signal": str(match.signal), "evidence": match.evidence, "where": match.where}
    if match.quote is not None:
        found["quote"] = asdict(match.quote)
    return found


def _near_miss(miss: NearMiss) -> Json:
    return {
        "id": miss.item.id, "title": miss.item.title, "price": money_view(miss.item.price),
        "costs": [str(signal) for signal in miss.costs],
    }


def _interest(interest: Interest) -> Json:
    return {
        **signal_view(interest.signal), "strength": round(interest.strength, 3), "source": interest.source,
        "turn": interest.turn,
    }


def _query(query: Query) -> Json:
    return {
        "text": query.text, "language": query.language, "signals": [str(signal) for signal in query.signals],
        "remembered": {str(signal): round(weight, 3) for signal, weight in query.remembered},
        "like": list(query.like), "shown": list(query.shown), "rejected": list(query.rejected), "limit": query.limit,
    }
