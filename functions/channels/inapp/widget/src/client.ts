import type { Content, Field } from "./content";
import { call, foreign, lasting, Problem } from "./http";
import { newID } from "./id";
import { type Connection, Uplink } from "./uplink";
import { Marks } from "./marks";
import { Outbox } from "./outbox";
import { Queue, type Queued } from "./queue";
import { Sessions, type Change } from "./session";
import { disk, Store } from "./store";
import { Timeline, type Message } from "./timeline";
import { Uploads, type Upload } from "./uploads";
import type { Action, Durable, Inbound, Item, MessageFrame, Page, Receipts, Session, Signal } from "./wire";

export { Problem } from "./http";
export type * from "./content";
export type { Connection } from "./uplink";
export type { Delivery, Message } from "./timeline";
export type { Upload } from "./uploads";
export type { Author, Code, Session } from "./wire";

/** Options say which app on which server, and who the visitor is. */
export interface Options {
  app: string;
  server: string; // https origin, without a path
  token?: string | undefined; // a JWT of the host app; absent is an anonymous visitor
  locale?: string | undefined;
  storage?: Storage | undefined; // localStorage unless told
}

/** DeviceToken is where Apple or Google takes notifications for an app on a device. */
export interface DeviceToken {
  kind: "apns" | "fcm";
  token: string;
}

/** Events of a client, and what they carry. */
export interface Events {
  change: void; // messages, uploads or marks: read them again
  message: Message; // a new one of the others
  connection: Connection;
  typing: string | undefined; // the name of who types ("" if unknown), or nobody
  unread: number;
  session: Session;
  error: Problem;
}

const pageSize = 30;
const patience = 10_000; // for the answer to a resume
const lull = 2_000; // most gaps are events that nobody is shown: one question for all of a moment
const typingLasts = 6_000; // without news, nobody types any more

/** RelaisClient holds one conversation: session, connection, history, queue. It knows no user interface. */
export class RelaisClient {
  readonly #store: Store;
  readonly #sessions: Sessions;
  readonly #queue: Queue;
  readonly #outbox: Outbox;
  readonly #link: Uplink;
  readonly #listeners = new Map<string, Set<(value: never) => void>>();
  readonly #marks: Marks;
  readonly #files: Uploads;
  #timeline = new Timeline();
  #loading: Promise<void> | undefined;
  #loaded = false;
  #asked: { after: number; at: number } | undefined; // the resume under way
  #fetching: Promise<void> | undefined; // what the socket cannot carry
  #gap: ReturnType<typeof setTimeout> | undefined;
  #readUpTo = 0;
  #typist: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    this.#store = new Store(`relais:${options.app}:`, options.storage ?? disk());
    this.#sessions = new Sessions(this.#store, options, {
      adopted: (session, change) => this.#adopt(session, change),
      followed: (session, change) => this.#follow(session, change),
      refused: (problem) => this.#emit("error", problem),
    });
    this.#queue = new Queue(this.#store);
    this.#outbox = this.#newOutbox();
    this.#link = this.#newLink();
    this.#marks = new Marks((frame) => this.#signal(frame));
    this.#files = this.#newUploads();
  }

  /** on calls `fn` at every such event until the returned function is called. */
  on<K extends keyof Events>(event: K, fn: (value: Events[K]) => void): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(fn));
    return () => void set.delete(fn);
  }

  get connection(): Connection {
    return this.#link.state;
  }

  /** messages is the conversation in order, what waits for the server last. */
  get messages(): Message[] {
    return this.#timeline.list(this.#queue.all());
  }

  /** more tells whether there is older history to load. */
  get more(): boolean {
    return this.#timeline.more;
  }

  /** uploads lists files that are on their way, or failed. */
  get uploads(): readonly Upload[] {
    return this.#files.list;
  }

  get unread(): number {
    return this.#timeline.unread(this.#readUpTo);
  }

  /** returning tells whether this browser has a conversation, or something to send. */
  get returning(): boolean {
    return this.#sessions.returning || this.#queue.all().length > 0;
  }

  /** start opens the session and keeps connected. */
  start(): void {
    if (this.#link.state !== "idle") return;
    globalThis.addEventListener?.("storage", this.#elsewhere);
    this.#link.start();
    void this.#outbox.run();
  }

  stop(): void {
    globalThis.removeEventListener?.("storage", this.#elsewhere);
    this.#link.stop();
  }

  /** login tells who the visitor is. What they wrote before stays theirs. */
  async login(token: string): Promise<void> {
    await this.#sessions.login(token);
  }

  /** logout ends the session and forgets everything on this device. */
  async logout(): Promise<void> {
    const session = this.#sessions.stored?.session;
    this.stop();
    this.#forget();
    this.#sessions.forget();
    this.#emit("change", undefined);
    this.#emit("unread", 0);
    if (session) await call("POST", this.#sessions.base + "/logout", session).catch(() => {}); // it expires by itself
  }

  /** text sends what the visitor wrote. */
  text(body: string, replyTo?: string): string {
    return this.send({ kind: "text", text: { body } }, replyTo);
  }

  /** send sends text, media or a location and returns the clientMsgId. */
  send(content: Content, replyTo?: string): string {
    this.typing(false);
    return this.#enqueue(replyTo ? { action: "send", content, replyTo } : { action: "send", content });
  }

  /** choose answers an offer of options. */
  choose(message: string, options: { id: string; label: string }[]): string {
    const values = options.map((o) => ({ name: o.id, value: o.label }));
    const text = options.map((o) => o.label).join(", ");
    return this.#enqueue({ action: "choose", message, option: options[0]?.id ?? "", text, ...(values.length > 1 && { values }) });
  }

  /** submit answers a form. */
  submit(message: string, form: string, values: Field[]): string {
    return this.#enqueue({ action: "submit", message, form, values });
  }

  /** pick answers a time picker. */
  pick(message: string, slot: string, text: string): string {
    return this.#enqueue({ action: "pick", message, slot, text });
  }

  /** react puts an emoji on a message; the empty one takes it away. */
  react(message: string, emoji: string): string {
    return this.#enqueue({ action: "react", message, emoji });
  }

  /** retry tries a failed message again; discard gives it up. */
  retry(clientMsgId: string): void {
    this.#queue.mark(clientMsgId);
    this.#emit("change", undefined);
    void this.#outbox.run();
  }

  discard(clientMsgId: string): void {
    this.#queue.remove(clientMsgId);
    this.#emit("change", undefined);
  }

  /** typing says that the visitor types; call it at every key. */
  typing(active = true): void {
    this.#marks.typing(active);
  }

  /** read says that the visitor has seen everything. */
  read(): void {
    const seq = this.#timeline.incoming();
    if (seq <= this.#readUpTo) return;
    this.#keepRead(seq);
    this.#mark();
    this.#emit("unread", this.unread);
  }

  /** older loads a page of older history. */
  async older(): Promise<void> {
    if (!this.#timeline.more) return;
    const timeline = this.#timeline;
    timeline.page(await this.#history(`before=${timeline.first}`), "before");
    this.#emit("change", undefined);
  }

  /** refresh reads a message again, for links in it that have expired. */
  async refresh(id: string): Promise<void> {
    const message = this.messages.find((m) => m.id === id);
    if (!message) return;
    this.#timeline.page(await this.#history(`after=${message.seq - 1}`, 1), "again");
    this.#emit("change", undefined);
  }

  /** upload sends a file; it is listed in `uploads` until its message is on the way. */
  upload(file: File): Upload {
    return this.#files.add(file, newID());
  }

  /** enablePush asks the browser for a push subscription and gives it to the server; an app gives the token it has. */
  async enablePush(target: ServiceWorkerRegistration | DeviceToken): Promise<void> {
    if ("kind" in target) return this.#api("POST", "/push", target);
    const key = (await this.#sessions.get()).push?.vapid;
    if (!key) throw new Problem("unsupported_action");
    const subscription = await target.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = subscription.toJSON();
    await this.#api("POST", "/push", { endpoint, keys });
  }

  /** disablePush ends notifications on this device. */
  async disablePush(registration?: ServiceWorkerRegistration): Promise<void> {
    await this.#api("DELETE", "/push");
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
  }

  /** emit tells all listeners. What one of them throws is the page's own error, and stops nothing here. */
  #emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const fn of this.#listeners.get(event) ?? []) {
      try {
        (fn as (value: Events[K]) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** api calls the server; a session it no longer knows is renewed once. */
  async #api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { session } = await this.#sessions.get();
    try {
      return await call<T>(method, this.#sessions.base + path, session, body);
    } catch (problem) {
      if (!foreign(problem) || !this.#sessions.expire(session)) throw problem;
      return call<T>(method, this.#sessions.base + path, (await this.#sessions.get()).session, body);
    }
  }

  #history(cursor: string, limit = pageSize): Promise<Page> {
    return this.#api("GET", `/messages?limit=${limit}${cursor && "&" + cursor}`);
  }

  /** adopt goes on as the session says: another conversation has another history. */
  #adopt(session: Session, change: Change): void {
    if (change === "switched") this.#forget();
    else if (change === "moved") this.#reset();
    this.#emit("session", session);
    if (this.#link.state === "online") this.#link.restart();
  }

  /** follow goes on as another tab has decided; after its logout not at all. */
  #follow(session: Session | undefined, change: Change): void {
    if (change === "switched") this.#leave();
    else if (change === "moved") this.#reset();
    if (!session) this.stop();
    else this.#emit("session", session);
    this.#emit("unread", this.unread);
    this.#link.restart();
  }

  readonly #elsewhere = (event: StorageEvent): void => this.#sessions.follow(event);

  #reset(): void {
    this.#timeline = new Timeline();
    this.#loading = this.#asked = this.#fetching = undefined;
    this.#loaded = false;
    this.#readUpTo = 0;
    this.#marks.reset();
    this.#emit("change", undefined);
  }

  /** leave takes the conversation off the screen; forget takes it off the device. */
  #leave(): void {
    this.#queue.leave();
    this.#files.clear();
    this.#reset();
  }

  #forget(): void {
    this.#queue.clear();
    for (const key of this.#store.keys("read:")) this.#store.delete(key);
    this.#leave();
  }

  async #address(): Promise<string> {
    const { ticket, socket } = await this.#api<{ ticket: string; socket: string }>("POST", "/tickets").catch((problem) => {
      if (problem.code !== "offline") this.#emit("error", problem);
      throw problem;
    });
    const url = new URL(socket);
    url.searchParams.set("ticket", ticket);
    return url.href;
  }

  async #opened(): Promise<void> {
    this.#asked = undefined;
    this.#outbox.again();
    try {
      await this.#load();
    } catch {
      const once = (): unknown => this.#link.state === "online" && this.#opened();
      return void setTimeout(once, Math.random() * patience);
    }
    this.#resume();
    this.#mark();
  }

  #moved(state: Connection): void {
    if (state !== "online") this.#outbox.cut();
    if (state === "polling") this.#outbox.again();
    this.#emit("connection", state);
  }

  #load(): Promise<void> {
    this.#loading ??= this.#latest().catch((problem) => {
      this.#loading = undefined;
      throw problem;
    });
    return this.#loading;
  }

  /** latest reads the end of the conversation, and with it what had arrived although nobody said so. */
  async #latest(): Promise<void> {
    const timeline = this.#timeline;
    const page = await this.#history("");
    if (timeline !== this.#timeline) return; // another conversation by now
    const fresh = timeline.page(page, "latest");
    this.#loaded = true;
    this.#keepRead(Math.max(this.#store.get<number>(this.#readKey()) ?? 0, page.read ?? 0));
    this.#marks.reset(page.read);
    for (const message of fresh) this.#arrived(message);
    this.#emit("change", undefined);
    this.#emit("unread", this.unread);
  }

  /** poll reads what is missing, page by page. */
  async #poll(): Promise<void> {
    await this.#load();
    const timeline = this.#timeline;
    for (let more = true; more; ) {
      const { through } = timeline;
      const page = await this.#history(`after=${through}`, 100);
      if (timeline !== this.#timeline) return; // another conversation by now
      for (const message of timeline.page(page, "after")) this.#arrived(message);
      more = page.more && timeline.through > through;
      if (page.items.length) this.#emit("change", undefined);
    }
  }

  /** resume asks for what is missing. Before the history is there, nothing is known to be missing. */
  #resume(): void {
    if (!this.#loaded || this.#fetching || (this.#asked && Date.now() - this.#asked.at < patience)) return;
    const after = this.#timeline.through;
    if (this.#link.send({ v: 1, action: "resume", after })) this.#asked = { after, at: Date.now() };
  }

  #hear(frame: Inbound): void {
    switch (frame.type) {
      case "message":
      case "deleted":
      case "reaction":
      case "media":
      case "read":
        return this.#take(frame);
      case "ack":
        return this.#outbox.answer(frame.clientMsgId);
      case "error":
        return this.#refused(frame.clientMsgId, new Problem(frame.code, frame.retryAfter));
      case "resumed":
        return this.#resumed(frame.last, frame.more);
      case "fetch":
        return this.#fetch(frame.seq);
      case "seen":
        return this.#seen(frame.upTo);
      case "typing":
        return this.#someoneTypes(frame.active ? (frame.author?.name ?? "") : undefined);
      case "merged":
        return this.#merged();
    }
  }

  #take(frame: Item): void {
    const fresh = this.#timeline.live(frame);
    if (frame.type === "message" && fresh) this.#arrived(frame);
    if (this.#behind) this.#soon();
    this.#emit("change", undefined);
  }

  /** soon asks for what is missing then, be it only the server's copy of what it has taken. */
  #soon(): void {
    this.#gap ??= setTimeout(() => {
      this.#gap = undefined;
      if (this.#behind || this.#timeline.waiting) this.#resume();
    }, lull);
  }

  /** behind tells whether something may be missing. */
  get #behind(): boolean {
    return this.#timeline.high > this.#timeline.through;
  }

  #arrived(frame: MessageFrame): void {
    if (frame.mine) return frame.clientMsgId ? this.#outbox.answer(frame.clientMsgId) : undefined;
    const unread = frame.seq > this.#readUpTo; // before anybody is told, who may look at once
    this.#someoneTypes(undefined);
    this.#mark();
    const message = this.messages.find((m) => m.id === frame.id);
    if (!message || !unread) return;
    this.#emit("message", message);
    this.#emit("unread", this.unread);
  }

  #refused(id: string | undefined, problem: Problem): void {
    if (foreign(problem)) this.#sessions.expire(this.#sessions.stored?.session);
    if (foreign(problem) || problem.code === "bad_ticket") return this.#link.restart();
    if (id || lasting(problem)) this.#outbox.answer(id, problem);
  }

  #resumed(last: number, more?: boolean): void {
    const after = this.#asked?.after;
    this.#asked = undefined;
    if (this.#fetching) return; // which goes further
    this.#timeline.reach(last);
    if (more || this.#behind) this.#further(after);
  }

  /** fetch reads by HTTP what is too large for the socket. Until it is here, the rest does not count as complete. */
  #fetch(seq: number): void {
    const timeline = this.#timeline;
    if (!timeline.owe(seq) || this.#fetching) return;
    const { through } = timeline;
    const failed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.random() * patience));
    const reading = this.#poll().catch(failed);
    this.#fetching = reading;
    void reading.then(() => {
      if (this.#fetching !== reading) return; // another conversation by now
      this.#fetching = undefined;
      if (this.#behind) this.#further(through);
    });
  }

  /** further resumes again. Whoever got no further waits: the server has not numbered it all yet, or is not there. */
  #further(after: number | undefined): void {
    setTimeout(() => this.#resume(), this.#timeline.through === after ? 1000 : 0);
  }

  #someoneTypes(name: string | undefined): void {
    clearTimeout(this.#typist);
    this.#emit("typing", name);
    if (name !== undefined) this.#typist = setTimeout(() => this.#emit("typing", undefined), typingLasts);
  }

  #merged(): void {
    this.#reset();
    void this.#opened();
  }

  #enqueue(action: Action): string {
    const frame: Durable = { v: 1, clientMsgId: newID(), ...action };
    this.#queue.add(frame);
    const bytes = new TextEncoder().encode(JSON.stringify(frame)).length;
    if (bytes > (this.#sessions.stored?.limits?.frame ?? 32 << 10)) this.#queue.mark(frame.clientMsgId, "too_large");
    this.#emit("change", undefined);
    this.start();
    void this.#outbox.run();
    return frame.clientMsgId;
  }

  async #deliver(frame: Durable | Signal): Promise<void> {
    const { errors } = await this.#api<Receipts>("POST", "/events", { v: 1, frames: [frame] });
    if (errors?.[0]) throw new Problem(errors[0].code, errors[0].retryAfter);
  }

  /** seen is what the visitor has read on another device. */
  #seen(upTo: number): void {
    if (upTo <= this.#readUpTo) return;
    this.#keepRead(upTo);
    this.#emit("unread", this.unread);
  }

  #readKey(): string {
    return "read:" + (this.#sessions.stored?.conversation ?? "");
  }

  #keepRead(seq: number): void {
    this.#readUpTo = seq;
    this.#store.set(this.#readKey(), seq);
  }

  #mark(): void {
    this.#marks.tell(this.#timeline.incoming(), this.#readUpTo);
  }

  /** signal sends what may be lost; by HTTP only what is worth a request. */
  #signal(frame: Signal): boolean {
    if (this.#link.send(frame)) return true;
    if (this.#link.state !== "polling" || frame.action === "typing") return false;
    void this.#deliver(frame).catch(() => this.#marks.reset());
    return true;
  }

  #newOutbox(): Outbox {
    return new Outbox(this.#queue, {
      socket: (frame) => this.#link.send(frame),
      http: (frame) => (this.#link.state === "polling" ? this.#deliver(frame) : undefined),
      stuck: () => this.#link.restart(),
      settled: (item, code) => {
        if (code) this.#emit("error", new Problem(code));
        else this.#taken(item);
        this.#emit("change", undefined);
      },
    });
  }

  #taken(item: Queued): void {
    this.#timeline.ack(item);
    this.#soon();
  }

  #newLink(): Uplink {
    return new Uplink({
      address: () => this.#address(),
      opened: () => void this.#opened(),
      frame: (frame) => this.#hear(frame),
      poll: () => this.#poll(),
      state: (state) => this.#moved(state),
    });
  }

  #newUploads(): Uploads {
    return new Uploads({
      most: async () => (await this.#sessions.get()).limits?.upload ?? Infinity,
      grant: (file) => this.#api("POST", "/uploads", file),
      done: (media) => this.send({ kind: "media", media }),
      changed: () => this.#emit("change", undefined),
    });
  }
}
