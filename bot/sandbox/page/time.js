// Moments as the person on screen reads them: in their own time zone, which need not be the browser's.

let zone = "UTC";
const formats = new Map();

/** From now on moments are drawn in this zone. */
export function useZone(name) {
  zone = name || "UTC";
}

function format(options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

const WHOLE = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

function parts(date) {
  return Object.fromEntries(format(WHOLE).formatToParts(date).map((one) => [one.type, one.value]));
}

/** "2025-11-24". */
export function dayOf(date) {
  const { year, month, day } = parts(date);
  return `${year}-${month}-${day}`;
}

/** "09:30". */
export function clock(date) {
  const { hour, minute } = parts(date);
  return `${hour}:${minute}`;
}

/** "09:30:05". */
export function clockWithSeconds(date) {
  return `${clock(date)}:${parts(date).second}`;
}

/** A date in words, as Intl's options say. */
export function inWords(date, options) {
  return format(options).format(date);
}

/** "today", "yesterday", "tomorrow", or nothing. */
export function prettyDay(date, world) {
  const days = Math.round((Date.parse(dayOf(date)) - Date.parse(dayOf(new Date(world.now_ms)))) / 86400000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] || "";
}

/** Seconds of a day and a time of day in the zone. */
export function secondsOf(day, time) {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  let at = wanted;
  for (let round = 0; round < 2; round += 1) {
    at += wanted - Date.parse(`${dayOf(new Date(at))}T${clock(new Date(at))}:00Z`);
  }
  return Math.round(at / 1000);
}
