import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { token, until, World } from "./browser";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());

test("two pages and an agent talk", async () => {
  const one = await (await world.visit()).open();
  const thread = world.server.last;
  const two = await (await world.visit({ context: one.context })).open();
  await one.write("Is the kettle still there?");
  await two.sees("Is the kettle still there?");
  world.server.say(thread, "Yes, two of them.");
  await one.sees("Is the kettle still there?", "Yes, two of them.");
  await two.sees("Is the kettle still there?", "Yes, two of them.");
  await two.write("Good.");
  await one.sees("Is the kettle still there?", "Yes, two of them.", "Good.");
  assert.equal(world.server.threads.length, 1, "both pages are one visitor");
  assert.deepEqual([...one.faults, ...two.faults], []);
});

test("typing and marks reach both sides", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.tell(thread, { type: "typing", active: true, author: { role: "agent", name: "Ana" } });
  await visit.page.getByText("Ana is typing…").waitFor();
  await visit.field.pressSequentially("Hello");
  await until(() => thread.frames.some((f) => f.action === "typing" && f.active), () => "no typing frame");
  await visit.field.press("Enter");
  await visit.page.getByText("Sent").waitFor();
  assert.equal(thread.frames.filter((f) => f.action === "typing").length, 2, "one frame that it began, one that it ended");
  world.server.say(thread, "Hello!");
  await until(() => thread.frames.some((f) => f.action === "read" && f.upTo === thread.items.at(-1)!.seq), () => "not read");
  assert.equal(await visit.page.getByText("Ana is typing…").isVisible(), false);
  world.server.tell(thread, { type: "read", upTo: thread.seq });
  await visit.page.getByText("Read", { exact: false }).first().waitFor();
});

test("what arrives while the panel is closed is counted, announced and read later", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  await visit.write("Hi");
  await visit.page.keyboard.press("Escape");
  world.server.say(thread, "First");
  world.server.say(thread, "Second");
  await visit.page.locator(".badge", { hasText: "2" }).waitFor();
  assert.match((await visit.launcher.getAttribute("aria-label"))!, /Unread messages: 2/);
  await until(() => thread.frames.some((f) => f.action === "received" && f.upTo === thread.items.at(-1)!.seq), () => "not received");
  assert.ok(!thread.frames.some((f) => f.action === "read"), "nothing is read while the panel is closed");
  await visit.page.reload();
  await visit.page.locator(".badge", { hasText: "2" }).waitFor();
  await visit.open();
  await until(() => thread.frames.some((f) => f.action === "read"), () => "not read");
  assert.equal(await visit.page.locator(".badge").isVisible(), false);
});

test("history comes page by page and keeps its order", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  await visit.page.close();
  const all = Array.from({ length: 75 }, (_, i) => `Message ${i + 1}`);
  for (const text of all) world.server.say(thread, text);
  const again = await (await world.visit({ context: visit.context })).open();
  await again.sees(...all.slice(-30));
  for (const n of [60, 75]) {
    await again.page.getByText("Earlier messages").click();
    await again.sees(...all.slice(-n));
  }
  await again.page.getByText("Earlier messages").waitFor({ state: "hidden" });
});

test("edits, deletions, reactions and replies", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const id = world.server.say(thread, "It costs 10 €.");
  await visit.sees("It costs 10 €.");
  world.server.say(thread, "It costs 12 €.", { id, revision: 1, time: "2031-01-01T00:00:00Z" });
  await visit.sees("It costs 12 €.");
  await visit.page.getByText("edited").waitFor();
  await visit.log.locator(".day", { hasText: "Today" }).waitFor();
  await visit.page.getByRole("button", { name: "React or reply" }).click();
  await visit.page.getByRole("button", { name: "👍" }).click();
  await until(() => thread.frames.some((f) => f.action === "react" && f.emoji === "👍" && f.message === id), () => "no reaction");
  await visit.page.locator(".chip", { hasText: "👍" }).waitFor();
  await visit.page.getByRole("button", { name: "React or reply" }).click();
  await visit.page.getByRole("button", { name: "👍" }).click();
  await visit.page.locator(".chip").waitFor({ state: "detached" });
  await visit.page.getByRole("button", { name: "React or reply" }).click();
  await visit.page.getByRole("button", { name: "Reply", exact: true }).click();
  await visit.write("Thank you");
  await visit.page.locator(".mine .quote", { hasText: "It costs 12 €." }).waitFor();
  await until(() => thread.frames.some((f) => f.action === "send" && f.replyTo === id), () => "no reply");
  world.server.put(thread, { type: "reaction", seq: 0, id: world.server.find(thread, true).id, emoji: "❤️", mine: false });
  await visit.page.locator(".mine .chip", { hasText: "❤️" }).waitFor();
  world.server.put(thread, { type: "deleted", seq: 0, id });
  await visit.page.getByText("This message was deleted.").first().waitFor();
});

test("an anonymous visitor logs in and keeps the history", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  await visit.write("Before");
  world.server.say(thread, "Noted");
  await visit.sees("Before", "Noted");
  await visit.page.evaluate((t) => window.Relais!.login(t), token("user-1"));
  await visit.online();
  await visit.write("After");
  await visit.sees("Before", "Noted", "After");
  assert.equal(world.server.last, thread, "no other conversation began");
  assert.deepEqual(world.server.texts(thread), ["Before", "Noted", "After"]);
});

test("a visitor who has a conversation elsewhere finds both after the login", async () => {
  const known = await (await world.visit({ script: { token: token("user-2") } })).open();
  const own = world.server.last;
  await known.write("From my phone");
  await known.sees("From my phone");
  const visit = await (await world.visit({ name: "other" })).open();
  await visit.write("Anonymous question");
  await visit.sees("Anonymous question");
  await visit.page.evaluate((t) => window.Relais!.login(t), token("user-2"));
  await visit.sees("Anonymous question", "From my phone");
  await visit.write("It was me");
  await visit.sees("Anonymous question", "From my phone", "It was me");
  await known.sees("From my phone", "It was me");
  assert.equal(own.items.length, 2);
});

test("a bad token is refused, and the visitor stays who they were", async () => {
  const visit = await (await world.visit()).open();
  await visit.write("Hi");
  await visit.sees("Hi");
  const code = await visit.page.evaluate((t) => window.Relais!.login(t).then(() => "", (e) => e.code as string), token("bad"));
  assert.equal(code, "bad_token");
  await visit.write("Still here");
  await visit.sees("Hi", "Still here");
});

test("after the logout nothing is left", async () => {
  const visit = await (await world.visit({ script: { token: token("user-3") } })).open();
  const threads = world.server.threads.length;
  await visit.write("Secret");
  await visit.sees("Secret");
  await visit.page.evaluate(() => window.Relais!.logout());
  await visit.sees();
  await visit.online();
  await visit.write("Someone else");
  await visit.sees("Someone else");
  assert.equal(world.server.threads.length, threads + 1, "the next visitor has a conversation of their own");
});

test("who only reads the page has no session", async () => {
  const requests = world.server.requests.length;
  const visit = await world.visit();
  await visit.launcher.waitFor();
  assert.deepEqual(world.server.requests.slice(requests).filter((r) => r.includes("/v1/")), []);
});
