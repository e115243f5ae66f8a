import assert from "node:assert/strict";
import { test } from "node:test";
import { Scope, type WorkerLike } from "../src/scope.ts";

class FakeWorker implements WorkerLike {
  onmessage: WorkerLike["onmessage"] = null;
  onerror: WorkerLike["onerror"] = null;
  onmessageerror: WorkerLike["onmessageerror"] = null;
  sent: unknown[] = [];
  ended = 0;
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
  terminate(): void {
    this.ended++;
  }
}

test("a scope ends all that it owns once, the latest first, and what comes later at once", () => {
  const scope = new Scope();
  const ended: string[] = [];
  scope.own(() => ended.push("a"));
  scope.own(() => ended.push("b"))();
  scope.child().own(() => ended.push("c"));
  assert.deepEqual(ended, ["b"]);
  scope.end();
  scope.end();
  assert.deepEqual(ended, ["b", "c", "a"]);
  scope.own(() => ended.push("d"));
  assert.deepEqual(ended, ["b", "c", "a", "d"]);
});

test("listeners and timers of a scope that is over are silent", async () => {
  const scope = new Scope();
  const target = new EventTarget();
  let heard = 0;
  scope.on(target, "click", () => heard++);
  target.dispatchEvent(new Event("click"));
  scope.after(1, () => (heard += 10));
  const slept = scope.sleep(60_000);
  scope.end();
  target.dispatchEvent(new Event("click"));
  scope.on(target, "click", () => heard++);
  target.dispatchEvent(new Event("click"));
  assert.equal(await slept, false);
  assert.equal(await scope.sleep(60_000), false);
  await new Promise((done) => setTimeout(done, 5));
  assert.equal(heard, 1);
  assert.equal(await new Scope().sleep(1), true);
});

test("a worker that dies is told of once, and asked nothing any more", () => {
  for (const how of ["error", "message"]) {
    const worker = new FakeWorker();
    const heard: number[] = [];
    const died: string[] = [];
    const post = new Scope().worker<string, number>(
      worker,
      (message) => heard.push(message),
      (why) => died.push(why),
    );
    post("one");
    worker.onmessage!({ data: 1 } as MessageEvent);
    const { onerror, onmessageerror } = worker;
    if (how === "error") onerror!({ message: "out of memory" } as ErrorEvent);
    else onmessageerror!({} as MessageEvent);
    onerror!({ message: "again" } as ErrorEvent);
    post("two");
    assert.deepEqual([worker.sent, heard, worker.ended], [["one"], [1], 1]);
    assert.deepEqual(died, [how === "error" ? "out of memory" : "a message could not be read"]);
  }
});

test("a worker ends with its scope, which is no death", () => {
  const worker = new FakeWorker();
  const scope = new Scope();
  scope.worker(
    worker,
    () => {},
    () => assert.fail(),
  );
  scope.end();
  assert.equal(worker.ended, 1);
  assert.equal(worker.onmessage, null);
});
