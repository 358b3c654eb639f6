import type { RelaisClient } from "../client";
import type { Interaction, Option } from "../content";
import type { Message } from "../timeline";
import { h, icon, name, set } from "./dom";
import { MessageView, type Deeds, type Place } from "./message";
import type { Language } from "./strings";
import { day, fill, type View } from "./view";

const near = 80; // pixels from the end that still count as the end
const pause = 5 * 60_000; // after it a new group of messages begins

/** Outside is what the log needs from the panel around it. */
export interface Outside {
  reply(message: Message): void;
  say(text: string): void;
  seen(): void; // the visitor is at the end
}

/** Log is the list of messages. */
export class Log {
  readonly node: HTMLElement;
  readonly #empty = icon("chat");
  readonly #list = h("ol", { class: "messages" });
  readonly #older: HTMLButtonElement;
  readonly #newer: HTMLButtonElement;
  readonly #typist = h("p", { class: "typist", hidden: true });
  readonly #scroller: HTMLElement;
  readonly #views = new Map<string, MessageView>();
  readonly #days = new Map<string, HTMLElement>();
  readonly #reread = new Set<string>(); // asked for fresh links once
  #messages: Message[] = [];
  #answers = new Map<string, Interaction>();
  #atEnd = true;

  readonly #client: RelaisClient;
  readonly #language: Language;
  readonly #outside: Outside;

  constructor(
    client: RelaisClient,
    language: Language,
    outside: Outside,
  ) {
    this.#client = client;
    this.#language = language;
    this.#outside = outside;
    const { t } = language;
    this.#older = h("button", { type: "button", class: "button older", hidden: true, click: () => void this.#load() }, t.older);
    this.#newer = h("button", { type: "button", class: "button newer", hidden: true, click: () => this.end() }, icon("down"), t.newer);
    const kind = { class: "scroller", role: "log", "aria-live": "off", "aria-label": t.title, tabindex: 0, scroll: () => this.#scrolled() };
    this.#scroller = h("div", kind, this.#empty, this.#older, this.#list, this.#typist);
    this.node = h("div", { class: "log" }, this.#scroller, this.#newer);
    // Pictures that arrive late push the end away.
    new ResizeObserver(() => this.#atEnd && this.end()).observe(this.#list);
  }

  /** update shows the messages as they are now. */
  update(): void {
    const { scrollHeight, scrollTop } = this.#scroller;
    const [top, last] = [this.#messages[0]?.key, this.#messages.at(-1)?.key];
    this.#messages = this.#client.messages;
    this.#answers = answersIn(this.#messages);
    this.#place();
    this.#older.hidden = !this.#client.more;
    set(this.#empty, "hidden", this.#messages.length > 0);
    const end = this.#messages.at(-1);
    const added = !!end && end.key !== last;
    if (this.#atEnd || (added && end.mine)) this.end();
    else if (top !== this.#messages[0]?.key) this.#scroller.scrollTop = scrollTop + this.#scroller.scrollHeight - scrollHeight;
    else if (added) this.#newer.hidden = false;
  }

  /** typing says who types, or that nobody does. */
  typing(who: string | undefined): void {
    this.#typist.hidden = who === undefined;
    const dots = [0, 1, 2].map(() => h("i", { "aria-hidden": "true" }));
    if (who !== undefined) this.#typist.replaceChildren(...dots, h("span", {}, fill(this.#language.t.typing, { name: name(who) || this.#language.t.someone })));
    if (this.#atEnd) this.end();
  }

  /** end shows the newest message. */
  end(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#scrolled();
  }

  /** looking tells whether the visitor sees the newest message. */
  get looking(): boolean {
    return this.#atEnd;
  }

  /** fold closes what is open within a message, and tells whether anything was. */
  fold(): boolean {
    return [...this.#views.values()].some((view) => view.fold());
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < near;
    if (!this.#atEnd) return;
    this.#newer.hidden = true;
    this.#outside.seen();
  }

  async #load(): Promise<void> {
    this.#older.disabled = true;
    await this.#client.older().catch(() => {});
    this.#older.disabled = false;
  }

  /** place puts every message and day where it belongs, and moves only what does not stand there yet. */
  #place(): void {
    const nodes = this.#nodes();
    const wanted = new Set<Node>(nodes);
    for (const child of [...this.#list.children]) if (!wanted.has(child)) child.remove();
    let at = this.#list.firstChild;
    for (const node of nodes) {
      if (node === at) at = at.nextSibling;
      else this.#list.insertBefore(node, at);
    }
  }

  #nodes(): HTMLElement[] {
    const newest = this.#messages.filter((m) => m.mine).at(-1)?.key;
    const keys = new Set(this.#messages.map((m) => m.key));
    for (const key of this.#views.keys()) if (!keys.has(key)) this.#views.delete(key);
    return this.#messages.flatMap((message, i) => {
      const [before, after] = [this.#messages[i - 1], this.#messages[i + 1]];
      const place: Place = { first: !joined(before, message), last: !joined(message, after), newest: message.key === newest };
      const node = this.#message(message, place);
      const date = day(new Date(message.time), this.#language.tag);
      return before && day(new Date(before.time), this.#language.tag) === date ? [node] : [this.#day(date), node];
    });
  }

  #message(message: Message, place: Place): HTMLElement {
    const view = this.#views.get(message.key) ?? new MessageView(this.#deeds);
    this.#views.set(message.key, view);
    view.update(this.#view(message), place);
    return view.node;
  }

  #day(date: string): HTMLElement {
    const node = this.#days.get(date) ?? h("li", { class: "day" }, date);
    this.#days.set(date, node);
    return node;
  }

  readonly #deeds: Deeds = {
    react: (message, emoji) => void this.#client.react(message.id!, emoji),
    reply: (message) => this.#outside.reply(message),
    retry: (message) => this.#client.retry(message.key),
    discard: (message) => this.#client.discard(message.key),
    jump: (id) => this.#views.get(this.#find(id)?.key ?? "")?.node.scrollIntoView({ block: "center" }),
  };

  #find(id: string | undefined): Message | undefined {
    return id === undefined ? undefined : this.#messages.find((m) => m.id === id);
  }

  #view(message: Message): View {
    const client = this.#client;
    const id = message.id ?? "";
    return {
      ...this.#language,
      message,
      answer: this.#answers.get(id),
      choose: (options: Option[]) => void client.choose(id, options),
      submit: (form, values) => void client.submit(id, form, values),
      pick: (slot, text) => void client.pick(id, slot, text),
      locate: () => this.#locate(),
      reread: () => this.#fresh(id),
      say: (text) => this.#outside.say(text),
      original: (of) => this.#find(of),
    };
  }

  #locate(): void {
    const failed = (): void => this.#outside.say(this.#language.t.failed);
    const found = ({ coords: c }: GeolocationPosition): void => {
      this.#client.send({ kind: "location", location: { latitude: c.latitude, longitude: c.longitude, accuracy: c.accuracy } });
    };
    navigator.geolocation ? navigator.geolocation.getCurrentPosition(found, failed, { timeout: 20_000 }) : failed();
  }

  #fresh(id: string): void {
    if (!id || this.#reread.has(id)) return;
    this.#reread.add(id);
    void this.#client.refresh(id).catch(() => {});
  }
}

/** joined tells whether two messages belong to one group. */
function joined(a: Message | undefined, b: Message | undefined): boolean {
  if (!a || !b || a.mine !== b.mine || a.author.name !== b.author.name) return false;
  return Math.abs(Date.parse(b.time) - Date.parse(a.time)) < pause;
}

/** answersIn finds which offers the visitor has answered. */
function answersIn(messages: Message[]): Map<string, Interaction> {
  const answers = new Map<string, Interaction>();
  for (const message of messages) {
    if (!message.mine || message.delivery === "failed") continue;
    for (const { interaction } of message.content) if (interaction?.of) answers.set(interaction.of.platformId, interaction);
  }
  return answers;
}
