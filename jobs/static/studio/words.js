/** Every text of the page, in the reader's language. */

import { Cell } from "./cell.js";
import { read, write } from "./kept.js";

const KEPT = "s3.language";
export const LANGUAGES = { en: "English", ko: "한국어" };
export const language = new Cell("en");

let table = {};
let plurals = new Intl.PluralRules("en");

/** What was chosen here before, else the first of the browser's languages that there is. */
export function preferredLanguage() {
  const asked = [read(KEPT), ...(navigator.languages ?? [navigator.language])];
  const known = asked.map((tag) => String(tag).split("-")[0]).find((tag) => tag in LANGUAGES);
  return known ?? "en";
}

export async function speak(code) {
  const answer = await fetch(new URL(`./words/${code}.json`, import.meta.url));
  table = await answer.json();
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  language.set(code);
}

export async function choose(code) {
  await speak(code);
  write(KEPT, code);
}

export function knows(key) {
  return key in table;
}

/** The text of a key, with `{name}` replaced by the value of that name. */
export function say(key, values = {}) {
  const text = table[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** The text for a number of things: `key.one` or `key.other`. */
export function count(key, number, values = {}) {
  const form = `${key}.${plurals.select(number)}`;
  return say(knows(form) ? form : `${key}.other`, { n: number.toLocaleString(language.value), ...values });
}

/** A name of the API in the reader's language: `word("material", "oak")`; what is new stays as it is. */
export function word(kind, name) {
  const key = `${kind}.${name}`;
  return knows(key) ? table[key] : String(name).replaceAll("_", " ");
}

/** Of the labels that the API has, the reader's. */
export function labelled(label, name) {
  return label?.[language.value] ?? label?.en ?? word("concept", name);
}

export function moment(text) {
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language.value, options).format(new Date(text));
}

export function bytes(number) {
  const [amount, unit] = number < 1e6 ? [number / 1e3, "kB"] : number < 1e9 ? [number / 1e6, "MB"] : [number / 1e9, "GB"];
  return `${amount.toLocaleString(language.value, { maximumFractionDigits: amount < 10 ? 1 : 0 })} ${unit}`;
}

/** Seconds in words: about how long something will take. */
export function duration(seconds) {
  if (seconds < 90) return count("time.seconds", Math.max(1, Math.round(seconds)));
  return count("time.minutes", Math.round(seconds / 60));
}
