// The state in the address: #view=play&state=..., so that reload and share give the same picture.

export function encode(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The state, null where the text holds none. @param {string|null} text */
export function decode(text) {
  if (!text) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** What the address says now. @returns {{view: string, state: any, lesson: string|null, study: string|null}} */
export function read() {
  const parts = new URLSearchParams(location.hash.slice(1));
  return { view: parts.get("view") ?? (parts.has("lesson") ? "lessons" : "play"), state: decode(parts.get("state")), lesson: parts.get("lesson"), study: parts.get("study") };
}

/**
 * Write the address. A new state is a new entry of the browser's history, so that its back button undoes.
 * @param {{view?: string, state?: any, lesson?: string|null, study?: string|null}} changed
 * @param {boolean} [quietly] in place of the entry that is there
 * @param {number} [floor] how many changes on the way were there before what this entry adds
 */
export function write(changed, quietly = false, floor = 0) {
  const next = { ...read(), ...changed };
  const parts = [`view=${next.view}`];
  for (const name of /** @type {const} */ (["lesson", "study"])) if (next[name]) parts.push(`${name}=${encodeURIComponent(next[name])}`);
  if (next.state) parts.push(`state=${encode(next.state)}`);
  const hash = `#${parts.join("&")}`;
  if (hash === location.hash) return;
  if (quietly) history.replaceState(history.state, "", hash);
  else history.pushState({ depth: undoable() + 1, floor }, "", hash);
}

/** How many entries of the history can be undone. */
export const undoable = () => history.state?.depth ?? 0;

/** With so many changes on the way, Undo goes back in the history; with more, it takes back the last of them. */
export const floor = () => history.state?.floor ?? 0;
