// What the curves hold: by epoch the values of every net, and what a line shows of them.

export const MEASURES = ["train_loss", "valid_loss", "train_score", "valid_score"];

/** The finite ones' mean, lowest and highest; NaN where there are none. @param {ArrayLike<number>} values */
export function summary(values) {
  let [sum, count, low, high] = [0, 0, Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return count ? { mean: sum / count, low, high, count } : { mean: NaN, low: NaN, high: NaN, count };
}

export class Curves {
  constructor() {
    /** @type {number[]} */
    this.epochs = [];
    /** @type {Record<string, {rows: Float32Array[], mean: number[], low: number[], high: number[]}>} */
    this.of = Object.fromEntries(MEASURES.map((name) => [name, { rows: [], mean: [], low: [], high: [] }]));
  }

  /** Take epochs in, in place of those that were there from the first of them on. */
  add(message) {
    const epochs = message.columns.epoch.values;
    if (!epochs.length) return;
    this.cut(epochs[0]);
    this.epochs.push(...epochs);
    for (const name of MEASURES) {
      const column = message.columns[name];
      if (!column) continue;
      const nets = column.shape[1] ?? 1;
      for (let at = 0; at < epochs.length; at++) this.put(name, column.values.slice(at * nets, (at + 1) * nets));
    }
  }

  put(name, row) {
    const to = this.of[name];
    const found = summary(row);
    to.rows.push(row);
    for (const part of /** @type {const} */ (["mean", "low", "high"])) to[part].push(found[part]);
  }

  /** Forget this epoch and all later ones. */
  cut(epoch) {
    const kept = this.epochs.findIndex((each) => each >= epoch);
    if (kept < 0) return;
    this.epochs.length = kept;
    for (const each of Object.values(this.of)) for (const list of Object.values(each)) list.length = Math.min(list.length, kept);
  }

  has(name) {
    return this.of[name].mean.some(Number.isFinite);
  }

  /** What a chart draws, from an epoch on. @param {Omit<import("./charts.js").Line, "epochs"|"mean"|"low"|"high">} look @param {number} [from] @returns {import("./charts.js").Line} */
  line(measure, look, from = 0) {
    const first = Math.max(0, this.epochs.findIndex((epoch) => epoch >= from));
    const [epochs, mean, low, high] = [this.epochs, this.of[measure].mean, this.of[measure].low, this.of[measure].high].map((each) => (first ? each.slice(first) : each));
    return { ...look, epochs, mean, low, high };
  }

  /** A measure at an epoch, or at the last one before it. */
  at(measure, epoch) {
    return summary(this.of[measure].rows[this.epochs.findLastIndex((each) => each <= epoch)] ?? []);
  }
}
