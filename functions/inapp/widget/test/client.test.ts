import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Options } from "../dist/client.js";
import { World } from "./browser";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());

test("the client works without the widget, and without storage", async () => {
  world.server.pages.set("/bare", { html: "<!doctype html><title>Bare</title>" });
  const page = await world.browser.newPage();
  await page.goto(world.server.origin + "/bare");
  const options: Options = { app: "demo", server: world.server.origin };
  const said = page.evaluate(async (o) => {
    const { RelaisClient } = (await import("/client.js" as string)) as typeof import("../dist/client.js");
    const refusing = { getItem: () => null, removeItem: () => {}, setItem: () => { throw new Error("full"); } } as unknown as Storage;
    const client = new RelaisClient({ ...o, storage: refusing });
    const answer = new Promise<string>((resolve) => client.on("message", (m) => resolve(m.content[0]!.text!.body)));
    client.text("Hello");
    return answer;
  }, options);
  while (!world.server.last?.items.length) await new Promise((resolve) => setTimeout(resolve, 20));
  world.server.say(world.server.last, "Hello, bare page");
  assert.equal(await said, "Hello, bare page");
  await page.close();
});

test("no localStorage at all is no hindrance", async () => {
  const context = await world.browser.newContext();
  await context.addInitScript(() => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } }));
  const visit = await (await world.visit({ context })).open();
  await visit.write("Still works");
  await visit.sees("Still works");
  assert.deepEqual(visit.faults, []);
});
