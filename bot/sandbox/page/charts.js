// The data_visualization block, drawn as SVG.

import { h, svg } from "./dom.js";

// Narrow screens get a narrow drawing, so that the figures in it stay readable.
const WIDTH = globalThis.innerWidth < 760 ? 380 : 640;
const HEIGHT = 250;
const BOX = { left: 58, right: 12, top: 12, bottom: 34 };

function niceStep(span) {
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

export function compact(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)}k`;
  return String(+value.toFixed(2));
}

/** The chart with its title, legend and axis labels. */
export function chart(block) {
  const { chart: spec, title } = block;
  const drawn = spec.type === "pie" ? pie(spec) : axes(spec);
  const entries = spec.type === "pie" ? spec.segments.map((one) => `${one.label}: ${compact(one.value)}`) : spec.series.map((one) => one.name);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", null, title),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. ${spoken(spec)}` }, drawn),
    h("ul", { class: "legend" }, entries.map((name, index) => h("li", null, h("span", { class: `swatch s${index}` }), name))),
  );
}

function spoken(spec) {
  if (spec.type === "pie") return spec.segments.map((one) => `${one.label} ${one.value}`).join(", ");
  return spec.series.map((one) => `${one.name}: ${one.data.map((point) => `${point.label} ${point.value}`).join(", ")}`).join("; ");
}

function axes(spec) {
  const categories = spec.axis_config.categories;
  const series = spec.series.map((one) => {
    const by = new Map(one.data.map((point) => [point.label, point.value]));
    return { name: one.name, values: categories.map((name) => by.get(name)) };
  });
  const all = series.flatMap((one) => one.values);
  const low = Math.min(0, ...all);
  const high = Math.max(0, ...all);
  const step = niceStep(high - low || 1);
  const bottom = Math.floor(low / step) * step;
  const top = Math.ceil(high / step) * step || step;
  const x = (index) => BOX.left + ((index + 0.5) * (WIDTH - BOX.left - BOX.right)) / categories.length;
  const y = (value) => BOX.top + ((top - value) / (top - bottom)) * (HEIGHT - BOX.top - BOX.bottom);
  const nodes = [];
  for (let tick = bottom; tick <= top + step / 2; tick += step) {
    nodes.push(svg("line", { class: Math.abs(tick) < step / 2 ? "axis" : "grid", x1: BOX.left, x2: WIDTH - BOX.right, y1: y(tick), y2: y(tick) }));
    nodes.push(svg("text", { class: "tick", x: BOX.left - 8, y: y(tick) + 4, "text-anchor": "end" }, compact(tick)));
  }
  const every = Math.ceil(Math.max(...categories.map((name) => name.length), 3) * 7.5 * categories.length / (WIDTH - BOX.left));
  categories.forEach((name, index) => {
    if (index % every === 0) nodes.push(svg("text", { class: "tick", x: x(index), y: HEIGHT - 16, "text-anchor": "middle" }, name));
  });
  const { x_label: xLabel, y_label: yLabel } = spec.axis_config;
  if (xLabel) nodes.push(svg("text", { class: "label", x: (WIDTH + BOX.left) / 2, y: HEIGHT - 2, "text-anchor": "middle" }, xLabel));
  if (yLabel) nodes.push(svg("text", { class: "label", x: 0, y: 0, transform: `translate(11 ${HEIGHT / 2 - 8}) rotate(-90)`, "text-anchor": "middle" }, yLabel));
  const scale = { x, y, categories, slot: (WIDTH - BOX.left - BOX.right) / categories.length };
  return nodes.concat(spec.type === "bar" ? bars(series, scale) : curves(series, scale, spec.type === "area"));
}

const note = (name, category, value) => svg("title", null, `${name}, ${category}: ${value}`);

function bars(series, { x, y, categories, slot }) {
  const width = Math.min(46, (slot * 0.72) / series.length);
  return series.flatMap((one, place) =>
    one.values.map((value, index) => {
      const left = x(index) - (width * series.length) / 2 + place * width;
      const [from, to] = [y(Math.max(0, value)), y(Math.min(0, value))];
      const shape = { class: `bar s${place}`, x: left + 1, y: from, width: Math.max(1, width - 2), height: Math.max(1, to - from), rx: 2 };
      return svg("rect", shape, note(one.name, categories[index], value));
    }),
  );
}

function curves(series, { x, y, categories }, filled) {
  return series.flatMap((one, place) => {
    const points = one.values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
    const last = one.values.length - 1;
    const area = filled && svg("polygon", { class: `area s${place}`, points: `${x(0)},${y(0)} ${points} ${x(last)},${y(0)}` });
    const dots = one.values.map((value, index) => svg("circle", { class: `dot s${place}`, cx: x(index), cy: y(value), r: 3 }, note(one.name, categories[index], value)));
    return [area, svg("polyline", { class: `line s${place}`, points }), ...dots].filter(Boolean);
  });
}

function pie(spec) {
  const total = spec.segments.reduce((sum, one) => sum + one.value, 0);
  const [cx, cy, radius] = [WIDTH / 2, HEIGHT / 2, HEIGHT / 2 - 14];
  const at = (share) => `${cx + radius * Math.sin(share * 2 * Math.PI)} ${cy - radius * Math.cos(share * 2 * Math.PI)}`;
  let from = 0;
  return spec.segments.map((one, index) => {
    const to = from + one.value / total;
    const whole = one.value === total;
    const shape = whole
      ? svg("circle", { class: `slice s${index}`, cx, cy, r: radius })
      : svg("path", { class: `slice s${index}`, d: `M${cx} ${cy} L${at(from)} A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)} Z` });
    shape.append(note(spec.segments[index].label, "share", `${Math.round((one.value / total) * 100)} %`));
    from = to;
    return shape;
  });
}
