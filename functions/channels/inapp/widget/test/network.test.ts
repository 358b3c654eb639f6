import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { until, World, type Visit } from "./browser";
import { sound, type Thread } from "./server";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());
afterEach(() => Object.assign(world.server.faults, sound));

const numbers = (start: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${start}${i + 1}`);

/** sorted compares what each side wrote: neither may miss, repeat or swap anything. */
async function complete(visit: Visit, thread: Thread, mine: string[], theirs: string[]): Promise<void> {
  await until(() => world.server.texts(thread).length === mine.length + theirs.length, () => JSON.stringify(world.server.texts(thread)));
  await visit.sees(...world.server.texts(thread));
  assert.deepEqual((await visit.texts()).filter((text) => text.startsWith("m")), mine);
  assert.deepEqual((await visit.texts()).filter((text) => text.startsWith("a")), theirs);
}

test("a network that comes and goes loses nothing and repeats nothing", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const mine = numbers("m", 24);
  const theirs = numbers("a", 24);
  for (let i = 0; i < 24; i++) {
    if (i % 6 === 2) world.server.cut();
    if (i === 9) await visit.context.setOffline(true);
    if (i === 14) await visit.context.setOffline(false);
    if (i % 5 === 1) world.server.faults.loseAcks = 1;
    await visit.write(mine[i]!);
    world.server.say(thread, theirs[i]!);
  }
  await complete(visit, thread, mine, theirs);
  await visit.page.reload();
  await visit.open();
  await visit.sees(...world.server.texts(thread).slice(-30));
});

test("frames the server swallows are sent again, in order", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.swallow = 1;
  for (const text of ["m1", "m2", "m3"]) await visit.write(text);
  await complete(visit, thread, ["m1", "m2", "m3"], []);
});

test("what the server does not send is asked for", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.say(thread, "a1");
  await visit.sees("a1");
  world.server.faults.skip = 2;
  for (const text of ["a2", "a3", "a4"]) world.server.say(thread, text);
  await visit.sees("a1", "a2", "a3", "a4");
});

test("a message that is taken but does not come back is asked for", async () => {
  const visit = await (await world.visit()).open();
  world.server.faults.skip = 2;
  await visit.write("m1");
  await visit.log.locator(".sent").waitFor();
  world.server.say(world.server.last, "a1");
  await visit.sees("m1", "a1");
  await visit.log.getByRole("button", { name: "React or reply" }).nth(1).waitFor({ state: "attached" });
});

test("without sockets everything goes by HTTP", async () => {
  world.server.faults.noSockets = true;
  const visit = await world.visit();
  await visit.launcher.click();
  await visit.page.waitForFunction(() => window.Relais!.client.connection === "polling", undefined, { timeout: 20_000 });
  const thread = world.server.last;
  await visit.write("m1");
  await until(() => world.server.texts(thread).length === 1, () => "not sent by HTTP");
  world.server.say(thread, "a1");
  await visit.sees("m1", "a1");
  await until(() => thread.read > 0, () => "not read by HTTP");
  world.server.faults.noSockets = false;
  await visit.page.waitForFunction(() => window.Relais!.client.connection === "online", undefined, { timeout: 40_000 });
  await visit.write("m2");
  await visit.sees("m1", "a1", "m2");
});

test("what is written offline survives a reload and is sent once", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.down = true;
  world.server.cut();
  await visit.page.getByText("No connection.").waitFor();
  for (const text of ["m1", "m2"]) await visit.write(text);
  await visit.sees("m1", "m2");
  await visit.page.getByText("Sending…").first().waitFor();
  await visit.page.reload();
  await visit.launcher.click();
  await visit.sees("m1", "m2");
  world.server.faults.down = false;
  await complete(visit, thread, ["m1", "m2"], []);
  assert.equal(thread.taken.size, 2);
  assert.equal(await visit.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("queue")).length), 0);
});

test("an acknowledgement that is lost before a reload repeats nothing", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.loseAcks = 1;
  world.server.faults.skip = 1;
  await visit.write("m1");
  await until(() => thread.taken.size === 1, () => "not arrived");
  await visit.page.reload();
  await visit.open();
  await visit.sees("m1");
  assert.equal(thread.items.length, 1);
});

test("who is too fast waits and loses nothing", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.rateLimit = 1;
  for (const text of ["m1", "m2", "m3"]) await visit.write(text);
  await complete(visit, thread, ["m1", "m2", "m3"], []);
});

test("a connection the server has forgotten is opened anew", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.stale = 1;
  await visit.write("m1");
  await complete(visit, thread, ["m1"], []);
});

/** sizes are how long the texts are that the client has, in order. */
const sizes = (visit: Visit): Promise<number[]> => visit.page.evaluate(() => window.Relais!.client.messages.map((m) => m.content[0]!.text!.body.length));

test("what no socket carries is fetched, once and in order", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const got = async (...want: number[]): Promise<void> => until(async () => (await sizes(visit)).join() === want.join(), async () => `${await sizes(visit)}, want ${want}`);
  for (const n of [10, 200_000, 20]) world.server.say(thread, "x".repeat(n));
  await got(10, 200_000, 20);
  await visit.context.setOffline(true);
  world.server.cut();
  for (const n of [30, 210_000, 220_000, 40]) world.server.say(thread, "x".repeat(n));
  world.server.resumes = 0;
  await visit.context.setOffline(false);
  await got(10, 200_000, 20, 30, 210_000, 220_000, 40);
  await visit.page.evaluate(() => (Math.random = () => 0.02)); // waits are short
  world.server.faults.noHistory = 2;
  world.server.say(thread, "x".repeat(230_000));
  world.server.say(thread, "x".repeat(50));
  await got(10, 200_000, 20, 30, 210_000, 220_000, 40, 230_000, 50);
  assert.ok(world.server.resumes < 8, `${world.server.resumes} resumes`);
});

test("what is too large fails alone and can be deleted", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  await visit.page.evaluate(() => window.Relais!.client.text("x".repeat(40_000)));
  await visit.write("m1");
  await visit.page.getByText("Too large to send").waitFor();
  await visit.page.getByRole("button", { name: "Cancel" }).click();
  await complete(visit, thread, ["m1"], []);
});

test("a session the server has forgotten is replaced", async () => {
  const visit = await (await world.visit()).open();
  await visit.write("m1");
  await visit.log.locator(".message.sent", { hasText: "m1" }).waitFor();
  world.server.expire();
  world.server.cut();
  await until(() => world.server.connected > 0, () => "not connected again");
  await visit.write("m2");
  await visit.sees("m2");
  await until(() => world.server.texts(world.server.last).join() === "m2", () => "not arrived");
});

test("files go to the store with progress, and fail one by one", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const files = visit.page.locator("input[type=file]");
  await files.setInputFiles({ name: "bill.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(200_000, 7) });
  await until(() => thread.items.length === 1, () => "no message");
  const sent = thread.frames.find((f) => f.action === "send")!;
  assert.deepEqual(sent.content, { kind: "media", media: { type: "file", platformId: "med_bill.pdf", mime: "application/pdf", name: "bill.pdf", bytes: 200_000 } });
  assert.ok(world.server.uploads.get("med_bill.pdf")!.includes(Buffer.alloc(200_000, 7)));
  await visit.page.locator(".mine .item", { hasText: "bill.pdf" }).waitFor();
  const url = world.server.origin + "/bill.pdf";
  world.server.put(thread, { type: "media", seq: 0, id: world.server.find(thread, true).id, media: { type: "file", platformId: "med_bill.pdf", state: "stored", url } });
  await visit.page.locator(`.mine a.item[href="${url}"]`).waitFor();
  await files.setInputFiles({ name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(1_100_000) });
  await visit.page.getByText("Too large to send").waitFor();
  await visit.page.getByRole("button", { name: "Cancel" }).click();
  await visit.page.getByText("film.mp4").waitFor({ state: "detached" });
});
