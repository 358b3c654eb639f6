import type { Durable, Inbound, Signal } from "./wire";

/** Connection says how the widget hears from the server. */
export type Connection = "idle" | "connecting" | "online" | "polling" | "offline";

/** Hooks are what a Uplink needs from its client. */
export interface Hooks {
  address(): Promise<string>; // of the socket, with a fresh ticket
  opened(): void;
  frame(frame: Inbound): void;
  poll(): Promise<void>;
  state(state: Connection): void;
}

const second = 1000;
const longest = 60 * second; // between two attempts
const upgrade = 10 * second; // an upgrade that takes longer has failed
const pollEvery = 5 * second;
const pollAfter = 3; // failed attempts
const answer = 10 * second; // a pong that takes longer will not come

// API Gateway closes after ten silent minutes, many proxies after one. While someone
// looks, the shorter one counts. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const silence = { seen: 45 * second, unseen: 8 * 60 * second };

// The code with which API Gateway ends a connection after two hours, all of a deploy at once.
const goingAway = 1001;

// An app without a web view has no document, and nobody tells it of the network.
const page = globalThis.document as Document | undefined;
const seen = (): boolean => page?.visibilityState !== "hidden";

/** Uplink keeps one WebSocket open: it reconnects with full jitter, and polls while sockets do not work. */
export class Uplink {
  #current: Connection = "idle";
  #socket: WebSocket | undefined;
  #round = 0; // what an earlier round started is stale
  #failures = 0;
  #busy = 0; // when the last frame came or went
  #heard = 0; // how many frames came
  #timer: ReturnType<typeof setTimeout> | undefined;
  #polling: object | undefined; // the loop that may go on
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  readonly #hooks: Hooks;

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  get state(): Connection {
    return this.#current;
  }

  start(): void {
    if (this.#current !== "idle") return;
    globalThis.addEventListener?.("online", this.#retry);
    globalThis.addEventListener?.("offline", this.#lost);
    page?.addEventListener("visibilitychange", this.#look);
    this.#heartbeat = setInterval(this.#beat, 5 * second);
    this.#failures = 0;
    void this.#attempt();
  }

  stop(): void {
    globalThis.removeEventListener?.("online", this.#retry);
    globalThis.removeEventListener?.("offline", this.#lost);
    page?.removeEventListener("visibilitychange", this.#look);
    clearInterval(this.#heartbeat);
    this.#polling = undefined;
    this.#drop();
    this.#become("idle");
  }

  /** restart connects anew, as another user or because nothing is heard any more. */
  restart(): void {
    if (this.#current === "idle") return;
    this.#drop();
    void this.#attempt();
  }

  /** send tells whether the frame went on its way. */
  send(frame: Durable | Signal): boolean {
    if (this.#current !== "online" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#busy = Date.now();
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  readonly #retry = (): void => {
    if (this.#current === "online") return;
    this.#failures = 0;
    this.restart();
  };

  readonly #lost = (): void => {
    this.#drop();
    this.#again(0);
  };

  readonly #look = (): void => {
    if (!seen()) return;
    if (this.#current === "online") this.#ping();
    else this.#retry();
  };

  readonly #beat = (): void => {
    const bound = seen() ? silence.seen : silence.unseen;
    if (this.#current === "online" && Date.now() - this.#busy > bound) this.#ping();
  };

  #ping(): void {
    const socket = this.#socket;
    const heard = this.#heard;
    this.send({ v: 1, action: "ping" });
    setTimeout(() => {
      if (socket === this.#socket && this.#current === "online" && heard === this.#heard) this.restart();
    }, answer);
  }

  async #attempt(): Promise<void> {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    if (!this.#failures) this.#become("connecting");
    try {
      const address = await this.#hooks.address();
      if (round === this.#round) this.#open(address, round);
    } catch {
      if (round === this.#round) this.#again();
    }
  }

  #open(address: string, round: number): void {
    const socket = new WebSocket(address);
    this.#socket = socket;
    const late = setTimeout(() => socket.close(), upgrade);
    socket.onopen = () => {
      clearTimeout(late);
      if (round !== this.#round) return socket.close();
      this.#failures = 0;
      this.#busy = Date.now();
      this.#polling = undefined;
      this.#become("online");
      this.#hooks.opened();
    };
    socket.onmessage = (event) => round === this.#round && this.#hear(event.data);
    socket.onclose = (event) => {
      clearTimeout(late);
      if (round === this.#round) this.#again(event.code === goingAway ? Math.random() * 5 * second : undefined);
    };
  }

  #hear(data: unknown): void {
    this.#busy = Date.now();
    this.#heard++;
    let frame: Inbound;
    try {
      frame = JSON.parse(String(data)) as Inbound;
    } catch {
      return; // not for us
    }
    this.#hooks.frame(frame);
  }

  /** again attempts later; from the third failure on, it polls meanwhile. */
  #again(wait?: number): void {
    this.#drop();
    const ceiling = Math.min(longest, second * 2 ** this.#failures++);
    this.#timer = setTimeout(() => void this.#attempt(), wait ?? Math.random() * ceiling);
    if (this.#current !== "polling") this.#become("offline");
    if (this.#failures >= pollAfter && !this.#polling) void this.#poll((this.#polling = {}));
  }

  async #poll(loop: object): Promise<void> {
    while (this.#polling === loop) {
      const state = await this.#hooks.poll().then(
        () => "polling" as const,
        () => "offline" as const,
      );
      if (this.#polling === loop) this.#become(state);
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
    }
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#round++;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #become(state: Connection): void {
    if (state === this.#current) return;
    this.#current = state;
    this.#hooks.state(state);
  }
}
