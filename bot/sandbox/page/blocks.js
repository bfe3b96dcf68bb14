// Block Kit: blocks and their elements as DOM nodes.
//
// `place` says where the blocks stand: {target, world, act, values, errors}; `act` sends what a person does,
// `values` (only in modals) keeps what stands in the inputs until the form is submitted.

import { h, link, safeUrl } from "./dom.js";
import { chart } from "./charts.js";
import { confirmed } from "./confirm.js";
import { emojiNode, formatDate, markdown, mention, plain, textObject } from "./words.js";

export function drawBlocks(blocks, place) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type];
    return draw ? draw(block, place) : h("div", { class: "unknown" }, `(${block.type})`);
  });
}

const BLOCKS = {
  header: (block) => h("h3", { class: "b-header" }, plain(block.text.text)),
  divider: () => h("hr"),
  section: drawSection,
  context: (block, place) =>
    h("div", { class: "b-context" }, block.elements.map((one) => (one.type === "image" ? picture(one) : textObject(one, place.world)))),
  actions: (block, place) => h("div", { class: "b-actions" }, block.elements.map((one) => drawElement(one, block, place))),
  image: (block) => h("figure", { class: "b-image" }, block.title && h("figcaption", null, block.title.text), picture(block)),
  table: drawTable,
  data_table: drawTable,
  rich_text: (block, place) => h("div", { class: "words" }, block.elements.map((part) => richPart(part, place.world))),
  markdown: (block, place) => markdown(block.text, place.world),
  data_visualization: chart,
  input: drawInput,
  alert: (block, place) => h("div", { class: `b-alert ${block.level || "default"}`, role: "note" }, textObject(block.text, place.world)),
};

function drawSection(block, place) {
  const words = h(
    "div",
    { class: "b-section-words" },
    block.text && textObject(block.text, place.world),
    block.fields && h("div", { class: "b-fields" }, block.fields.map((field) => textObject(field, place.world))),
  );
  if (!block.accessory) return words;
  const beside = block.accessory.type === "image" ? h("div", { class: "thumb" }, picture(block.accessory)) : drawElement(block.accessory, block, place);
  return h("div", { class: "b-section" }, words, beside);
}

function picture(image) {
  const file = image.slack_file && image.slack_file.id;
  const source = file ? `/sandbox/file/${encodeURIComponent(file)}` : safeUrl(image.image_url || "");
  return source ? h("img", { src: source, alt: image.alt_text, loading: "lazy", referrerpolicy: "no-referrer" }) : `(image: ${image.alt_text})`;
}

function drawTable(block, place) {
  const settings = block.column_settings || block.rows[0].map((_, index) => ({ align: isFigures(block.rows, index) ? "right" : "left" }));
  const cell = (tag) => (one, index) => {
    const column = settings[index] || {};
    const classes = `${column.align || "left"}${column.is_wrapped ? " wrapped" : ""}`;
    const inside = one.type === "rich_text" ? one.elements.map((part) => richPart(part, place.world)) : plain(String(one.text ?? one.value));
    return h(tag, { class: classes, scope: tag === "th" ? "col" : null }, inside);
  };
  const [head, ...rows] = block.rows;
  return h(
    "div",
    { class: "b-table", tabindex: "0", role: "region", "aria-label": block.caption || "Table" },
    h("table", null, block.caption && h("caption", null, plain(block.caption)), h("thead", null, h("tr", null, head.map(cell("th")))), h("tbody", null, rows.map((row) => h("tr", null, row.map(cell("td")))))),
  );
}

// As Slack does in a data_table: a column of numbers stands to the right.
function isFigures(rows, index) {
  return rows.slice(1).some((row) => row[index].type === "raw_number");
}

function richPart(part, world) {
  const inside = () => part.elements.map((one) => richInline(one, world));
  switch (part.type) {
    case "rich_text_list": {
      const items = part.elements.map((item) => h("li", null, item.elements.map((one) => richInline(one, world))));
      return h(part.style === "ordered" ? "ol" : "ul", { class: `indent${part.indent || 0}`, start: part.offset ? part.offset + 1 : null }, items);
    }
    case "rich_text_quote": return h("blockquote", null, inside());
    case "rich_text_preformatted": return h("pre", null, h("code", null, inside()));
    default: return h("div", { class: "rich" }, inside());
  }
}

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];

function richInline(one, world) {
  const style = one.style || {};
  return STYLES.reduce((node, [name, tag]) => (style[name] ? h(tag, null, node) : node), richNode(one, world));
}

function richNode(one, world) {
  switch (one.type) {
    case "user": return mention("@", one.user_id, "", world);
    case "usergroup": return mention("@", one.usergroup_id, "", world);
    case "channel": return mention("#", one.channel_id, "", world);
    case "broadcast": return h("span", { class: "mention mine" }, `@${one.range}`);
    case "emoji": return emojiNode(one.name, `:${one.name}:`);
    case "link": return link(one.url, one.text || one.url);
    case "date": return h("time", null, formatDate(one.timestamp, one.format, world));
    case "color": return one.value;
    default: return one.text || "";
  }
}

// Elements.

function drawElement(element, block, place) {
  if (element.type === "button") return drawButton(element, block, place);
  if (element.type === "overflow") return drawOverflow(element, block, place);
  const choose = async (picked) => {
    if (!(await confirmed(element.confirm))) return false;
    place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked });
    return true;
  };
  const held = ((place.values || {})[block.block_id] || {})[element.action_id];
  return drawChoice(element, held, choose, place) || h("span", { class: "unknown" }, `(${element.type})`);
}

function drawButton(element, block, place) {
  const press = async (event) => {
    const button = event.currentTarget;
    if (!(await confirmed(element.confirm))) return;
    if (element.url && safeUrl(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    const sent = { act: "press", target: place.target, action_id: element.action_id, block_id: block.block_id };
    await place.act("value" in element ? { ...sent, value: element.value } : sent);
    button.removeAttribute("aria-busy");
    button.disabled = false;
  };
  const props = { type: "button", class: `button ${element.style || ""}`, "aria-label": element.accessibility_label, "data-action": element.action_id };
  return h("button", { ...props, onclick: press }, plain(element.text.text));
}

function drawOverflow(element, block, place) {
  const pick = async (option) => {
    menu.open = false;
    if (!(await confirmed(element.confirm))) return;
    place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked: option.value });
  };
  const items = element.options.map((option) => h("button", { type: "button", class: "plain", onclick: () => pick(option) }, plain(option.text.text)));
  const menu = h("details", { class: "overflow" }, h("summary", { class: "button", "aria-label": "More actions" }, "⋯"), h("div", { class: "popup" }, items));
  menu.addEventListener("focusout", (event) => menu.contains(event.relatedTarget) || (menu.open = false));
  menu.addEventListener("keydown", (event) => event.key === "Escape" && (menu.open = false));
  return menu;
}

const options = (element) => [...(element.options || []), ...(element.option_groups || []).flatMap((group) => group.options)];
const optionNode = (chosen) => (option) => h("option", { value: option.value, selected: chosen.includes(option.value) }, option.text.text);

function optionNodes(element, chosen) {
  if (!element.option_groups) return element.options.map(optionNode(chosen));
  return element.option_groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map(optionNode(chosen))));
}

function listed(element, place) {
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const people = place.world.people.map((one) => ({ value: one.id, text: { text: one.name } }));
  const channels = place.world.channels.filter((one) => !one.is_dm).map((one) => ({ value: one.id, text: { text: `#${one.name}` } }));
  return { users: people, channels, conversations: [...channels, ...people] }[kind];
}

/** An element in which something is chosen or typed; `changed` gets what to put in. */
function drawChoice(element, held, changed, place, more) {
  const base = { "aria-label": element.placeholder ? element.placeholder.text : "Choose", "data-action": element.action_id, ...more };
  const picked = (held && (held.selected_option || {}).value) || (held && (held.selected_user || held.selected_channel || held.selected_conversation)) || "";
  const several = (held && (held.selected_options || []).map((one) => one.value)) || (held && (held.selected_users || held.selected_channels || held.selected_conversations)) || [];
  if (/_select$/.test(element.type)) {
    const source = element.options || element.option_groups ? element : { options: listed(element, place) };
    const multi = element.type.startsWith("multi_");
    const initial = multi ? several : [picked || (element.initial_option || {}).value || element.initial_user || element.initial_channel || element.initial_conversation || ""];
    const first = !multi && h("option", { value: "", disabled: true, selected: !initial[0] }, base["aria-label"]);
    const read = (event) => (multi ? [...event.target.selectedOptions].map((one) => one.value) : event.target.value);
    return h("select", { class: "select", multiple: multi, ...base, onchange: (event) => changed(read(event)) }, first, optionNodes(source, initial));
  }
  if (element.type === "checkboxes" || element.type === "radio_buttons") return boxes(element, picked, several, changed, place, base);
  const dates = { datepicker: ["date", "selected_date", "initial_date"], timepicker: ["time", "selected_time", "initial_time"] }[element.type];
  if (!dates) return null;
  const [type, selected, initial] = dates;
  return h("input", { type, class: "select", ...base, value: (held && held[selected]) || element[initial] || "", onchange: (event) => event.target.value && changed(event.target.value) });
}

let groups = 0;

function boxes(element, picked, several, changed, place, base) {
  const multi = element.type === "checkboxes";
  const name = `group${groups++}`;
  const set = h("div", { class: "boxes", role: multi ? "group" : "radiogroup", ...base });
  const read = () => {
    const on = [...set.querySelectorAll("input:checked")].map((one) => one.value);
    changed(multi ? on : on[0]);
  };
  set.append(
    ...element.options.map((option) => {
      const checked = multi ? several.includes(option.value) : picked === option.value;
      const box = h("input", { type: multi ? "checkbox" : "radio", name, value: option.value, checked, onchange: read });
      return h("label", null, box, h("span", null, textObject(option.text, place.world), option.description && h("small", null, option.description.text)));
    }),
  );
  return set;
}

let inputs = 0;

function drawInput(block, place) {
  const { element } = block;
  const id = `input${inputs++}`;
  const error = (place.errors || {})[block.block_id];
  const given = place.form ? place.form.get(block.block_id) : undefined;
  const held = (place.values[block.block_id] || {})[element.action_id] || {};
  const changed = (value) => {
    if (place.form) place.form.set(block.block_id, value);
    if (block.dispatch_action || !place.form) {
      place.act({ act: "choose", target: place.target, action_id: element.action_id, block_id: block.block_id, picked: value });
    }
  };
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || null;
  const more = { id, "aria-describedby": described, "aria-invalid": error ? "true" : null, "aria-label": null, "aria-labelledby": `${id}-label` };
  const field = drawChoice(element, shadow(element, held, given), changed, place, more) || typed(element, held, given, changed, more);
  return h(
    "div",
    { class: `b-input${error ? " wrong" : ""}` },
    h("label", { id: `${id}-label`, for: id }, plain(block.label.text), block.optional && h("span", { class: "quiet" }, " (optional)")),
    field,
    block.hint && h("p", { class: "quiet", id: `${id}-hint` }, block.hint.text),
    error && h("p", { class: "error", id: `${id}-error`, role: "alert" }, error),
  );
}

/** What stands in an element: what the person put in since, else what Slack holds. */
function shadow(element, held, given) {
  if (given === undefined) return held;
  const many = Array.isArray(given);
  const found = options(element).filter((one) => (many ? given.includes(one.value) : one.value === given));
  const ids = many ? { selected_users: given, selected_channels: given } : { selected_user: given, selected_channel: given };
  return { ...held, ...ids, selected_date: given, selected_time: given, selected_option: found[0], selected_options: found };
}

function typed(element, held, given, changed, more) {
  const type = { number_input: "number", email_text_input: "email", url_text_input: "url" }[element.type] || "text";
  const value = given !== undefined ? given : held.value || "";
  const props = { class: "field", ...more, value, placeholder: element.placeholder && element.placeholder.text, maxlength: element.max_length };
  if (element.multiline) return h("textarea", { ...props, rows: 4, oninput: (event) => changed(event.target.value) });
  const number = type === "number" ? { min: element.min_value, max: element.max_value, step: element.is_decimal_allowed ? "any" : 1 } : {};
  return h("input", { type, autocomplete: "off", ...props, ...number, oninput: (event) => changed(event.target.value) });
}
