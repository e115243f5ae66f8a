// All that is said between this page and its server; docs/studio-api.md is the contract.

export interface Param {
  name: string;
  unit: string;
  low: number;
  high: number;
  default: number | null;
  whole: boolean;
  per_channel: boolean;
  meaning: string;
  editable: boolean;
}
export interface Kind {
  kind: string;
  params: Param[];
  ragged: string[];
  aux: [string, string];
  more: string[];
}
export interface Option {
  name: string;
  title: string;
  type: "number" | "integer" | "boolean" | "choice" | "integers" | "text";
  default: number | boolean | string | number[] | null;
  nullable: boolean;
  low: number | null;
  high: number | null;
  exclusive_low: boolean;
  choices: string[] | null;
  target: boolean;
  doc: string;
}
export interface Encoder {
  encoder: string;
  title: string;
  options: Option[];
}
export type TrackName = "original" | "reconstruction" | "residual";
export interface DocumentInfo {
  id: string;
  name: string;
  path: string | null;
  revision: number;
  saved_revision: number | null;
  dirty: boolean;
  undo: string | null;
  redo: string | null;
  n_events: number;
  counts: Record<string, number>;
  n_muted: number;
  sample_rate_hz: number;
  n_samples: number;
  n_channels: number;
  duration_s: number;
  top_hz: number;
  original: { name: string; duration_s: number } | null;
  tracks: TrackName[];
  groups: number;
  instruments: number;
  rooms: { id: number; name: string; missing: boolean }[];
  metadata: { encoder: string; options: Record<string, unknown>; stop_reason: string; source_digest: string; version: string };
  finest_level: number;
  coarsest_level: number;
}
export interface Job {
  id: string;
  name: string;
  encoder: string;
  options: Record<string, unknown>;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  fraction: number;
  n_events: number;
  iteration: number | null; // of a fit
  loss: number | null;
  drawn: { number: number; duration_s: number; top_hz: number } | null; // which picture of it there is
  elapsed_s: number;
  remaining_s: number | null;
  document: string | null;
  error: string | null;
  stop_reason: string;
}
export interface Recovered {
  id: string;
  name: string;
  path: string | null;
  saved_at: number;
  n_events: number;
  duration_s: number;
}
export interface StudioInfo {
  version: string;
  folder: string;
  can_upload: boolean;
  limits: { upload_bytes: number; upload_s: number };
  kinds: Kind[];
  encoders: Encoder[];
  roles: string[];
  select_columns: string[];
  documents: DocumentInfo[];
  jobs: Job[];
  recovered: Recovered[];
  opened: string | null;
  opened_job?: string | null;
}
export interface Entry {
  name: string;
  path: string;
  type: "folder" | "scene" | "recording";
  n_bytes: number;
  modified: number;
}
export interface Folder {
  path: string;
  parent: string | null;
  entries: Entry[];
}
export interface Upload {
  upload: string;
  name: string;
  n_bytes: number;
  type: "scene" | "recording";
  duration_s: number;
}
export interface SceneEvent {
  id: number;
  kind: string;
  start_s: number;
  end_s: number;
  low_hz: number;
  high_hz: number;
  level_db: number;
  group_id: number;
  muted: boolean;
  params: Record<string, number | number[]>;
  ragged: Record<string, number[]>;
}
export interface What {
  ranges?: number[];
  ids?: number[];
  expression?: string;
  group?: number;
  groups?: number[];
  kind?: string;
  start_s?: number;
  end_s?: number;
  box?: { start_s: number; end_s: number; low_hz: number; high_hz: number };
  lasso?: [number, number][];
  muted?: boolean;
  invert?: boolean;
}
export interface Selected {
  n: number;
  ranges: number[];
  start_s: number | null;
  end_s: number | null;
  low_hz: number | null;
  high_hz: number | null;
  kinds: Record<string, number>;
  n_muted: number;
  groups: number[];
  rooms: number[]; // 0 for none
  wetness: [number, number] | null;
}
export interface Room {
  name: string;
  rt60_s: number | null;
  duration_s: number;
  n_channels: number | null;
  sample_rate_hz: number | null;
  synthetic: boolean;
}
export type Edit =
  | { op: "move"; by_s: number }
  | { op: "transpose"; semitones: number }
  | { op: "stretch"; factor: number }
  | { op: "gain"; db: number }
  | { op: "filter"; low_hz: number | null; high_hz: number | null }
  | { op: "reverse" | "delete" | "keep" | "mute" | "unmute" | "solo" | "ungroup" }
  | { op: "duplicate"; at_s: number }
  | { op: "paste"; document: string; revision: number; at_s: number }
  | { op: "group"; role?: string; parent?: number }
  | { op: "room"; room: string | number | null; wetness: number }
  | { op: "set"; values: Record<string, number | number[]> };
export interface Edited {
  revision: number;
  label: string;
  changed: { start_s: number; end_s: number } | null;
  selection: { n: number; ranges: number[] };
  document: DocumentInfo;
}
export interface TableRows {
  n: number;
  offset: number;
  position: number | null;
  ids: number[];
  kinds: string[];
  muted: boolean[];
  columns: Record<string, (number | null)[]>;
}
export interface Group {
  id: number;
  parent: number;
  role: string;
  n_events: number;
  start_s: number;
  end_s: number;
}
export interface Levels {
  reference: TrackName;
  tracks: Partial<Record<TrackName, { rms_db: number; peak_db: number; gain: number }>>;
}
export interface Sound {
  sound: string;
  start_s: number;
  end_s: number;
  n_samples: number;
  first: number;
  url_wav: string;
  url_f32: string;
}

// What the server refuses, in its own words for the user.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function answer(request: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "The studio does not answer: is it still running?");
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new ApiError(response.status, told.error ?? `The studio answered with ${response.status}.`);
}

async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
  return (await answer(fetch(url, { signal }))).json();
}

async function send<T>(method: string, url: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const response = await answer(fetch(url, { method, headers, body: JSON.stringify(body), signal }));
  return response.status === 204 ? (undefined as T) : response.json();
}

async function bytes(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await answer(fetch(url, { signal }))).arrayBuffer();
}

export function channelsOf(buffer: ArrayBuffer, nChannels: number): Float32Array[] {
  const all = new Float32Array(buffer);
  const each = all.length / nChannels;
  return Array.from({ length: nChannels }, (_, channel) => all.subarray(channel * each, (channel + 1) * each));
}

const at = (id: string, revision: number) => `/api/documents/${id}/revisions/${revision}`;

export const studio = () => get<StudioInfo>("/api/studio");
export const folder = (path: string) => get<Folder>(`/api/folder?path=${encodeURIComponent(path)}`);
export const openDocument = (what: { path?: string; upload?: string; recovered?: string }) =>
  send<DocumentInfo>("POST", "/api/documents", what);
export const getDocument = (id: string) => get<DocumentInfo>(`/api/documents/${id}`);
export const closeDocument = (id: string, discard: boolean) => send<void>("DELETE", `/api/documents/${id}?discard=${discard}`);
export const setOriginal = (id: string, what: { path?: string; upload?: string }) =>
  send<DocumentInfo>("POST", `/api/documents/${id}/original`, what);
export const save = (id: string, path: string | null, overwrite: boolean) =>
  send<DocumentInfo>("POST", `/api/documents/${id}/save`, { path, overwrite });
export const forget = (id: string) => send<void>("DELETE", `/api/recovered/${id}`);
export const startJob = (job: {
  path?: string;
  upload?: string;
  document?: string;
  encoder: string;
  options: Record<string, unknown>;
}) => send<Job>("POST", "/api/jobs", job);
export const jobEvents = (id: string, signal?: AbortSignal) => bytes(`/api/jobs/${id}/events`, signal);
export const cancelJob = (id: string) => send<Job>("DELETE", `/api/jobs/${id}`);

export const eventTile = (id: string, revision: number, level: number, index: number, signal?: AbortSignal) =>
  bytes(`${at(id, revision)}/events/${level}/${index}`, signal);
export const spectrogramTile = (
  id: string,
  revision: number,
  track: string,
  level: number,
  index: number,
  signal?: AbortSignal,
) => bytes(`${at(id, revision)}/spectrogram/${track}/${level}/${index}?format=raw`, signal);
export const partials = (id: string, revision: number, startS: number, endS: number, limit: number, signal?: AbortSignal) =>
  bytes(`${at(id, revision)}/partials?start_s=${startS}&end_s=${endS}&limit=${limit}`, signal);

export const rooms = () => get<Room[]>("/api/rooms");
export const event = (id: string, revision: number, number: number) => get<SceneEvent>(`${at(id, revision)}/events/${number}`);
export const table = (
  id: string,
  revision: number,
  ask: {
    what: What | null;
    sort: string;
    descending: boolean;
    offset: number;
    limit: number;
    columns: string[] | null;
    find: number | null;
  },
) => send<TableRows>("POST", `${at(id, revision)}/table`, ask);
export const select = (id: string, revision: number, what: What) => send<Selected>("POST", `${at(id, revision)}/select`, what);
export const groups = (id: string, revision: number) => get<Group[]>(`${at(id, revision)}/groups`);
export const edit = (id: string, revision: number, what: What, change: Edit) =>
  send<Edited>("POST", `/api/documents/${id}/edits`, { revision, what, edit: change });
export const undo = (id: string) => send<Edited>("POST", `/api/documents/${id}/undo`);
export const redo = (id: string) => send<Edited>("POST", `/api/documents/${id}/redo`);

export async function audio(
  id: string,
  revision: number,
  track: TrackName,
  first: number,
  n: number,
  nChannels: number,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  return channelsOf(await bytes(`${at(id, revision)}/audio/${track}.f32?first=${first}&n=${n}`, signal), nChannels);
}
export const levels = (id: string, revision: number) => get<Levels>(`${at(id, revision)}/levels`);
export const sound = (id: string, revision: number, what: What) => send<Sound>("POST", `${at(id, revision)}/sounds`, { what });
export async function soundSamples(made: Sound, n: number, nChannels: number): Promise<Float32Array[]> {
  return channelsOf(await bytes(`${made.url_f32}${made.url_f32.includes("?") ? "&" : "?"}first=0&n=${n}`), nChannels);
}
export function exportUrl(
  id: string,
  revision: number,
  name: string,
  query: { start_s?: number; end_s?: number; what?: What } = {},
): string {
  const asked = new URLSearchParams();
  if (query.start_s !== undefined) asked.set("start_s", String(query.start_s));
  if (query.end_s !== undefined) asked.set("end_s", String(query.end_s));
  if (query.what) asked.set("what", JSON.stringify(query.what));
  return `${at(id, revision)}/export/${encodeURIComponent(name)}${asked.size ? `?${asked}` : ""}`;
}

// Sends a file, telling how much of it is there.
export function upload(file: File, progress: (fraction: number) => void): Promise<Upload> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/uploads?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
    request.onerror = () => fail(new ApiError(0, "The studio does not answer: is it still running?"));
    request.onload = () => {
      let told: Upload & { error?: string };
      try {
        told = JSON.parse(request.responseText);
      } catch {
        return fail(new ApiError(request.status, `The studio answered with ${request.status}.`));
      }
      if (request.status < 300) done(told);
      else fail(new ApiError(request.status, told.error ?? `The studio answered with ${request.status}.`));
    };
    request.send(file);
  });
}

export interface Heard {
  hello: (studio: StudioInfo) => void;
  job: (job: Job) => void;
  document: (document: DocumentInfo) => void;
  closed: (told: { id: string }) => void;
  autosaved: (told: { id: string; revision: number }) => void;
  connected: (is: boolean) => void;
}

// What happens at the server, as it happens; the browser connects again by itself.
export function listen(heard: Heard): EventSource {
  const feed = new EventSource("/api/feed");
  const on = <T>(name: string, tell: (data: T) => void) =>
    feed.addEventListener(name, (message) => tell(JSON.parse((message as MessageEvent<string>).data)));
  on("hello", heard.hello);
  on("job", heard.job);
  on("document", heard.document);
  on("closed", heard.closed);
  on("autosaved", heard.autosaved);
  feed.addEventListener("open", () => heard.connected(true));
  feed.addEventListener("error", () => heard.connected(false));
  return feed;
}
