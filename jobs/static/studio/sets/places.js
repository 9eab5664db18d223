/**
 * Things and paints of a photo that can be pointed at: what its item says of where they lie.
 *
 * A place is `{ id, concept, number, count, box, colour }`: `number` of `count`, as edits number them;
 * `colour` of a paint, null of a thing.
 */

import { Cell } from "../cell.js";

/** The id of what the pointer or the keyboard is at; null for nothing. */
export const pointed = new Cell(null);

export function placesOf(item, preset) {
  const known = preset.details.filter(({ supported }) => supported);
  return known.flatMap(({ name }) => {
    const instances = item.instances?.[name] ?? [];
    return instances.map(({ box, colour }, number) => ({
      id: `${name}/${number}`,
      concept: name,
      number,
      count: instances.length,
      box,
      colour: colour ?? null,
    }));
  });
}

/**
 * What lies at a point, 0 to 1 across and down: the smallest thing there, since a wall is behind
 * whatever hangs on it; of the paints of one thing the one that looks most like `seen`, [r, g, b].
 * A paint is as large as its thing: however little of it there is, a print lies upon it.
 */
export function placeAt(places, { x, y }, seen) {
  const under = places.filter(({ box: [left, top, right, bottom] }) => x >= left && x <= right && y >= top && y <= bottom);
  const best = new Map();
  for (const place of under) {
    const other = best.get(place.concept);
    if (!other || (seen && place.colour && unlike(place, seen) < unlike(other, seen))) best.set(place.concept, place);
  }
  const things = under.filter((place) => place.colour === null || best.get(place.concept) === place);
  return things.toSorted((one, other) => extent(one, places) - extent(other, places))[0] ?? null;
}

function extent(place, places) {
  if (place.colour === null) return area(place);
  return Math.max(...places.filter(({ concept }) => concept === place.concept).map(area));
}

function area({ box: [left, top, right, bottom] }) {
  return (right - left) * (bottom - top);
}

/** How far two colours are apart; how bright they are counts less, for that is the light. */
function unlike({ colour }, seen) {
  const own = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const [one, other] = [own, seen].map((rgb) => ({ light: (rgb[0] + rgb[1] + rgb[2]) / 3, rgb }));
  const hue = one.rgb.map((value, at) => (value + 20) / (one.light + 20) - (other.rgb[at] + 20) / (other.light + 20));
  return Math.hypot(...hue) * 128 + Math.abs(one.light - other.light) * 0.4;
}

/** Whether an edit, if there is one, is about this place among others of its kind. */
export function isMeant({ number, count, colour }, edit) {
  if (!edit) return false;
  if (edit.instances) return edit.instances.includes(number);
  return colour === null || count === 1 || edit.paint === "all" || (edit.action === "recolor" && number === 0);
}

/** The numbers of a concept as an edit has them: nothing where all are meant. */
export function chosenOf(concept, chosen) {
  const some = chosen.filter((place) => place.concept === concept).toSorted((one, other) => one.number - other.number);
  const { count, colour } = some[0];
  if (some.length < count) return { instances: some.map(({ number }) => number), paint: undefined };
  return { instances: undefined, paint: colour !== null && count > 1 ? "all" : undefined };
}
