// The line to the server: one WebSocket, JSON both ways, pictures and curves as binary columns. It comes back by itself.
import * as address from "./address.js";
import { chinese, of, t } from "./words.js";

const KEPT = "goodfit-lab-token";
const SESSION = "goodfit-lab-session"; // of this tab
const WAITS = [250, 500, 1000, 2000]; // milliseconds before each try to connect again

const LAST = ["ok", "error", "welcome"]; // with one of these every answer ends

/** @typedef {Record<string, any> & {say: string, columns?: Record<string, Column>}} Message */
/** @typedef {{shape: number[], values: Float32Array}} Column */

let own = new URLSearchParams(location.search).get("token");
if (own) localStorage.setItem(KEPT, own); // for other tabs too: a link that is shared has none

/** The token of this start of the server: from the address that the command printed; where that is an old one, from the newest that a tab has had. */
export const token = () => own ?? localStorage.getItem(KEPT) ?? "";

/** What is said where the server does not answer. */
const gone = (key) => Object.assign(new Error(t(key)), { line: true });

/** A binary frame: length of the header, header, Float32 columns. @param {ArrayBuffer} frame @returns {Message} */
export function unpack(frame) {
  const length = new DataView(frame).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)));
  let at = 4 + length;
  /** @type {Record<string, Column>} */
  const columns = {};
  for (const { name, shape } of header.arrays ?? []) {
    const count = shape.reduce((all, each) => all * each, 1);
    columns[name] = { shape, values: new Float32Array(frame, at, count) };
    at += 4 * count;
  }
  return { ...header, columns };
}

/** Tells whoever wants to hear of something. */
export class Teller {
  constructor() {
    /** @type {Map<string, ((what: any) => void)[]>} */
    this.listeners = new Map();
  }

  /** @param {string} topic @param {(what: any) => void} listener */
  on(topic, listener) {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  /** @param {string} topic @param {any} [what] */
  tell(topic, what) {
    for (const listener of this.listeners.get(topic) ?? []) listener(what);
  }
}

/** Tells the messages by what they say, and by "line" whether the line stands. */
export class Live extends Teller {
  constructor() {
    super();
    /** @type {Map<number, {resolve: (message: Message) => void, reject: (error: Error) => void, known: () => void, answer?: Message}>} */
    this.waiting = new Map();
    /** @type {WebSocket|null} */
    this.socket = null;
    this.asked = 0;
    this.tries = 0;
    this.seq = 0;
    this.refusal = ""; // of a page that is one too many
    this.session = sessionStorage.getItem(SESSION);
    /** @type {Message|null} */
    this.welcome = null;
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.connect());
  }

  /** A page that the browser keeps for its back button watches no more, and leaves its process to others. */
  leave() {
    if (this.socket) this.socket.onclose = null;
    this.socket?.close();
    this.unanswered();
  }

  /** Open the line, and keep it open. */
  connect() {
    const line = new URL(`live?${new URLSearchParams({ token: token() })}`, location.href);
    line.protocol = line.protocol.replace("http", "ws");
    const socket = new WebSocket(line);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.socket = socket;
      const loaded = this.welcome ? {} : { state: address.read().state ?? {} };
      this.ask("hello", { session: this.session, after: this.seq, ...loaded }).then(
        (welcome) => this.greeted(welcome),
        (error) => {
          if (!error.line) this.refusal = error.message;
          socket.close();
        },
      );
    };
    socket.onmessage = ({ data }) => this.hear(typeof data === "string" ? JSON.parse(data) : unpack(data));
    socket.onclose = () => this.lost();
  }

  /** @param {Message} welcome */
  greeted(welcome) {
    if (!welcome.resumed) this.seq = 0;
    [this.session, this.welcome, this.tries] = [welcome.session, welcome, 0];
    sessionStorage.setItem(SESSION, welcome.session);
    this.tell("line", { up: true, again: welcome.resumed });
  }

  /** Nobody answers any more what was asked. */
  unanswered() {
    this.socket = null;
    for (const { reject } of this.waiting.values()) reject(gone("line.lost"));
    this.waiting.clear();
  }

  async lost() {
    if (this.socket) this.tell("line", { up: false, sentence: this.refusal || t("line.lost") });
    this.refusal = "";
    this.unanswered();
    const status = await fetch(`claims?${new URLSearchParams({ token: token() })}`).then((answer) => answer.status, () => 0);
    if (status === 403) own = null; // another start of the server: a tab that has its address kept the token
    if (status !== 200) this.tell("line", { up: false, sentence: t(status ? "line.none" : "line.lost") });
    setTimeout(() => this.connect(), WAITS[Math.min(this.tries++, WAITS.length - 1)]);
  }

  /** @param {Message} message */
  hear(message) {
    if (typeof message.seq === "number") this.seq = Math.max(this.seq, message.seq);
    Object.assign(chinese, message.zh);
    this.tell(message.say, message);
    const waiting = this.waiting.get(message.to ?? -1);
    if (!waiting) return;
    if (!LAST.includes(message.say)) {
      if (message.value || message.say === "opened") waiting.answer = message;
      if (message.say === "opened") waiting.known();
      return;
    }
    this.waiting.delete(message.to);
    if (message.say === "error") waiting.reject(Object.assign(new Error(message.sentences.map(of).join(" ")), { field: message.field, lost: message.lost, later: message.later, gone: message.gone, said: message.sentences }));
    else waiting.resolve(waiting.answer ?? message);
  }

  /**
   * Ask the server for something; the answer, or an Error with its sentence.
   * @param {string} name
   * @param {Record<string, any>} [what]
   * @param {() => void} [known] called once a state is open
   * @returns {Promise<any>}
   */
  ask(name, what = {}, known = () => {}) {
    return new Promise((resolve, reject) => {
      if (!this.socket || this.socket.readyState !== WebSocket.OPEN) {
        reject(gone("line.lost"));
        return;
      }
      const id = ++this.asked;
      this.waiting.set(id, { resolve, reject, known });
      this.socket.send(JSON.stringify({ do: name, id, ...what }));
    });
  }
}
