import type { Store } from "./store";
import type { Code, Durable } from "./wire";

/** Queued is a frame that waits for its acknowledgement; `failed` says why it will not come. */
export interface Queued {
  frame: Durable;
  at: number;
  failed?: Code;
}

const prefix = "queue:";

/** Queue keeps what must arrive, in order, across reloads. Tabs share it: what another tab has delivered is gone here too. */
export class Queue {
  readonly #items: Queued[];

  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    const stored = store.keys(prefix).map((key) => store.get<Queued>(key));
    this.#items = stored.filter((item): item is Queued => !!item?.frame).sort((a, b) => a.at - b.at);
  }

  /** all lists the items, oldest first. */
  all(): readonly Queued[] {
    return this.#items;
  }

  add(frame: Durable): void {
    const last = this.#items.at(-1)?.at ?? 0;
    const item = { frame, at: Math.max(Date.now(), last + 1) };
    this.#items.push(item);
    this.#save(item);
  }

  /** next is the oldest item that can still be delivered. */
  next(): Queued | undefined {
    for (const item of [...this.#items]) {
      if (item.failed) continue;
      if (this.#store.get(prefix + item.frame.clientMsgId)) return item;
      this.remove(item.frame.clientMsgId);
    }
    return undefined;
  }

  /** remove takes an item out: it has arrived, or the visitor gave it up. */
  remove(id: string): Queued | undefined {
    const at = this.#items.findIndex((item) => item.frame.clientMsgId === id);
    if (at < 0) return undefined;
    this.#store.delete(prefix + id);
    return this.#items.splice(at, 1)[0];
  }

  /** mark says why an item failed, or that it is to be tried again. */
  mark(id: string, failed?: Code): void {
    const item = this.#items.find((i) => i.frame.clientMsgId === id);
    if (!item) return;
    if (failed) item.failed = failed;
    else delete item.failed;
    this.#save(item);
  }

  /** leave takes all out of this tab; clear off the device, too. */
  leave(): void {
    this.#items.length = 0;
  }

  clear(): void {
    this.leave();
    for (const key of this.#store.keys(prefix)) this.#store.delete(key);
  }

  #save(item: Queued): void {
    this.#store.set(prefix + item.frame.clientMsgId, item);
  }
}
