import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import type { Content } from "../src/content";
import { until, World, type Visit } from "./browser";
import { choice, form, quick, schedule } from "./offers";
import type { Thread } from "./server";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());

const samples = "../../../../events/samples/out";

async function talk(...content: Content[]): Promise<{ visit: Visit; thread: Thread; id: string }> {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  const id = world.server.say(thread, content);
  await visit.log.locator(".message").first().waitFor();
  return { visit, thread, id };
}

test("every content of the contract's samples is shown", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  let first = true;
  for (const name of readdirSync(samples).filter((n) => n.endsWith(".json"))) {
    const { content } = JSON.parse(readFileSync(`${samples}/${name}`, "utf8")) as { content: Content[] };
    const id = world.server.say(thread, content);
    await visit.page.waitForFunction((key) => window.Relais!.client.messages.some((m) => m.id === key), id);
    const shown = visit.log.locator(".message").last().locator(".body");
    assert.equal(await shown.locator("> *").count(), content.length, name);
    const refused = await shown.locator(".note").count();
    assert.equal(refused, content.filter((c) => c.kind === "native").length, name);
    if (first) await shown.waitFor();
    first = false;
  }
  assert.deepEqual(visit.faults, []);
});

test("what nobody knows yet is said politely, and harms nothing beside it", async () => {
  const broken = [{ kind: "hologram" }, { kind: "choice" }, { kind: "text", text: { body: "Still here" } }] as Content[];
  const { visit } = await talk(...broken);
  await visit.sees("This message cannot be shown here.", "This message cannot be shown here.", "Still here");
});

test("a choice is answered once, and a reload remembers it", async () => {
  const { visit, thread, id } = await talk(quick);
  await visit.page.getByRole("button", { name: "Yes, please" }).click();
  await until(() => thread.frames.some((f) => f.action === "choose" && f.message === id && f.option === "yes" && f.text === "Yes, please"), () => "no answer");
  await visit.page.locator(".mine .bubble", { hasText: "Yes, please" }).waitFor();
  for (const reload of [false, true]) {
    if (reload) await (await visit.page.reload(), visit.open());
    const chosen = visit.log.locator(".choice").getByRole("button", { name: "Yes, please" });
    await chosen.waitFor();
    assert.equal(await chosen.getAttribute("aria-pressed"), "true");
    assert.ok(await visit.log.locator(".choice").getByRole("button", { name: "No" }).isDisabled());
  }
});

test("a list unfolds, several can be chosen, and a reload remembers them", async () => {
  const { visit, thread } = await talk({ kind: "choice", choice: { ...choice.choice!, multiple: true } });
  await visit.page.getByRole("button", { name: "Show the lids" }).click();
  await visit.page.getByLabel("Steel lid").check();
  await visit.page.getByLabel("Glass lid").check();
  await visit.log.getByRole("button", { name: "Send" }).click();
  const values = [{ name: "steel", value: "Steel lid" }, { name: "glass", value: "Glass lid" }];
  const sent = (): unknown[] => thread.frames.filter((f) => f.action === "choose").map(({ option, text, values }) => ({ option, text, values }));
  await until(() => sent().length > 0, () => "not sent");
  assert.deepEqual(sent(), [{ option: "steel", text: "Steel lid, Glass lid", values }]);
  for (const reload of [false, true]) {
    if (reload) await (await visit.page.reload(), visit.open());
    await visit.sees("Steel lid, Glass lid");
    const boxes = visit.log.getByRole("checkbox");
    assert.deepEqual(await boxes.evaluateAll((all) => all.map((e) => [(e as HTMLInputElement).checked, (e as HTMLInputElement).disabled])), [[true, true], [true, true], [false, true]]);
  }
});

test("several options chosen elsewhere are told in words", async () => {
  const { visit, thread, id } = await talk({ kind: "choice", choice: { ...choice.choice!, multiple: true } });
  const values = [{ name: "glass", value: "Glass lid" }, { name: "copper", value: "Copper lid" }];
  const interaction = { kind: "button", of: { platformId: id }, option: "glass", values };
  world.server.say(thread, [{ kind: "interaction", interaction }], { mine: true, author: { role: "customer" } });
  await visit.sees("Glass lid, Copper lid");
  assert.deepEqual(await visit.log.getByRole("checkbox").evaluateAll((all) => all.map((e) => (e as HTMLInputElement).checked)), [false, true, true]);
});

test("links of options lead only where it is safe", async () => {
  const options = ["javascript:alert(1)", "data:text/html,x", "https://user@evil.example/", "https://shop.example.com/"].map((value, i) => ({ id: String(i), label: `Option ${i}`, action: "url", value }));
  const { visit } = await talk({ kind: "choice", choice: { text: "Where?", options } });
  await visit.page.getByText("Option 3").waitFor();
  const links = await visit.log.locator("a").evaluateAll((all) => all.map((a) => [(a as HTMLAnchorElement).href, (a as HTMLAnchorElement).rel]));
  assert.deepEqual(links, [["https://shop.example.com/", "noopener noreferrer"]]);
});

test("a form is checked, filled page by page and sent", async () => {
  const { visit, thread, id } = await talk(form);
  const { page } = visit;
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("Please fill this in.").waitFor();
  await page.getByLabel("Street").fill("1 Depot Road");
  await page.getByLabel("E-mail").fill("nowhere");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("Please check this.").waitFor();
  await page.getByLabel("E-mail").fill("ada@example.com");
  world.server.say(thread, "Take your time.");
  await visit.log.getByText("Take your time.").waitFor();
  assert.equal(await page.getByLabel("Street").inputValue(), "1 Depot Road", "a new message empties no form");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Time").selectOption("pm");
  await page.getByRole("button", { name: "Order" }).click();
  const want = [{ name: "street", value: "1 Depot Road" }, { name: "mail", value: "ada@example.com" }, { name: "slot", value: "pm" }];
  await until(() => thread.frames.some((f) => f.action === "submit" && f.message === id && JSON.stringify(f.values) === JSON.stringify(want)), () => JSON.stringify(thread.frames));
  await page.locator(".mine dd", { hasText: "Afternoon" }).waitFor();
  assert.ok(await page.getByLabel("Street").isDisabled());
});

test("a time is picked in the zone of the place", async () => {
  const { visit, thread, id } = await talk(schedule);
  assert.ok(await visit.page.getByRole("button", { name: "Confirm" }).isDisabled());
  await visit.page.getByText("Times in America/New York").waitFor();
  await visit.page.getByText("06:15").first().click();
  await visit.page.getByRole("button", { name: "Confirm" }).click();
  await until(() => thread.frames.some((f) => f.action === "pick" && f.message === id && f.slot === "s1" && f.text === "Monday 21 September, 06:15"), () => JSON.stringify(thread.frames));
  await visit.page.locator(".mine .bubble", { hasText: "06:15" }).waitFor();
});

test("an option asks for the position", async () => {
  const context = await world.browser.newContext({ permissions: ["geolocation"], geolocation: { latitude: 51.5, longitude: -0.14 } });
  const visit = await (await world.visit({ context })).open();
  const thread = world.server.last;
  world.server.say(thread, [{ kind: "choice", choice: { text: "Where are you?", options: [{ id: "here", label: "Share my position", action: "location" }] } }]);
  await visit.page.getByRole("button", { name: "Share my position" }).click();
  await until(() => thread.frames.some((f) => f.action === "send" && f.content.location?.latitude === 51.5), () => JSON.stringify(thread.frames));
});

test("a link that has expired is renewed once", async () => {
  const visit = await (await world.visit()).open();
  const thread = world.server.last;
  await visit.write("May I see it?");
  await visit.sees("May I see it?");
  const image = (name: string): Content[] => [{ kind: "media", media: { type: "image", alt: "Kettle", url: `${world.server.origin}/${name}` } }];
  const id = world.server.say(thread, image("expired.png"));
  const item = thread.items.find((i) => i.type === "message" && i.id === id)!;
  if (item.type === "message") item.content = image("picture.svg"); // what history tells from now on
  await visit.page.waitForFunction(() => {
    const image = document.querySelector("relais-chat")!.shadowRoot!.querySelector("img");
    return image?.src.endsWith("/picture.svg") && image.naturalWidth > 0;
  });
});

test("a picture that cannot be had is told by its name", async () => {
  const { visit } = await talk({ kind: "media", media: { type: "image", alt: "A red kettle", caption: "This one?", url: "https://nowhere.invalid/kettle.png" } });
  await visit.log.locator("a.item", { hasText: "A red kettle" }).waitFor();
  await visit.log.getByText("This one?").waitFor();
  assert.equal(await visit.log.locator("img").count(), 0);
});

test("entities become elements, and addresses links", async () => {
  const body = "Ada wrote to the shop, https://b.example/ and +44 20 1";
  const entities = [
    { type: "bold", offset: 0, length: 3 },
    { type: "italic", offset: 1, length: 8 },
    { type: "link", offset: 13, length: 8, value: "https://shop.example.com/" },
    { type: "phone", offset: 46, length: 8 },
    { type: "sparkle", offset: 0, length: 13 },
    { type: "link", offset: 0, length: 1, value: "javascript:alert(1)" },
  ];
  const { visit } = await talk(
    { kind: "text", text: { body, entities } },
    { kind: "text", text: { body: "**plain** https://c.example/?a=b&c=d, and more\nhttps://d.example/x." } },
  );
  const html = await visit.log.locator(".text").evaluateAll((all) => all.map((e) => e.innerHTML.replace(/ (target|rel)="[^"]*"/g, "")));
  assert.deepEqual(html, [
    '<span><strong>A</strong></span><em><strong>da</strong></em><em> wrote</em> to <a href="https://shop.example.com/">the shop</a>, ' +
      '<a href="https://b.example/">https://b.example/</a> and <a href="tel:+44201">+44 20 1</a>',
    '**plain** <a href="https://c.example/?a=b&amp;c=d">https://c.example/?a=b&amp;c=d</a>, and more\n<a href="https://d.example/x">https://d.example/x</a>.',
  ]);
});

test("entities that make no sense harm nothing", async () => {
  const odd = [[-5, 3], [2, 900], [3, -1], [1.5, 2], [NaN, 1], [0, 0]].map(([offset, length]) => ({ type: "bold", offset: offset!, length: length! }));
  const { visit } = await talk({ kind: "text", text: { body: "A kettle", entities: odd } });
  await visit.sees("A kettle");
});
