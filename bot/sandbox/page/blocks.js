// Block Kit: blocks and their elements as DOM nodes.
//
// `place` says where the blocks stand: {target, world, act, values, errors, form}; `act` sends what a person does,
// `values` is what Slack holds of the elements, `form` (only in modals) what was put in since.

import { h, link, safeUrl } from "./dom.js";
import { chart } from "./charts.js";
import { drawElement, drawInput } from "./elements.js";
import { drawDataTable, drawTable } from "./tables.js";
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
  table: (block, place) => drawTable(block, richCell(place)),
  data_table: (block, place) => drawDataTable(block, richCell(place)),
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

const richCell = (place) => (cell) => cell.elements.map((part) => richPart(part, place.world));

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
