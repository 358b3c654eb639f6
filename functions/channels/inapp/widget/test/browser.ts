import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { MockServer } from "./server";

/** World is a server and a browser, shared by the tests of one file. */
export class World {
  private constructor(
    readonly server: MockServer,
    readonly browser: Browser,
  ) {}

  static async open(): Promise<World> {
    const server = await new MockServer().start();
    return new World(server, await launch());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }

  /** leave closes all pages: nobody of an earlier test talks into the next. */
  async leave(): Promise<void> {
    for (const context of this.browser.contexts()) await context.close();
  }

  /** visit opens a page with the widget, as a browser of its own unless a context is given. */
  async visit(wish: Wish = {}): Promise<Visit> {
    const context = wish.context ?? (await this.browser.newContext({ ...european, ...wish.browser }));
    if (wish.at) await this.stop(context, wish.at);
    this.server.pages.set("/" + (wish.name ?? "page"), { html: html(this.server.origin, wish.script ?? {}), ...(wish.headers && { headers: wish.headers }) });
    return Visit.to(`${this.server.origin}/${wish.name ?? "page"}`, context);
  }

  /** stop stops the clocks. */
  private async stop(context: BrowserContext, at: string): Promise<void> {
    this.server.now = () => new Date(at);
    await context.clock.setFixedTime(at);
  }
}

/** european is a visitor's browser. */
export const european = { viewport: { width: 900, height: 760 }, locale: "en-GB", timezoneId: "Europe/London" };

/** launch starts Chromium. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** Wish is what a visit differs in. */
export interface Wish {
  name?: string;
  context?: BrowserContext;
  browser?: Parameters<Browser["newContext"]>[0];
  script?: Record<string, string>;
  headers?: Record<string, string>;
  at?: string; // when it is, and stays
}

/** Kept is what a browser knows of its session. */
export interface Kept {
  session: string;
  expiresAt: string;
  conversation: string;
  subject?: string;
}

/** Visit is a page with the widget, and what a visitor does there. */
export class Visit {
  readonly log: Locator;
  readonly field: Locator;
  readonly launcher: Locator;

  static async to(address: string, context: BrowserContext): Promise<Visit> {
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(address);
    return new Visit(page, context, faults);
  }

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly faults: string[],
  ) {
    this.log = page.getByRole("log");
    this.field = page.locator("textarea");
    this.launcher = page.locator(".launcher");
  }

  async open(): Promise<this> {
    await this.launcher.click();
    await this.page.waitForFunction(() => window.Relais?.client.connection === "online");
    return this;
  }

  async write(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** texts are the bubbles from top to bottom. */
  async texts(): Promise<string[]> {
    return this.log.locator(".bubble").allInnerTexts();
  }

  /** sees waits for exactly these bubbles. */
  async sees(...texts: string[]): Promise<void> {
    await until(async () => JSON.stringify(await this.texts()) === JSON.stringify(texts), async () => `saw ${JSON.stringify(await this.texts())}, want ${JSON.stringify(texts)}`);
  }

  /** kept is the session that the browser holds. */
  kept(): Promise<Kept> {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem("relais:demo:session") ?? "{}"));
  }

  async online(): Promise<void> {
    await this.page.waitForFunction(() => window.Relais!.client.connection === "online");
  }
}

/** until waits for something to become true. */
export async function until(condition: () => boolean | Promise<boolean>, explain: () => string | Promise<string>, patience = 15_000): Promise<void> {
  const end = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(await explain());
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** token is a host app's token that the mock server believes. */
export function token(user: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ external_id: user })}.signature`;
}

function html(origin: string, script: Record<string, string>): string {
  const data = Object.entries({ app: "demo", server: origin, ...script }).map(([key, value]) => ` data-${key}="${value}"`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Kettles</title></head>
<body><main><h1>Kettles and lids</h1><p>Everything for tea.</p><a href="#more">More</a></main><script src="${origin}/relais.js"${data.join("")} defer></script></body></html>`;
}
