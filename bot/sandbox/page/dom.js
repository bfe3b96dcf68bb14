// Building the page without ever parsing text as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

export function byId(id) {
  return document.getElementById(id);
}

/** The address if it is safe to follow, else null: only the web and mail, never javascript: or data:. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address, label) {
  const href = safeUrl(address);
  if (!href) return document.createTextNode(typeof label === "string" ? label : address);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}

const COLOURS = 6;

/** A face drawn in CSS: the initial on the person's own colour, or the bot's mark. */
export function avatar(person, size) {
  const bot = person.is_bot || person.is_app;
  const code = [...(person.id || person.name)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const mark = bot && person.name === "Valet"
    ? svg("svg", { viewBox: "0 0 32 32" }, svg("path", { d: "M7 9l9 15 9-15" }))
    : ([...person.name][0] || "?").toUpperCase();
  return h("span", { class: `avatar ${size || ""} ${bot ? "bot" : `tone${code % COLOURS}`}`, "aria-hidden": "true" }, mark);
}
