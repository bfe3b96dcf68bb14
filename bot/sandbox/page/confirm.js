// The confirmation dialogs of single buttons.

import { h } from "./dom.js";
import { textObject } from "./words.js";

/** Asks before something is done; true at once where the element asks for no confirmation. */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const world = { names: {}, now_ms: Date.now() };
    const answer = (yes) => () => {
      dialog.close();
      dialog.remove();
      resolve(yes);
    };
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-label": confirm.title.text },
      h("h2", null, confirm.title.text),
      textObject(confirm.text, world),
      h(
        "div",
        { class: "dialog-foot" },
        h("button", { type: "button", class: "button", onclick: answer(false) }, confirm.deny.text),
        h("button", { type: "button", class: `button ${confirm.style || "primary"}`, onclick: answer(true) }, confirm.confirm.text),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      answer(false)();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
