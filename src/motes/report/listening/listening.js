// A listening test: ABX, then MUSHRA, then a file of answers. docs/listen.md says what each does.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const reference = data.sounds.findIndex((sound) => sound.role === "reference");
  const copies = data.sounds.map((_, i) => i).filter((i) => data.sounds[i].role === "copy");
  const answers = { format: data.format, test: data.test, reference: data.reference, seed: data.seed, abx: [], mushra: [] };
  const WORDS = ["Bad", "Poor", "Fair", "Good", "Excellent"];
  let random = () => 0;
  let shown = "";

  // --- order: the same for the same seed and listener (mulberry32 of an FNV-1a hash)

  function randomOf(text) {
    let state = 2166136261;
    for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 16777619) >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  function shuffled(items) {
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  // --- sound: one loop; another sound goes on where the last one was

  let context = null;
  let buffers = null;
  let playing = null; // { source, gain, sound, begun, offset }
  const FADE_S = 0.015;

  function opened() {
    try {
      return new AudioContext({ sampleRate: data.rate });
    } catch {
      return new AudioContext(); // no browser plays at every rate: it resamples all alike
    }
  }

  async function decoded() {
    context ??= opened();
    await context.resume();
    buffers ??= Promise.all(
      data.sounds.map((sound) => context.decodeAudioData(Uint8Array.from(atob(sound.flac), (c) => c.charCodeAt(0)).buffer)),
    );
    return buffers;
  }

  function stop() {
    if (!playing) return;
    const { source, gain } = playing;
    gain.gain.setValueAtTime(1, context.currentTime);
    gain.gain.linearRampToValueAtTime(0, context.currentTime + FADE_S);
    source.stop(context.currentTime + FADE_S);
    playing = null;
    press(null);
  }

  async function play(sound, button) {
    const buffer = (await decoded())[sound];
    const now = context.currentTime;
    const offset = playing ? (playing.offset + now - playing.begun) % buffer.duration : 0;
    stop();
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, now);
    gain.gain.linearRampToValueAtTime(1, now + FADE_S);
    source.connect(gain).connect(context.destination);
    source.start(now, offset);
    playing = { source, gain, sound, begun: now, offset };
    press(button);
  }

  function press(button) {
    for (const each of document.querySelectorAll("[aria-pressed]")) each.setAttribute("aria-pressed", String(each === button));
  }

  function show(id) {
    stop();
    shown = id;
    for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
    element(`${id}-title`).focus();
  }

  // --- ABX

  let trials = [];
  let heard = new Set();

  function beginAbx() {
    const all = copies.flatMap((copy) => Array(data.trials).fill(copy));
    trials = shuffled(all).map((copy) => {
      const [a, b] = shuffled([reference, copy]);
      return { copy, a, b, x: random() < 0.5 ? a : b };
    });
    if (trials.length) nextTrial();
    else beginMushra();
  }

  function nextTrial() {
    const done = answers.abx.length;
    if (done === trials.length) return beginMushra();
    heard = new Set();
    element("abx-place").textContent = `Trial ${done + 1} of ${trials.length}`;
    Object.assign(element("abx-done"), { max: trials.length, value: done });
    show("abx");
  }

  function playAbx(which) {
    heard.add(which);
    return play(trials[answers.abx.length][which], document.querySelector(`[data-abx="${which}"]`));
  }

  function answerAbx(answer) {
    if (!heard.has("x")) {
      element("abx-place").textContent = `Trial ${answers.abx.length + 1} of ${trials.length}: listen to X first.`;
      return;
    }
    const trial = trials[answers.abx.length];
    const x = trial.x === trial.a ? "a" : "b";
    answers.abx.push({ name: data.sounds[trial.copy].name, x, answer, correct: x === answer });
    nextTrial();
  }

  // --- MUSHRA

  let order = [];
  let moved = [];
  let played = [];

  function beginMushra() {
    order = shuffled(data.sounds.map((_, i) => i));
    moved = order.map(() => false);
    played = order.map(() => false);
    element("rows").replaceChildren(...order.map((_, i) => row(i)));
    show("mushra");
  }

  function row(i) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `Play ${i + 1}` });
    button.dataset.mushra = String(i);
    button.setAttribute("aria-pressed", "false");
    const slider = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "100", value: "50", id: `score-${i}` });
    slider.setAttribute("aria-label", `Score of sound ${i + 1}`);
    const output = document.createElement("span"); // the slider says the same
    output.setAttribute("aria-hidden", "true");
    output.textContent = "not yet";
    slider.setAttribute("aria-valuetext", "not yet given");
    slider.addEventListener("input", () => {
      moved[i] = true;
      output.textContent = `${slider.value} ${WORDS[Math.min(4, Math.floor(slider.value / 20))]}`;
      slider.setAttribute("aria-valuetext", output.textContent);
    });
    item.append(button, slider, output);
    return item;
  }

  function playMushra(i) {
    if (i >= order.length) return;
    if (i >= 0) played[i] = true;
    return play(i < 0 ? reference : order[i], document.querySelector(`[data-mushra="${i}"]`));
  }

  function endMushra() {
    const missing = order.map((_, i) => i + 1).filter((i) => !moved[i - 1] || !played[i - 1]);
    if (missing.length) {
      element("missing").textContent = `Still to be played and given a score: ${missing.join(", ")}.`;
      return;
    }
    answers.mushra = order.map((sound, i) => ({
      name: data.sounds[sound].name,
      role: data.sounds[sound].role,
      place: i + 1,
      score: Number(element(`score-${i}`).value),
    }));
    finish();
  }

  // --- answers

  function finish() {
    const text = JSON.stringify(answers, null, 1);
    const link = element("download");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `answers-${answers.listener.replace(/[^\p{L}\p{N}]+/gu, "_")}.json`;
    element("summary").textContent = `${answers.abx.length} trials and ${answers.mushra.length} scores are done.`;
    show("end");
    removeEventListener("beforeunload", warn);
  }

  function warn(event) {
    event.preventDefault();
  }

  // --- what is pressed

  element("volume").addEventListener("click", () => (playing ? stop() : play(reference, element("volume"))));
  element("who").addEventListener("submit", (event) => {
    event.preventDefault();
    answers.listener = element("listener").value.trim();
    if (!answers.listener) return;
    random = randomOf(`${data.seed} ${data.test} ${answers.listener}`);
    addEventListener("beforeunload", warn);
    beginAbx();
  });
  element("abx-skip").addEventListener("click", beginMushra);
  element("mushra-done").addEventListener("click", endMushra);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.classList.contains("stop")) stop();
    if (button.dataset.abx) playAbx(button.dataset.abx);
    if (button.dataset.answer) answerAbx(button.dataset.answer);
    if (button.dataset.mushra) playMushra(Number(button.dataset.mushra));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("[name=listener]")) return;
    const key = event.key.toLowerCase();
    if (key === "escape") stop();
    else if (shown === "abx" && "abx".includes(key)) playAbx(key);
    else if (shown === "mushra" && key === "r") playMushra(-1);
    else if (shown === "mushra" && key >= "1" && key <= "9") playMushra(Number(key) - 1);
  });
  show("start");
})();
