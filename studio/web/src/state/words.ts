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
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)} kB`;
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
}

// The name of a column without its unit: frequency_hz is "frequency". Counts are told by `count`: n_partials is "number
// of partials".
export function titled(name: string, count = "number of "): string {
  const words = name
    .replace(/^n_/, count)
    .replace(/_(s|hz|rad|db|semitones|hz_per_s)$/, "")
    .replaceAll("_", " ");
  return words === "into" || words === "since" || words === "turn" ? name.replaceAll("_", " ") : words;
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
};
export const optionWord = (name: string, title: string): string => OPTION_WORDS[name] ?? title;
