() => {
  document.documentElement.lang = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh-CN" : "en";

  // Thumbs of the cards: cards are plain HTML inside the transcript, so one listener serves them all.
  const pressed = new Map();
  const key = (button) => `${button.dataset.turn} ${button.dataset.item}`;
  const show = () =>
    document.querySelectorAll(".dg-react").forEach((button) => {
      const state = String(pressed.get(key(button)) === button.dataset.kind);
      if (button.getAttribute("aria-pressed") !== state) button.setAttribute("aria-pressed", state);
    });
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest(".dg-react") : null;
    const field = document.querySelector("#dg-reaction textarea, #dg-reaction input");
    if (!button || !field) return;
    pressed.set(key(button), button.dataset.kind);
    show();
    field.value = JSON.stringify([button.dataset.turn, button.dataset.item, button.dataset.kind]);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

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
  const changed = () => { show(); follow(); };
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true, characterData: true });
}
