// Tables: the plain one as it is sent, and the data table, which is sorted and leafed through.

import { h } from "./dom.js";
import { plain } from "./words.js";

const PAGE_SIZE = 5; // of a data_table that says nothing of it

/** A table block; `rich` draws a cell of rich text. */
export function drawTable(block, rich) {
  const settings = block.column_settings || [];
  const column = (index) => `${(settings[index] || {}).align || "left"}${(settings[index] || {}).is_wrapped ? " wrapped" : ""}`;
  const [head, ...rows] = block.rows;
  return framed(
    "Table",
    h("thead", null, h("tr", null, head.map((one, index) => h("th", { class: column(index), scope: "col" }, inside(one, rich))))),
    h("tbody", null, rows.map((row) => h("tr", null, row.map((one, index) => h("td", { class: column(index) }, inside(one, rich)))))),
  );
}

/** A data_table block: a press on a column's head sorts by it, and rows beyond a page are leafed to. */
export function drawDataTable(block, rich) {
  const [head, ...rows] = block.rows;
  const size = block.page_size || PAGE_SIZE;
  const side = head.map((_, index) => (rows.some((row) => row[index].type === "raw_number") ? "right" : "left"));
  let order = null;
  let page = 0;
  const heads = h("tr");
  const body = h("tbody");
  const leaf = h("div", { class: "leaf" });
  const frame = framed(block.caption, h("caption", null, plain(block.caption)), h("thead", null, heads), body);
  draw();
  return h("div", { class: "leaved" }, frame, rows.length > size && leaf);

  function draw() {
    const shown = sorted().slice(page * size, (page + 1) * size);
    heads.replaceChildren(...head.map(headCell));
    body.replaceChildren(...shown.map((row) => h("tr", null, row.map(cell))));
    leaf.replaceChildren(
      h("span", { role: "status" }, `${page * size + 1} to ${page * size + shown.length} of ${rows.length}`),
      turn("‹", "Previous rows", -1, page > 0),
      turn("›", "Next rows", 1, (page + 1) * size < rows.length),
    );
  }

  function headCell(one, index) {
    const direction = order && order.index === index ? order.direction : 0;
    const words = { 1: "ascending", "-1": "descending" };
    return h(
      "th",
      { class: side[index], scope: "col", "aria-sort": words[direction] || "none" },
      h("button", { type: "button", class: "sort", "data-key": `sort${index}`, onclick: () => sort(index) }, inside(one, rich), h("span", { "aria-hidden": "true" }, { 1: " ↑", "-1": " ↓" }[direction] || "")),
    );
  }

  function cell(one, index) {
    const isHead = index === (block.row_header_column_index || 0);
    return h(isHead ? "th" : "td", { class: `${side[index]}${isHead ? " row-head" : ""}`, scope: isHead ? "row" : null }, inside(one, rich));
  }

  function turn(mark, label, step, possible) {
    return h("button", { type: "button", class: "button", "aria-label": label, disabled: !possible, onclick: () => ((page += step), draw()) }, mark);
  }

  function sort(index) {
    order = { index, direction: order && order.index === index ? -order.direction : 1 };
    page = 0;
    draw();
    heads.querySelector(`[data-key="sort${index}"]`).focus();
  }

  function sorted() {
    if (!order) return rows;
    const value = (row) => (row[order.index].type === "raw_number" ? row[order.index].value : words(row[order.index]));
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    return [...rows].sort((a, b) => order.direction * compare(value(a), value(b)));
  }
}

function words(cell) {
  const text = (one) => (one.elements ? one.elements.map(text).join("") : one.text || "");
  return cell.type === "rich_text" ? text(cell) : String(cell.text ?? cell.value);
}

function inside(cell, rich) {
  return cell.type === "rich_text" ? rich(cell) : plain(String(cell.text ?? cell.value));
}

function framed(label, ...parts) {
  return h("div", { class: "b-table", tabindex: "0", role: "region", "aria-label": label }, h("table", null, parts));
}
