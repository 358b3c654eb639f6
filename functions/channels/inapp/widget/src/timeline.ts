import type { Content, Interaction, Media } from "./content";
import type { Author, Code, Durable, Item, MessageFrame, Page, ReactionFrame } from "./wire";
import type { Queued } from "./queue";

/** State of a message of one's own. */
export type Delivery = "sending" | "failed" | "sent" | "read";

/** Message is what is shown: from the server, or still on its way there. */
export interface Message {
  key: string; // stays the same from the first keystroke's echo to the server's copy
  id?: string; // absent until the server has it
  seq: number;
  mine: boolean;
  author: Author;
  time: string;
  content: Content[];
  replyTo?: string;
  edited: boolean;
  deleted: boolean;
  reaction: string; // the visitor's own emoji, or empty
  reactions: string[]; // everybody else's
  delivery?: Delivery;
  failure?: Code;
}

const customer: Author = { role: "customer" };

/** contentOf is how a frame looks as a message while the server has not answered; a reaction is none. */
function contentOf(frame: Durable): Content | undefined {
  if (frame.action === "send") return frame.content;
  if (frame.action === "react") return undefined;
  return { kind: "interaction", interaction: { of: { platformId: frame.message }, ...answerOf(frame) } };
}

function answerOf(frame: Durable & { action: "choose" | "submit" | "pick" }): Interaction {
  switch (frame.action) {
    case "choose":
      return { kind: "button", option: frame.option, text: frame.text, ...(frame.values && { values: frame.values }) };
    case "submit":
      return { kind: "form", option: frame.form, values: frame.values };
    case "pick":
      return { kind: "time", option: frame.slot, text: frame.text };
  }
}

/**
 * Timeline is the conversation as far as it is known. Frames may come twice and in
 * any order: applying one again changes nothing, and the higher sequence wins.
 */
export class Timeline {
  /** through is the watermark: everything up to it is here. */
  through = 0;
  /** high is the highest sequence seen; above `through` something may be missing. */
  high = 0;
  /** first is the cursor for older history; more tells whether there is any. */
  first = 0;
  more = false;
  #read = 0; // how far the brand has read

  readonly #messages = new Map<string, MessageFrame>(); // the newest revision
  readonly #starts = new Map<string, number>(); // where each message stands
  readonly #deleted = new Set<string>();
  readonly #reactions = new Map<string, ReactionFrame>(); // by message, side and emoji
  readonly #files = new Map<string, Media>(); // by platform id
  readonly #acked = new Map<string, Queued>(); // taken by the server, not yet back from it

  /** live takes a frame of the socket and tells whether it is new. */
  live(frame: Item): boolean {
    if (frame.seq === undefined) return this.#apply(frame);
    const known = frame.seq <= this.through;
    if (frame.seq === this.through + 1 && this.high <= this.through) this.through = frame.seq;
    this.high = Math.max(this.high, frame.seq);
    return this.#apply(frame) && !known;
  }

  /** page takes a page of history; a page that goes on from the watermark moves it. */
  page(page: Page, direction: "latest" | "after" | "before" | "again"): MessageFrame[] {
    const fresh = page.items.filter((item) => this.#apply(item) && item.type === "message") as MessageFrame[];
    if (direction === "latest" || direction === "after") this.reach(page.last);
    if (direction === "latest" || direction === "before") {
      this.first = page.first;
      this.more = page.more;
    }
    return fresh;
  }

  /** reach says that nothing up to `seq` is missing. */
  reach(seq: number): void {
    this.through = Math.max(this.through, seq);
    this.high = Math.max(this.high, seq);
  }

  /** owe says that there is something at `seq` that is not here; it tells whether that is news. */
  owe(seq: number): boolean {
    this.high = Math.max(this.high, seq);
    return seq > this.through;
  }

  /** ack keeps a message that the server has taken in sight until it comes back from there. */
  ack(item: Queued): void {
    this.#acked.set(item.frame.clientMsgId, item);
  }

  /** waiting tells whether such a message has not come back. */
  get waiting(): boolean {
    return this.#acked.size > 0;
  }

  /** incoming is the sequence of the last message of the others. */
  incoming(): number {
    return Math.max(0, ...[...this.#messages.values()].filter((m) => !m.mine).map((m) => this.#starts.get(m.id)!));
  }

  /** unread counts messages of the others after `seq`. */
  unread(seq: number): number {
    return [...this.#messages.values()].filter((m) => !m.mine && !this.#deleted.has(m.id) && this.#starts.get(m.id)! > seq).length;
  }

  /** list is everything in order, then what waits in the queue. */
  list(queued: readonly Queued[]): Message[] {
    const frames = [...this.#messages.values()].sort((a, b) => this.#starts.get(a.id)! - this.#starts.get(b.id)!);
    const here = new Set(frames.map((frame) => frame.clientMsgId));
    const ours = (items: Iterable<Queued>, delivery: Delivery): Message[] =>
      [...items].filter((item) => !here.has(item.frame.clientMsgId)).map((item) => pending(item, delivery)).filter((m) => m !== undefined);
    return [...frames.map((frame) => this.#shown(frame, queued)), ...ours(this.#acked.values(), "sent"), ...ours(queued, "sending")];
  }

  #apply(frame: Item): boolean {
    switch (frame.type) {
      case "message":
        return this.#put(frame);
      case "reaction":
        return this.#react(frame);
      case "deleted":
        this.#deleted.add(frame.id);
        break;
      case "media":
        this.#files.set(frame.media.platformId!, frame.media);
        break;
      case "read":
        this.#read = Math.max(this.#read, frame.upTo);
    }
    return false;
  }

  #put(frame: MessageFrame): boolean {
    const old = this.#messages.get(frame.id);
    this.#starts.set(frame.id, Math.min(frame.seq, this.#starts.get(frame.id) ?? Infinity));
    if (old && (old.revision ?? 0) > (frame.revision ?? 0)) return false;
    const id = frame.clientMsgId ?? old?.clientMsgId;
    const time = old?.time ?? frame.time; // an edit tells its own
    this.#messages.set(frame.id, id ? { ...frame, time, clientMsgId: id } : { ...frame, time });
    if (id) this.#acked.delete(id);
    return !old;
  }

  #react(frame: ReactionFrame): boolean {
    const key = JSON.stringify([frame.id, frame.mine, frame.emoji]);
    if ((this.#reactions.get(key)?.seq ?? -Infinity) >= frame.seq) return false;
    this.#reactions.set(key, frame);
    for (const [id, item] of this.#acked) if (frame.mine && item.frame.action === "react" && item.frame.message === frame.id) this.#acked.delete(id);
    return true;
  }

  #shown(frame: MessageFrame, queued: readonly Queued[]): Message {
    const seq = this.#starts.get(frame.id)!;
    const message: Message = {
      key: frame.clientMsgId ?? frame.id,
      id: frame.id,
      seq,
      mine: frame.mine,
      author: frame.author,
      time: frame.time,
      content: frame.content.map((c) => this.#filed(c)),
      edited: (frame.revision ?? 0) > 0,
      deleted: this.#deleted.has(frame.id),
      reaction: this.#own(frame.id, queued),
      reactions: this.#standing(frame.id),
    };
    if (frame.replyTo) message.replyTo = frame.replyTo;
    if (frame.mine) message.delivery = seq <= this.#read ? "read" : "sent";
    return message;
  }

  /** filed shows a file as it is by now: stored, or lost. */
  #filed(content: Content): Content {
    const file = this.#files.get(content.media?.platformId ?? "");
    return file ? { ...content, media: { ...content.media!, ...file } } : content;
  }

  /** own is the visitor's emoji: the last one asked for, even if the server has not said so yet. */
  #own(id: string, queued: readonly Queued[]): string {
    for (const item of [...this.#acked.values(), ...queued].reverse())
      if (item.frame.action === "react" && item.frame.message === id && !item.failed) return item.frame.emoji;
    const last = this.#changes(id, true).at(-1);
    return last && !last.removed ? last.emoji : "";
  }

  /** standing lists the emoji of the others, oldest first. Removing the empty emoji removes all. */
  #standing(id: string): string[] {
    const all = this.#changes(id, false);
    const cleared = all.find((r) => r.removed && !r.emoji)?.seq ?? -Infinity;
    return all.filter((r) => !r.removed && r.seq > cleared).map((r) => r.emoji);
  }

  #changes(id: string, mine: boolean): ReactionFrame[] {
    return [...this.#reactions.values()].filter((r) => r.id === id && r.mine === mine).sort((a, b) => a.seq - b.seq);
  }
}

function pending(item: Queued, delivery: Delivery): Message | undefined {
  const { frame, at, failed } = item;
  const content = contentOf(frame);
  if (!content) return undefined;
  const message: Message = {
    key: frame.clientMsgId,
    seq: Infinity,
    mine: true,
    author: customer,
    time: new Date(at).toISOString(),
    content: [content],
    edited: false,
    deleted: false,
    reaction: "",
    reactions: [],
    delivery: failed ? "failed" : delivery,
  };
  if (frame.action === "send" && frame.replyTo) message.replyTo = frame.replyTo;
  if (failed) message.failure = failed;
  return message;
}
