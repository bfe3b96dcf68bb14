// The message field: Enter sends, Tab completes commands, words and names, the up arrow brings back what was sent.

import { h } from "./dom.js";

/** The words after a command, from its usage hint: "status | claim <instance> [for 8h]" gives two. */
export function subcommands(hint) {
  return (hint || "")
    .replace(/^\[|\]$/g, "")
    .split("|")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => ({ word: part.split(/\s+/)[0], rest: part.split(/\s+/).slice(1).join(" ") }))
    .filter((one) => /^[\w-]+$/.test(one.word));
}

/** What could stand instead of the text: [{text, label, note}]. */
export function suggestions(text, world) {
  const command = text.match(/^(\/[\w-]*)$/);
  if (command) {
    return world.commands
      .filter((one) => one.command.startsWith(command[1]))
      .map((one) => ({ text: `${one.command} `, label: one.command, note: one.description || one.usage_hint || "" }));
  }
  const word = text.match(/^(\/[\w-]+) +([\w-]*)$/);
  const known = word && world.commands.find((one) => one.command === word[1]);
  if (known) {
    return subcommands(known.usage_hint)
      .filter((one) => one.word.startsWith(word[2]) && one.word !== word[2])
      .map((one) => ({ text: `${word[1]} ${one.word} `, label: `${word[1]} ${one.word}`, note: one.rest }));
  }
  const name = text.match(/(^|\s)@([\w.-]*)$/);
  if (!name) return [];
  const before = text.slice(0, text.length - name[2].length);
  return world.people
    .filter((one) => one.handle.startsWith(name[2].toLowerCase()))
    .map((one) => ({ text: `${before}${one.handle} `, label: `@${one.handle}`, note: one.role || (one.is_bot ? "app" : "") }));
}

let made = 0;

/** A field with its own history; `send(text)` is told each line, `world()` gives names and commands. */
export function composer(send, world, id) {
  const history = [];
  let place = 0;
  let chosen = -1;
  const listId = `suggestions${made++}`;
  const list = h("ul", { class: "suggestions", id: listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const field = h("textarea", {
    id, rows: 1, "aria-label": "Message", "aria-autocomplete": "list", "aria-controls": listId, "aria-expanded": "false", role: "combobox", autocomplete: "off", spellcheck: "false",
  });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send" }, "➤");
  let offered = [];

  function put(text) {
    field.value = text;
    field.setSelectionRange(text.length, text.length);
    typed();
    field.focus();
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
          { role: "option", id: `${listId}-${index}`, "aria-selected": String(index === chosen), onmousedown: (event) => (event.preventDefault(), put(one.text)) },
          h("b", null, one.label), h("span", null, one.note),
        ),
      ),
    );
    list.hidden = !offered.length;
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
      if (chosen >= 0) put(offered[chosen].text);
      else submit();
    } else if (event.key === "Tab" && offered.length && !event.shiftKey) {
      event.preventDefault();
      put(offered[Math.max(0, chosen)].text);
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
  const form = h("form", { class: "composer", onsubmit: submit }, list, field, button);
  return { form, field };
}
