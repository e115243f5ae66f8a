// The files last opened, of each folder, as this browser remembers them.

const MOST = 6;
const keyOf = (folder: string) => `motes recent ${folder}`;

export function recent(folder: string): string[] {
  try {
    const held: unknown = JSON.parse(localStorage.getItem(keyOf(folder)) ?? "[]");
    return Array.isArray(held) ? held.filter((path): path is string => typeof path === "string").slice(0, MOST) : [];
  } catch {
    return []; // where the browser keeps nothing
  }
}

export function remember(folder: string, path: string): void {
  try {
    localStorage.setItem(
      keyOf(folder),
      JSON.stringify([path, ...recent(folder).filter((held) => held !== path)].slice(0, MOST)),
    );
  } catch {
    return;
  }
}
