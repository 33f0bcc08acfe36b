() => {
  document.documentElement.lang = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en";

  // What is pressed reaches Python through hidden text fields; a count makes two equal presses two.
  let presses = 0;
  const send = (id, parts) => {
    const field = document.querySelector(`#${id} textarea, #${id} input`);
    if (!field) return;
    field.value = JSON.stringify(parts);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // Thumbs of the cards: cards are plain HTML inside the transcript, so one listener serves them all.
  const pressed = new Map();
  const reasons = new Map();
  const key = (button) => `${button.dataset.turn} ${button.dataset.item}`;
  const show = () => {
    document.querySelectorAll(".dg-react").forEach((button) => {
      const held = button.dataset.reason ? reasons.get(key(button)) === button.dataset.reason : pressed.get(key(button)) === button.dataset.kind;
      if (button.getAttribute("aria-pressed") !== String(held)) button.setAttribute("aria-pressed", String(held));
    });
    document.querySelectorAll(".dg-whynot").forEach((line) => {
      const hidden = pressed.get(key(line.querySelector(".dg-why"))) !== "dislike";
      if (line.hidden !== hidden) line.hidden = hidden;
    });
  };
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const link = target && target.closest(".dg-card .dg-title a");
    if (link) {
      const thumb = link.closest(".dg-card").querySelector(".dg-react");
      if (thumb) send("dg-reaction", [thumb.dataset.turn, thumb.dataset.item, "click", ""]);
      return;
    }
    const button = target && target.closest(".dg-react");
    if (!button) return;
    const { turn, item, kind, reason } = button.dataset;
    pressed.set(key(button), kind);
    if (reason) reasons.set(key(button), reason);
    show();
    send("dg-reaction", [turn, item, kind, reason || ""]);
  });

  // The memory panel: drawn by the server, opened and closed here; focus stays on what was pressed.
  const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  const panel = () => document.getElementById("dg-memory");
  const shown = () => panel().hasAttribute("data-open");
  let focused = null;
  const ask = (act, signal = "", value = "") => send("dg-memory-action", [language(), act, signal, value, (presses += 1)]);
  const open = (yes) => {
    const button = document.getElementById("dg-memory-open");
    panel().toggleAttribute("data-open", yes);
    button.setAttribute("aria-expanded", String(yes));
    if (yes) { focused = "h2"; ask("show"); } else button.focus();
  };
  const remember = async () => {
    const training = document.getElementById("dg-training").checked;
    const body = JSON.stringify({ training });
    const done = await fetch("memory/remember", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    ask(done.ok ? "merge" : "fail");
  };
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target && target.closest("#dg-memory-open")) { open(!shown()); return; }
    const button = target && target.closest("#dg-memory button.dg-act");
    if (!button) return;
    const { act, signal } = button.dataset;
    if (act === "close") { open(false); return; }
    focused = act === "pin" ? `[data-act=pin][data-signal="${CSS.escape(signal)}"]` : "h2";
    if (act === "remember") remember();
    else ask(act, signal, act === "edit" ? button.parentElement.querySelector("input").value : "");
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest(".dg-edit input");
    if (event.key === "Escape" && shown()) open(false);
    if (event.key === "Enter" && typing) typing.parentElement.querySelector("button").click();
  });
  const refocus = () => {
    const wanted = focused && panel() && (panel().querySelector(focused) || panel().querySelector("h2"));
    if (!wanted) return;
    focused = null;
    wanted.focus();
  };

  // A reply is read from its beginning: the page follows it only until the question stands at the top.
  let questions = 0;
  let following = false;
  const follow = () => {
    const rows = document.querySelectorAll("#dg-chat .user-row");
    const frame = document.querySelector("#dg-chat .bubble-wrap");
    if (rows.length !== questions) following = rows.length > questions;
    questions = rows.length;
    if (!frame || !following) return;
    frame.scrollTop += rows[questions - 1].getBoundingClientRect().top - frame.getBoundingClientRect().top - 12;
  };
  for (const moved of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(moved, () => { following = false; }, { passive: true });
  }
  const changed = (changes) => {
    document.querySelectorAll("#dg-memory-open span").forEach((text) => { if (text.lang !== language() && !text.hidden) text.hidden = true; });
    show();
    follow();
    if (changes.some((change) => panel() && panel().contains(change.target))) refocus();
  };
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true, characterData: true });
}
