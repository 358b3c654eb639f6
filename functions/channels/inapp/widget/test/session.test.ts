import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { token, until, World, type Visit } from "./browser";
import { sound } from "./server";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());
afterEach(() => Object.assign(world.server.faults, sound));
afterEach(() => void (world.server.life = 30));

const daysLeft = async (visit: Visit): Promise<number> => Math.round((Date.parse((await visit.kept()).expiresAt) - Date.now()) / 86_400_000);

const asked = (): number => world.server.requests.filter((r) => r.endsWith("/sessions")).length;

/** reconnect makes the client use its session. */
async function reconnect(visit: Visit): Promise<void> {
  const before = world.server.requests.length;
  world.server.cut();
  await until(() => world.server.requests.slice(before).some((r) => r.endsWith("/tickets")), () => "no new connection");
  await visit.online();
}

for (const [who, script] of Object.entries({ "an anonymous": {}, "a known": { token: token("renewed") } })) {
  test(`${who} session is renewed in its last days`, async () => {
    world.server.life = 8;
    const visit = await (await world.visit({ script })).open();
    const [thread, old, n] = [world.server.last, await visit.kept(), asked()];
    await visit.write("m1");
    await visit.sees("m1");
    await reconnect(visit);
    assert.equal(asked(), n, "eight days are enough");
    world.server.life = 30;
    await visit.page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 2 * 86_400_000;
    });
    await reconnect(visit);
    await until(async () => (await daysLeft(visit)) === 30, async () => `${await daysLeft(visit)} days left`);
    const fresh = await visit.kept();
    assert.notEqual(fresh.session, old.session);
    assert.deepEqual([fresh.conversation, fresh.subject], [old.conversation, old.subject]);
    await visit.online();
    await visit.write("m2");
    await visit.sees("m1", "m2");
    await until(() => world.server.texts(thread).join() === "m1,m2", () => "not arrived");
    await reconnect(visit);
    assert.equal(asked(), n + 1, "once is enough");
  });
}

test("a renewal that fails, or names somebody else, changes nothing and is tried again later", async () => {
  world.server.life = 6;
  world.server.faults.noRenewal = true;
  const n = asked();
  const visit = await (await world.visit()).open();
  const [thread, old] = [world.server.last, await visit.kept()];
  await until(() => asked() === n + 2, () => "not tried");
  await visit.write("m1");
  await visit.sees("m1");
  await reconnect(visit);
  assert.equal(asked(), n + 2, "not at once again");
  world.server.faults.noRenewal = false;
  world.server.faults.impostor = true;
  for (const again of [3, 4]) {
    await visit.page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 3_700_000;
    });
    if (again === 4) world.server.faults.impostor = false;
    await reconnect(visit);
    await until(() => asked() === n + again, () => `asked ${asked() - n} times, want ${again}`);
    if (again === 3) assert.equal((await visit.kept()).session, old.session);
  }
  await until(async () => (await visit.kept()).session !== old.session, () => "not renewed");
  await visit.online();
  await visit.write("m2");
  await until(() => world.server.texts(thread).join() === "m1,m2", () => "not arrived");
});

test("a clock that is months ahead ends no session", async () => {
  const context = await world.browser.newContext();
  await context.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() + 90 * 86_400_000;
  });
  const n = asked();
  const visit = await (await world.visit({ context })).open();
  const thread = world.server.last;
  for (const text of ["m1", "m2"]) await visit.write(text);
  await until(() => world.server.texts(thread).join() === "m1,m2", () => "not arrived");
  assert.equal(asked(), n + 1);
});

test("tabs of a visitor whose session the server has forgotten begin one conversation together", async () => {
  const one = await (await world.visit()).open();
  const two = await (await world.visit({ context: one.context })).open();
  const n = world.server.threads.length;
  world.server.expire();
  world.server.cut();
  await until(() => world.server.connected === 2, () => "not connected again");
  await one.write("m1");
  await two.sees("m1");
  await two.write("m2");
  await one.sees("m1", "m2");
  assert.equal(world.server.threads.length, n + 1);
});

test("a logout in one tab empties the other, and what waited there", async () => {
  const one = await (await world.visit({ script: { token: token("leaver") } })).open();
  const two = await (await world.visit({ context: one.context })).open();
  const thread = world.server.last;
  await one.write("Secret");
  await two.sees("Secret");
  world.server.faults.down = true;
  world.server.cut();
  await two.page.getByText("No connection.").waitFor();
  await two.write("Never sent");
  const values = (): Promise<string[]> => two.page.evaluate(() => Object.values(localStorage) as string[]);
  const old = await values();
  await one.page.evaluate(() => window.Relais!.logout());
  await two.sees();
  assert.deepEqual((await values()).filter((value) => old.includes(value)), []);
  world.server.faults.down = false;
  await two.write("Somebody else");
  await two.sees("Somebody else");
  await until(() => world.server.texts(world.server.last).join() === "Somebody else", () => "not arrived");
  assert.deepEqual(world.server.texts(thread), ["Secret"]);
});

test("of two tabs with different users the later login counts, and neither fights", async () => {
  const one = await (await world.visit({ script: { token: token("first") } })).open();
  await one.write("I am first");
  await one.sees("I am first");
  const two = await (await world.visit({ name: "two", context: one.context, script: { token: token("second") } })).open();
  await two.write("I am second");
  await one.sees("I am second");
  const n = asked();
  await reconnect(one);
  await one.write("So am I");
  await two.sees("I am second", "So am I");
  assert.equal(asked(), n);
});

test("a page that clears its storage begins anew", async () => {
  const visit = await (await world.visit()).open();
  await visit.write("Before");
  await visit.sees("Before");
  await visit.page.evaluate(() => localStorage.clear());
  await visit.page.waitForFunction(() => window.Relais!.client.connection === "online");
  world.server.cut();
  await visit.sees();
  await visit.online();
  await visit.write("After");
  await visit.sees("After");
});

test("an upload that is given up is not sent", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  world.server.faults.delay = 400;
  const granted = visit.page.waitForResponse(/uploads$/);
  await visit.page.locator("input[type=file]").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await visit.page.getByRole("button", { name: "Cancel" }).click();
  await granted;
  world.server.faults.delay = 0;
  await reconnect(visit);
  await visit.write("m1");
  await visit.sees("m1");
  assert.deepEqual([world.server.texts(thread), world.server.uploads.size], [["m1"], 0]);
});
