// Menus in which one searches: of fixed options, of people and channels, and those whose options the app answers.

import { h } from "./dom.js";

const PAUSE_MS = 150;
let made = 0;

export const optionsOf = (offered) => [...(offered.options || []), ...(offered.option_groups || []).flatMap((group) => group.options)];

/** Options that fit what was typed, as Slack looks through a fixed menu. */
export function fitting(offered, typed) {
  const wanted = typed.trim().toLowerCase();
  const fits = (option) => option.text.text.toLowerCase().includes(wanted);
  if (!offered.option_groups) return { options: (offered.options || []).filter(fits) };
  const groups = offered.option_groups.map((group) => ({ ...group, options: group.options.filter(fits) }));
  return { option_groups: groups.filter((group) => group.options.length) };
}

/**
 * `load(typed)` answers {options} or {option_groups}, or {note} where there is nothing to choose; `chosen` are the
 * options that stand there; `changed` gets the new ones. `most` is how many can be chosen of a menu of several.
 */
export function menu({ placeholder, chosen, several, most, load, changed, props }) {
  const id = `menu${made++}`;
  let standing = chosen;
  let answer = {};
  let offered = [];
  let at = -1;
  let asked = 0;
  let waiting = 0;
  const label = h("span", { class: "menu-words", id: `${id}-words` });
  const named = props["aria-labelledby"] ? { "aria-labelledby": `${props["aria-labelledby"]} ${id}-words` } : {};
  const button = h(
    "button",
    { type: "button", class: "select menu-button-of", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": id, ...props, ...named, onclick: () => (popup.matches(":popover-open") ? popup.hidePopover() : open()), onkeydown: unfold },
    label, h("span", { class: "caret", "aria-hidden": "true" }, "▾"),
  );
  const field = h("input", { type: "search", class: "field", "aria-label": "Search", "aria-controls": `${id}-list`, placeholder: "Search", autocomplete: "off", oninput: typed, onkeydown: key });
  const list = h("ul", { id: `${id}-list`, role: "listbox", "aria-multiselectable": several ? "true" : null, "aria-label": placeholder });
  const popup = h("div", { id, class: "menu-popup", popover: "auto" }, field, list);
  popup.addEventListener("toggle", (event) => button.setAttribute("aria-expanded", String(event.newState === "open")));
  write();
  return h("div", { class: "menu" }, button, popup);

  function write() {
    const words = standing.map((option) => option.text.text).join(", ");
    label.textContent = words || placeholder;
    label.classList.toggle("quiet", !words);
    button.dataset.value = standing.map((option) => option.value).join(",");
  }

  function open() {
    const box = button.getBoundingClientRect();
    popup.showPopover();
    popup.style.width = `${Math.min(innerWidth - 16, Math.max(box.width, 240))}px`;
    popup.style.left = `${Math.max(8, Math.min(box.left, innerWidth - popup.offsetWidth - 8))}px`;
    const below = innerHeight - box.bottom - 12;
    const above = box.top - 12;
    list.style.maxHeight = `${Math.min(300, Math.max(below, above) - 60)}px`;
    if (below > 240 || below > above) Object.assign(popup.style, { top: `${box.bottom + 4}px`, bottom: "auto" });
    else Object.assign(popup.style, { top: "auto", bottom: `${innerHeight - box.top + 4}px` });
    field.value = "";
    field.focus();
    ask();
  }

  function unfold(event) {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    open();
  }

  function typed() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MS);
  }

  async function ask() {
    const mine = ++asked;
    const said = await load(field.value);
    if (mine !== asked) return; // something else was typed meanwhile
    answer = said;
    offered = optionsOf(answer);
    at = offered.findIndex((option) => standing.some((one) => one.value === option.value));
    if (at < 0) at = offered.length ? 0 : -1;
    draw();
  }

  function draw() {
    const entry = (option) => {
      const index = offered.indexOf(option);
      const isChosen = standing.some((one) => one.value === option.value);
      return h(
        "li",
        { role: "option", id: `${id}-${index}`, "aria-selected": String(isChosen), class: index === at ? "at" : "", onmousedown: (event) => (event.preventDefault(), choose(option)) },
        h("span", null, option.text.text), option.description && h("small", null, option.description.text), isChosen && h("span", { class: "tick", "aria-hidden": "true" }, "✓"),
      );
    };
    const groups = (answer.option_groups || []).map((group) =>
      h("li", { role: "group", "aria-label": group.label.text }, h("div", { class: "menu-group", "aria-hidden": "true" }, group.label.text), h("ul", null, group.options.map(entry))),
    );
    const none = !offered.length && h("li", { class: "menu-note", role: "status" }, answer.note || "No results");
    list.replaceChildren(...[...(answer.options || []).map(entry), ...groups, none].filter(Boolean));
    if (at >= 0) {
      field.setAttribute("aria-activedescendant", `${id}-${at}`);
      list.querySelector(".at")?.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    const isChosen = standing.some((one) => one.value === option.value);
    if (!several) standing = [option];
    else if (isChosen) standing = standing.filter((one) => one.value !== option.value);
    else if (!most || standing.length < most) standing = [...standing, option];
    write();
    changed(standing);
    if (!several) {
      popup.hidePopover();
      button.focus();
    } else ask();
  }

  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offered.length) {
      event.preventDefault();
      at = (at + step + offered.length) % offered.length;
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (offered[at]) choose(offered[at]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      popup.hidePopover();
      button.focus();
    }
  }
}
