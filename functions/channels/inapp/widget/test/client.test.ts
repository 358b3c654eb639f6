import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import type { Options } from "../dist/client.js";
import { until, World } from "./browser";

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
  await context.addInitScript(() => {
    const denied = (): never => { throw new DOMException("denied", "SecurityError"); };
    Object.defineProperty(window, "localStorage", { get: denied });
    navigator.locks.request = () => Promise.reject(new DOMException("denied", "SecurityError"));
  });
  const visit = await (await world.visit({ context })).open();
  await visit.write("Still works");
  await visit.sees("Still works");
  assert.deepEqual(visit.faults, []);
});

test("an app without a document talks, too", async () => {
  const { RelaisClient } = (await import(join(process.cwd(), "dist/client.js"))) as typeof import("../dist/client.js");
  const kept = new Map<string, string>();
  const storage = {
    get length() {
      return kept.size;
    },
    key: (i: number) => [...kept.keys()][i] ?? null,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    clear: () => kept.clear(),
  };
  const client = new RelaisClient({ app: "demo", server: world.server.origin, storage });
  const heard: string[] = [];
  client.on("message", (m) => heard.push(m.content[0]!.text!.body));
  client.text("Hello from an app");
  const thread = () => world.server.threads.find((t) => world.server.texts(t).includes("Hello from an app"));
  await until(() => !!thread(), () => "not arrived", 30_000);
  world.server.say(thread()!, "Hello, app");
  await until(() => heard.length > 0, () => "nothing heard", 30_000);
  client.stop();
  const again = new RelaisClient({ app: "demo", server: world.server.origin, storage });
  assert.ok(again.returning);
  await again.logout();
  assert.equal(kept.size, 0);
});

test("notifications are asked for, of a browser and of an app, and ended", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const asked = await visit.page.evaluate(async () => {
    const asked: unknown[] = [];
    const subscription = { endpoint: "https://push.example.com/1", keys: { p256dh: "p", auth: "a" } };
    const kept = { toJSON: () => subscription, unsubscribe: async () => asked.push("unsubscribed") };
    const pushManager = { subscribe: async (options: unknown) => (asked.push(options), kept), getSubscription: async () => kept };
    const registration = { pushManager } as unknown as ServiceWorkerRegistration;
    const { client } = window.Relais!;
    await client.enablePush(registration);
    await client.enablePush({ kind: "apns", token: "0a1b" });
    return asked;
  });
  assert.deepEqual(asked, [{ userVisibleOnly: true, applicationServerKey: "BPublicKey" }]);
  assert.deepEqual(thread.pushes, [{ endpoint: "https://push.example.com/1", keys: { p256dh: "p", auth: "a" } }, { kind: "apns", token: "0a1b" }]);
  await visit.page.evaluate(() => window.Relais!.client.disablePush());
  assert.deepEqual(thread.pushes, []);
});

test("a page whose listeners throw, and whose storage others write to, can chat", async () => {
  const context = await world.browser.newContext();
  await context.addInitScript(() => ["null", "{}", "x"].forEach((text, i) => localStorage.setItem("relais:demo:queue:" + i, text)));
  const visit = await world.visit({ context });
  await visit.page.evaluate(() => {
    const fail = (): never => { throw new Error("the page's own"); };
    for (const event of ["change", "message", "connection", "unread", "session"] as const) window.Relais!.on(event, fail);
  });
  await visit.open();
  for (const text of ["m1", "m2"]) await visit.write(text);
  await visit.sees("m1", "m2");
  world.server.say(world.server.last, "a1");
  await visit.sees("m1", "m2", "a1");
  assert.deepEqual([...new Set(visit.faults)], ["the page's own"]);
});
