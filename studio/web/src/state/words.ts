// How numbers and names are told to the user.

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

// Up to four digits that matter, with a real minus sign.
export function number(value: number): string {
  const size = Math.abs(value);
  const text = Number.isInteger(value)
    ? String(value)
    : size >= 1000
      ? value.toFixed(0)
      : size >= 0.001
        ? String(+value.toPrecision(4))
        : value.toExponential(2);
  return text.replace("-", "−");
}

export const seconds = (time: number): string => `${number(+time.toFixed(3))} s`;

export function clock(exact: number): string {
  const seconds = Math.round(100 * exact) / 100;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - 60 * minutes).toFixed(2).padStart(5, "0");
  return `${minutes}:${rest}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${+seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  return `${minutes} min ${whole % 60} s`;
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)} kB`;
  if (n < 1e9) return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
  return `${(n / 1e9).toFixed(n < 1e10 ? 1 : 0)} GB`;
}

// The name of a column without its unit: frequency_hz is "frequency". Counts are told by `count`: n_partials is "number
// of partials".
export function titled(name: string, count = "number of "): string {
  const words = name
    .replace(/^n_/, count)
    .replace(/_(s|hz|rad|db|semitones|hz_per_s)$/, "")
    .replaceAll("_", " ");
  return PLAIN_WORDS[words] ?? words;
}

// What would read as code without the unit that its name ends in.
const PLAIN_WORDS: Record<string, string> = {
  into: "begins in its frame",
  since: "time since it began",
  turn: "turned on by",
  from: "part from",
  until: "part until",
};

// The name of a parameter of an event: of times, what they are the time of.
export function parameterWord(name: string, meaning: string): string {
  if (name === "time_s")
    return /begins|enters/.test(meaning) ? "begins" : /strongest/.test(meaning) ? "peak" : "centre";
  return titled(name);
}

// A channel of so many.
export function channelWord(channel: number, nChannels: number): string {
  if (nChannels < 2) return "";
  return nChannels === 2 ? ["left", "right"][channel] : `channel ${channel + 1}`;
}

// The names of options that would read as code.
const OPTION_WORDS: Record<string, string> = {
  kbps: "bitrate, kbps",
  snr_db: "signal-to-noise ratio, dB",
  n_events: "number of events",
  events: "events at most",
  time_limit_s: "time limit, s",
  stretch_s: "stretch, s",
  texture_kbps: "texture, kbps",
  n_threads: "threads",
};
export const optionWord = (name: string, title: string): string => OPTION_WORDS[name] ?? title;
