// What to try in this sandbox, and as whom: no part of Slack, so it stands beside it.

import { byId, h } from "./dom.js";

const tried = new Set();
let isOpen = null;

/** Shows or hides the guide; without a word it turns it round. */
export function toggleGuide(wanted) {
  isOpen = wanted ?? !isOpen;
  document.body.classList.toggle("with-guide", isOpen);
  byId("guide").hidden = !isOpen;
  byId("guide-open").setAttribute("aria-expanded", String(isOpen));
}

/** Draws the steps once there are any; `go(step)` takes the reader to one. */
export function drawGuide(world, go) {
  const steps = world.guide || [];
  byId("guide-open").hidden = !steps.length;
  if (!steps.length) return;
  if (isOpen === null) toggleGuide(true);
  const list = byId("guide-steps");
  const stamp = JSON.stringify([steps, [...tried]]);
  if (list.dataset.stamp === stamp) return;
  list.dataset.stamp = stamp;
  const open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.topic));
  const topics = [...new Set(steps.map((step) => step.topic))];
  list.replaceChildren(
    ...topics.map((topic, place) => {
      const inside = steps.map((step, number) => step.topic === topic && stepNode(step, number, world, go));
      const shown = open.size ? open.has(topic) : place === 0;
      return h("details", { "data-topic": topic, open: shown }, h("summary", null, topic), h("ol", { start: steps.findIndex((one) => one.topic === topic) + 1 }, inside));
    }),
  );
}

function stepNode(step, number, world, go) {
  const person = world.people.find((one) => one.handle === step.who);
  const where = step.where.startsWith("@") ? "Valet's messages" : step.where;
  const act = () => {
    tried.add(number);
    go(step);
  };
  return h(
    "li",
    { class: tried.has(number) ? "tried" : "" },
    h(
      "button",
      { type: "button", "data-step": `${number + 1}.`, onclick: act },
      h("span", { class: "step-head" }, h("b", null, step.title), tried.has(number) && h("span", { class: "quiet" }, "✓ tried")),
      h("span", { class: "step-where" }, `As ${person ? person.name : step.who}, in ${where}`),
      h("code", null, step.what),
    ),
  );
}
