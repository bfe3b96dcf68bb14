// The page: asks for the state as one person sees it, draws what changed, and sends what the person does.

import { avatar, byId, h } from "./dom.js";
import { drawBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { drawGuide, toggleGuide } from "./guide.js";
import { showModal } from "./modal.js";
import { clock, inWords, prettyDay, useZone } from "./time.js";
import { mrkdwn } from "./words.js";

let world = null;
let you = "";
let channel = "";
let tab = "messages";
let thread = "";
let asking = null;
const places = new Map();

// Talking to the sandbox.

async function ask(since) {
  asking = new AbortController();
  const query = new URLSearchParams({ user: you, channel, since: String(since) });
  const answer = await fetch(`/sandbox/state?${query}`, { signal: asking.signal });
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
  return answer.json();
}

async function follow() {
  let since = 0;
  let seen = "";
  for (;;) {
    try {
      if (seen !== `${you} ${channel}`) since = 0;
      seen = `${you} ${channel}`;
      const asked = seen;
      const state = await ask(since);
      if (asked !== `${you} ${channel}`) continue;
      since = state.version;
      world = state;
      useZone(world.zone);
      channel = state.channel;
      seen = `${you} ${channel}`;
      draw();
      document.body.classList.remove("lost");
    } catch (error) {
      if (error.name === "AbortError") continue;
      document.body.classList.add("lost");
      toast("The sandbox does not answer. Trying again…");
      await new Promise((wake) => setTimeout(wake, 1500));
      since = 0;
    }
  }
}

function again() {
  if (asking) asking.abort();
}

async function act(what) {
  const body = JSON.stringify({ user: you, channel, ...what });
  const answer = await fetch("/sandbox/act", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const said = await answer.json();
  if (!said.ok && !what.quiet) toast(said.error);
  return said;
}

/** Takes the reader to a step of the guide: as whom, where, and what was said there in the field. */
function followStep(step) {
  const person = world.people.find((one) => one.handle === step.who);
  if (person.id !== you) goto(person.id, "");
  wanted = step;
  if (innerWidth < 1100) toggleGuide(false);
  again();
}

let wanted = null;

/** Once what was asked for is drawn, the step's channel is opened and its words stand in the field, unsent. */
function arrive() {
  if (!wanted || world.you !== world.people.find((one) => one.handle === wanted.who).id) return;
  const step = wanted;
  wanted = null;
  const where = world.channels.find((one) => (step.where.startsWith("@") ? one.is_dm : `#${one.name}` === step.where && !one.is_dm));
  if (where && where.id !== channel) goto(you, where.id);
  tab = "messages";
  draw();
  mainComposer.put(step.what.startsWith("[") ? "" : step.what);
}

let toasting = 0;

function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toasting);
  toasting = setTimeout(() => (box.hidden = true), 6000);
}

// Where we are: #ada/gpus names the person and the channel.

function goto(user, where) {
  if (user !== you) {
    places.set(you, channel);
    you = user;
    where = where || places.get(user) || "";
    thread = "";
  }
  if (where !== channel) thread = "";
  channel = where;
  tab = "messages";
  toggleMenu(false);
  again();
}

function remember() {
  const person = world.people.find((one) => one.id === you);
  const where = world.channels.find((one) => one.id === channel);
  history.replaceState(null, "", `#${person.handle}/${where.is_dm ? "@valet" : where.name}${tab === "home" ? "/home" : ""}`);
  document.title = `${where.is_dm ? "Valet" : `#${where.name}`} · ${person.name} · Valet sandbox`;
}

async function start() {
  const [handle, name, shown] = decodeURIComponent(location.hash.slice(1)).split("/");
  you = handle || "ada";
  let first;
  try {
    first = await ask(0);
  } catch {
    you = "ada";
    first = await ask(0);
  }
  you = first.you;
  const wanted = first.channels.find((one) => (name === "@valet" ? one.is_dm : one.name === name && !one.is_dm));
  channel = (wanted || first.channels[0]).id;
  if (shown === "home") openHome();
  follow();
}

// Drawing.

function draw() {
  drawTop();
  drawSidebar();
  drawHead();
  drawPane();
  drawThread();
  drawGuide(world, followStep);
  arrive();
  showModal(world.modal, world, act);
  if (current().unread && !document.hidden) act({ act: "read" });
  remember();
}

const current = () => world.channels.find((one) => one.id === channel);

/** Draws only when what it depends on changed, so that focus and open menus survive. */
function keep(element, key, children) {
  const stamp = JSON.stringify(key);
  if (element.dataset.stamp === stamp) return false;
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  element.dataset.stamp = stamp;
  element.replaceChildren(...children());
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  return true;
}

function drawTop() {
  byId("now").textContent = world.now;
  document.body.classList.toggle("has-controls", world.controls.length > 0);
  keep(byId("controls"), world.controls, () =>
    world.controls.map((label, number) => h("button", { type: "button", class: "chip", onclick: () => act({ act: "control", number }) }, label)),
  );
  const people = world.people.filter((one) => !one.is_bot);
  keep(byId("people"), [people, you], () =>
    people.map((one) =>
      h(
        "button",
        { type: "button", class: "person", "data-key": one.id, "aria-pressed": String(one.id === you), onclick: () => goto(one.id, "") },
        avatar(one, "small"),
        h("span", { class: "person-words" }, h("b", null, one.name), h("small", null, one.role)),
        one.waiting > 0 && one.id !== you && h("span", { class: "badge", "aria-label": `${one.waiting} new for ${one.name}` }, String(one.waiting)),
      ),
    ),
  );
}

function drawSidebar() {
  byId("team").textContent = world.team;
  const entry = (one) =>
    h(
      "li",
      null,
      h(
        "button",
        { type: "button", "data-key": one.id, class: one.unread ? "unread" : "", "aria-current": one.id === channel ? "page" : null, onclick: () => goto(you, one.id) },
        one.is_dm ? avatar({ name: "Valet", is_bot: true }, "tiny") : h("span", { class: "hash", "aria-hidden": "true" }, "#"),
        h("span", { class: "name" }, one.is_dm ? "Valet" : one.name),
        one.unread > 0 && h("span", { class: "badge", "aria-label": `${one.unread} new` }, String(one.unread)),
      ),
    );
  const key = [world.channels, channel];
  keep(byId("channels"), key, () => world.channels.filter((one) => !one.is_dm).map(entry));
  keep(byId("directs"), key, () => world.channels.filter((one) => one.is_dm).map(entry));
}

function openHome() {
  tab = "home";
  act({ act: "home" });
}

function drawHead() {
  const where = current();
  keep(byId("title"), [where.id, where.name], () => [where.is_dm ? "Valet" : `# ${where.name}`]);
  byId("topic").textContent = where.is_dm ? "App" : where.topic;
  byId("count").textContent = where.is_dm ? "" : where.members === 1 ? "1 person" : `${where.members} people`;
  byId("tabs").hidden = !where.is_dm;
  if (!where.is_dm) tab = "messages";
  const button = (name, label, go) =>
    h("button", { type: "button", role: "tab", "data-key": name, "aria-selected": String(tab === name), onclick: go }, label);
  keep(byId("tabs"), tab, () => [
    button("home", "Home", () => { openHome(); draw(); }),
    button("messages", "Messages", () => { tab = "messages"; act({ act: "messages" }); draw(); }),
  ]);
}

function drawPane() {
  const home = tab === "home";
  byId("scroller").hidden = home;
  byId("composer-place").hidden = home;
  byId("home").hidden = !home;
  if (home) {
    const view = world.home;
    keep(byId("home"), view && [view.id, view.hash, you], () =>
      view
        ? drawBlocks(view.blocks, { target: view.id, world, act, values: view.values })
        : [h("p", { class: "empty" }, "Valet has not published a home tab yet.")],
    );
    return;
  }
  const main = world.messages.filter((one) => !one.parent);
  drawMessages(byId("messages"), byId("scroller"), main, `${you} ${channel}`);
  setComposer(mainComposer, current().is_dm ? "Message Valet" : `Message #${current().name}`);
}

function drawThread() {
  const parent = thread && world.messages.find((one) => one.ts === thread);
  byId("thread").hidden = !parent;
  document.body.classList.toggle("with-thread", Boolean(parent));
  if (!parent) return;
  const shown = world.messages.filter((one) => one.ts === thread || one.parent === thread);
  drawMessages(byId("thread-messages"), byId("thread-scroller"), shown, `${you} ${thread}`, true);
  setComposer(threadComposer, "Reply…");
}

function setComposer(one, placeholder) {
  const refusal = current().is_archived ? "This channel is archived." : current().can_write ? "" : "Sending messages to this app has been turned off.";
  one.field.placeholder = placeholder;
  one.form.hidden = Boolean(refusal);
  let note = one.form.nextElementSibling;
  if (!note) one.form.after((note = h("p", { class: "no-field" })));
  note.textContent = refusal;
  note.hidden = !refusal;
}

/** Messages by their ts: those that stayed the same keep their nodes. */
function drawMessages(list, scroller, messages, where, inThread) {
  const moved = list.dataset.where !== where;
  if (moved) list.replaceChildren();
  list.dataset.where = where;
  const atEnd = moved || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const held = new Map([...list.children].map((node) => [node.dataset.stamp, node]));
  let day = "";
  let before = null;
  const nodes = [];
  for (const message of messages) {
    const date = new Date(Number(message.ts) * 1000);
    const today = inWords(date, { dateStyle: "full" });
    if (today !== day) {
      nodes.push(held.get(`day ${today}`) || dayNode(date, `day ${today}`));
      before = null;
    }
    day = today;
    const follows = before && before.user === message.user && before.is_private === message.is_private && message.ts - before.ts < 300 && !message.is_app;
    const stamp = `${message.ts} ${message.version} ${message.reply_count || 0} ${Boolean(follows)}`;
    nodes.push(held.get(stamp) || messageNode(message, date, stamp, follows, inThread));
    before = message;
  }
  if (!nodes.length) nodes.push(h("p", { class: "empty" }, "Nothing here yet. Type / to see what Valet can do."));
  // Only what is new moves, so that focus inside what stays is not lost.
  for (const node of [...list.children]) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, index) => list.children[index] !== node && list.insertBefore(node, list.children[index] || null));
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** What was scrolled to the newest message stays there when the pane changes its size. */
function stickToEnd(scroller) {
  let atEnd = true;
  scroller.addEventListener("scroll", () => (atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80), { passive: true });
  new ResizeObserver(() => atEnd && (scroller.scrollTop = scroller.scrollHeight)).observe(scroller);
}

function dayNode(date, stamp) {
  const pretty = prettyDay(date, world);
  const label = pretty ? pretty[0].toUpperCase() + pretty.slice(1) : inWords(date, { weekday: "long", day: "numeric", month: "long" });
  return h("div", { class: "day", "data-stamp": stamp }, h("span", null, label));
}

function messageNode(message, date, stamp, follows, inThread) {
  const place = { target: message.ts, world, act };
  const body = message.blocks && message.blocks.length ? drawBlocks(message.blocks, place) : [mrkdwn(message.text, world)];
  const [images, files] = [true, false].map((isImage) => (message.files || []).filter((one) => one.mimetype.startsWith("image/") === isImage));
  const head = h(
    "div",
    { class: "message-head" },
    h("b", null, message.name),
    message.is_app && h("span", { class: "app" }, "APP"),
    h("time", { datetime: date.toISOString(), title: inWords(date, { dateStyle: "full", timeStyle: "short" }) }, clock(date)),
  );
  const count = message.reply_count;
  return h(
    "article",
    { class: `message${message.is_private ? " private" : ""}${follows ? " follows" : ""}`, "data-stamp": stamp, "data-ts": message.ts, "aria-label": `${message.name}, ${clock(date)}` },
    follows ? h("time", { class: "side-time" }, clock(date)) : avatar({ id: message.user, name: message.name, is_app: message.is_app }),
    h(
      "div",
      { class: "message-body" },
      message.is_private && h("p", { class: "only-you" }, "Only visible to you"),
      !follows && head,
      h("div", { class: "blocks" }, body),
      images.map((one) => h("figure", { class: "b-image" }, h("img", { src: `/sandbox/file/${encodeURIComponent(one.id)}`, alt: one.title }))),
      files.map((one) => h("p", { class: "file" }, h("b", null, one.name), h("small", null, ` ${one.size} bytes`))),
      message.is_edited && h("span", { class: "edited" }, "(edited)"),
      count && !inThread && h("button", { type: "button", class: "replies", onclick: () => openThread(message.ts) }, `${count} ${count === 1 ? "reply" : "replies"}`),
      !message.is_private && !inThread && h("button", { type: "button", class: "reply-button", "aria-label": `Reply to ${message.name} in a thread`, onclick: () => openThread(message.ts) }, "Reply"),
      !message.is_private && messageShortcuts(message),
    ),
  );
}

/** The shortcuts of an app that stand in a message's menu. */
function messageShortcuts(message) {
  const known = (world.shortcuts || []).filter((one) => one.type === "message");
  if (!known.length) return null;
  const choose = (one) => () => ((folded.open = false), act({ act: "shortcut", callback_id: one.callback_id, target: message.ts }));
  const items = known.map((one) => h("button", { type: "button", class: "plain", onclick: choose(one) }, one.name));
  const folded = h("details", { class: "overflow more-actions" }, h("summary", { class: "button", "aria-label": "More actions for this message" }, "⋮"), h("div", { class: "popup" }, items));
  folded.addEventListener("focusout", (event) => folded.contains(event.relatedTarget) || (folded.open = false));
  return folded;
}

function openThread(ts) {
  thread = ts;
  draw();
  threadComposer.field.focus();
}

// Controls that stay.

function send(text, inThread) {
  const where = inThread ? { thread_ts: thread } : {};
  return act({ act: text.startsWith("/") ? "command" : "message", text, ...where });
}

async function attach(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  act({ act: "message", text: mainComposer.field.value.trim(), files: { [file.name]: content } });
  mainComposer.put("");
}

const nothing = { commands: [], people: [] };
const mainComposer = composer({
  send: (text) => send(text, false),
  world: () => world || nothing,
  id: "composer",
  shortcut: (callback_id) => act({ act: "shortcut", callback_id }),
  attach,
});
// Slack has neither commands nor shortcuts in threads.
const threadComposer = composer({ send: (text) => send(text, true), world: () => ({ ...(world || nothing), commands: [], shortcuts: [] }), id: "thread-composer" });
byId("composer-place").append(mainComposer.form);
byId("thread-composer-place").append(threadComposer.form);
stickToEnd(byId("scroller"));
byId("thread-close").addEventListener("click", () => {
  thread = "";
  draw();
});
function toggleMenu(wanted) {
  const isOpen = document.body.classList.toggle("menu-open", wanted);
  byId("menu").setAttribute("aria-expanded", String(isOpen));
}

byId("guide-open").addEventListener("click", () => toggleGuide());
byId("guide-close").addEventListener("click", () => toggleGuide(false));
byId("menu").addEventListener("click", () => toggleMenu());
document.addEventListener("visibilitychange", () => world && !document.hidden && draw());
start();
