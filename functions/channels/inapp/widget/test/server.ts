import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Content, Interaction } from "../src/content";
import type { Code, Durable, Inbound, Item, MessageFrame, Session, Signal } from "../src/wire";
import { Socket } from "./socket";

/** Thread is a conversation in memory. */
export interface Thread {
  id: string;
  known: boolean;
  items: Item[];
  seq: number;
  read: number;
  taken: Map<string, string>; // message ids by clientMsgId
  frames: (Durable | Signal)[]; // every frame that was processed, once
  pushes: unknown[]; // where notifications go
  earlier?: Thread;
}

interface Visitor {
  thread: Thread;
  known: boolean;
}

interface Asked {
  userToken: string;
  frames: (Durable | Signal)[];
  name: string;
  mime: string;
  size: number;
}

/** sound is a network in which nothing goes wrong; a number is how many times something does. */
export const sound = { down: false, noSockets: false, loseAcks: 0, swallow: 0, delay: 0, rateLimit: 0, skip: 0, stale: 0, noRenewal: false, impostor: false, noHistory: 0 };

// API Gateway sends no more on a connection in one frame.
const maxPost = 32 << 10;

type Answer = { status: number; body?: unknown };

const refuse = (status: number, code: Code, retryAfter?: number): Answer => ({ status, body: { status, code, title: code, retryAfter } });

/**
 * MockServer speaks the protocol of in-app messaging with a conversation in memory,
 * for any number of browsers and an agent, and can fail in the ways networks do.
 */
export class MockServer {
  /** What goes wrong. */
  faults = { ...sound };
  now = (): Date => new Date();
  /** How long sessions hold, in days. */
  life = 30;
  readonly threads: Thread[] = [];
  readonly uploads = new Map<string, Buffer>();
  readonly requests: string[] = [];
  origin = "";

  private readonly server: Server = createServer((request, response) => void this.serve(request, response));
  private readonly visitors = new Map<string, Visitor>();
  private readonly users = new Map<string, Thread>();
  private readonly tickets = new Map<string, Visitor>();
  private readonly sockets = new Map<Socket, Visitor>();
  readonly pages = new Map<string, { html: string; headers?: Record<string, string> }>();

  async start(): Promise<this> {
    this.server.on("upgrade", (request, stream) => this.upgrade(request, new URL(request.url!, this.origin), () => new Socket(request, stream), () => stream.destroy()));
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** cut breaks every socket. */
  cut(): void {
    for (const socket of [...this.sockets.keys()]) socket.cut();
  }

  get connected(): number {
    return this.sockets.size;
  }

  /** last is the conversation that began last. */
  get last(): Thread {
    return this.threads.at(-1)!;
  }

  /** say is the agent speaking. */
  say(thread: Thread, content: string | Content[], more: Partial<MessageFrame> = {}): string {
    const parts = typeof content === "string" ? [{ kind: "text", text: { body: content } }] : content;
    const id = more.id ?? "msg_" + randomUUID();
    this.put(thread, { type: "message", seq: 0, id, mine: false, author: { role: "agent", name: "Ana" }, time: this.now().toISOString(), content: parts, ...more });
    return id;
  }

  /** find is the first message of a side. */
  find(thread: Thread, mine: boolean): MessageFrame {
    return thread.items.find((i) => i.type === "message" && i.mine === mine) as MessageFrame;
  }

  /** put numbers an item, keeps it and sends it to everyone. */
  put(thread: Thread, item: Item): void {
    item.seq = ++thread.seq;
    thread.items.push(item);
    if (this.faults.skip > 0) this.faults.skip--;
    else this.tell(thread, item);
  }

  /** tell sends a frame to everyone in the conversation. */
  tell(thread: Thread, frame: Inbound): void {
    for (const [socket, visitor] of this.sockets) if (visitor.thread === thread) post(socket, frame);
  }

  /** texts are the bodies of all messages, as the agent reads them. */
  texts(thread: Thread): string[] {
    return this.history(thread).flatMap((item) => (item.type === "message" ? item.content.map((c) => c.text?.body ?? c.interaction?.text ?? c.kind) : []));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url!, this.origin);
    if (this.faults.down && url.pathname.startsWith("/v1/")) return void response.destroy();
    if (this.faults.delay) await new Promise((resolve) => setTimeout(resolve, this.faults.delay));
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    this.requests.push(`${request.method} ${url.pathname}`);
    if (!url.pathname.startsWith("/v1/inapp/")) return this.file(url, Buffer.concat(chunks), response);
    const answer = this.api(request, url, Buffer.concat(chunks).toString());
    response.writeHead(answer.status, { "Content-Type": answer.status < 400 ? "application/json" : "application/problem+json" });
    response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
  }

  private file(url: URL, body: Buffer, response: ServerResponse): void {
    const page = this.pages.get(url.pathname);
    if (page) return void response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...page.headers }).end(page.html);
    if (/^\/(relais|client)\.js$/.test(url.pathname)) return void response.writeHead(200, { "Content-Type": "text/javascript" }).end(readFileSync("dist" + url.pathname));
    if (url.pathname === "/picture.svg") return void response.writeHead(200, { "Content-Type": "image/svg+xml" }).end(picture);
    if (url.pathname === "/bucket") {
      const key = /name="key"\r\n\r\n([^\r]+)/.exec(body.toString("latin1"))?.[1];
      if (key) this.uploads.set(key, body);
      return void response.writeHead(key ? 204 : 400).end();
    }
    response.writeHead(url.pathname === "/favicon.ico" ? 204 : 404).end();
  }

  private api(request: IncomingMessage, url: URL, text: string): Answer {
    const path = url.pathname.split("/").slice(4).join("/");
    const body = (text ? JSON.parse(text) : {}) as Asked;
    const visitor = this.visitors.get((request.headers.authorization ?? "").replace("Bearer ", ""));
    if (path === "sessions") return visitor && !body.userToken ? this.renew(visitor) : this.session(body.userToken);
    if (!visitor) return refuse(401, "bad_token");
    switch (`${request.method} ${path}`) {
      case "POST login":
        return this.login(visitor, body.userToken);
      case "POST logout":
        return { status: 204 };
      case "POST tickets":
        return this.ticket(visitor);
      case "POST events":
        return this.events(visitor, body.frames);
      case "GET messages":
        if (this.faults.noHistory > 0 && this.faults.noHistory--) return refuse(503, "unavailable");
        return this.page(visitor.thread, url.searchParams);
      case "POST push":
        visitor.thread.pushes.push(body);
        return { status: 201, body: {} };
      case "DELETE push":
        visitor.thread.pushes.length = 0;
        return { status: 204 };
      case "POST uploads":
        return { status: 201, body: { media: { type: body.mime.startsWith("image/") ? "image" : "file", platformId: "med_" + body.name, mime: body.mime, name: body.name, bytes: body.size }, upload: { url: this.origin + "/bucket", fields: { key: "med_" + body.name } } } };
      default:
        return refuse(404, "not_found");
    }
  }

  private renew({ thread, known }: Visitor): Answer {
    if (this.faults.noRenewal) return refuse(503, "unavailable");
    return { status: 201, body: { ...this.open(thread, known), ...(this.faults.impostor && { user: "somebody else" }) } };
  }

  private session(token: string | undefined): Answer {
    if (!token) return { status: 201, body: this.open(this.thread(false), false) };
    const user = subject(token);
    if (!user) return refuse(401, "bad_token");
    const thread = this.users.get(user) ?? this.thread(true);
    this.users.set(user, thread);
    return { status: 201, body: this.open(thread, true) };
  }

  /** login keeps an anonymous thread for a user who has none, and otherwise shows it before the user's. */
  private login(visitor: Visitor, token: string): Answer {
    const user = subject(token);
    if (!user) return refuse(401, "bad_token");
    const own = this.users.get(user);
    if (!own || own === visitor.thread) {
      this.users.set(user, visitor.thread);
      return { status: 200, body: { ...this.open(visitor.thread, true), merged: false } };
    }
    own.earlier = visitor.thread;
    this.tell(visitor.thread, { type: "merged", conversation: own.id });
    return { status: 200, body: { ...this.open(own, true), merged: true } };
  }

  private thread(known: boolean): Thread {
    const thread: Thread = { id: "cnv_" + randomUUID(), known, items: [], seq: 0, read: 0, taken: new Map(), frames: [], pushes: [] };
    this.threads.push(thread);
    return thread;
  }

  private open(thread: Thread, known: boolean): Session {
    const session = randomUUID();
    this.visitors.set(session, { thread, known });
    const expiresAt = new Date(Date.now() + this.life * 86_400_000).toISOString();
    return { session, expiresAt, user: thread.id, known, conversation: thread.id, socket: this.origin.replace("http", "ws") + "/socket", limits: { frame: 32768, upload: 1_000_000 }, push: { vapid: "BPublicKey" } };
  }

  /** expire forgets every session, as a server with a new key does. */
  expire(): void {
    this.visitors.clear();
  }

  private ticket(visitor: Visitor): Answer {
    const ticket = randomUUID();
    this.tickets.set(ticket, visitor);
    return { status: 201, body: { ticket, socket: this.origin.replace("http", "ws") + "/socket?stage=test", expiresIn: 30 } };
  }

  private upgrade(_: IncomingMessage, url: URL, accept: () => Socket, deny: () => void): void {
    const ticket = url.searchParams.get("ticket") ?? "";
    const visitor = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    if (!visitor || this.faults.noSockets || this.faults.down) return deny();
    const socket = accept();
    this.sockets.set(socket, visitor);
    socket.onclose = () => this.sockets.delete(socket);
    socket.onmessage = (text) => setTimeout(() => this.frame(socket, visitor, JSON.parse(text)), this.faults.delay);
  }

  private frame(socket: Socket, visitor: Visitor, frame: Durable | Signal): void {
    const reply = (inbound: Inbound): void => post(socket, inbound);
    if (frame.action === "ping") return reply({ type: "pong" });
    if (frame.action === "resume") return this.resume(visitor.thread, frame.after, reply);
    if (this.faults.stale > 0) {
      this.faults.stale--;
      return reply({ type: "error", code: "bad_ticket" });
    }
    if (this.faults.swallow > 0) return void this.faults.swallow--;
    const answer = this.take(visitor.thread, frame);
    if (!answer) return;
    if (answer.type === "ack" && this.faults.loseAcks > 0) return void this.faults.loseAcks--;
    reply(answer);
  }

  /** How often somebody resumed. */
  resumes = 0;

  private resume(thread: Thread, after: number, reply: (frame: Inbound) => void): void {
    this.resumes++;
    for (const item of thread.items) if (item.seq! > after) reply(item);
    reply({ type: "resumed", last: thread.seq });
  }

  private events(visitor: Visitor, frames: (Durable | Signal)[]): Answer {
    const answers = frames.map((frame) => this.take(visitor.thread, frame)).filter((a) => a !== undefined);
    return { status: 202, body: { acks: answers.filter((a) => a.type === "ack"), errors: answers.filter((a) => a.type === "error") } };
  }

  /** take does what a frame says, once per clientMsgId. */
  private take(thread: Thread, frame: Durable | Signal): (Inbound & { type: "ack" | "error" }) | undefined {
    if (!("clientMsgId" in frame)) {
      thread.frames.push(frame);
      thread.seq++; // the agent sees it, the visitor does not: a gap
      if (frame.action === "read") {
        thread.read = Math.max(thread.read, frame.upTo);
        this.tell(thread, { type: "seen", upTo: thread.read });
      }
      return undefined;
    }
    const { clientMsgId } = frame;
    if (this.faults.rateLimit > 0) {
      this.faults.rateLimit--;
      return { type: "error", clientMsgId, code: "rate_limited", retryAfter: 1 };
    }
    const known = thread.taken.get(clientMsgId);
    if (known) return { type: "ack", clientMsgId, messageId: known };
    const messageId = "msg_" + randomUUID();
    thread.taken.set(clientMsgId, messageId);
    thread.frames.push(frame);
    this.put(thread, itemOf(frame, messageId, this.now()));
    return { type: "ack", clientMsgId, messageId };
  }

  /** history is all of a conversation; what was said before the merge stands below zero. */
  private history(thread: Thread): Item[] {
    const before = thread.earlier?.items.map((item) => ({ ...item, seq: item.seq! - thread.earlier!.seq })) ?? [];
    return [...before, ...thread.items];
  }

  private page(thread: Thread, query: URLSearchParams): Answer {
    const limit = Number(query.get("limit") ?? 50);
    const after = query.get("after");
    const before = query.get("before");
    const fits = this.history(thread).filter((i) => (after !== null ? i.seq! > Number(after) : before === null || i.seq! < Number(before)));
    const items = after !== null ? fits.slice(0, limit) : fits.slice(-limit);
    const more = fits.length > items.length;
    const last = after !== null && more ? items.at(-1)!.seq! : thread.seq;
    const newest = after === null && before === null;
    return { status: 200, body: { items, first: items[0]?.seq ?? 0, last, more, ...(newest && { read: thread.read }) } };
  }
}

/** post sends a frame; of one that is too large it only tells. */
function post(socket: Socket, frame: Inbound): void {
  const text = JSON.stringify({ v: 1, ...frame });
  socket.send(Buffer.byteLength(text) > maxPost && "seq" in frame ? JSON.stringify({ v: 1, type: "fetch", seq: frame.seq }) : text);
}

function itemOf(frame: Durable, id: string, now: Date): Item {
  if (frame.action === "react") return { type: "reaction", seq: 0, id: frame.message, emoji: frame.emoji, mine: true, removed: frame.emoji === "" };
  const base = { type: "message" as const, seq: 0, id, clientMsgId: frame.clientMsgId, mine: true, author: { role: "customer" }, time: now.toISOString() };
  if (frame.action === "send") return { ...base, content: [frame.content], ...(frame.replyTo && { replyTo: frame.replyTo }) };
  return { ...base, content: [{ kind: "interaction", interaction: answerOf(frame) }] };
}

function answerOf(frame: Durable & { action: "choose" | "submit" | "pick" }): Interaction {
  const of = { platformId: frame.message };
  switch (frame.action) {
    case "choose":
      return { kind: "button", of, option: frame.option, text: frame.text, ...(frame.values && { values: frame.values }) };
    case "submit":
      return { kind: "form", of, option: frame.form, values: frame.values };
    case "pick":
      return { kind: "time", of, option: frame.slot, text: frame.text };
  }
}

/** subject reads a host app's token; the mock trusts whom it names, unless it says that it is bad. */
function subject(token: string): string | undefined {
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}") as { external_id?: string };
  return claims.external_id === "bad" ? undefined : claims.external_id;
}

const cors = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "authorization, content-type", "Access-Control-Allow-Methods": "GET, POST, DELETE" };

const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="#dfe7d8"/><path d="M110 150h90l14-78h-118z" fill="#6b8f71"/><path d="M212 88c30-8 40 30-4 40" fill="none" stroke="#6b8f71" stroke-width="10"/><circle cx="155" cy="62" r="8" fill="#43604a"/></svg>';
