// Slack's mrkdwn, and the markdown block, as DOM nodes.

import { h, link, safeUrl } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { clock, clockWithSeconds, dayOf, inWords, prettyDay } from "./time.js";

const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]*?\\S)\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]*?\\S)_(?![\\w_])",
    "(?<![\\w~])~(?=\\S)([^~\\n]*?\\S)~(?![\\w~])",
    ":([a-z0-9_+-]+):",
    "(?<![\\w/])(https?:\\/\\/[^\\s<>]+[\\w/])",
  ].join("|"),
  "g",
);

export function unescaped(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** One line of mrkdwn; `world` has the names of ids, who is reading, and the time. */
export function inline(text, world) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > at) nodes.push(unescaped(text.slice(at, found.index)));
    nodes.push(inlineNode(found, world));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.push(unescaped(text.slice(at)));
  return nodes;
}

function inlineNode([whole, code, token, bold, italic, strike, emoji, bare], world) {
  if (code !== undefined) return h("code", null, unescaped(code));
  if (token !== undefined) return reference(token, world);
  if (bold !== undefined) return h("strong", null, inline(bold, world));
  if (italic !== undefined) return h("em", null, inline(italic, world));
  if (strike !== undefined) return h("s", null, inline(strike, world));
  if (bare !== undefined) return link(unescaped(bare), unescaped(bare));
  return emojiNode(emoji, whole);
}

export function emojiNode(name, otherwise) {
  // Circles mark states: drawn by us, they look alike everywhere, also where no emoji font is installed.
  const colour = name.match(/^(?:large_)?(red|orange|yellow|green|blue|black|white)_circle$/);
  if (colour) return h("span", { class: `dot ${colour[1]}`, role: "img", "aria-label": name.replace(/_/g, " ") });
  return EMOJI[name] ? h("span", { class: "emoji", role: "img", "aria-label": name.replace(/_/g, " ") }, EMOJI[name]) : otherwise;
}

export function mention(mark, id, label, world) {
  const shown = label || world.names[id] || id;
  return h("span", { class: `mention${id === world.you ? " mine" : ""}` }, mark + shown);
}

function reference(token, world) {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? "" : unescaped(token.slice(bar + 1));
  if (target[0] === "@" || target[0] === "#") return mention(target[0], target.slice(1), label, world);
  if (target.startsWith("!date^")) return dateNode(target.split("^"), label, world);
  if (target.startsWith("!subteam^")) return mention("@", target.slice(9), label.replace(/^@/, ""), world);
  if (target[0] === "!") return h("span", { class: "mention mine" }, "@" + target.slice(1).split("^")[0]);
  if (!safeUrl(unescaped(target))) return unescaped(label ? `${label} (${target})` : `<${target}>`);
  return link(unescaped(target), label || unescaped(target).replace(/^mailto:/, ""));
}

function dateNode([, seconds, format, address], fallback, world) {
  const date = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(date.getTime())) return fallback;
  const shown = unescaped(format).replace(/\{(\w+)\}/g, (whole, name) => datePart(date, name, world) ?? whole);
  const node = h("time", { datetime: date.toISOString(), title: inWords(date, { dateStyle: "full", timeStyle: "short" }) }, shown);
  return address ? link(unescaped(address), node) : node;
}

export function formatDate(seconds, format, world) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => datePart(new Date(seconds * 1000), name, world) ?? whole);
}

function datePart(date, name, world) {
  const local = (options) => inWords(date, options);
  const pretty = name.endsWith("_pretty") ? prettyDay(date, world) : "";
  if (pretty) return pretty;
  switch (name.replace("_pretty", "")) {
    case "date_num": return dayOf(date);
    case "date_short": return local({ day: "numeric", month: "short", year: "numeric" });
    case "date_long": return local({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
    case "date": return local({ day: "numeric", month: "long", year: "numeric" });
    case "time": return clock(date);
    case "time_secs": return clockWithSeconds(date);
    case "ago": return ago(date, world);
    default: return null;
  }
}

function ago(date, world) {
  const minutes = Math.round((world.now_ms - date.getTime()) / 60000);
  const size = Math.abs(minutes);
  const words = size < 60 ? `${size} min` : size < 2880 ? `${Math.round(size / 60)} h` : `${Math.round(size / 1440)} days`;
  return minutes >= 0 ? `${words} ago` : `in ${words}`;
}

/** Whole mrkdwn: fenced code, quotes and lists by line, the rest inline. */
export function mrkdwn(text, world) {
  const nodes = [];
  text.split(/```/).forEach((part, index) => {
    if (index % 2) nodes.push(h("pre", null, h("code", null, unescaped(part.replace(/^\n/, "")))));
    else nodes.push(...lines(index ? part.replace(/^\n/, "") : part, world));
  });
  return h("div", { class: "words" }, nodes);
}

function lines(text, world) {
  const nodes = [];
  let quote = null;
  for (const line of text.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      quote.append(h("div", null, inline(quoted[1], world)));
      continue;
    }
    quote = null;
    const item = line.match(/^\s*(?:•|-|\*)\s+(.*)$/);
    if (item) nodes.push(h("div", { class: "item" }, inline(item[1], world)));
    else nodes.push(line ? h("div", null, inline(line, world)) : h("div", { class: "gap" }));
  }
  if (nodes.length && !text.trim()) return [];
  return nodes;
}

export function plain(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(/:([a-z0-9_+-]+):/g)) {
    nodes.push(text.slice(at, found.index), emojiNode(found[1], found[0]));
    at = found.index + found[0].length;
  }
  return [...nodes, text.slice(at)];
}

/** A text object of Block Kit. */
export function textObject(text, world) {
  return text.type === "mrkdwn" ? mrkdwn(text.text, world) : h("div", { class: "words" }, text.text.split("\n").map((line) => h("div", null, plain(line))));
}

const MD = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|(?<![\w*])\*(?=\S)(.+?)\*|(?<!\w)_(?=\S)(.+?)_(?!\w)|~~(.+?)~~|<([^<>\n]+)>|:([a-z0-9_+-]+):/g;

function mdInline(text, world) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(MD)) {
    const [whole, code, label, address, bold, italic, italic2, strike, token, emoji] = found;
    nodes.push(text.slice(at, found.index));
    if (code) nodes.push(h("code", null, code));
    else if (address) nodes.push(link(address, label));
    else if (bold) nodes.push(h("strong", null, mdInline(bold, world)));
    else if (italic || italic2) nodes.push(h("em", null, mdInline(italic || italic2, world)));
    else if (strike) nodes.push(h("s", null, mdInline(strike, world)));
    else if (token) nodes.push(/^[@#!]|^\w+:/.test(token) ? reference(token, world) : whole);
    else nodes.push(emojiNode(emoji, whole));
    at = found.index + whole.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

/** A markdown block. */
export function markdown(text, world) {
  const nodes = [];
  let list = null;
  let code = null;
  for (const line of text.split("\n")) {
    if (/^```/.test(line)) {
      if (code) code = null;
      else nodes.push(h("pre", null, (code = h("code"))));
      continue;
    }
    if (code) {
      code.append(line + "\n");
      continue;
    }
    const [, mark, item] = line.match(/^\s*([-*]|\d+\.)\s+(.*)$/) || [];
    if (item !== undefined) {
      const tag = /\d/.test(mark) ? "ol" : "ul";
      if (!list || list.localName !== tag) nodes.push((list = h(tag)));
      list.append(h("li", null, mdInline(item, world)));
      continue;
    }
    list = null;
    const [, hashes, head] = line.match(/^(#{1,4})\s+(.*)$/) || [];
    if (head !== undefined) nodes.push(h(`h${Math.min(6, hashes.length + 2)}`, null, mdInline(head, world)));
    else if (/^>\s?/.test(line)) nodes.push(h("blockquote", null, mdInline(line.replace(/^>\s?/, ""), world)));
    else if (/^---+$/.test(line)) nodes.push(h("hr"));
    else nodes.push(line ? h("div", null, mdInline(line, world)) : h("div", { class: "gap" }));
  }
  return h("div", { class: "words" }, nodes);
}
