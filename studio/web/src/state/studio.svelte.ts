// What is open, what is being encoded, and what there is to tell.

import * as api from "../api.ts";
import { remember } from "./recent.ts";
import { Document } from "./document.svelte.ts";
import type { Picked } from "./ranges.ts";
import { count } from "./words.ts";

export interface Notice {
  id: number;
  text: string;
  isTrouble: boolean;
  deed?: { label: string; run: () => void }; // what can be done about it
}

class Studio {
  info: api.StudioInfo | null = $state.raw(null);
  documents: Document[] = $state([]);
  currentId: string | null = $state(null);
  unseen: string[] = $state.raw([]); // documents that jobs have made and nobody has looked at
  jobs: api.Job[] = $state.raw([]);
  recovered: api.Recovered[] = $state.raw([]);
  connected = $state(true);
  notices: Notice[] = $state([]);
  dialog: "keys" | "encode" | "save" | "export" | "play" | "recording" | null = $state(null);
  history = $state(false); // whether its list is shown
  changedElsewhere: string | null = $state(null); // why a plain save was refused
  toEncode: { path?: string; upload?: string; document?: string; name: string } | null = $state.raw(null);
  copied: { document: string; picked: Picked } | null = $state.raw(null);
  opening: string | null = $state(null);
  uploading: { name: string; fraction: number } | null = $state(null);
  current = $derived(this.documents.find((document) => document.id === this.currentId) ?? null);
  kinds = $derived(this.info?.kinds ?? []);
  private lastNotice = 0;
  private hasChosen = false; // what to show: the user, before the server told
  private openedSince = new Set<string>(); // documents that the page opened after it was last told of all

  async start(): Promise<void> {
    try {
      this.greet(await api.studio());
    } catch (error) {
      this.trouble(error);
    }
    api.listen({
      hello: (info) => this.greet(info),
      job: (job) => this.hearJob(job),
      document: (info) => this.hearDocument(info),
      closed: ({ id }) => this.drop(id),
      autosaved: () => {},
      connected: (is) => (this.connected = is),
    });
    addEventListener("beforeunload", (event) => {
      if (this.documents.some((document) => document.info.dirty)) event.preventDefault();
    });
  }

  private greet(info: api.StudioInfo): void {
    const isFirst = !this.info;
    this.info = info;
    this.jobs = info.jobs;
    this.recovered = info.recovered;
    for (const held of info.documents) this.hearDocument(held);
    // What the server tells may be from before it opened a document that the page already knows of.
    const known = new Set([...info.documents.map(({ id }) => id), ...this.openedSince]);
    this.openedSince.clear();
    for (const document of [...this.documents]) if (!known.has(document.id)) this.drop(document.id);
    if (isFirst && !this.hasChosen) {
      const wanted = decodeURIComponent(location.hash.slice(1));
      this.currentId =
        [wanted, info.opened, info.documents.at(-1)?.id].find((id) => this.documents.some((held) => held.id === id)) ??
        null;
    }
  }

  private hearDocument(info: api.DocumentInfo): void {
    const held = this.documents.find((document) => document.id === info.id);
    if (held) held.update(info);
    else
      this.documents.push(
        new Document(
          info,
          () => this.kinds,
          (error) => this.trouble(error),
        ),
      );
  }

  private hearJob(job: api.Job): void {
    const before = this.jobs.find((held) => held.id === job.id);
    this.jobs = before ? this.jobs.map((held) => (held.id === job.id ? job : held)) : [...this.jobs, job];
    if (before?.state === job.state) return;
    if (job.state === "done" && job.document) this.announce(job, job.document);
    else if (job.state === "failed") this.trouble(job.error ?? `${job.name} could not be encoded.`);
    else if (job.state === "cancelled") this.say(`Encoding ${job.name} was cancelled.`);
  }

  // What is encoded has its tab; the page stays where it is.
  private announce(job: api.Job, id: string): void {
    const text = `${job.name}: ${job.n_events.toLocaleString("en")} events in ${job.elapsed_s.toFixed(1)} s.`;
    if (id === this.currentId) return this.say(text);
    this.unseen = [...this.unseen, id];
    this.say(text, { deed: { label: "Show", run: () => this.show(id) } });
  }

  // --- documents

  show(id: string | null): void {
    this.hasChosen = true;
    this.current?.player.pause();
    this.currentId = id;
    this.unseen = this.unseen.filter((other) => other !== id);
    history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname);
  }

  async open(what: { path?: string; upload?: string; recovered?: string }): Promise<void> {
    this.opening = what.path ?? "it";
    try {
      const info = await api.openDocument(what);
      this.openedSince.add(info.id);
      this.hearDocument(info);
      this.show(info.id);
      if (what.path && this.info) remember(this.info.folder, what.path);
      if (what.recovered) this.recovered = this.recovered.filter(({ id }) => id !== what.recovered);
    } catch (error) {
      this.trouble(error);
    } finally {
      this.opening = null;
    }
  }

  async take(files: FileList | File[]): Promise<void> {
    for (const file of files) {
      try {
        this.uploading = { name: file.name, fraction: 0 };
        const sent = await api.upload(file, (fraction) => (this.uploading = { name: file.name, fraction }));
        if (sent.type === "scene") await this.open({ upload: sent.upload });
        else this.askToEncode({ upload: sent.upload, name: sent.name });
      } catch (error) {
        this.trouble(error);
      } finally {
        this.uploading = null;
      }
    }
  }

  askToEncode(what: { path?: string; upload?: string; document?: string; name: string }): void {
    this.toEncode = what;
    this.dialog = "encode";
  }

  async close(document: Document, discard = false): Promise<void> {
    try {
      await api.closeDocument(document.id, discard);
      this.drop(document.id);
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 409 && !discard) {
        if (confirm(`${document.info.name} has changes that are not saved. Close it without them?`))
          await this.close(document, true);
      } else this.trouble(error);
    }
  }

  private drop(id: string): void {
    const at = this.documents.findIndex((document) => document.id === id);
    if (at < 0) return;
    this.documents[at].close();
    this.documents.splice(at, 1);
    if (this.currentId === id) this.show(this.documents[Math.min(at, this.documents.length - 1)]?.id ?? null);
  }

  async save(
    document: Document,
    path: string | null = null,
    overwrite = false,
  ): Promise<"saved" | "exists" | "failed"> {
    await document.settled(); // edits that were asked for before are saved too
    // What is muted is left out only if that was said of so many events.
    if (document.info.n_muted && document.saving?.n !== document.info.n_muted) {
      this.dialog = "save";
      return "failed";
    }
    if (path === null && document.info.path === null) {
      this.dialog = "save";
      return "failed";
    }
    try {
      document.info = await api.save(document.id, path, overwrite, document.saving?.muted);
      this.say(`Saved ${document.info.path ?? document.info.name}.`);
      return "saved";
    } catch (error) {
      if (error instanceof api.ApiError && error.status === 409) {
        if (path === null) {
          if (document.info.path) this.changedElsewhere = error.message;
          this.dialog = "save";
        }
        return "exists";
      }
      this.trouble(error);
      return "failed";
    }
  }

  // --- the clipboard between scenes

  copy(document: Document): void {
    if (!document.hasSelection) return;
    this.copied = { document: document.id, picked: document.pick };
    const { n, notes } = document.selected;
    this.say(`Copied ${notes.length ? count(notes.length, "note") : count(n, "event")}.`);
  }

  async paste(into: Document): Promise<void> {
    if (!this.copied) return;
    await into.paste(this.copied.document, this.copied.picked);
  }

  // --- kinds of event

  kind(name: string): api.Kind | undefined {
    return this.kinds.find(({ kind }) => kind === name);
  }

  // What one event of a kind is called, or several.
  word(name: string, n = 2): string {
    const kind = this.kind(name);
    return (n === 1 ? kind?.label : kind?.plural) ?? name;
  }

  // --- what there is to tell

  say(text: string, { isTrouble = false, deed }: Partial<Notice> = {}): void {
    const id = ++this.lastNotice;
    this.notices = [...this.notices.filter((notice) => notice.text !== text).slice(-2), { id, text, isTrouble, deed }];
    setTimeout(() => this.hush(id), isTrouble || deed ? 12_000 : 4_000);
  }

  hush(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
  }

  trouble(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.say(error instanceof Error ? error.message : String(error), { isTrouble: true });
  }
}

export const studio = new Studio();
