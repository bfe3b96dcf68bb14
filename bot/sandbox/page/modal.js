// Modals of the app.

import { h } from "./dom.js";
import { drawBlocks } from "./blocks.js";
import { formValues } from "./elements.js";

let open = null;

/** Shows the modal on top of the person's stack, or none; what was typed stays while the view does. */
export function showModal(view, world, act) {
  if (!view) {
    if (open) remove();
    return;
  }
  const stamp = `${view.id} ${view.hash} ${JSON.stringify(view.errors)}`;
  if (open && open.stamp === stamp) return;
  const form = open && open.id === view.id ? open.form : new Map();
  const focused = open && open.id === view.id && document.activeElement ? document.activeElement.dataset.action : "";
  if (open) remove();
  const dialog = drawModal(view, world, act, form);
  open = { stamp, id: view.id, form, dialog };
  document.body.append(dialog);
  dialog.showModal();
  const again = focused && dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
  const wrong = dialog.querySelector("[aria-invalid]");
  (wrong || again || dialog.querySelector(".dialog-body input, .dialog-body .select, .dialog-body textarea") || dialog).focus();
}

function remove() {
  open.dialog.close();
  open.dialog.remove();
  open = null;
}

function drawModal(view, world, act, form) {
  const place = { target: view.id, world, act, values: view.values, errors: view.errors, form };
  const back = () => act({ act: "close", target: view.id });
  const close = () => act({ act: "close", target: view.id, all: true });
  const submit = async (event) => {
    event.preventDefault();
    const button = dialog.querySelector("[type=submit]");
    if (button) button.disabled = true;
    await act({ act: "submit", target: view.id, values: formValues(form) });
    if (button) button.disabled = false;
  };
  const title = view.title.text;
  const dialog = h(
    "dialog",
    { class: `modal${view.depth > 1 ? " stacked" : ""}`, "aria-label": title },
    h(
      "form",
      { method: "dialog", novalidate: true, onsubmit: submit },
      h("header", { class: "dialog-head" }, view.depth > 1 && h("button", { type: "button", class: "plain", "aria-label": "Back", onclick: back }, "‹"), h("h2", null, title), h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, "✕")),
      h("div", { class: "dialog-body" }, view.errors[""] && h("p", { class: "error", role: "alert" }, view.errors[""]), drawBlocks(view.blocks, place)),
      h(
        "footer",
        { class: "dialog-foot" },
        h("button", { type: "button", class: "button", onclick: back }, (view.close && view.close.text) || (view.submit ? "Cancel" : "Close")),
        view.submit && h("button", { type: "submit", class: "button primary" }, view.submit.text),
      ),
    ),
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  return dialog;
}
