/** A small copy of a photo to look at, made one after another so that a phone is not out of memory. */

const LONGEST = 1440;
const QUALITY = 0.84;

let turn = Promise.resolve();

/** A JPEG of at most 1440 pixels; null where this browser cannot read the photo. */
export function shrink(file) {
  const made = turn.then(() => draw(file)).catch(() => null);
  turn = made;
  return made;
}

async function draw(file) {
  const { width, height } = await sizeOf(file);
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const bitmap = await createImageBitmap(file, {
    resizeWidth: size.width,
    resizeHeight: size.height,
    resizeQuality: "medium",
  });
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d");
  // Under what is transparent lies white, as in the previews of results.
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, size.width, size.height);
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** As it is shown, EXIF's orientation included. */
async function sizeOf(file) {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}
