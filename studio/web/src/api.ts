// All that this page asks its server; what is asked and answered is typed by the server's own description, in
// api.gen.ts.

import type { components, paths } from "./api.gen.ts";
import type { Playable } from "./play/panel.ts";

type Schemas = components["schemas"];
export type Param = Schemas["ParamAnswer"];
export type Kind = Schemas["KindAnswer"];
export type Option = Schemas["OptionAnswer"];
export type DocumentInfo = Schemas["DocumentAnswer"];
export type TrackName = DocumentInfo["tracks"][number];
export type Candidate = Schemas["CandidateAnswer"];
export type Job = Schemas["JobAnswer"];
export type Recovered = Schemas["RecoveredAnswer"];
export type StudioInfo = Schemas["StudioAnswer"];
export type Entry = Schemas["EntryAnswer"];
export type Folder = Schemas["FolderAnswer"];
export type Upload = Schemas["UploadAnswer"];
export type SceneEvent = Schemas["EventAnswer"];
export type What = Schemas["EventFilter"];
export type Selected = Schemas["SelectedAnswer"];
export type Room = Schemas["RoomAnswer"];
export type Edit = Schemas["EditBody"]["edit"];
export type Struck = Schemas["Struck"];
export type FurtherEdit = NonNullable<Schemas["EditBody"]["then"]>[number];
export type Edited = Schemas["EditedAnswer"];
export type TableRows = Schemas["TableAnswer"];
export type Group = Schemas["GroupAnswer"];
export type Levels = Schemas["LevelsAnswer"];
export type Sound = Schemas["SoundAnswer"];
export type Step = Schemas["StepAnswer"];
export type Note = Schemas["NoteAnswer"];
export type Curve = Schemas["CurveAnswer"];
export type Channel = NonNullable<
  paths["/api/documents/{document}/revisions/{revision}/spectrum/{track}"]["get"]["parameters"]["query"]["channel"]
>;
export type NoteDetail = Schemas["NoteDetailAnswer"];

// What the server refuses, in its own words for the user.
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

// --- how a request is made

type Method = "get" | "post" | "delete";
type Parameters<O, In extends string> = O extends { parameters: { [name in In]: infer A } } ? A : undefined;
type QueryOf<O> = O extends { parameters: { query?: infer A } } ? A : undefined;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : undefined;
type AnswerOf<O> = O extends { responses: infer R }
  ? R[keyof R] extends { content: { "application/json": infer A } }
    ? A
    : void
  : never;
interface Asked<O> {
  at?: Parameters<O, "path">;
  query?: QueryOf<O>;
  body?: BodyOf<O>;
  signal?: AbortSignal;
}

function addressOf(path: string, at: object = {}, query: object = {}): string {
  const parts = at as Record<string, unknown>;
  const filled = path.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(String(parts[name])));
  const asked = new URLSearchParams(
    Object.entries(query)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, String(value)]),
  );
  return asked.size ? `${filled}?${asked}` : filled;
}

async function answered(request: Promise<Response>): Promise<Response> {
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

async function ask<M extends Method, P extends keyof paths>(
  method: M,
  path: P,
  { at, query, body, signal }: Asked<paths[P][M]> = {},
): Promise<AnswerOf<paths[P][M]>> {
  const sent =
    method === "get" ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) };
  const response = await answered(
    fetch(addressOf(path, at as object, query as object), { method: method.toUpperCase(), signal, ...sent }),
  );
  return response.status === 204 ? (undefined as AnswerOf<paths[P][M]>) : response.json();
}

async function bytes<P extends keyof paths>(
  path: P,
  { at, query, signal }: Asked<paths[P]["get"]>,
): Promise<ArrayBuffer> {
  return (await answered(fetch(addressOf(path, at as object, query as object), { signal }))).arrayBuffer();
}

export function channelsOf(buffer: ArrayBuffer, nChannels: number): Float32Array[] {
  const all = new Float32Array(buffer);
  const each = all.length / nChannels;
  return Array.from({ length: nChannels }, (_, channel) => all.subarray(channel * each, (channel + 1) * each));
}

// --- the studio

export const studio = () => ask("get", "/api/studio");
export const folder = (path: string) => ask("get", "/api/folder", { query: { path } });
export const makeFolder = (path: string) => ask("post", "/api/folder", { body: { path } });
export const rooms = () => ask("get", "/api/rooms");
export const forget = (recovered: string) => ask("delete", "/api/recovered/{recovered}", { at: { recovered } });
export const startJob = (body: Schemas["JobBody"]) => ask("post", "/api/jobs", { body });
export const cancelJob = (job: string) => ask("delete", "/api/jobs/{job}", { at: { job } });
export const jobEvents = (job: string, signal?: AbortSignal) =>
  bytes("/api/jobs/{job}/events", { at: { job }, signal });

// --- documents

export const openDocument = (body: Schemas["OpenBody"]) => ask("post", "/api/documents", { body });
export const getDocument = (document: string) => ask("get", "/api/documents/{document}", { at: { document } });
export const closeDocument = (document: string, discard: boolean) =>
  ask("delete", "/api/documents/{document}", { at: { document }, query: { discard } });
export const setOriginal = (document: string, body: Schemas["SourceBody"]) =>
  ask("post", "/api/documents/{document}/original", { at: { document }, body });
export const dropOriginal = (document: string) =>
  ask("delete", "/api/documents/{document}/original", { at: { document } });
export const recordings = (document: string) =>
  ask("get", "/api/documents/{document}/recordings", { at: { document } });
export type OfMuted = Schemas["SaveBody"]["muted"];
export const save = (document: string, path: string | null, overwrite: boolean, muted: OfMuted = "leave_out") =>
  ask("post", "/api/documents/{document}/save", { at: { document }, body: { path, overwrite, muted } });
export const edit = (
  document: string,
  revision: number,
  what: What,
  change: Edit,
  then: FurtherEdit[] = [],
  gesture: string | null = null,
) =>
  ask("post", "/api/documents/{document}/edits", {
    at: { document },
    body: { revision, what, edit: change, then, gesture },
  });
export type Marker = Schemas["MarkerAnswer"];
export const setNames = (
  document: string,
  revision: number,
  named: { markers?: Marker[]; group_names?: Record<string, string> },
) => ask("post", "/api/documents/{document}/names", { at: { document }, body: { revision, ...named } });
export const undo = (document: string) => ask("post", "/api/documents/{document}/undo", { at: { document } });
export const redo = (document: string) => ask("post", "/api/documents/{document}/redo", { at: { document } });

export const steps = (document: string) => ask("get", "/api/documents/{document}/history", { at: { document } });
export const goTo = (document: string, revision: number) =>
  ask("post", "/api/documents/{document}/history", { at: { document }, body: { revision } });

export const findNotes = (document: string) =>
  ask("post", "/api/documents/{document}/notes", { at: { document }, body: {} });
export const cancelNotes = (document: string) => ask("delete", "/api/documents/{document}/notes", { at: { document } });

// --- what is read of a revision

const AT = "/api/documents/{document}/revisions/{revision}";

export async function instrument(document: string, revision: number): Promise<Playable & { tempo_bpm: number }> {
  const read = await bytes(`${AT}/instrument`, { at: { document, revision } });
  return JSON.parse(new TextDecoder().decode(read));
}

export const select = (document: string, revision: number, body: What) =>
  ask("post", `${AT}/select`, { at: { document, revision }, body });
export const table = (document: string, revision: number, body: Schemas["TableBody"]) =>
  ask("post", `${AT}/table`, { at: { document, revision }, body });
export const groups = (document: string, revision: number) =>
  ask("get", `${AT}/groups`, { at: { document, revision } });
export const event = (document: string, revision: number, event: number) =>
  ask("get", `${AT}/events/{event}`, { at: { document, revision, event } });
export const notes = (document: string, revision: number) => ask("get", `${AT}/notes`, { at: { document, revision } });
export const curves = (document: string, revision: number, start_s: number, end_s: number) =>
  ask("get", `${AT}/curves`, { at: { document, revision }, query: { start_s, end_s } });
export const noteDetail = (document: string, revision: number, note: number) =>
  ask("get", `${AT}/notes/{note}`, { at: { document, revision, note } });
export const levels = (document: string, revision: number) =>
  ask("get", `${AT}/levels`, { at: { document, revision } });
export const sound = (document: string, revision: number, what: What) =>
  ask("post", `${AT}/sounds`, { at: { document, revision }, body: { what } });

export const eventTile = (document: string, revision: number, level: number, index: number, signal?: AbortSignal) =>
  bytes(`${AT}/events/{level}/{index}`, { at: { document, revision, level, index }, signal });
export const spectrogramTile = (
  document: string,
  revision: number,
  track: string, // of the recording, or of a kind whose shape is an image
  level: number,
  index: number,
  window_s: number,
  channel: Channel,
) =>
  bytes(`${AT}/spectrogram/{track}/{level}/{index}`, {
    at: { document, revision, track: track as TrackName, level, index },
    query: { format: "raw", window_s, channel },
  });
export const waveformTile = (
  document: string,
  revision: number,
  track: TrackName,
  level: number,
  index: number,
  channel: Channel,
) =>
  bytes(`${AT}/waveform/{track}/{level}/{index}`, {
    at: { document, revision, track, level, index },
    query: { channel },
  });
export const spectrum = (
  document: string,
  revision: number,
  track: TrackName,
  query: { time_s: number; frequency_hz: number; window_s: number; channel: Channel },
) => ask("get", `${AT}/spectrum/{track}`, { at: { document, revision, track }, query });
export const notesOfEvents = (document: string, revision: number) =>
  bytes(`${AT}/notes-of-events`, { at: { document, revision } });
export type MapItems = Schemas["MapAnswer"];
export type MapQuery = NonNullable<
  paths["/api/documents/{document}/revisions/{revision}/map"]["get"]["parameters"]["query"]
>;
export const itemMap = (document: string, revision: number, query: MapQuery, signal: AbortSignal) =>
  ask("get", `${AT}/map`, { at: { document, revision }, query, signal });
export const partials = (document: string, revision: number, start_s: number, end_s: number, limit: number) =>
  bytes(`${AT}/partials`, { at: { document, revision }, query: { start_s, end_s, limit } });

export async function audio(
  document: string,
  revision: number,
  track: TrackName,
  first: number,
  n: number,
  nChannels: number,
  signal?: AbortSignal,
  speed = 1,
): Promise<Float32Array[]> {
  const query = speed === 1 ? { first, n } : { first, n, speed };
  const asked = { at: { document, revision, track }, query, signal };
  return channelsOf(await bytes(`${AT}/audio/{track}.f32`, asked), nChannels);
}

export async function soundSamples({ sound }: Sound, n: number, nChannels: number): Promise<Float32Array[]> {
  return channelsOf(await bytes("/api/sounds/{sound}.f32", { at: { sound }, query: { first: 0, n } }), nChannels);
}

export interface Exported {
  start_s?: number;
  end_s?: number;
  track?: TrackName;
  bits?: string;
  what?: What;
}
export const exportUrl = (
  document: string,
  revision: number,
  name: string,
  { what, ...asked }: Exported = {},
): string =>
  addressOf(`${AT}/export/{name}`, { document, revision, name }, { ...asked, what: what && JSON.stringify(what) });

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
