/** One spot of a picture on the page. */

const AROUND = 3;

/** `[r, g, b]` at a point, 0 to 1 across and down; null where this browser may not look. */
export function colourAt(image, { x, y }) {
  if (!image?.naturalWidth) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d");
  const left = Math.min(image.naturalWidth - AROUND, Math.max(0, x * image.naturalWidth - AROUND / 2));
  const top = Math.min(image.naturalHeight - AROUND, Math.max(0, y * image.naturalHeight - AROUND / 2));
  try {
    context.drawImage(image, left, top, AROUND, AROUND, 0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  } catch {
    return null;
  }
}
