/** Files to the reader's own folder. */

const BETWEEN_MS = 700;

/** The storage says what the file is called. */
export function download(url) {
  const link = Object.assign(document.createElement("a"), { href: url, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}

/** One after another: browsers drop downloads that begin at once. */
export async function downloadAll(job) {
  for (const { result_url: url } of job.outputs_ready) {
    download(url);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
}
