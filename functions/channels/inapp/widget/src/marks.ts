import type { Signal } from "./wire";

const typingLasts = 6_000; // without news, nobody types any more
const typingEvery = 3_000;
const settle = 400; // several marks become one

/** Marks tells the server how far the visitor is, in as few frames as will do. */
export class Marks {
  #told = { read: 0, received: 0 };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #typed = 0;
  #silence: ReturnType<typeof setTimeout> | undefined;

  readonly #signal: (frame: Signal) => boolean;

  /** `signal` tells whether the frame went on its way. */
  constructor(signal: (frame: Signal) => boolean) {
    this.#signal = signal;
  }

  /** reset starts anew, with what the server knows already. */
  reset(read = 0): void {
    this.#told = { read, received: 0 };
  }

  /** tell says, soon, what is here and what has been read. */
  tell(received: number, read: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seen = Math.min(read, received);
      if (seen > this.#told.read && this.#signal({ v: 1, action: "read", upTo: seen })) this.#told.read = seen;
      const known = Math.max(this.#told.received, this.#told.read);
      if (received > known && this.#signal({ v: 1, action: "received", upTo: received })) this.#told.received = received;
    }, settle);
  }

  /** typing is called at every key and speaks every few seconds; silence ends it. */
  typing(active: boolean): void {
    clearTimeout(this.#silence);
    if (active) this.#silence = setTimeout(() => this.typing(false), typingLasts);
    if (active ? Date.now() - this.#typed < typingEvery : !this.#typed) return;
    this.#typed = active ? Date.now() : 0;
    this.#signal({ v: 1, action: "typing", active });
  }
}
