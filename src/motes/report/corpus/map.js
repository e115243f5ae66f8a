"use strict";
// A map of sounds: points are written into the pixels of a canvas, so that 50,000 of them are moved in some milliseconds.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const unpack = (text, Type) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Type(bytes.buffer);
};
const x = Float32Array.from(unpack(data.x, Uint16Array), (v) => v / 65535);
const y = Float32Array.from(unpack(data.y, Uint16Array), (v) => v / 65535);
const file = unpack(data.file, Uint32Array), kind = unpack(data.kind, Uint8Array), number = unpack(data.number, Uint32Array);
const pitch = unpack(data.pitch, Float32Array), gain = unpack(data.gain, Float32Array);
const time = unpack(data.time, Float32Array), length = unpack(data.length, Float32Array);
const n = x.length;
const soundOf = new Map(data.playable.map((point, i) => [point, data.sounds[i]]));
const collected = new Set();

// --- colours, as pixels 0xAABBGGRR

const pixel = (r, g, b) => (255 << 24) | (b << 16) | (g << 8) | r;
function hue(i, count) {
  const h = (count <= 8 ? i / count : i * 0.618034) % 1, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const l = dark ? 0.66 : 0.44, s = 0.62, a = s * Math.min(l, 1 - l);
  const part = (k) => {
    const at = (k + h * 12) % 12;
    return Math.round(255 * (l - a * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [part(0), part(8), part(4)];
}
// Viridis, at its ends and three places between; without what is lost in light or dark paper.
const RAMP = matchMedia("(prefers-color-scheme: dark)").matches
  ? [[134, 84, 170], [86, 122, 190], [33, 155, 150], [94, 201, 98], [253, 231, 37]]
  : [[68, 1, 84], [59, 82, 139], [33, 145, 140], [80, 180, 80], [205, 175, 0]];
function ramp(t) {
  const at = Math.min(Math.max(t, 0), 1) * 4, i = Math.min(Math.floor(at), 3), f = at - i;
  return RAMP[i].map((v, c) => Math.round(v + f * (RAMP[i + 1][c] - v)));
}
const colour = new Uint32Array(n);
function range(values) {
  const known = values.filter((v) => !Number.isNaN(v)).sort();
  return known.length ? [known[Math.floor(0.02 * known.length)], known[Math.floor(0.98 * (known.length - 1))]] : [0, 1];
}
function paint(by) {
  const entries = [];
  if (by === "file" || by === "kind") {
    const names = by === "file" ? data.files : data.kinds, which = by === "file" ? file : kind;
    const table = names.map((_, i) => hue(i, names.length));
    for (let i = 0; i < n; i++) colour[i] = pixel(...table[which[i]]);
    names.slice(0, 24).forEach((name, i) => entries.push([name, table[i]]));
    if (names.length > 24) entries.push([`and ${names.length - 24} more`, null]);
  } else {
    const values = by === "pitch" ? pitch : gain, [low, high] = range(values), quiet = [140, 140, 140];
    for (let i = 0; i < n; i++) colour[i] = pixel(...(Number.isNaN(values[i]) ? quiet : ramp((values[i] - low) / (high - low || 1))));
    const unit = by === "pitch" ? "semitones" : "dBFS";
    for (const t of [0, 0.5, 1]) entries.push([`${(low + t * (high - low)).toFixed(0)} ${unit}`, ramp(t)]);
    if (by === "pitch") entries.push(["no pitch", quiet]);
  }
  $("legend").replaceChildren(...entries.map(([name, rgb]) => {
    const item = document.createElement("li");
    item.textContent = name;
    if (rgb) item.style.setProperty("--colour", `rgb(${rgb})`);
    return item;
  }));
  draw();
}

// --- view: a point is at (x * scale + left, y * scale + top) pixels of the canvas

const view = $("map"), canvas = view.querySelector("canvas"), context = canvas.getContext("2d");
let scale = 1, left = 0, top_ = 0, width = 1, height = 1, ratio = 1, image = null, chosen = -1, loop = [];
function resize() {
  ratio = devicePixelRatio || 1;
  width = Math.max(1, Math.round(view.clientWidth * ratio));
  height = Math.max(1, Math.round(view.clientHeight * ratio));
  canvas.width = width;
  canvas.height = height;
  image = context.createImageData(width, height);
  whole();
}
function whole() {
  const edge = 14 * ratio;
  scale = Math.max(1, Math.min(width, height) - 2 * edge);
  left = (width - scale) / 2;
  top_ = (height - scale) / 2;
  draw();
}
function zoom(by, atX = width / 2, atY = height / 2) {
  const next = Math.min(Math.max(scale * by, 0.3 * Math.min(width, height)), 4000 * Math.min(width, height));
  left = atX - ((atX - left) * next) / scale;
  top_ = atY - ((atY - top_) * next) / scale;
  scale = next;
  draw();
}
let waiting = false;
function draw() {
  if (!waiting) {
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      render();
    });
  }
}
function render() {
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(0);
  const size = Math.max(2, Math.round((n > 20000 ? 1.5 : n > 3000 ? 2.5 : 4) * ratio * Math.min(3, Math.max(1, Math.sqrt(scale / Math.min(width, height))))));
  const half = size >> 1;
  const shiftX = left - half + 0.5, shiftY = top_ - half + 0.5, lastX = width - size, lastY = height - size;
  for (let i = 0; i < n; i++) {
    const px = x[i] * scale + shiftX, py = y[i] * scale + shiftY;
    if (px < 0 || py < 0 || px >= lastX || py >= lastY) continue;
    const c = colour[i];
    let row = (py | 0) * width + (px | 0);
    for (let down = 0; down < size; down++, row += width) for (let right = 0; right < size; right++) pixels[row + right] = c;
  }
  context.putImageData(image, 0, 0);
  const style = getComputedStyle(document.documentElement);
  context.lineWidth = ratio;
  context.strokeStyle = style.getPropertyValue("--ink");
  if (data.playable.length) {
    context.globalAlpha = 0.55;
    context.beginPath();
    let rings = 0;
    for (const i of data.playable) {
      const px = x[i] * scale + left, py = y[i] * scale + top_;
      if (px < 0 || py < 0 || px > width || py > height || ++rings > 400) continue;
      context.moveTo(px + size + ratio, py);
      context.arc(px, py, size + ratio, 0, 7);
    }
    if (rings <= 150) context.stroke();
    context.globalAlpha = 1;
  }
  context.strokeStyle = style.getPropertyValue("--chosen");
  context.lineWidth = 2 * ratio;
  for (const i of collected) mark(i, size + 2 * ratio);
  if (chosen >= 0) mark(chosen, size + 5 * ratio);
  if (loop.length > 1) {
    context.beginPath();
    loop.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
    context.closePath();
    context.stroke();
  }
}
function mark(i, radius) {
  context.beginPath();
  context.arc(x[i] * scale + left, y[i] * scale + top_, radius, 0, 7);
  context.stroke();
}

// --- sounds

const player = new Audio();
let playing = -1;
function hear(i, again) {
  const sound = soundOf.get(i);
  if (sound === undefined || (playing === i && !again)) return;
  playing = i;
  player.src = sound;
  player.play().catch(() => {}); // browsers wait for the first click
}
const nameOf = (i) => `${data.files[file[i]]}:${data.kinds[kind[i]] === "note" ? "" : data.kinds[kind[i]] + ":"}${number[i]}`;
function choose(i, again = false) {
  if (i < 0) return;
  if (i !== chosen) {
    chosen = i;
    const high = Number.isNaN(pitch[i]) ? "no pitch" : `pitch ${pitch[i].toFixed(1)}`;
    const name = document.createElement("b");
    name.textContent = nameOf(i);
    const facts = document.createElement("span");
    const more = soundOf.has(i) ? "" : " · not heard here: motes search --like " + nameOf(i) + " --page";
    facts.textContent = `${data.kinds[kind[i]]} at ${time[i].toFixed(2)} s for ${length[i].toFixed(2)} s, ${high}, ${gain[i].toFixed(1)} dBFS${more}`;
    $("about").replaceChildren(name, facts);
    draw();
  }
  hear(i, again);
}
function nearest(px, py, reach, among) {
  let best = -1, least = reach * reach;
  const look = (i) => {
    const dx = x[i] * scale + left - px, dy = y[i] * scale + top_ - py, far = dx * dx + dy * dy;
    if (far < least) [best, least] = [i, far];
  };
  if (among) among.forEach(look);
  else for (let i = 0; i < n; i++) look(i);
  return best;
}
function at(px, py) {
  const sounding = nearest(px, py, 9 * ratio, data.playable);
  return sounding >= 0 ? sounding : nearest(px, py, 9 * ratio);
}

// --- pointer and keys

const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
};
let drag = null;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  const [px, py] = place(event);
  drag = { px, py, left, top: top_, moved: false, lasso: event.shiftKey || $("lasso").checked };
  loop = drag.lasso ? [[px, py]] : [];
});
canvas.addEventListener("pointermove", (event) => {
  const [px, py] = place(event);
  if (!drag) {
    if ($("hover").checked) choose(at(px, py));
    return;
  }
  drag.moved ||= Math.hypot(px - drag.px, py - drag.py) > 4 * ratio;
  if (drag.lasso) loop.push([px, py]);
  else if (drag.moved) [left, top_] = [drag.left + px - drag.px, drag.top + py - drag.py];
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  const [px, py] = place(event);
  if (drag && drag.lasso && loop.length > 2) collect(inside(loop));
  else if (drag && !drag.moved) choose(at(px, py), true);
  drag = null;
  loop = [];
  draw();
});
canvas.addEventListener("pointercancel", () => {
  drag = null;
  loop = [];
  draw();
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
}, { passive: false });
function inside(polygon) {
  const found = [];
  for (let i = 0; i < n; i++) {
    const px = x[i] * scale + left, py = y[i] * scale + top_;
    let odd = false;
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay] = polygon[a], [bx, by] = polygon[b];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) odd = !odd;
    }
    if (odd) found.push(i);
  }
  return found;
}
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
view.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in STEPS) step(...STEPS[event.key]);
  else if (event.key === "Enter") choose(chosen, true);
  else if (event.key === "+" || event.key === "=") zoom(1.5);
  else if (event.key === "-") zoom(1 / 1.5);
  else if (event.key.toLowerCase() === "c" && chosen >= 0) collect([chosen]);
  else return;
  event.preventDefault();
});
// The next sound that can be heard in a direction: far to the side counts three times.
function step(dx, dy) {
  const among = data.playable.length ? data.playable : [...x.keys()];
  const [fromX, fromY] = chosen < 0 ? [0.5, 0.5] : [x[chosen], y[chosen]];
  let best = -1, least = Infinity;
  for (const i of among) {
    const along = (x[i] - fromX) * dx + (y[i] - fromY) * dy, aside = Math.abs((x[i] - fromX) * dy) + Math.abs((y[i] - fromY) * dx);
    if (i !== chosen && along > 0 && along + 3 * aside < least) [best, least] = [i, along + 3 * aside];
  }
  if (best < 0) return;
  const px = x[best] * scale + left, py = y[best] * scale + top_;
  if (px < 0 || py < 0 || px > width || py > height) [left, top_] = [width / 2 - x[best] * scale, height / 2 - y[best] * scale];
  choose(best, true);
}

// --- what is collected

function collect(points) {
  for (const i of points) collected.add(i);
  show();
}
function show() {
  $("count").value = collected.size.toLocaleString("en");
  $("save").disabled = $("clear").disabled = collected.size === 0;
  const names = [...collected].slice(0, 100).map((i) => {
    const item = document.createElement("li");
    item.textContent = nameOf(i);
    return item;
  });
  $("list").replaceChildren(...names);
  draw();
}
$("save").addEventListener("click", () => {
  const held = { format: data.format, catalogue: data.catalogue, sounds: [...collected].map(nameOf) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(held, null, 1)], { type: "application/json" }));
  link.download = "sounds.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
$("clear").addEventListener("click", () => {
  collected.clear();
  show();
});
$("by").addEventListener("change", () => paint($("by").value));
$("in").addEventListener("click", () => zoom(1.5));
$("out").addEventListener("click", () => zoom(1 / 1.5));
$("whole").addEventListener("click", whole);
new ResizeObserver(resize).observe(view);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint($("by").value));
resize();
paint("file");
