// The elements of Block Kit in which something is pressed, chosen or typed.
//
// In a modal `place.form` keeps what stands in each input (block_id -> {value, options}) until it is submitted.

import { confirmed } from "./confirm.js";
import { h, safeUrl } from "./dom.js";
import { fitting, menu, optionsOf } from "./menu.js";
import { clock, dayOf, secondsOf } from "./time.js";
import { plain, textObject } from "./words.js";

/** What an act in a view carries along: all that stands in the form by now. */
const standing = (place) => (place.form ? { values: formValues(place.form) } : {});
export const formValues = (form) => Object.fromEntries([...form].map(([name, one]) => [name, one.value]));

/** An element that acts at once: in actions, or beside a section. */
export function drawElement(element, block, place) {
  if (element.type === "button") return drawButton(element, block, place);
  if (element.type === "overflow") return drawOverflow(element, block, place);
  const choose = async (picked) => {
    if (!(await confirmed(element.confirm))) return;
    place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked, ...standing(place) });
  };
  return drawChoice(element, block, place, choose) || h("span", { class: "unknown" }, `(${element.type})`);
}

function drawButton(element, block, place) {
  const press = async (event) => {
    const button = event.currentTarget;
    if (!(await confirmed(element.confirm))) return;
    if (element.url && safeUrl(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    const sent = { act: "press", target: place.target, action_id: element.action_id, block_id: block.block_id, ...standing(place) };
    await place.act("value" in element ? { ...sent, value: element.value } : sent);
    button.removeAttribute("aria-busy");
    button.disabled = false;
  };
  const props = { type: "button", class: `button ${element.style || ""}`, "aria-label": element.accessibility_label, "data-action": element.action_id };
  return h("button", { ...props, onclick: press }, plain(element.text.text));
}

function drawOverflow(element, block, place) {
  const pick = async (option) => {
    folded.open = false;
    if (!(await confirmed(element.confirm))) return;
    place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked: option.value });
  };
  const items = element.options.map((option) => h("button", { type: "button", class: "plain", onclick: () => pick(option) }, plain(option.text.text)));
  const folded = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions" }, "⋯"), h("div", { class: "popup" }, items));
  folded.addEventListener("focusout", (event) => folded.contains(event.relatedTarget) || (folded.open = false));
  folded.addEventListener("keydown", (event) => event.key === "Escape" && (folded.open = false));
  return folded;
}

/** What stands in an element: what Slack holds, over what the app had it begin with; `initial` is its other name. */
function heldIn(element, block, place, selected, initial) {
  const held = ((place.values || {})[block.block_id] || {})[element.action_id];
  return held && selected in held ? held[selected] : element[initial];
}

/** An element in which something is chosen; `changed` gets what to put in, and the options of it. */
function drawChoice(element, block, place, changed, more) {
  const props = { "aria-label": element.placeholder ? element.placeholder.text : "Choose", "data-action": element.action_id, ...more };
  if (/_select$/.test(element.type)) return drawMenu(element, block, place, changed, props);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return boxes(element, block, place, changed, props);
  const given = place.form && place.form.get(block.block_id);
  if (element.type === "datetimepicker") {
    const seconds = given ? given.value : heldIn(element, block, place, "selected_date_time", "initial_date_time");
    return moment(seconds, changed, props);
  }
  const pickers = { datepicker: ["date", "selected_date", "initial_date"], timepicker: ["time", "selected_time", "initial_time"] };
  if (!pickers[element.type]) return null;
  const [type, selected, initial] = pickers[element.type];
  const value = (given ? given.value : heldIn(element, block, place, selected, initial)) || "";
  return h("input", { type, class: "select", ...props, value, onchange: (event) => changed(event.target.value || null) });
}

// Slack's picker of a moment is a day and a time of day side by side.
function moment(seconds, changed, props) {
  const at = seconds ? new Date(seconds * 1000) : null;
  const label = (what) => ({ ...props, id: what === "day" ? props.id : null, "aria-labelledby": null, "aria-label": `${props["data-label"] || "When"}: ${what}` });
  const day = h("input", { type: "date", class: "select", ...label("day"), value: at ? dayOf(at) : "", onchange: tell });
  const time = h("input", { type: "time", class: "select", ...label("time"), value: at ? clock(at) : "", onchange: tell });
  return h("div", { class: "moment" }, day, time);

  function tell() {
    if (day.value && !time.value) time.value = "09:00";
    changed(day.value && time.value ? secondsOf(day.value, time.value) : null);
  }
}

const LISTED = { users: ["user", "users"], channels: ["channel", "channels"], conversations: ["conversation", "conversations"] };

function listed(kind, world) {
  const people = world.people.map((one) => ({ value: one.id, text: { text: one.name } }));
  const channels = world.channels.filter((one) => !one.is_dm).map((one) => ({ value: one.id, text: { text: `#${one.name}` } }));
  return { users: people, channels, conversations: [...channels, ...people] }[kind];
}

function drawMenu(element, block, place, changed, props) {
  const several = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const fixed = LISTED[kind] ? { options: listed(kind, place.world) } : element;
  const load = kind === "external" ? (typed) => asked(element, block, place, typed) : async (typed) => fitting(fixed, typed);
  return menu({
    placeholder: element.placeholder ? element.placeholder.text : several ? "Select options" : "Select an option",
    chosen: chosenIn(element, block, place, { several, kind, fixed }),
    several,
    most: element.max_selected_items,
    load,
    changed: (options) => changed(several ? options.map((one) => one.value) : options[0].value, options),
    props,
  });
}

function chosenIn(element, block, place, { several, kind, fixed }) {
  const given = place.form && place.form.get(block.block_id);
  if (given) return given.options || [];
  if (!LISTED[kind]) {
    const held = several ? heldIn(element, block, place, "selected_options", "initial_options") : heldIn(element, block, place, "selected_option", "initial_option");
    return [held || []].flat();
  }
  const name = LISTED[kind][several ? 1 : 0];
  const ids = [heldIn(element, block, place, `selected_${name}`, `initial_${name}`) || []].flat();
  return ids.map((id) => optionsOf(fixed).find((one) => one.value === id) || { value: id, text: { text: id } });
}

async function asked(element, block, place, typed) {
  const least = element.min_query_length ?? 3;
  if (typed.length < least) return { note: `Type at least ${least} characters` };
  const said = await place.act({ act: "suggest", target: place.target, name: block.block_id, typed, quiet: true });
  return said.ok ? said.offered : { note: "The options could not be loaded" };
}

let groups = 0;

function boxes(element, block, place, changed, props) {
  const multi = element.type === "checkboxes";
  const name = `group${groups++}`;
  const given = place.form && place.form.get(block.block_id);
  const held = multi ? heldIn(element, block, place, "selected_options", "initial_options") : heldIn(element, block, place, "selected_option", "initial_option");
  const on = given ? [given.value].flat() : [held || []].flat().map((one) => one.value);
  const set = h("div", { class: "boxes", role: multi ? "group" : "radiogroup", ...props });
  const read = () => {
    const picked = [...set.querySelectorAll("input:checked")].map((one) => one.value);
    changed(multi ? picked : picked[0]);
  };
  set.append(
    ...element.options.map((option) => {
      const box = h("input", { type: multi ? "checkbox" : "radio", name, value: option.value, checked: on.includes(option.value), onchange: read });
      return h("label", null, box, h("span", null, textObject(option.text, place.world), option.description && h("small", null, option.description.text)));
    }),
  );
  return set;
}

let inputs = 0;

/** An input block: label, field, hint, and what was refused. */
export function drawInput(block, place) {
  const { element } = block;
  const id = `input${inputs++}`;
  const error = (place.errors || {})[block.block_id];
  const changed = (value, options) => {
    if (place.form) place.form.set(block.block_id, { value, options });
    if (block.dispatch_action) {
      place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked: value, ...standing(place) });
    }
  };
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || null;
  const more = { id, "data-label": block.label.text, "aria-describedby": described, "aria-invalid": error ? "true" : null, "aria-label": null, "aria-labelledby": `${id}-label` };
  const field = drawChoice(element, block, place, changed, more) || typed(element, block, place, changed, more);
  return h(
    "div",
    { class: `b-input${error ? " wrong" : ""}`, "data-block": block.block_id },
    h("label", { id: `${id}-label`, for: id }, plain(block.label.text), block.optional && h("span", { class: "quiet" }, " (optional)")),
    field,
    block.hint && h("p", { class: "quiet", id: `${id}-hint` }, plain(block.hint.text)),
    error && h("p", { class: "error", id: `${id}-error`, role: "alert" }, error),
  );
}

function typed(element, block, place, changed, more) {
  const type = { number_input: "number", email_text_input: "email", url_text_input: "url" }[element.type] || "text";
  const given = place.form && place.form.get(block.block_id);
  const value = (given ? given.value : heldIn(element, block, place, "value", "initial_value")) || "";
  const props = { class: "field", ...more, "data-action": element.action_id, value, placeholder: element.placeholder && element.placeholder.text, maxlength: element.max_length };
  const onEnter = !((element.dispatch_action_config || {}).trigger_actions_on || []).includes("on_character_entered");
  const keep = (event) => (onEnter && block.dispatch_action ? place.form && place.form.set(block.block_id, { value: event.target.value }) : changed(event.target.value));
  const enter = (event) => {
    if (event.key !== "Enter" || !block.dispatch_action || !onEnter) return;
    event.preventDefault();
    changed(event.target.value);
  };
  if (element.multiline) return h("textarea", { ...props, rows: 4, oninput: keep });
  const number = type === "number" ? { min: element.min_value, max: element.max_value, step: element.is_decimal_allowed ? "any" : 1 } : {};
  return h("input", { type, autocomplete: "off", ...props, ...number, oninput: keep, onkeydown: enter });
}
