/** What the API says of an order and of a photo, in the reader's language. */

import { labelled, language, say } from "../words.js";

/** Of an order, told by its `problem`. */
export function warningText(warning, preset, vocabulary) {
  const { problem, value, suggestion } = warning;
  const concept = partName(warning.concept, preset);
  const key = `warning.${problem}${suggestion && problem.startsWith("unknown") ? ".near" : ""}`;
  const text = say(key, { concept, value: value ?? "", suggestion: suggestion ?? "" });
  return text === key ? warning.message : text;
}

/** The worker's remarks of a photo: text → the key of its translation. */
const REMARKS = [
  [/^not found in this photo$/, "remark.not_found"],
  [/^not found in this photo, nothing to protect$/, "remark.not_found_kept"],
  [/^not supported by the (?<backend>\w+) backend, left unchanged$/, "remark.unsupported"],
  [/^not supported by the (?<backend>\w+) backend, could not be protected$/, "remark.unsupported_kept"],
  [/^is to be protected as well, left unchanged$/, "remark.protected"],
  [/^no instance (?<numbers>[\d, ]+), there is one, number 0$/, "remark.one_instance"],
  [/^no instance (?<numbers>[\d, ]+), there are (?<n>\d+), from 0 to \d+$/, "remark.instances"],
];

/** `{ text, lang }`: what is not known here stays in the worker's English. */
export function remark(text, preset) {
  const [, name, rest] = /^([^:]{1,64}): (.*)$/s.exec(text) ?? [null, null, text];
  for (const [pattern, key] of REMARKS) {
    const found = pattern.exec(rest);
    if (found) {
      const facts = { ...found.groups };
      if (facts.numbers) facts.numbers = facts.numbers.split(/, ?/).map((number) => Number(number) + 1).join(", ");
      return { text: `${partName(name, preset)}: ${say(key, facts)}` };
    }
  }
  return { text, lang: language.value === "en" ? undefined : "en" };
}

/** Why a photo failed: what the worker says begins or equals one of these. */
const FAILURES = [
  [/^nothing to change: /, "failure.nothing"],
  [/^the photo was never uploaded$/, "failure.absent"],
  [/^not an image we can read/, "failure.format"],
  [/^image is truncated or damaged$/, "failure.damaged"],
  [/^image is larger than/, "failure.pixels"],
  [/^image (takes too long|needs too much memory)/, "failure.heavy"],
  [/^(timeout|worker_lost)$/, "failure.worker"],
];

/** Why a photo failed, in the reader's language first, in the worker's words after it. */
export function failure(error) {
  const known = FAILURES.find(([pattern]) => pattern.test(error));
  return { text: known ? say(known[1]) : say("failure.other"), detail: error };
}

export function partName(concept, preset) {
  const part = preset?.details.find(({ name }) => name === concept);
  return concept === null ? "" : labelled(part?.label, concept);
}
