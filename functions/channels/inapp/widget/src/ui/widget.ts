import type { RelaisClient } from "../client";
import css from "../style.css";
import { h, icon, set } from "./dom";
import { Panel } from "./panel";
import { fill, type Language } from "./strings";

/** Look is what the page decides about the widget. */
export interface Look {
  title?: string | undefined;
  theme?: string | undefined; // light, dark, or as the system has it
}

/** Widget is the button in the corner and the panel it opens, in a shadow tree of their own. */
export class Widget {
  readonly #host = document.createElement("relais-chat");
  readonly #launcher: HTMLButtonElement;
  readonly #badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  readonly #panel: Panel;
  #drawing = false;

  readonly #client: RelaisClient;
  readonly #language: Language;

  constructor(
    client: RelaisClient,
    language: Language,
    look: Look,
  ) {
    this.#client = client;
    this.#language = language;
    const { t, tag, rtl } = language;
    this.#panel = new Panel(client, language, look.title || t.title, () => this.close());
    const kind = { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", "aria-haspopup": "dialog" };
    this.#launcher = h("button", { ...kind, click: () => this.#toggle() }, icon("chat"), icon("close"), this.#badge);
    const root = this.#host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // allowed where inline styles are not
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    root.append(h("div", { class: "root", lang: tag, dir: rtl ? "rtl" : "ltr" }, this.#panel.node, this.#launcher));
    this.#theme(look.theme);
    this.#listen();
    this.#label();
    document.body.append(this.#host);
  }

  open(): void {
    if (this.#panel.open) return;
    this.#client.start();
    this.#panel.show();
    this.#label();
    this.#host.toggleAttribute("open", true);
  }

  close(): void {
    if (!this.#panel.open) return;
    const inside = !!this.#host.shadowRoot!.activeElement;
    this.#panel.hide();
    this.#label();
    this.#host.toggleAttribute("open", false);
    if (inside) this.#launcher.focus();
  }

  get shown(): boolean {
    return this.#panel.open;
  }

  #toggle(): void {
    if (this.#panel.open) this.close();
    else this.open();
  }

  #listen(): void {
    const client = this.#client;
    const panel = this.#panel;
    client.on("change", () => this.#redraw());
    client.on("unread", () => this.#label());
    client.on("connection", () => panel.connected());
    client.on("typing", (who) => panel.typing(who));
    client.on("message", (message) => panel.announce(message));
    document.addEventListener("visibilitychange", () => panel.update());
  }

  /** redraw draws once for all changes of one moment. */
  #redraw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      this.#panel.update();
      this.#label();
    });
  }

  #label(): void {
    const { t } = this.#language;
    const n = this.#panel.open ? 0 : this.#client.unread;
    const label = this.#panel.open ? t.close : n ? `${t.open}. ${fill(t.unread, { n })}` : t.open;
    set(this.#launcher, "aria-label", label);
    set(this.#launcher, "aria-expanded", String(this.#panel.open));
    this.#badge.textContent = n > 99 ? "99+" : String(n);
    this.#badge.hidden = !n;
  }

  #theme(wish: string | undefined): void {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const apply = (): void => set(this.#host, "theme", wish === "dark" || (wish !== "light" && system.matches) ? "dark" : "light");
    system.addEventListener("change", apply);
    apply();
  }
}
