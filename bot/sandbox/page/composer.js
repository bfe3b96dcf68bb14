// The message field: Enter sends, Tab completes commands and names as Slack does, the up arrow brings back what was sent.

import { h } from "./dom.js";

/** What Slack offers while that is typed: [{text or shortcut, label, note}]. It knows commands, not the words after. */
export function suggestions(text, world) {
  const command = text.match(/^\/([\w-]*)$/);
  if (command) {
    const wanted = command[1].toLowerCase();
    const commands = world.commands
      .filter((one) => one.command.slice(1).startsWith(wanted))
      .map((one) => ({ text: `${one.command} `, label: one.command, hint: one.usage_hint || "", note: one.description || "" }));
    const shortcuts = (world.shortcuts || [])
      .filter((one) => one.type === "global" && one.name.toLowerCase().split(" ").some((word) => word.startsWith(wanted)))
      .map((one) => ({ shortcut: one.callback_id, label: one.name, hint: "", note: one.description || "Shortcut of Valet" }));
    return [...commands, ...shortcuts];
  }
  const name = text.match(/(^|\s)@([\w.-]*)$/);
  if (!name) return [];
  const before = text.slice(0, text.length - name[2].length);
  return world.people
    .filter((one) => one.handle.startsWith(name[2].toLowerCase()))
    .map((one) => ({ text: `${before}${one.handle} `, label: `@${one.handle}`, hint: "", note: one.role || (one.is_bot ? "app" : "") }));
}

/** What may follow a command that was typed and nothing more; it is shown and can't be chosen. */
export function usageHint(text, world) {
  const command = text.match(/^(\/[\w-]+) $/);
  const known = command && world.commands.find((one) => one.command === command[1]);
  return known && known.usage_hint ? `${known.command} ${known.usage_hint}` : "";
}

let made = 0;

/**
 * A field with its own history; `send(text)` is told each line, `world()` gives names and commands, `shortcut(id)` is
 * told which one was chosen, `attach(file)` which file.
 */
export function composer({ send, world, id, shortcut, attach }) {
  const history = [];
  let place = 0;
  let chosen = -1;
  const listId = `suggestions${made++}`;
  const list = h("ul", { class: "suggestions", id: listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const hint = h("p", { class: "usage-hint", role: "status", hidden: true });
  const field = h("textarea", {
    id, rows: 1, "aria-label": "Message", "aria-autocomplete": "list", "aria-controls": listId, "aria-expanded": "false", role: "combobox", autocomplete: "off", spellcheck: "false",
  });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send" }, "➤");
  const more = shortcut && plusMenu();
  let offered = [];

  function plusMenu() {
    const items = h("div", { class: "popup up" });
    const folded = h("details", { class: "overflow plus" }, h("summary", { class: "plain", "aria-label": "Shortcuts and files" }, "+"), items);
    const picker = h("input", { type: "file", hidden: true, onchange: () => (attach(picker.files[0]), (picker.value = "")) });
    const entry = (label, note, act) =>
      h("button", { type: "button", class: "plain", onclick: () => ((folded.open = false), act()) }, h("b", null, label), note && h("small", null, note));
    folded.addEventListener("toggle", () => {
      const known = (world().shortcuts || []).filter((one) => one.type === "global");
      items.replaceChildren(
        ...known.map((one) => entry(one.name, one.description || "Shortcut of Valet", () => shortcut(one.callback_id))),
        entry("Upload a file", "", () => picker.click()),
      );
    });
    folded.addEventListener("focusout", (event) => folded.contains(event.relatedTarget) || (folded.open = false));
    folded.addEventListener("keydown", (event) => event.key === "Escape" && (folded.open = false));
    return [folded, picker];
  }

  function put(text) {
    field.value = text;
    field.setSelectionRange(text.length, text.length);
    typed();
    field.focus();
  }

  function take(one) {
    if (!one.shortcut) return put(one.text);
    put("");
    return shortcut(one.shortcut);
  }

  function typed() {
    offered = suggestions(field.value, world());
    chosen = -1;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
    draw();
  }

  function draw() {
    list.replaceChildren(
      ...offered.map((one, index) =>
        h(
          "li",
          { role: "option", id: `${listId}-${index}`, "aria-selected": String(index === chosen), onmousedown: (event) => (event.preventDefault(), take(one)) },
          h("b", null, one.label), one.hint && h("span", null, one.hint), h("small", null, one.note),
        ),
      ),
    );
    list.hidden = !offered.length;
    hint.textContent = usageHint(field.value, world());
    hint.hidden = !hint.textContent;
    field.setAttribute("aria-expanded", String(!list.hidden));
    if (chosen >= 0) field.setAttribute("aria-activedescendant", `${listId}-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
  }

  function submit(event) {
    if (event) event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    history.push(text);
    place = history.length;
    put("");
    send(text);
  }

  function remember(step) {
    place = Math.max(0, Math.min(history.length, place + step));
    put(history[place] || "");
    offered = [];
    draw();
  }

  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const fromHistory = !field.value || field.value === history[place];
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (chosen >= 0) take(offered[chosen]);
      else submit();
    } else if (event.key === "Tab" && offered.length && !event.shiftKey) {
      event.preventDefault();
      take(offered[Math.max(0, chosen)]);
    } else if (event.key === "Escape") {
      offered = [];
      draw();
    } else if (step && fromHistory && history.length) {
      event.preventDefault();
      remember(step);
    } else if (step && offered.length) {
      event.preventDefault();
      chosen = (chosen + step + offered.length) % offered.length;
      draw();
    }
  }

  field.addEventListener("input", typed);
  field.addEventListener("keydown", key);
  field.addEventListener("blur", () => (list.hidden = true));
  const form = h("form", { class: "composer", onsubmit: submit }, list, hint, more, field, button);
  return { form, field, put };
}
