"use strict";
// Everything the page does; each scene is drawn and heard by itself. Times are seconds, frequencies Hz.
(() => {
  let context = null;
  let stopOthers = () => {};
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const erb = (hz) => 21.4 * Math.log10(1 + 0.00437 * hz);
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const ready = () => { context ??= new AudioContext(); if (context.state === "suspended") context.resume(); return context; };

  function bytesOf(url) {
    const text = atob(url.slice(url.indexOf(",") + 1));
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes.buffer;
  }

  // A canvas as sharp as the screen, in a context whose unit is a CSS pixel.
  function surface(canvas) {
    const box = canvas.parentElement.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = "12px system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
    return [pen, box.width, box.height];
  }

  function spoken(value, unit) {
    const size = Math.abs(value);
    const text = Number.isInteger(value) ? String(value) : size >= 100 ? value.toFixed(0) : size >= 1 ? value.toFixed(2) : value.toPrecision(3);
    return (unit ? text + " " + unit : text).replace("-", "−");
  }

  const titled = (name) => name.replace(/^n_/, "").replace(/_(s|hz|rad|db|semitones)$/, "").replaceAll("_", " ");

  class Scene {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(root.querySelector(".data").textContent);
      this.n = this.data.sort.length;
      this.chosen = -1;
      this.from = 0;
      this.to = Math.max(this.data.seconds, 1e-3);
      this.position = 0;
      this.buffers = new Map();
      this.pictures = new Map();
      const gains = this.data.at[2];
      const loudest = Math.max(...gains, 1e-9);
      this.strength = gains.map((gain) => clamp(1 + Math.log10(Math.max(gain, 1e-9) / loudest) / 2.5, 0, 1));
      this.timeline = root.querySelector(".timeline");
      this.map = root.querySelector(".map");
      this.track = root.querySelector(".choice input:checked").value;
      this.where = new Map();
      for (const [name, sort] of Object.entries(this.data.sorts)) sort.items.forEach((item, column) => this.where.set(item, [name, column]));
      this.makeMatrices();
      this.listen();
      for (const image of root.querySelectorAll("img[data-picture]")) image.decode().then(() => { this.pictures.set(image.dataset.picture, image); this.drawTimeline(); }, () => {});
      this.draw();
    }

    // --- sound

    buffer(name) {
      if (!this.buffers.has(name)) {
        const url = this.root.querySelector(`audio[data-track="${name}"]`).src;
        this.buffers.set(name, ready().decodeAudioData(bytesOf(url)));
      }
      return this.buffers.get(name);
    }

    async start(at) {
      const ticket = this.halt();
      stopOthers();
      stopOthers = () => this.pause();
      for (const player of document.querySelectorAll("audio")) player.pause();
      const audio = ready();
      this.root.querySelector(".play").classList.add("on");
      this.root.querySelector(".play").setAttribute("aria-label", "Pause");
      const buffer = await this.buffer(this.track);
      if (ticket !== this.ticket) return;
      this.position = at >= this.data.seconds - 0.01 ? 0 : at;
      this.source = this.sound(buffer, this.position, undefined, 1);
      this.began = audio.currentTime - this.position;
      this.source.onended = () => { if (ticket === this.ticket) { this.pause(); this.position = 0; this.clock(); } };
      this.follow(ticket);
    }

    sound(buffer, offset, seconds, gain) {
      const audio = ready();
      const source = audio.createBufferSource();
      const volume = audio.createGain();
      source.buffer = buffer;
      volume.gain.value = gain;
      source.connect(volume).connect(audio.destination);
      source.start(0, offset, seconds);
      return source;
    }

    halt() {
      this.ticket = (this.ticket || 0) + 1;
      if (this.source) { this.position = clamp(context.currentTime - this.began, 0, this.data.seconds); this.source.onended = null; this.source.stop(); this.source = null; }
      if (this.single) { this.single.stop(); this.single = null; }
      return this.ticket;
    }

    pause() {
      this.halt();
      const button = this.root.querySelector(".play");
      button.classList.remove("on");
      button.setAttribute("aria-label", "Play");
      this.clock();
    }

    follow(ticket) {
      if (ticket !== this.ticket || !this.source) return;
      this.position = clamp(context.currentTime - this.began, 0, this.data.seconds);
      this.clock();
      if (still.matches) setTimeout(() => this.follow(ticket), 250);
      else requestAnimationFrame(() => this.follow(ticket));
    }

    clock() {
      this.root.querySelector(".now").textContent = this.position.toFixed(2);
      this.drawTimeline();
    }

    async hear(item) {
      this.pause();
      stopOthers();
      stopOthers = () => this.pause();
      const ticket = this.ticket;
      const buffer = await this.buffer("events");
      if (ticket !== this.ticket) return;
      const [starts, lengths, gains] = this.data.at;
      const gain = this.root.querySelector(".raise").checked ? 1 : gains[item];
      this.single = this.sound(buffer, starts[item], lengths[item], gain);
    }

    // --- choosing

    choose(item, aloud) {
      this.chosen = item;
      const [name, column] = this.where.get(item);
      const sort = this.data.sorts[name];
      const box = this.root.querySelector(".inspector");
      box.replaceChildren();
      const title = document.createElement("p");
      const bold = document.createElement("b");
      bold.textContent = (name === "gabor" ? "atom" : name) + " " + (item + 1);
      title.append(bold, ` of ${this.n}`);
      box.append(title);
      sort.params.forEach(([param, unit, meaning], row) => {
        const part = document.createElement("span");
        const label = document.createElement("i");
        label.textContent = titled(param) + " ";
        part.title = meaning;
        part.append(label, spoken(sort.values[row][column], unit));
        box.append(part);
      });
      this.reveal(item);
      this.draw();
      if (aloud) this.hear(item);
    }

    reveal(item) {
      const middle = (this.data.start[item] + this.data.end[item]) / 2;
      if (middle < this.from || middle > this.to) this.show(middle - (this.to - this.from) / 2, this.to - this.from);
    }

    show(from, width) {
      width = clamp(width, Math.min(0.02, this.data.seconds), Math.max(this.data.seconds, 1e-3));
      this.from = clamp(from, 0, Math.max(0, this.data.seconds - width));
      this.to = this.from + width;
      this.drawTimeline();
    }

    zoom(factor, about = (this.from + this.to) / 2) {
      this.show(about - (about - this.from) * factor, (this.to - this.from) * factor);
    }

    beside(step) {
      return this.chosen < 0 ? (step > 0 ? 0 : this.n - 1) : clamp(this.chosen + step, 0, this.n - 1);
    }

    // The nearest item whose pitch is above (or below), among those at about the same time.
    pitched(up) {
      if (this.chosen < 0) return 0;
      const pitch = (item) => erb((this.data.low[item] + Math.min(this.data.high[item], this.data.top_hz)) / 2);
      const time = (item) => (this.data.start[item] + this.data.end[item]) / 2;
      let best = this.chosen, least = Infinity;
      for (let item = 0; item < this.n; item++) {
        const rise = (pitch(item) - pitch(this.chosen)) * (up ? 1 : -1);
        if (rise <= 1e-9) continue;
        const far = rise + 30 * Math.abs(time(item) - time(this.chosen)) / Math.max(0.2, this.to - this.from);
        if (far < least) { least = far; best = item; }
      }
      return best;
    }

    toward(dx, dy) {
      if (this.chosen < 0) return 0;
      const { x, y } = this.data;
      let best = this.chosen, least = Infinity;
      for (let item = 0; item < this.n; item++) {
        const along = (x[item] - x[this.chosen]) * dx + (y[item] - y[this.chosen]) * dy;
        const across = Math.abs((x[item] - x[this.chosen]) * dy) + Math.abs((y[item] - y[this.chosen]) * dx);
        if (along > 1e-9 && along + 2 * across < least) { least = along + 2 * across; best = item; }
      }
      return best;
    }

    // --- hands

    listen() {
      const find = (selector) => this.root.querySelector(selector);
      find(".play").addEventListener("click", () => this.toggle());
      for (const input of this.root.querySelectorAll(".choice input")) {
        input.addEventListener("change", () => {
          this.track = input.value;
          if (this.source) { this.position = context.currentTime - this.began; this.start(this.position); }
          this.drawTimeline();
        });
      }
      find(".overlay").addEventListener("change", () => this.drawTimeline());
      find(".in").addEventListener("click", () => this.zoom(0.5));
      find(".out").addEventListener("click", () => this.zoom(2));
      find(".whole").addEventListener("click", () => this.show(0, this.data.seconds));
      const canvas = this.timeline.firstElementChild;
      this.drag(canvas);
      canvas.addEventListener("wheel", (event) => {
        const sideways = event.shiftKey ? event.deltaY : event.deltaX;
        if (event.ctrlKey) { event.preventDefault(); this.zoom(Math.exp(event.deltaY / 300), this.timeAt(event.offsetX)); }
        else if (Math.abs(sideways) > 0 && this.to - this.from < this.data.seconds) { event.preventDefault(); this.show(this.from + sideways / 800 * (this.to - this.from), this.to - this.from); }
      }, { passive: false });
      this.keys(this.timeline, {
        ArrowLeft: () => this.step(this.beside(-1)), ArrowRight: () => this.step(this.beside(1)), ArrowUp: () => this.step(this.pitched(true)),
        ArrowDown: () => this.step(this.pitched(false)), Home: () => this.step(0), End: () => this.step(this.n - 1), "+": () => this.zoom(0.5),
        "=": () => this.zoom(0.5), "-": () => this.zoom(2), " ": () => this.toggle(),
      });
      const map = this.map.firstElementChild;
      map.addEventListener("click", (event) => { const item = this.mapped(event.offsetX, event.offsetY); if (item >= 0) this.choose(item, true); });
      this.keys(this.map, {
        ArrowLeft: () => this.step(this.toward(-1, 0)), ArrowRight: () => this.step(this.toward(1, 0)), ArrowUp: () => this.step(this.toward(0, 1)),
        ArrowDown: () => this.step(this.toward(0, -1)), " ": () => this.toggle(),
      });
      new ResizeObserver(() => this.draw()).observe(this.root);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
      for (const player of this.root.querySelectorAll("audio")) player.addEventListener("play", () => stopOthers());
    }

    toggle() { if (this.source) this.pause(); else this.start(this.position); }

    step(item) { if (item >= 0 && item < this.n) this.choose(item, true); }

    keys(element, actions) {
      actions.Enter = () => { if (this.chosen >= 0) this.hear(this.chosen); };
      element.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
        event.preventDefault();
        actions[event.key]();
      });
    }

    drag(canvas) {
      let held = null;
      canvas.addEventListener("pointerdown", (event) => { held = { x: event.offsetX, from: this.from, moved: false }; canvas.setPointerCapture(event.pointerId); });
      canvas.addEventListener("pointermove", (event) => {
        if (!held) { canvas.style.cursor = this.at(event.offsetX, event.offsetY) >= 0 ? "pointer" : "crosshair"; return; }
        if (Math.abs(event.offsetX - held.x) > 5) held.moved = true;
        if (held.moved) this.show(held.from - (event.offsetX - held.x) / (this.area[2] || 1) * (this.to - this.from), this.to - this.from);
      });
      canvas.addEventListener("pointercancel", () => { held = null; });
      canvas.addEventListener("pointerup", (event) => {
        const clicked = held && !held.moved;
        held = null;
        if (!clicked) return;
        const item = this.at(event.offsetX, event.offsetY);
        if (item >= 0) { this.choose(item, true); return; }
        const at = clamp(this.timeAt(event.offsetX), 0, this.data.seconds);
        if (this.source) this.start(at); else { this.position = at; this.clock(); }
      });
    }

    // --- places

    timeAt(x) { return this.from + (x - this.area[0]) / this.area[2] * (this.to - this.from); }
    xOf(time) { return this.area[0] + (time - this.from) / (this.to - this.from) * this.area[2]; }
    yOf(hz) { return this.area[1] + this.area[3] * (1 - erb(clamp(hz, 0, this.data.top_hz)) / erb(this.data.top_hz)); }
    isBand(item) { return this.data.high[item] > this.data.low[item]; }

    at(x, y) {
      if (!this.root.querySelector(".overlay").checked) return -1;
      let best = -1, least = 9;
      for (let item = 0; item < this.n; item++) {
        const far = this.distance(item, x, y) + 3 * (1 - this.strength[item]);
        if (far < least) { least = far; best = item; }
      }
      return best;
    }

    distance(item, x, y) {
      if (this.isBand(item)) {
        const left = this.xOf(this.data.start[item]), right = Math.max(left + 3, this.xOf(this.data.end[item]));
        const inside = x >= left && x <= right && y >= this.yOf(this.data.high[item]) && y <= this.yOf(this.data.low[item]);
        return inside ? 5.5 : Infinity;
      }
      let least = Infinity;
      for (const stroke of this.data.line[item]) for (let i = 0; i + 3 < stroke.length; i += 2) {
        const ax = this.xOf(stroke[i]), ay = this.yOf(stroke[i + 1]), bx = this.xOf(stroke[i + 2]) - ax, by = this.yOf(stroke[i + 3]) - ay;
        const part = clamp(((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by || 1), 0, 1);
        least = Math.min(least, Math.hypot(ax + part * bx - x, ay + part * by - y));
      }
      return least;
    }

    mapped(x, y) {
      let best = -1, least = 14;
      this.spots.forEach(([sx, sy], item) => { const far = Math.hypot(sx - x, sy - y); if (far < least) { least = far; best = item; } });
      return best;
    }

    // --- pictures

    draw() {
      this.drawTimeline();
      this.drawMap();
      for (const canvas of this.root.querySelectorAll(".matrix canvas")) this.drawMatrix(canvas);
    }

    drawTimeline() {
      const [pen, width, height] = surface(this.timeline.firstElementChild);
      this.area = [50, 6, width - 56, height - 30];
      const [left, top, across, down] = this.area;
      this.drawSpectrogram(pen);
      this.drawAxes(pen);
      pen.save();
      pen.beginPath();
      pen.rect(left, top, across, down);
      pen.clip();
      if (this.root.querySelector(".overlay").checked) this.drawItems(pen);
      if (this.chosen >= 0) this.drawItem(pen, this.chosen, colour("chosen"), 1, 3.5);
      pen.fillStyle = colour("ink");
      pen.fillRect(this.xOf(this.position) - 0.75, top, 1.5, down);
      pen.restore();
    }

    drawSpectrogram(pen) {
      const picture = this.pictures.get(this.track);
      const [left, top, across, down] = this.area;
      pen.strokeStyle = colour("line");
      pen.strokeRect(left + 0.5, top + 0.5, across - 1, down - 1);
      if (!picture) return;
      const shaded = this.shaded(picture);
      const scale = shaded.width / Math.max(this.data.seconds, 1e-3);
      pen.globalAlpha = 0.5;
      pen.imageSmoothingQuality = "high";
      pen.drawImage(shaded, this.from * scale, 0, (this.to - this.from) * scale, shaded.height, left, top, across, down);
      pen.globalAlpha = 1;
    }

    // The spectrogram, which holds levels as opacity, in the colour of the theme.
    shaded(picture) {
      const shade = colour("shade");
      this.shades ??= new Map();
      const key = picture.dataset.picture + shade;
      if (!this.shades.has(key)) {
        const canvas = document.createElement("canvas");
        canvas.width = picture.naturalWidth;
        canvas.height = picture.naturalHeight;
        const pen = canvas.getContext("2d");
        pen.drawImage(picture, 0, 0);
        pen.globalCompositeOperation = "source-in";
        pen.fillStyle = shade;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        this.shades.set(key, canvas);
      }
      return this.shades.get(key);
    }

    drawAxes(pen) {
      const [left, top, across, down] = this.area;
      pen.fillStyle = colour("quiet");
      pen.textAlign = "right";
      pen.textBaseline = "middle";
      let last = Infinity;
      for (const hz of [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]) {
        const y = this.yOf(hz);
        if (hz > 0.97 * this.data.top_hz || last - y < 18) continue;
        last = y;
        pen.fillText(hz >= 1000 ? hz / 1000 + " kHz" : hz + " Hz", left - 6, y);
      }
      const width = this.to - this.from;
      const step = [1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10].find((s) => width / s <= across / 80) || 20;
      pen.textAlign = "center";
      pen.textBaseline = "top";
      for (let k = Math.ceil(this.from / step); k * step <= this.to + 1e-9; k++) {
        const x = this.xOf(k * step);
        if (x < left + across - 10) pen.fillText(Number((k * step).toFixed(4)) + " s", Math.max(x, left + 10), top + down + 7);
      }
    }

    drawItems(pen) {
      const colours = {};
      const crowd = clamp(Math.pow(60 * (this.to - this.from) / Math.max(1, this.n), 0.25), 0.5, 1);
      for (let item = 0; item < this.n; item++) {
        if (this.data.end[item] < this.from || this.data.start[item] > this.to) continue;
        const sort = this.data.sort[item];
        colours[sort] ??= colour(sort) || colour("quiet");
        this.drawItem(pen, item, colours[sort], (0.2 + 0.8 * this.strength[item]) * crowd, 0.9 + 1.9 * this.strength[item]);
      }
      pen.globalAlpha = 1;
    }

    drawItem(pen, item, tint, opacity, width) {
      pen.strokeStyle = pen.fillStyle = tint;
      pen.globalAlpha = opacity;
      pen.lineWidth = width;
      pen.lineCap = pen.lineJoin = "round";
      if (this.isBand(item)) {
        const left = this.xOf(this.data.start[item]), right = this.xOf(this.data.end[item]), top = this.yOf(this.data.high[item]), bottom = this.yOf(this.data.low[item]);
        const fading = pen.createLinearGradient(left, 0, Math.max(left + 2, right), 0);
        fading.addColorStop(0, tint);
        fading.addColorStop(1, "transparent");
        pen.fillStyle = fading;
        pen.globalAlpha = opacity * 0.22;
        pen.fillRect(left, top, Math.max(2, right - left), bottom - top);
        pen.fillStyle = tint;
        pen.globalAlpha = opacity;
        pen.fillRect(left, top, 2, bottom - top);
      } else {
        pen.beginPath();
        for (const stroke of this.data.line[item]) for (let i = 0; i < stroke.length; i += 2) {
          const x = this.xOf(stroke[i]), y = this.yOf(stroke[i + 1]);
          if (i) pen.lineTo(x, y); else pen.moveTo(x, y);
        }
        pen.stroke();
      }
      pen.globalAlpha = 1;
    }

    drawMap() {
      const [pen, width, height] = surface(this.map.firstElementChild);
      pen.strokeStyle = colour("line");
      pen.strokeRect(0.5, 0.5, width - 1, height - 1);
      const { x, y, sort } = this.data;
      this.spots = x.map((value, item) => [14 + value * (width - 28), height - 14 - y[item] * (height - 28)]);
      const dot = (item, tint, opacity, radius) => {
        pen.globalAlpha = opacity;
        pen.fillStyle = tint;
        pen.beginPath();
        pen.arc(...this.spots[item], radius, 0, 7);
        pen.fill();
      };
      const colours = {};
      for (let item = 0; item < this.n; item++) {
        colours[sort[item]] ??= colour(sort[item]) || colour("quiet");
        dot(item, colours[sort[item]], 0.35 + 0.5 * this.strength[item], 2 + 3 * this.strength[item]);
      }
      if (this.chosen >= 0) { dot(this.chosen, colour("card"), 1, 9); dot(this.chosen, colour("chosen"), 1, 7); }
      pen.globalAlpha = 1;
    }

    makeMatrices() {
      const place = this.root.querySelector(".matrices");
      for (const [name, sort] of Object.entries(this.data.sorts).sort((a, b) => b[1].items.length - a[1].items.length)) {
        const box = document.createElement("div");
        box.className = "matrix view";
        box.tabIndex = 0;
        box.setAttribute("role", "application");
        box.setAttribute("aria-label", `Parameters of ${sort.items.length} ${name === "gabor" ? "atoms" : name + "s"}`);
        const differ = sort.values.map((row) => row.some((value) => value !== row[0]));
        sort.rows = sort.params.map((_, row) => row).filter((row) => differ[row] || sort.items.length === 1);
        box.style.height = 24 * sort.rows.length + 22 + "px";
        const canvas = document.createElement("canvas");
        canvas.dataset.sort = name;
        box.append(canvas);
        place.append(box);
        const column = (event) => clamp(Math.floor((event.offsetX - 104) / (canvas.clientWidth - 104) * sort.items.length), 0, sort.items.length - 1);
        canvas.addEventListener("click", (event) => { if (event.offsetX >= 104) this.choose(sort.items[column(event)], true); });
        const next = (step) => { const at = sort.items.indexOf(this.chosen); this.step(sort.items[at < 0 ? 0 : clamp(at + step, 0, sort.items.length - 1)]); };
        this.keys(box, { ArrowLeft: () => next(-1), ArrowRight: () => next(1), " ": () => this.toggle() });
      }
    }

    drawMatrix(canvas) {
      const sort = this.data.sorts[canvas.dataset.sort];
      const [pen, width] = surface(canvas);
      const left = 104, cell = (width - left) / sort.items.length, tint = colour(canvas.dataset.sort) || colour("quiet");
      pen.fillStyle = colour("quiet");
      pen.textBaseline = "alphabetic";
      pen.fillText(`${sort.items.length.toLocaleString("en")} ${canvas.dataset.sort === "gabor" ? "single atoms" : canvas.dataset.sort + "s"}`, left, 13);
      sort.rows.forEach((param, row) => {
        const [name] = sort.params[param], values = sort.values[param];
        const warped = /_hz$|amplitude|window|duration|n_atoms/.test(name) ? values.map((v) => Math.log(Math.max(v, 1e-6))) : values;
        let low = Infinity, high = -Infinity;
        for (const value of warped) { low = Math.min(low, value); high = Math.max(high, value); }
        const top = 20 + 24 * row;
        pen.globalAlpha = 1;
        pen.fillStyle = colour("ink");
        pen.textBaseline = "middle";
        pen.textAlign = "left";
        pen.fillText(titled(name), 0, top + 11);
        pen.fillStyle = tint;
        warped.forEach((value, column) => {
          pen.globalAlpha = 0.06 + 0.94 * (high > low ? (value - low) / (high - low) : 0.5);
          pen.fillRect(left + column * cell, top, Math.max(cell, 0.6), 22);
        });
      });
      pen.globalAlpha = 1;
      const at = sort.items.indexOf(this.chosen);
      if (at >= 0) { pen.strokeStyle = colour("chosen"); pen.lineWidth = 2; pen.strokeRect(left + at * cell - 2, 18, cell + 4, 24 * sort.rows.length); }
    }
  }

  for (const root of document.querySelectorAll(".scene")) new Scene(root);
  const copy = document.querySelector(".copy");
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(".cite pre").textContent);
      copy.textContent = "Copied";
    });
  }
})();
