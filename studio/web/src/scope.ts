// Who owns what has to end: listeners, timers, frames, workers. A scope ends all that it owns at once, the latest
// first, and itself but once.

export class Scope {
  private ends = new Set<() => void>();
  private over = false;

  get ended(): boolean {
    return this.over;
  }

  // Something that `end` ends; returns what ends it earlier. In a scope that is over it ends at once.
  own(end: () => void): () => void {
    if (this.over) {
      end();
      return () => {};
    }
    const once = () => void (this.ends.delete(once) && end());
    this.ends.add(once);
    return once;
  }

  on<K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    name: K | (string & {}),
    act: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): () => void {
    if (this.over) return () => {};
    const listener = act as EventListener;
    target.addEventListener(name, listener, options);
    return this.own(() => target.removeEventListener(name, listener, options));
  }

  after(ms: number, act: () => void): () => void {
    const timer = setTimeout(() => {
      forget();
      act();
    }, ms);
    const forget = this.own(() => clearTimeout(timer));
    return forget;
  }

  // True after so long, false as soon as the scope is over.
  sleep(ms: number): Promise<boolean> {
    return new Promise((done) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wake = this.own(() => {
        clearTimeout(timer);
        done(false);
      });
      if (this.over) return;
      timer = setTimeout(() => {
        done(true);
        wake();
      }, ms);
    });
  }

  frame(act: () => void): () => void {
    const due = requestAnimationFrame(() => {
      forget();
      act();
    });
    const forget = this.own(() => cancelAnimationFrame(due));
    return forget;
  }

  // A worker, and what to do where it dies: by an error of its own, or by a message that cannot be read.
  worker<In, Out>(
    worker: WorkerLike,
    hear: (message: Out) => void,
    died: (why: string) => void,
  ): (message: In) => void {
    let alive = true;
    const end = this.own(() => {
      alive = false;
      worker.onmessage = worker.onerror = worker.onmessageerror = null;
      worker.terminate();
    });
    const die = (why: string) => {
      if (!alive) return;
      end();
      died(why);
    };
    worker.onmessage = ({ data }) => hear(data as Out);
    worker.onerror = (event) => die(event.message || "it could not be started");
    worker.onmessageerror = () => die("a message could not be read");
    return (message) => void (alive && worker.postMessage(message));
  }

  child(): Scope {
    const inner = new Scope();
    const forget = this.own(() => inner.end());
    inner.own(forget);
    return inner;
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    for (const end of [...this.ends].reverse()) end();
  }
}

// As much of a Worker as a scope needs.
export interface WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}
