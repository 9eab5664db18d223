/** One photo to the storage, told how far it is. */

import { NoConnection } from "../errors.js";

const STALLED_MS = 30_000;

/** The status of the storage's answer. Throws NoConnection when none came. */
export function put(url, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    const stop = () => request.abort();
    const over = (end, value) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      end(value);
    };
    request.upload.onprogress = ({ loaded }) => {
      wait();
      onProgress(loaded);
    };
    request.onload = () => over(resolve, request.status);
    request.onerror = request.onabort = () => over(reject, new NoConnection());
    signal?.addEventListener("abort", stop);
    request.open("PUT", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    wait();
    request.send(file);
  });
}
