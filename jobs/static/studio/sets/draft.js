/** The set that is being made up: photos, and what is to happen to them. */

import { Cell } from "../cell.js";
import { addPhoto, drop } from "../pictures/pictures.js";
import { chosenOf, isMeant } from "./places.js";

const EMPTY = {
  photos: [],
  preset: "interior",
  /** Concept → `{ action, value, instances?, paint? }` */
  edits: {},
  /** Names, or null for what the preset protects by itself. */
  protect: null,
  rule: null,
  /** A job whose photos are looked at again: `{ job, items }`. */
  source: null,
  /** The concept that is open at first. */
  focus: null,
};

export const draft = new Cell(EMPTY);

export function startOver() {
  for (const { id } of draft.value.photos) drop(id);
  draft.set({ ...EMPTY, preset: draft.value.preset });
}

export function addPhotos(photos) {
  draft.change({ photos: [...draft.value.photos, ...photos], source: null });
  photos.forEach(addPhoto);
}

export function removePhoto(id) {
  draft.change({ photos: draft.value.photos.filter((photo) => photo.id !== id) });
  drop(id);
}

/** Concepts of one preset mean nothing in another. */
export function choosePreset(preset) {
  if (preset !== draft.value.preset) draft.change({ preset, edits: {}, protect: null, rule: null });
}

/** What is edited is not protected any longer: protection would win. */
export function edit(preset, concept, change) {
  const { edits } = draft.value;
  draft.change({ edits: { ...edits, [concept]: { ...edits[concept], ...change } }, rule: null });
  if (protectedOf(preset).includes(concept)) setProtected(preset, concept, false);
}

export function leave(concept) {
  const { [concept]: gone, ...edits } = draft.value.edits;
  draft.change({ edits, rule: null });
}

export function protectedOf(preset) {
  return draft.value.protect ?? preset.protect_defaults;
}

export function setProtected(preset, concept, on) {
  const found = new Set(preset.details.filter(({ supported }) => supported).map(({ name }) => name));
  const kept = new Set(protectedOf(preset).filter((name) => found.has(name)));
  if (on) kept.add(concept);
  else kept.delete(concept);
  draft.change({ protect: [...kept], rule: null });
  if (on) leave(concept);
}

/** What was pointed at, and nothing else of its kind, is to be changed. */
export function point(preset, concept, which) {
  edit(preset, concept, { ...usualOf(preset, concept), ...draft.value.edits[concept], ...which });
}

/** Takes a place in, or leaves it out again; what nothing is left of stays as it is. */
export function togglePlace(preset, places, place) {
  if (!place) return;
  const { concept } = place;
  const now = draft.value.edits[concept];
  const meant = places.filter((each) => each.concept === concept && isMeant(each, now));
  const chosen = meant.includes(place) ? meant.filter((each) => each !== place) : [...meant, place];
  if (chosen.length === 0) leave(concept);
  else point(preset, concept, chosenOf(concept, chosen));
}

function usualOf(preset, concept) {
  const part = preset.details.find(({ name }) => name === concept);
  return { action: "recolor", value: part.default.recolor ?? "" };
}

/** One photo again, for the sake of some of the things in it. */
export function lookCloser(job, idx, preset, chosen) {
  lookAgain(job, preset, [idx]);
  const concepts = [...new Set(chosen.map(({ concept }) => concept))];
  for (const concept of concepts) point(preset, concept, chosenOf(concept, chosen));
  draft.change({ focus: concepts[0] });
}

/** The same photos again, beginning with what was ordered last time. `preset` may be null, while it
 * is not known: what it protects by itself is then asked for by name. */
export function lookAgain(job, preset, items = null) {
  const isUsual = preset?.protect_defaults.length === job.protect.length && job.protect.every((name) => preset.protect_defaults.includes(name));
  draft.set({
    ...EMPTY,
    preset: job.preset,
    edits: structuredClone(job.concepts),
    protect: isUsual ? null : job.protect,
    source: { job, items },
  });
}

export function useRule(rule) {
  draft.change({ preset: rule.preset_id, edits: structuredClone(rule.concepts), protect: rule.protect, rule });
}

/** Photos that can be sent. */
export function sendable() {
  return draft.value.photos.filter(({ problem }) => problem === null);
}

export function sizeOfSet() {
  const { source } = draft.value;
  if (source) return source.items?.length ?? source.job.items.length;
  return sendable().length;
}

/** What execute and check are told. */
export function order() {
  const { edits, protect } = draft.value;
  return { concepts: edits, protect };
}
