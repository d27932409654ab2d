// The replay of a recorded training. Everything it shows is in the page; the forward pass below is the only
// arithmetic of nets in it, and a test holds it to the library's.
"use strict";

/** @typedef {{weights: Float32Array[], biases: Float32Array[], slopes: (number | null)[], activations: string[]}} Net */

const record = JSON.parse(document.getElementById("record").textContent);
const words = record.words;
const LEAK = 0.01, SELU = [1.0507009873554805, 1.6732632423543772];

/** The error function, by a series whose terms are all positive. @param {number} x */
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= 2 * x * x / (2 * n + 1);
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const softplus = z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const sigmoid = z => z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z));

/** @type {Object<string, (z: number, slope: number) => number>} */
const ACTIVATIONS = {
  "identity": z => z,
  "relu": z => Math.max(z, 0),
  "sigmoid": sigmoid,
  "tanh": Math.tanh,
  "leaky-relu": z => z > 0 ? z : z * LEAK,
  "elu": z => z > 0 ? z : Math.expm1(z),
  "selu": z => SELU[0] * (z > 0 ? z : SELU[1] * Math.expm1(z)),
  "gelu": z => z * (1 + erf(z / Math.SQRT2)) / 2,
  "silu": z => z * sigmoid(z),
  "softplus": softplus,
  "mish": z => z * Math.tanh(softplus(z)),
  "prelu": (z, slope) => z > 0 ? z : z * slope,
};

/** Of a forward pass of every net: made once, a picture takes thousands. */
const rooms = record.sizes.map(sizes => sizes.map(size => new Float64Array(size)));

/** The outputs of a net for raw inputs, before softmax or the targets' unit. @param {Net} net @param {number[]} x */
function outputs(net, x) {
  let h = net.rooms[0];
  for (let at = 0; at < h.length; at++) {
    const z = (x[at] - record.shift[at]) * record.scale[at], bent = z * record.bend[at];
    h[at] = z / Math.sqrt(1 + bent * bent);
  }
  for (let layer = 0; layer < net.weights.length; layer++) {
    const weight = net.weights[layer], bias = net.biases[layer], slope = net.slopes[layer];
    const f = ACTIVATIONS[net.activations[layer]], next = net.rooms[layer + 1], inputs = h.length;
    for (let unit = 0, at = 0; unit < next.length; unit++) {
      let z = bias[unit];
      for (let input = 0; input < inputs; input++) z += weight[at++] * h[input];
      next[unit] = f ? f(z, slope) : z;
    }
    h = next;
  }
  return h;
}

/** What a net predicts: probabilities of the classes, or a number in the targets' unit. @param {Net} net */
function predict(net, x) {
  const z = outputs(net, x);
  if (record.task !== "classification") return [z[0] / record.target_scale + record.target_shift];
  const top = Math.max(...z), powers = Array.from(z, value => Math.exp(value - top));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map(value => value / total);
}

/** Mean and standard deviation over the nets, of every class, at a point. */
function together(nets, place) {
  const x = inputs(place), all = nets.map(net => predict(net, x)), count = all.length;
  const mean = all[0].map((_, at) => all.reduce((sum, each) => sum + each[at], 0) / count);
  const spread = mean.map((m, at) => Math.sqrt(all.reduce((sum, each) => sum + (each[at] - m) ** 2, 0) / count));
  return {mean, spread, all};
}

/** The nets of a frame: numbers of three bytes, the upper ones of a float32. @returns {Net[]} */
function unpacked(frame, number) {
  const text = atob(frame), bits = new Uint32Array(text.length / 3);
  for (let at = 0; at < bits.length; at++)
    bits[at] = text.charCodeAt(3 * at) * 2 ** 24 + (text.charCodeAt(3 * at + 1) << 16) + (text.charCodeAt(3 * at + 2) << 8);
  const numbers = new Float32Array(bits.buffer);
  let from = 0;
  const take = count => numbers.subarray(from, from += count);
  return record.sizes.map((sizes, which) => {
    const net = {weights: [], biases: [], slopes: [], activations: record.activations[number], rooms: rooms[which]};
    for (let layer = 1; layer < sizes.length; layer++) {
      net.weights.push(take(sizes[layer] * sizes[layer - 1]));
      net.biases.push(take(sizes[layer]));
      net.slopes.push(net.activations[layer - 1] === "prelu" ? take(1)[0] : null);
    }
    return net;
  });
}

const frames = record.frames.map(unpacked);
const byId = name => document.getElementById(name);
const picture = byId("picture"), curves = byId("curves"), at = byId("at"), play = byId("play"), live = byId("live");
const moves = [...document.querySelectorAll("input.move")];
const last = Math.max(0, record.classes.length - 1); // the class whose probability a line shows
const GRID = 40, EVERY = 180, QUIET = 2000;
let frame = frames.length - 1, playing = 0, told = 0;

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
/** The name of a class's colour, as the lab has it; of a number that of its size. @param {number} code */
const inkOf = code => `--series-${record.targets ? code : [1, 0][code] ?? code % 8}`;
const channels = name => colour(name).match(/[0-9a-f]{2}/gi).map(each => parseInt(each, 16));
const short = value => Number.isFinite(value) ? String(+value.toPrecision(4)) : words.none;
const predicted = value => record.classes.length && Number.isFinite(value) ? value.toFixed(3) : short(value);
const point = () => moves.map(each => +each.value);
const plane = record.kind === "plane";

/** The inputs of a point of the picture. @param {number[]} place @returns {number[]} */
function inputs(place) {
  if (record.powers) {
    let power = 1;
    return Array.from({length: record.powers}, (_, k) => k ? power *= place[0] / k : 1);
  }
  return record.origin.map((start, input) => record.axes.reduce((sum, axis, k) => sum + place[k] * axis[input], start));
}

/** Where a value of an axis lies on the picture, in pixels. */
function along(axis, value) {
  const [low, high] = axis, share = (value - low) / (high - low);
  return axis === record.x ? share * picture.width : (1 - share) * picture.height;
}

/** How strong a colour is: by how sure the nets are and how much they agree; of numbers, by their size. */
function strength(mean, spread, top) {
  if (record.targets) return Math.min(1, Math.max(0, (mean[0] - record.targets[0]) / (record.targets[1] - record.targets[0] || 1)));
  return Math.max(0, (mean[top] - 1 / mean.length) / (1 - 1 / mean.length)) * (1 - Math.min(1, 2 * spread[top]));
}

function drawPlane(context, nets) {
  const image = context.createImageData(GRID, GRID), paper = channels("--paper");
  const inks = [...record.classes, ""].map((_, code) => channels(inkOf(code)));
  for (let row = 0, to = 0; row < GRID; row++) for (let column = 0; column < GRID; column++, to += 4) {
    const x1 = record.x[0] + (column + 0.5) / GRID * (record.x[1] - record.x[0]);
    const x2 = record.y[1] - (row + 0.5) / GRID * (record.y[1] - record.y[0]);
    const {mean, spread} = together(nets, [x1, x2]), top = mean.indexOf(Math.max(...mean));
    const sure = strength(mean, spread, top), ink = inks[top];
    for (let channel = 0; channel < 3; channel++)
      image.data[to + channel] = paper[channel] + 0.55 * sure * (ink[channel] - paper[channel]);
    image.data[to + 3] = 255;
  }
  const small = Object.assign(document.createElement("canvas"), {width: GRID, height: GRID});
  small.getContext("2d").putImageData(image, 0, 0);
  context.drawImage(small, 0, 0, picture.width, picture.height);
}

function drawLine(context, nets) {
  const places = Array.from({length: 121}, (_, k) => record.x[0] + k / 120 * (record.x[1] - record.x[0]));
  const found = places.map(x => together(nets, [x]));
  const path = (values, back) => values.forEach((value, k) => {
    const place = back ? places.length - 1 - k : k;
    context[k || back ? "lineTo" : "moveTo"](along(record.x, places[place]), along(record.y, value));
  });
  context.beginPath();
  path(found.map(each => Math.max(...each.all.map(one => one[last]))));
  path(found.map(each => Math.min(...each.all.map(one => one[last]))).reverse(), true);
  context.globalAlpha = 0.25, context.fillStyle = colour("--series-0"), context.fill(), context.globalAlpha = 1;
  context.beginPath(), path(found.map(each => each.mean[last]));
  context.strokeStyle = colour("--series-0"), context.lineWidth = 2, context.stroke();
}

function drawPicture() {
  const context = picture.getContext("2d"), nets = frames[frame];
  context.fillStyle = colour("--paper"), context.fillRect(0, 0, picture.width, picture.height);
  plane ? drawPlane(context, nets) : drawLine(context, nets);
  for (const [a, b, code, valid] of record.points) {
    context.beginPath(), context.arc(along(record.x, a), along(record.y, b), 3.5, 0, 7);
    context.lineWidth = 1.5, context.strokeStyle = colour("--ink");
    context.fillStyle = valid ? colour("--paper") : plane ? colour(inkOf(code)) : colour("--muted");
    if (valid) context.strokeStyle = plane ? colour(inkOf(code)) : colour("--muted");
    context.fill(), context.stroke();
  }
  const [a, b] = point(), up = plane ? b : together(nets, [a]).mean[last];
  context.strokeStyle = colour("--ink"), context.lineWidth = 2.5, context.beginPath();
  context.arc(along(record.x, a), along(record.y, up), 9, 0, 7), context.stroke();
}

function drawCurves() {
  const context = curves.getContext("2d"), {epochs, metrics} = record.curves, final = epochs.at(-1) || 1;
  const all = Object.values(metrics).flatMap(each => each.flat()).filter(Number.isFinite);
  const low = Math.min(...all), high = Math.max(...all), width = curves.width, height = curves.height;
  const to = (epoch, value) => [epoch / final * width, height - 6 - (value - low) / (high - low || 1) * (height - 12)];
  context.fillStyle = colour("--paper"), context.fillRect(0, 0, width, height);
  Object.values(metrics).forEach(([mean, least, most], number) => {
    const ink = colour(`--series-${number}`), runs = [];
    mean.forEach((value, k) => {  // null where no net trained any more: a gap
      if (value === null) return;
      if (k && mean[k - 1] !== null) runs.at(-1).push(k);
      else runs.push([k]);
    });
    context.beginPath();
    for (const run of runs) {
      run.forEach((k, first) => context[first ? "lineTo" : "moveTo"](...to(epochs[k], most[k])));
      [...run].reverse().forEach(k => context.lineTo(...to(epochs[k], least[k])));
    }
    context.globalAlpha = 0.2, context.fillStyle = ink, context.fill(), context.globalAlpha = 1;
    context.beginPath();
    for (const run of runs) run.forEach((k, first) => context[first ? "lineTo" : "moveTo"](...to(epochs[k], mean[k])));
    context.strokeStyle = ink, context.lineWidth = 2, context.setLineDash(number ? [6, 4] : []), context.stroke();
  });
  byId("range").textContent = words.range.replace("{low}", short(low)).replace("{high}", short(high));
  const now = record.epochs[frame] / final * width;
  context.setLineDash([]), context.beginPath(), context.moveTo(now, 0), context.lineTo(now, height);
  context.strokeStyle = colour("--ink"), context.lineWidth = 1, context.stroke();
}

/** The prediction as a table: a row a class, or the one number; a column a net behind mean and spread. */
function tell() {
  const {mean, spread, all} = together(frames[frame], point());
  byId("epoch").textContent = at.ariaValueText = words.epoch.replace("{epoch}", record.epochs[frame]);
  moves.forEach((each, place) => byId(`value-${place}`).textContent = short(+each.value));
  byId("predicted").replaceChildren(...mean.map((value, code) => {
    const row = document.createElement("tr"), head = document.createElement("th");
    if (plane && record.classes.length) head.className = "inked", head.style.setProperty("--own", `var(${inkOf(code)})`);
    head.scope = "row", head.textContent = record.classes[code] ?? record.target;
    const cells = [value, spread[code], ...all.map(each => each[code])].map(number => {
      const cell = document.createElement("td");
      cell.className = "number", cell.textContent = predicted(number), cell.dataset.exact = String(number);
      return cell;
    });
    row.append(head, ...cells);
    return row;
  }));
  if (playing || Date.now() - told < QUIET) return;
  told = Date.now();
  const top = mean.indexOf(Math.max(...mean));
  live.textContent = `${byId("epoch").textContent}: ${record.classes[top] ?? record.target} ${predicted(mean[top])}`;
}

function show() {
  at.value = String(frame);
  drawPicture(), drawCurves(), tell();
}

function stop() {
  clearInterval(playing), playing = 0;
  play.textContent = words.play, tell();
}

play.addEventListener("click", () => {
  if (playing) return stop();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    frame = (frame + 1) % frames.length; // no motion: one step a press
    return show();
  }
  if (frame === frames.length - 1) frame = 0;
  play.textContent = words.pause;
  playing = setInterval(() => frame < frames.length - 1 ? (frame++, show()) : stop(), EVERY);
  show();
});
at.addEventListener("input", () => (frame = +at.value, show()));
moves.forEach(each => each.addEventListener("input", () => (drawPicture(), tell())));

function grab(event) {
  const box = picture.getBoundingClientRect();
  moves[0].value = String(record.x[0] + (event.clientX - box.left) / box.width * (record.x[1] - record.x[0]));
  if (plane) moves[1].value = String(record.y[1] - (event.clientY - box.top) / box.height * (record.y[1] - record.y[0]));
  drawPicture(), tell();
}
picture.addEventListener("pointerdown", event => (picture.setPointerCapture(event.pointerId), grab(event)));
picture.addEventListener("pointermove", event => event.buttons && grab(event));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

byId("curve-rows").replaceChildren(...record.curves.epochs.map((epoch, k) => {
  const row = document.createElement("tr"), head = document.createElement("th");
  head.scope = "row", head.textContent = String(epoch);
  row.append(head, ...Object.values(record.curves.metrics).flatMap(each => each.map(values => {
    const cell = document.createElement("td");
    cell.className = "number", cell.textContent = short(values[k]);
    return cell;
  })));
  return row;
}));
show();
