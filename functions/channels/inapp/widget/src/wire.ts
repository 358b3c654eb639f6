import type { Content, Field, Media } from "./content";

/** Code says what went wrong; the first nine come from the server, the last two arise here. */
export type Code =
  | "bad_origin"
  | "bad_token"
  | "expired_token"
  | "bad_ticket"
  | "rate_limited"
  | "too_large"
  | "malformed"
  | "unsupported_action"
  | "not_found"
  | "unavailable"
  | "offline";

/** Session is who the visitor is for the server. */
export interface Session {
  session: string;
  expiresAt: string;
  user: string;
  known: boolean;
  conversation: string;
  socket: string;
  limits?: { frame?: number; upload?: number };
  push?: { vapid?: string };
  merged?: boolean;
}

/** Action is what the visitor does. */
export type Action =
  | { action: "send"; content: Content; replyTo?: string }
  | { action: "choose"; message: string; option: string; text: string; values?: Field[] }
  | { action: "submit"; message: string; form: string; values: Field[] }
  | { action: "pick"; message: string; slot: string; text: string }
  | { action: "react"; message: string; emoji: string };

/** Durable is a frame that must arrive: it waits in the queue until the server acknowledges its clientMsgId. */
export type Durable = { v: 1; clientMsgId: string } & Action;

/** Signal is a frame that may be lost: a newer one makes up for it. */
export type Signal = { v: 1 } & (
  | { action: "typing"; active: boolean }
  | { action: "read" | "received"; upTo: number }
  | { action: "resume"; after: number }
  | { action: "ping" }
);

/** Author is who wrote a message or types. */
export interface Author {
  role: string;
  name?: string;
}

/** MessageFrame is a message, or its edit when the id is known and the revision higher. */
export interface MessageFrame {
  type: "message";
  seq: number;
  id: string;
  clientMsgId?: string;
  mine: boolean;
  author: Author;
  time: string;
  content: Content[];
  replyTo?: string;
  revision?: number;
}

/** DeletedFrame takes a message back. */
export interface DeletedFrame {
  type: "deleted";
  seq: number;
  id: string;
}

/** ReactionFrame puts an emoji on a message, or takes it away. */
export interface ReactionFrame {
  type: "reaction";
  seq: number;
  id: string;
  emoji: string;
  mine: boolean;
  removed?: boolean;
}

/** MediaFrame says what became of a file that a message shows. */
export interface MediaFrame {
  type: "media";
  seq: number;
  id: string;
  media: Media;
}

/** MarkFrame says how far the brand has read. */
export interface MarkFrame {
  type: "read";
  seq?: number;
  upTo: number;
}

/** Item is a frame that history keeps. */
export type Item = MessageFrame | DeletedFrame | ReactionFrame | MediaFrame | MarkFrame;

/** Inbound is any frame the server sends. */
export type Inbound =
  | Item
  | { type: "typing"; active: boolean; author: Author }
  | { type: "ack"; clientMsgId: string; messageId: string }
  | { type: "error"; clientMsgId?: string; code: Code; retryAfter?: number }
  | { type: "resumed"; last: number; more?: boolean }
  | { type: "fetch"; seq: number }
  | { type: "seen"; upTo: number }
  | { type: "pong" }
  | { type: "merged"; conversation: string };

/** Page is a stretch of history, oldest first. */
export interface Page {
  items: Item[];
  first: number;
  last: number;
  more: boolean;
  read?: number; // of the newest: how far the visitor has read, on any device
}

/** Receipts is the answer to frames that went by HTTP. */
export interface Receipts {
  acks?: { clientMsgId: string; messageId: string }[];
  errors?: { clientMsgId?: string; code: Code; retryAfter?: number }[];
}

/** UploadGrant is where a file goes before the message that shows it. */
export interface UploadGrant {
  media: Media; // what the message then holds
  upload: { url: string; fields: Record<string, string> };
}
