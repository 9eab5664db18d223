/** Where the labels of frames stand, so that none lies on another. */

const GAP = 6; // between a frame and its label, px
const APART = 2;

/** The labels in the frames of a layer, each in the free place that is nearest to the corner of its
    frame: within it, beside it, below or above. Where there is no room at all it is left out. */
export function arrangeLabels(layer) {
  const room = [layer.clientWidth, layer.clientHeight];
  const taken = [];
  for (const frame of layer.children) {
    const label = frame.firstElementChild;
    label.style.maxWidth = `${room[0]}px`;
    const size = [label.offsetWidth, label.offsetHeight];
    const spot = places(frame, size, room).find((place) => taken.every((other) => !overlap(place, other)));
    label.hidden = spot === undefined;
    if (spot === undefined) continue;
    taken.push(spot);
    label.style.left = `${spot.left - frame.offsetLeft - frame.clientLeft}px`;
    label.style.top = `${spot.top - frame.offsetTop - frame.clientTop}px`;
  }
}

function places(frame, [width, height], [roomWidth, roomHeight]) {
  const within = (at, most) => Math.max(0, Math.min(at, most));
  const { offsetLeft: start, offsetTop: above, offsetWidth } = frame;
  const end = start + offsetWidth;
  const lefts = [start + GAP, end - GAP - width, end + GAP, start - GAP - width].map((left) => within(left, roomWidth - width));
  const first = within(above + GAP, roomHeight - height);
  const step = height + APART;
  const tops = [];
  for (let top = first % step; top + height <= roomHeight; top += step) tops.push(top);
  return tops
    .flatMap((top) => lefts.map((left) => ({ left, top, right: left + width, bottom: top + height })))
    .map((place) => ({ place, far: Math.hypot(place.left - lefts[0], 2 * (place.top - first)) }))
    .sort((one, other) => one.far - other.far)
    .map(({ place }) => place);
}

function overlap(one, other) {
  const across = one.left < other.right + APART && other.left < one.right + APART;
  return across && one.top < other.bottom && other.top < one.bottom;
}
