import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { until, World } from "./browser";
import { buttons, cards, form, hostile, schedule } from "./offers";
import { MockServer } from "./server";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());

test("hostile content is text", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  for (const body of hostile) {
    world.server.say(thread, [{ kind: "text", text: { body, entities: [{ type: "link", offset: 0, length: 4, value: body }, { type: "code", offset: 2, length: 9 }] } }, { kind: "text", text: { body } }], { author: { role: "agent", name: body } });
    world.server.say(thread, [{ kind: "choice", choice: { text: body, title: body, options: [{ id: "x", label: body, image: body, action: "url", value: body }] } }]);
    world.server.say(thread, [{ kind: "media", media: { type: "image", url: "javascript:window.broken=5", name: body, caption: body } }]);
  }
  await until(async () => (await visit.log.locator(".message").count()) === 3 * hostile.length, () => "not all shown");
  const shown = await visit.log.locator(".text").evaluateAll((all) => all.map((e) => e.textContent));
  for (const body of hostile) assert.ok(shown.includes(body), JSON.stringify([body, shown.slice(-4)]));
  assert.equal(await visit.page.evaluate(() => (window as unknown as { broken?: number }).broken), undefined);
  assert.equal(await visit.log.locator("script, img, a").count(), 0);
  const width = await visit.log.evaluate((e) => e.scrollWidth - e.clientWidth);
  assert.ok(width <= 0, "nothing runs out of the panel");
  assert.deepEqual(visit.faults, []);
});

test("names cannot turn the reading direction", async () => {
  const visit = await (await world.visit()).open();
  world.server.say(world.server.last, [{ kind: "media", media: { type: "file", name: "photo\u202egpj.exe", url: "https://media.example.com/x" } }], { author: { role: "agent", name: "\u202eanA" } });
  await visit.log.getByText("photogpj.exe").waitFor();
  assert.equal(await visit.log.locator(".author").innerText(), "anA");
});

test("a huge text is cut until it is asked for", async () => {
  const visit = await (await world.visit()).open();
  const body = "Kettle ".repeat(14_000);
  world.server.say(world.server.last, body);
  await visit.page.getByRole("button", { name: "Show all" }).waitFor();
  assert.ok((await visit.texts())[0]!.length < 3200);
  await visit.page.getByRole("button", { name: "Show all" }).click();
  assert.equal((await visit.log.locator(".text").textContent())!.length, body.length);
});

test("a strict content security policy is kept", async () => {
  const shop = await new MockServer().start();
  const host = world.server.origin;
  const policy = `default-src 'self'; style-src 'self'; script-src ${host}; connect-src ${host} ${host.replace("http", "ws")}`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Strict</title></head><body><h1>Strict</h1><script src="${host}/relais.js" data-app="demo" data-server="${host}" defer></script></body></html>`;
  shop.pages.set("/strict", { html, headers: { "Content-Security-Policy": policy } });
  const page = await world.browser.newPage();
  const violations: string[] = [];
  page.on("console", (message) => message.type() === "error" && violations.push(message.text()));
  await page.goto(shop.origin + "/strict");
  await page.evaluate(() => document.addEventListener("securitypolicyviolation", (e) => console.error(`${e.violatedDirective} ${e.blockedURI}`)));
  await page.locator(".launcher").click();
  await page.waitForFunction(() => window.Relais!.client.connection === "online");
  const thread = world.server.last;
  for (const content of [buttons, form, schedule, { kind: "text", text: { body: "Hi", entities: [{ type: "bold", offset: 0, length: 2 }] } }]) world.server.say(thread, [content]);
  await page.getByRole("button", { name: "By post" }).click();
  await page.locator("textarea").fill("One\nTwo\nThree");
  await page.locator("textarea").press("Enter");
  await page.locator("input[type=file]").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await until(() => thread.items.length === 7, () => "not all arrived");
  world.server.tell(thread, { type: "typing", active: true, author: { role: "agent" } });
  await page.locator(".typist").waitFor();
  assert.equal(await page.locator(".panel").evaluate((e) => getComputedStyle(e).position), "fixed", "the styles work");
  assert.equal(await page.locator("[style], style").count(), 0, "no inline styles");
  assert.deepEqual(violations, []);
  await page.close();
  await shop.stop();
});

test("the sources parse nothing as HTML or code", () => {
  const files = [...readdirSync("src", { recursive: true, encoding: "utf8" }).filter((n) => n.endsWith(".ts")).map((n) => "src/" + n), "dist/relais.js", "dist/client.js"];
  const banned = /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|eval)\b|new Function|set(Timeout|Interval)\(["'`]|[^.]\.style\s*(\.|=[^=]|\[)|"style"/;
  for (const file of files) assert.doesNotMatch(readFileSync(file, "utf8").replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ""), banned, file);
});

test("the widget weighs at most 25 kB", () => {
  const bytes = gzipSync(readFileSync("dist/relais.js"), { level: 9 }).length;
  assert.ok(bytes <= 25_000, `${bytes} bytes`);
});

test("pictures of cards come from the server only by safe addresses", async () => {
  const visit = await (await world.visit()).open();
  world.server.say(world.server.last, [cards("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>")]);
  await visit.page.getByText("Small kettle").first().waitFor();
  assert.equal(await visit.log.locator("img").count(), 0);
});
