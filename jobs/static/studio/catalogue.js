/** What can be done with photos: presets and vocabulary, read once. */

import { once } from "./api.js";
import { word } from "./words.js";

/** Concepts that workers know and `GET /presets/{id}` does not list. */
const BENEATH = { seller: ["Background"] };
const CUT_OUT = { recolor: "white" };

let reading = null;

/** `{ presets: [{ id, details, … }], vocabulary }` */
export function catalogue() {
  reading ??= read().catch((error) => {
    reading = null;
    throw error;
  });
  return reading;
}

async function read() {
  const [list, vocabulary] = await Promise.all([once("GET", "/presets"), once("GET", "/vocabulary")]);
  const presets = await Promise.all(list.data.map(({ id }) => once("GET", `/presets/${id}`)));
  return { presets: presets.map(({ data }) => whole(data)), vocabulary: vocabulary.data };
}

function whole(preset) {
  const more = (BENEATH[preset.id] ?? []).map((name) => ({
    name,
    label: null,
    supported: true,
    instances: false,
    default: CUT_OUT,
  }));
  return { ...preset, details: [...preset.details, ...more] };
}

export function presetName(id) {
  return word("preset", id);
}

/** The colour of a value of `recolor`: `#c19a6b` of `oak`; null for what is no colour here. */
export function hexOf(vocabulary, value) {
  if (/^#[0-9a-f]{6}$/i.test(value)) return value;
  for (const material of vocabulary.materials) {
    if (material.name === value) return material.hex;
    const grade = material.grades.find(({ name }) => name === value);
    if (grade) return grade.hex;
  }
  return null;
}

/** The material that a value is, or a grade of. */
export function materialOf(vocabulary, value) {
  return vocabulary.materials.find(
    ({ name, grades }) => name === value || grades.some((grade) => grade.name === value),
  );
}

/** A value as people say it. */
export function valueName(vocabulary, action, value) {
  if (action === "remove") return word("action", "remove");
  if (action === "recolor") {
    const material = materialOf(vocabulary, value);
    if (!material) return value;
    const grade = value === material.name ? "" : value.slice(material.name.length + 1).toUpperCase();
    return `${word("material", material.name)}${grade && grade !== "A" ? ` ${grade}` : ""}`;
  }
  const [name, strength] = value.split(":");
  const said = word(action, name);
  return strength ? `${said} ${Math.round(Number(strength) * 100)} %` : said;
}
