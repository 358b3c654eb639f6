import { call, foreign, type Problem } from "./http";
import { newID } from "./id";
import type { Store } from "./store";
import type { Session } from "./wire";

/** Stored is a session with the subject of the token it was opened with. */
interface Stored extends Session {
  subject?: string;
  over?: boolean; // the server does not take it any more
}

/** Change is what a new session means for what is on the screen. */
export type Change = "same" | "moved" | "switched"; // same conversation, another one, another known user

/** Watcher is told what becomes of the session. */
export interface Watcher {
  adopted(session: Session, change: Change): void;
  followed(session: Session | undefined, change: Change): void; // another tab has a new one, or none any more
  refused(problem: Problem): void; // the host app's token
}

/** Identity is which app on which server, and who the visitor is. */
export interface Identity {
  app: string;
  server: string;
  token?: string | undefined;
  locale?: string | undefined;
}

const hour = 3_600_000;
const renewal = 7 * 24 * hour; // before the end
const pause = hour; // after a renewal that failed

/** Sessions opens and keeps the visitor's session. All tabs share it. */
export class Sessions {
  /** Where the app's API is. */
  readonly base: string;

  #token: string | undefined;
  #refusal: Problem | undefined;
  #opening: Promise<Session> | undefined;
  #held: Stored | undefined; // what this tab shows; the store has what all tabs should
  #renewAfter = 0;

  readonly #store: Store;
  readonly #identity: Identity;
  readonly #watcher: Watcher;

  constructor(store: Store, identity: Identity, watcher: Watcher) {
    this.#store = store;
    this.#identity = identity;
    this.#watcher = watcher;
    this.base = `${identity.server.replace(/\/+$/, "")}/v1/inapp/${encodeURIComponent(identity.app)}`;
    this.#token = identity.token || undefined;
  }

  /** stored is the session of this browser. Whether it still holds, the server says: clocks may be wrong. */
  get stored(): Session | undefined {
    const last = this.#last;
    return last?.over ? undefined : last;
  }

  /** returning tells whether the visitor has a session that probably still holds. */
  get returning(): boolean {
    return Date.parse(this.stored?.expiresAt ?? "") > Date.now();
  }

  /** get is the session to use; callers share the one that is being opened. */
  get(): Promise<Session> {
    this.#see();
    const { stored } = this;
    if (!stored || !this.#fits(stored)) {
      this.#opening ??= this.#alone(() => this.#open()).finally(() => (this.#opening = undefined));
      return this.#opening;
    }
    void this.#renew(stored);
    return Promise.resolve(stored);
  }

  /** login goes on as the token's user, or fails and leaves everything as it was. */
  async login(token: string): Promise<void> {
    await this.#opening?.catch(() => {});
    this.#refusal = undefined;
    this.#token = token;
    await this.get();
    if (this.#refusal) throw this.#refusal;
  }

  /** expire ends a session that the server does not know, and tells whether there may be another instead: after a logout, there is none. */
  expire(session: string | undefined): boolean {
    const last = this.#last;
    if (last?.session === session) this.#store.set("session", { ...last, over: true });
    return !!last;
  }

  forget(): void {
    this.#token = this.#held = undefined;
    this.#store.delete("session");
    this.#store.delete("device");
  }

  /** follow does as another tab has done. */
  follow(event: StorageEvent): void {
    if (!this.#store.is(event, "session")) return;
    if (this.#last) return this.#see();
    this.#token = this.#held = undefined;
    this.#watcher.followed(undefined, "switched");
  }

  /** see tells the watcher when the session is another tab's. */
  #see(): void {
    const [before, now] = [this.#held, this.#last];
    if (!now) return;
    this.#held = now;
    if (!before || before.session === now.session) return;
    // Of two tabs with different users the later login counts: neither must log the other in again.
    if (now.known && !this.#fits(now)) this.#token = undefined;
    this.#watcher.followed(now, changeOf(before, now));
  }

  get #last(): Stored | undefined {
    return this.#store.get<Stored>("session");
  }

  #fits(stored: Stored): boolean {
    return !this.#token || stored.subject === subjectOf(this.#token);
  }

  /** alone runs `open` while no other tab does: else each would begin a conversation of its own. */
  async #alone(open: () => Promise<Session>): Promise<Session> {
    let begun = false;
    const begin = (): Promise<Session> => ((begun = true), open());
    try {
      return await navigator.locks.request(this.base, begin);
    } catch (error) {
      if (begun) throw error;
      return open(); // no locks: the page came by http, or may store nothing
    }
  }

  async #open(): Promise<Session> {
    const old = this.stored;
    if (old && this.#fits(old)) return old; // another tab was faster
    if (this.#token) {
      try {
        return await this.#known(old, this.#token);
      } catch (problem) {
        if (!foreign(problem)) throw problem;
        this.#token = undefined; // go on as who we were
        this.#refusal = problem as Problem;
        this.#watcher.refused(this.#refusal);
        if (old) return old;
      }
    }
    return this.#keep(await this.#ask({}));
  }

  /** renew makes a session that ends within days last longer. A failure changes nothing and is tried again later. */
  async #renew(old: Stored): Promise<void> {
    const left = Date.parse(old.expiresAt) - Date.now();
    if (left < 0 || left > renewal || Date.now() < this.#renewAfter || this.#opening) return;
    this.#renewAfter = Date.now() + pause;
    const fresh = await this.#ask({}, old.session).catch(() => undefined);
    const same = fresh?.user === old.user && fresh?.conversation === old.conversation;
    if (fresh && same && this.stored?.session === old.session) this.#keep(fresh, old.subject);
  }

  /** known opens a session for the token; an anonymous one is upgraded, so that its history stays. */
  async #known(old: Session | undefined, token: string): Promise<Session> {
    const subject = subjectOf(token);
    if (old && !old.known) {
      try {
        return this.#keep(await call<Session>("POST", this.base + "/login", old.session, { userToken: token }), subject);
      } catch (problem) {
        if (!foreign(problem)) throw problem; // else it may be the old session that is refused
      }
    }
    return this.#keep(await this.#ask({ userToken: token }), subject);
  }

  #ask(more: { userToken?: string }, session?: string): Promise<Session> {
    return call<Session>("POST", this.base + "/sessions", session, { device: this.#device(), locale: this.#identity.locale, ...more });
  }

  #keep(session: Session, subject?: string): Session {
    const before = this.#held;
    this.#held = subject === undefined ? session : { ...session, subject };
    this.#store.set("session", this.#held);
    this.#watcher.adopted(session, changeOf(before, this.#held));
    return session;
  }

  #device(): string {
    const device = this.#store.get<string>("device") ?? newID();
    this.#store.set("device", device);
    return device;
  }
}

/** changeOf tells what follows when one session takes the place of another. */
function changeOf(before: Stored | undefined, now: Stored): Change {
  if (before?.known && before.subject !== now.subject) return "switched";
  return before && (now.merged || before.conversation !== now.conversation) ? "moved" : "same";
}

/** subjectOf reads whom a token names, only to tell whether a session must change. Checking it is the server's business. */
function subjectOf(token: string): string {
  try {
    const payload = token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(payload)) as { external_id?: string; sub?: string };
    return claims.external_id ?? claims.sub ?? token;
  } catch {
    return token;
  }
}
