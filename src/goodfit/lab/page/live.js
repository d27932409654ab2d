// The line to the server: one WebSocket, JSON both ways, pictures and curves as binary columns. It comes back by itself.

import { chinese, of } from "./words.js";

const KEPT = "goodfit-lab-token";
const WAITS = [250, 500, 1000, 2000, 5000]; // milliseconds before each try to connect again

const LAST = ["ok", "error", "welcome"]; // with one of these every answer ends

/** @typedef {Record<string, any> & {say: string, columns?: Record<string, Column>}} Message */
/** @typedef {{shape: number[], values: Float32Array}} Column */

/** The token of this start of the server: from the address that the command printed, or kept from it. */
export function token() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    localStorage.setItem(KEPT, given); // for other tabs too: a link that is shared has none
    return given;
  }
  return localStorage.getItem(KEPT) ?? "";
}

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
    /** @type {Map<number, {resolve: (message: Message) => void, reject: (error: Error) => void, answer?: Message}>} */
    this.waiting = new Map();
    /** @type {WebSocket|null} */
    this.socket = null;
    this.asked = 0;
    this.tries = 0;
    this.seq = 0;
    /** @type {string|null} */
    this.session = null;
    /** @type {Message|null} */
    this.welcome = null;
  }

  /** Open the line, and keep it open. */
  connect() {
    const address = new URL("live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = new URLSearchParams({ token: token() }).toString();
    address.hash = "";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.socket = socket;
      this.ask("hello", { session: this.session, after: this.seq }).then(
        (welcome) => this.greeted(welcome),
        () => socket.close(),
      );
    };
    socket.onmessage = ({ data }) => this.hear(typeof data === "string" ? JSON.parse(data) : unpack(data));
    socket.onclose = () => this.lost();
  }

  /** @param {Message} welcome */
  greeted(welcome) {
    if (!welcome.resumed) this.seq = 0;
    [this.session, this.welcome, this.tries] = [welcome.session, welcome, 0];
    this.tell("line", { say: "line", up: true, again: welcome.resumed });
  }

  lost() {
    this.socket = null;
    for (const { reject } of this.waiting.values()) reject(new Error("line"));
    this.waiting.clear();
    this.tell("line", { say: "line", up: false });
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
      return;
    }
    this.waiting.delete(message.to);
    if (message.say === "error") waiting.reject(Object.assign(new Error(message.sentences.map(of).join(" ")), { field: message.field, lost: message.lost, said: message.sentences[0] }));
    else waiting.resolve(waiting.answer ?? message);
  }

  /**
   * Ask the server for something; the answer, or an Error with its sentence.
   * @param {string} name
   * @param {Record<string, any>} [what]
   * @returns {Promise<any>}
   */
  ask(name, what = {}) {
    return new Promise((resolve, reject) => {
      if (!this.socket || this.socket.readyState !== WebSocket.OPEN) {
        reject(new Error("line"));
        return;
      }
      const id = ++this.asked;
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ do: name, id, ...what }));
    });
  }
}
