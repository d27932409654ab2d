// What goes over plain HTTP: files up and down, lessons, claims.
import { token } from "./live.js";
import { chinese, t } from "./words.js";

const WAIT = 2000; // milliseconds until the server is asked again

/** @param {string} path @param {Record<string, string>} [query] */
export function url(path, query = {}) {
  const address = new URL(path, new URL(".", location.href));
  address.search = new URLSearchParams({ ...query, token: token() }).toString();
  address.hash = "";
  return address;
}

/** What a request gave, with its problems where it was refused; it waits for a server that is gone, but with a file. @param {Record<string, string>} [query] @param {RequestInit} [how] @returns {Promise<any>} */
export async function ask(path, query = {}, how = {}) {
  for (;;) {
    const answer = await fetch(url(path, query), how).catch(() => null);
    if (answer && answer.status !== 403) {
      const content = await answer.json().catch(() => ({}));
      Object.assign(chinese, content.zh);
      return answer.ok ? content : { problems: content.problems ?? [answer.statusText] };
    }
    if (how.body) return { problems: [t(answer ? "line.none" : "line.lost")] };
    await new Promise((done) => setTimeout(done, WAIT));
  }
}

/** Send a table. @param {File} file */
export const upload = (file) => ask("files", { name: file.name }, { method: "POST", body: file });

/** Hand a text to the reader as a file. */
export function save(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
