import type { RelaisClient } from "../client";
import type { Message } from "../timeline";
import { Composer } from "./composer";
import { h, iconButton, name } from "./dom";
import { Log } from "./log";
import { summary } from "./parts";
import type { Language } from "./strings";

const shortly = 4000; // how long a word of ours stays

/** Panel is the open conversation: a dialogue that keeps the focus until it is closed. */
export class Panel {
  readonly node: HTMLElement;
  readonly #log: Log;
  readonly #composer: Composer;
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #news = h("p", { class: "sr", "aria-live": "polite" });
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly #client: RelaisClient;
  readonly #language: Language;
  readonly #close: () => void;

  constructor(
    client: RelaisClient,
    language: Language,
    title: string,
    close: () => void,
  ) {
    this.#client = client;
    this.#language = language;
    this.#close = close;
    const { t } = language;
    this.#log = new Log(client, language, { reply: (m) => this.#composer.reply(m), say: (text) => this.#say(text), seen: () => this.#seen() });
    this.#composer = new Composer(client, language);
    const head = h("header", {}, h("h2", { id: "title", dir: "auto" }, title), iconButton("close", t.close, close));
    this.node = h(
      "section",
      {
        class: "panel",
        id: "panel",
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": "title",
        hidden: true,
        keydown: (event: KeyboardEvent) => this.#key(event),
      },
      head,
      this.#status,
      this.#log.node,
      this.#composer.node,
      this.#news,
    );
  }

  get open(): boolean {
    return !this.node.hidden;
  }

  show(): void {
    this.node.hidden = false;
    this.update();
    this.#log.end();
    // A keyboard that jumps up would cover half the conversation.
    if (matchMedia("(pointer: coarse)").matches) this.node.querySelector<HTMLElement>(".scroller")!.focus();
    else this.#composer.focus();
  }

  hide(): void {
    this.node.hidden = true;
  }

  update(): void {
    if (!this.open) return;
    this.#log.update();
    this.#composer.update();
    this.#seen();
  }

  typing(who: string | undefined): void {
    this.#log.typing(who);
  }

  /** announce reads a new message to those who do not see it. */
  announce(message: Message): void {
    const who = name(message.author.name ?? "") || this.#language.t.someone;
    this.#news.textContent = `${who}: ${summary(message.content, this.#language)}`;
  }

  /** connected says how the connection is, where it is not as it should be. */
  connected(): void {
    clearTimeout(this.#timer);
    const { t } = this.#language;
    const words: Record<string, string> = { connecting: t.connecting, offline: t.offline };
    // What lasts a moment only would flicker.
    this.#timer = setTimeout(() => (this.#status.textContent = words[this.#client.connection] ?? ""), this.#client.connection === "online" ? 0 : 600);
  }

  #say(text: string): void {
    this.#status.textContent = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connected(), shortly);
  }

  #seen(): void {
    if (this.open && this.#log.looking && document.visibilityState === "visible") this.#client.read();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (!this.#log.fold() && !this.#composer.fold()) this.#close();
    } else if (event.key === "Tab") this.#trap(event);
  }

  /** trap leads from the last control to the first and back. */
  #trap(event: KeyboardEvent): void {
    const all = [...this.node.querySelectorAll<HTMLElement>("button, a[href], input, select, textarea, video, audio, [tabindex]")];
    const stops = all.filter((e) => !e.matches(":disabled") && e.getClientRects().length);
    const at = (this.node.getRootNode() as ShadowRoot).activeElement;
    const [first, last] = [stops[0], stops.at(-1)];
    if (at !== (event.shiftKey ? first : last) && this.node.contains(at)) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}
