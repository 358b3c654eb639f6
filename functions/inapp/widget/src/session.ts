import { call, foreign, type Problem } from "./http";
import { newID } from "./id";
import type { Store } from "./store";
import type { Session } from "./wire";

/** Stored is a session with the subject of the token it was opened with. */
interface Stored extends Session {
  subject?: string;
}

/** Change is what a new session means for what is on the screen. */
export type Change = "same" | "moved" | "switched"; // same conversation, another one, another known user

/** Watcher is told what becomes of the session. */
export interface Watcher {
  adopted(session: Session, change: Change): void;
  refused(problem: Problem): void; // the host app's token
}

const spare = 60 * 1000; // before the end

/** Sessions opens and keeps the visitor's session. All tabs share it. */
export class Sessions {
  /** Where the app's API is. */
  readonly base: string;

  #token: string | undefined;
  #refusal: Problem | undefined;
  #opening: Promise<Session> | undefined;

  readonly #store: Store;
  readonly #options: { app: string; server: string; token?: string | undefined; locale?: string | undefined };
  readonly #watcher: Watcher;

  constructor(
    store: Store,
    options: { app: string; server: string; token?: string | undefined; locale?: string | undefined },
    watcher: Watcher,
  ) {
    this.#store = store;
    this.#options = options;
    this.#watcher = watcher;
    this.base = `${options.server.replace(/\/+$/, "")}/v1/inapp/${encodeURIComponent(options.app)}`;
    this.#token = options.token || undefined;
  }

  /** stored is the session of this browser, if it still holds. */
  get stored(): Session | undefined {
    const session = this.#last;
    return session && Date.parse(session.expiresAt) > Date.now() + spare ? session : undefined;
  }

  /** get is the session to use; callers share the one that is being opened. */
  get(): Promise<Session> {
    const { stored } = this;
    if (stored && this.#fits(stored)) return Promise.resolve(stored);
    this.#opening ??= this.#open(stored).finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** login goes on as the token's user, or fails and leaves everything as it was. */
  async login(token: string): Promise<void> {
    await this.#opening?.catch(() => {});
    this.#refusal = undefined;
    this.#token = token;
    await this.get();
    if (this.#refusal) throw this.#refusal;
  }

  /** expire ends a session that the server does not know, unless a newer one is there. */
  expire(session: string | undefined): void {
    const last = this.#last;
    if (last?.session === session) this.#store.set("session", { ...last, expiresAt: "1970-01-01T00:00:00Z" });
  }

  forget(): void {
    this.#token = undefined;
    this.#store.delete("session");
    this.#store.delete("device");
  }

  /** follow tells what another tab has done to the session. */
  follow(event: StorageEvent): Change | "gone" | undefined {
    if (!this.#store.is(event, "session")) return undefined;
    if (!event.newValue) return "gone";
    const [old, now] = [event.oldValue, event.newValue].map((text) => JSON.parse(text ?? "{}") as Partial<Stored>);
    return old?.conversation === now?.conversation && !now?.merged ? "same" : "moved";
  }

  get #last(): Stored | undefined {
    return this.#store.get<Stored>("session");
  }

  #fits(stored: Stored): boolean {
    return !this.#token || stored.subject === subjectOf(this.#token);
  }

  async #open(old: Session | undefined): Promise<Session> {
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
    return this.#keep(await this.#ask());
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
    return this.#keep(await this.#ask(token), subject);
  }

  #ask(userToken?: string): Promise<Session> {
    return call<Session>("POST", this.base + "/sessions", undefined, { device: this.#device(), locale: this.#options.locale, userToken });
  }

  #keep(session: Session, subject?: string): Session {
    const last = this.#last;
    const stored: Stored = subject === undefined ? session : { ...session, subject };
    this.#store.set("session", stored);
    const switched = last?.known && last.subject !== subject;
    const moved = session.merged || (last && last.conversation !== session.conversation);
    this.#watcher.adopted(session, switched ? "switched" : moved ? "moved" : "same");
    return stored;
  }

  #device(): string {
    const device = this.#store.get<string>("device") ?? newID();
    this.#store.set("device", device);
    return device;
  }
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
