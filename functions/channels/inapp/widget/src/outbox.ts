import { lasting, Problem } from "./http";
import type { Queue, Queued } from "./queue";
import type { Code, Durable } from "./wire";

/** Ways are how frames leave, and what becomes of them. */
export interface Ways {
  socket(frame: Durable): boolean; // false: there is none
  http(frame: Durable): Promise<void> | undefined; // undefined: not now
  stuck(): void; // the socket swallows frames
  settled(item: Queued, code?: Code): void;
}

// Our promise is an answer within five seconds; then the same frame is sent again.
const patience = 5_000;
const longest = 60_000;

/** Outbox delivers the queue one frame at a time, so that what was written first arrives first. */
export class Outbox {
  #running = false;
  #tries = 0;
  #waiting: { id: string; settle: (problem?: Problem) => void } | undefined;
  #wake: () => void = () => {};

  readonly #queue: Queue;
  readonly #ways: Ways;

  constructor(
    queue: Queue,
    ways: Ways,
  ) {
    this.#queue = queue;
    this.#ways = ways;
  }

  /** again tries at once: a new connection may lead out. */
  again(): void {
    this.#wake();
    void this.run();
  }

  /** run delivers until the queue is empty or nothing leads out. */
  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let item = this.#queue.next(); item; item = this.#queue.next()) {
      const way = this.#deliver(item.frame);
      if (!way) break;
      await way.then(
        () => this.#settle(item!),
        (problem: Problem) => this.#failed(item!, problem),
      );
    }
    this.#running = false;
  }

  /** answer takes the server's word on a frame; without an id it is about the one under way. */
  answer(id: string | undefined, problem?: Problem): void {
    if (this.#waiting && (this.#waiting.id === id || !id)) this.#waiting.settle(problem);
    else if (!problem) this.#settle(this.#queue.all().find((item) => item.frame.clientMsgId === id));
  }

  /** cut says that the socket is gone: no answer will come from it. */
  cut(): void {
    this.#waiting?.settle(new Problem("offline"));
  }

  #deliver(frame: Durable): Promise<void> | undefined {
    if (!this.#ways.socket(frame)) return this.#ways.http(frame);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#waiting!.settle(new Problem("unavailable", 0)), patience);
      const settle = (problem?: Problem): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        if (problem) reject(problem);
        else resolve();
      };
      this.#waiting = { id: frame.clientMsgId, settle };
    });
  }

  #settle(item: Queued | undefined): void {
    this.#tries = 0;
    if (item && this.#queue.remove(item.frame.clientMsgId)) this.#ways.settled(item);
  }

  async #failed(item: Queued, problem: Problem): Promise<void> {
    if (lasting(problem)) {
      this.#queue.mark(item.frame.clientMsgId, problem.code);
      return this.#ways.settled(item, problem.code);
    }
    this.#tries++;
    if (problem.retryAfter === 0) return this.#tries % 2 === 0 ? this.#ways.stuck() : undefined;
    const wait = problem.retryAfter ? problem.retryAfter * 1000 : Math.random() * Math.min(longest, 1000 * 2 ** this.#tries);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, wait);
    });
  }
}
