"""The panel in which a shopper reads, corrects and erases what is remembered of her; HTML, every word of hers escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from assistant.behaviour import Strength
from assistant.erasure import ErasureProof
from assistant.memory_card import Entry
from assistant.shoppers import Shopper
from retrieval.schema import Language
from ui.memory_timeline import timeline_html
from ui.memory_words import words

_BUTTON = Markup(
    "<button type='button' class='dg-act{extra}' data-act='{act}' data-signal='{signal}' aria-label='{label}: {about}' "
    "title='{label}'{more}>{shown}</button>"
)
_ICONS = {
    "pin": "<path d='M9 3h6l-1 6 3 3v2H7v-2l3-3z M12 14v7'/>",
    "forget": "<path d='M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v6M14 11v6'/>",
}


def panel_html(
    entries: Sequence[Entry], shopper: Shopper | None, language: Language, *, proof: ErasureProof | None = None, notice: str = "",
    moved: Sequence[Strength] = (),
) -> str:
    """The whole panel: what is remembered, how it moved, what was agreed to, and every way to change either."""
    lasting = [entry for entry in entries if entry.lasting and shopper is not None]
    fleeting = [entry for entry in entries if entry not in lasting]
    parts = [_notice(notice, proof, language)]
    parts += [_welcome(language)] if shopper is None else []
    parts += [timeline_html(moved, language)] if shopper is not None else []
    parts += [_list("lasting", lasting, language)] if lasting else []
    parts += [_list("fleeting", fleeting, language)] if fleeting else []
    parts += [] if entries or proof or notice else [Markup("<p class='dg-soft'>{}</p>").format(words("nothing", language))]
    parts += [_agreement(shopper, language)] if shopper is not None else []
    parts += [_erase("erase_guest", language)] if entries and shopper is None else []
    head = Markup("<div class='dg-mem-head'><h2 tabindex='-1'>{}</h2>{}</div>").format(
        words("title", language),
        Markup("<button type='button' class='dg-act' data-act='close' aria-label='{0}' title='{0}'>✕</button>").format(
            words("close", language)
        ),
    )
    lang = "zh-CN" if language == "zh" else "en"
    return str(Markup("<section class='dg-mem' lang='{}'>{}{}</section>").format(lang, head, Markup("").join(parts)))


def _notice(notice: str, proof: ErasureProof | None, language: Language) -> Markup:
    told = [notice] if notice else []
    if proof is not None:
        told.append(words("erased", language))
        places = words("places", language)
        searched = words("proof", language, needles=proof.needles, places=places)
        told.append(searched if proof.complete else words("proof_left", language))
    return Markup("<p class='dg-mem-notice' role='status'>{}</p>").format(" ".join(told)) if told else Markup("")


def _list(key: str, entries: Sequence[Entry], language: Language) -> Markup:
    rows = Markup("").join(_row(entry, language, key == "lasting") for entry in entries)
    return Markup("<h3>{}</h3><ul class='dg-mem-list'>{}</ul>").format(words(key, language), rows)


def _row(entry: Entry, language: Language, kept: bool) -> Markup:
    interest, signal = entry.interest, str(entry.interest.signal)
    label = words("strength", language, steps=entry.steps, surety=entry.surety)
    bars = Markup("").join(Markup("<i{}></i>").format(Markup(" class='on'") if n < entry.steps else "") for n in range(5))
    meter = Markup("<span class='dg-meter' role='img' aria-label='{0}' title='{0}'>{1}</span>").format(label, bars)
    said = Markup("“{}”").format(interest.sentence) if interest.sentence else Markup("")
    pinned = "unpin" if interest.pinned else "pin"
    pin = _icon("pin", words(pinned, language), signal, entry.words, pressed=interest.pinned) if kept else Markup("")
    return Markup(
        "<li><div class='dg-mem-top'><b>{words}</b>{meter}<span class='dg-mem-acts'>{pin}{forget}</span></div>"
        "<p class='dg-soft'>{origin}: {said} <span class='dg-age'>· {age}</span></p>{edit}</li>"
    ).format(
        words=entry.words, meter=meter, pin=pin, forget=_icon("forget", words("forget", language), signal, entry.words),
        origin=entry.origin, said=said, age=entry.age, edit=_edit(entry, signal, language),
    )


def _edit(entry: Entry, signal: str, language: Language) -> Markup:
    return Markup(
        "<details class='dg-edit'><summary aria-label='{edit}: {about}'>{edit}</summary><span class='dg-edit-row'>"
        "<input type='text' maxlength='80' value='{value}' aria-label='{label}'>"
        "<button type='button' class='dg-act dg-plain' data-act='edit' data-signal='{signal}'>{save}</button></span></details>"
    ).format(
        edit=words("edit", language), about=entry.words, value=entry.interest.signal.value, label=words("value", language),
        signal=signal, save=words("save", language),
    )


def _icon(act: str, label: str, signal: str, about: str, *, pressed: bool | None = None) -> Markup:
    drawn = Markup("<svg viewBox='0 0 24 24' aria-hidden='true'>{}</svg>").format(Markup(_ICONS[act]))
    more = "" if pressed is None else Markup(" aria-pressed='{}'").format("true" if pressed else "false")
    return _BUTTON.format(act=act, signal=signal, label=label, about=about, shown=drawn, more=more, extra="")


def _plain(act: str, language: Language, kind: str = "", label: str = "") -> Markup:
    button = Markup("<button type='button' class='dg-act dg-plain {}' data-act='{}'>{}</button>")
    return button.format(kind, act, words(label or act, language))


def _welcome(language: Language) -> Markup:
    """To a guest: what is kept of her now, and how to be remembered."""
    return Markup(
        "<div class='dg-mem-agree dg-mem-guest'><p class='dg-soft'>{}</p>"
        "<label class='dg-check'><input type='checkbox' id='dg-training'> {}</label>{}</div>"
    ).format(words("guest", language), words("training", language), _plain("remember", language, "dg-main"))


def _agreement(shopper: Shopper, language: Language) -> Markup:
    """What the shopper agreed to, and the ways to change it."""
    trains = "trains" if shopper.training else "no_trains"
    told = [words("agreed", language, days=shopper.retention_days), words(trains, language)]
    told += [words("paused", language)] if shopper.paused else []
    acts = [
        _plain("resume" if shopper.paused else "pause", language),
        _plain("train_off" if shopper.training else "train_on", language),
        Markup("<a class='dg-act dg-plain' href='memory/export' download='daogou.json'>{}</a>").format(words("export", language)),
    ]
    return Markup("<div class='dg-mem-agree'><p class='dg-soft'>{}</p><div class='dg-mem-row'>{}</div>{}</div>").format(
        ("" if language == "zh" else " ").join(told), Markup("").join(acts), _erase("erase_what", language)
    )


def _erase(what: str, language: Language) -> Markup:
    return Markup("<details class='dg-erase'><summary>{}</summary><p class='dg-soft'>{}</p>{}</details>").format(
        words("erase", language), words(what, language), _plain("erase", language, "dg-danger", "erase_now")
    )
