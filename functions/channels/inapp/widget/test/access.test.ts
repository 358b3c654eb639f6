import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Page } from "playwright-core";
import { faults } from "./axe";
import { until, World, type Visit, type Wish } from "./browser";
import { buttons, cards, choice, form, quick, schedule } from "./offers";

let world: World;
before(async () => void (world = await World.open()));
after(() => world.close());
afterEach(() => world.leave());

/** full is a conversation with one of everything. */
async function full(wish: Wish): Promise<Visit> {
  const visit = await (await world.visit(wish)).open();
  const thread = world.server.last;
  const { server } = world;
  await visit.write("Hello https://shop.example.com/");
  const id = server.say(thread, "Hello, how can I help?");
  server.put(thread, { type: "reaction", seq: 0, id, emoji: "👍", mine: true });
  for (const content of [quick, buttons, choice, form, schedule, cards(server.origin + "/picture.svg")]) server.say(thread, [content]);
  server.say(thread, [{ kind: "payment", payment: { reference: "p", title: "Lid", amount: { amount: 1250, currency: "EUR" }, url: "https://shop.example.com/pay" } }]);
  server.say(thread, [{ kind: "media", media: { type: "file", name: "bill.pdf", bytes: 12_000, url: "https://media.example.com/b" } }, { kind: "hologram" }]);
  await visit.page.getByText("I take this one").first().waitFor();
  await until(async () => (await visit.log.locator(".message").count()) === 10, () => "not all shown");
  await visit.page.getByRole("button", { name: /Show the lids|Show/ }).first().click();
  return visit;
}

for (const [title, wish] of Object.entries({
  light: { browser: { colorScheme: "light" } },
  dark: { browser: { colorScheme: "dark" } },
  arabic: { script: { locale: "ar" } },
  small: { browser: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true } },
} satisfies Record<string, Wish>)) {
  test(`axe finds no serious fault: ${title}`, async () => {
    const visit = await full({ name: title, ...wish });
    assert.deepEqual(await faults(visit.page), []);
    await visit.page.keyboard.press("Escape");
    world.server.say(world.server.last, "One more");
    await visit.page.locator(".badge").waitFor();
    assert.deepEqual(await faults(visit.page), []);
  });
}

test("what is chosen can be read under the pointer", async () => {
  const visit = await (await world.visit({ browser: { colorScheme: "light" } })).open();
  world.server.say(world.server.last, [schedule]);
  await visit.page.getByText("06:15").first().click();
  assert.deepEqual(await faults(visit.page), []);
  world.server.say(world.server.last, [cards(world.server.origin + "/picture.svg")]);
  await visit.page.getByRole("button", { name: "I take this one" }).first().click();
  await visit.page.locator(".mine").waitFor();
  await visit.page.getByRole("button", { name: "I take this one" }).first().hover();
  assert.deepEqual(await faults(visit.page), []);
});

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.querySelector("relais-chat")!.shadowRoot!.activeElement;
    return at ? at.getAttribute("aria-label") || at.textContent || at.localName : "";
  });

test("the keyboard reaches everything and stays inside", async () => {
  const visit = await full({ name: "keys" });
  const { page } = visit;
  await visit.field.focus();
  const seen = new Set<string>();
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    assert.notEqual(at, "", "the focus left the panel");
    seen.add(at);
  }
  for (const want of ["Close chat", "Chat with us", "Yes, please", "By post", "Pay", "Attach a file", "Send", "Write a message…", "I take this one", "React or reply"])
    assert.ok([...seen].some((s) => s.includes(want)), `${want} is not reached: ${[...seen].join(", ")}`);
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "Open chat");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "Write a message…");
  await page.keyboard.press("Shift+Tab");
  assert.notEqual(await focused(page), "");
});

test("Escape closes the innermost first", async () => {
  const visit = await (await world.visit()).open();
  world.server.say(world.server.last, "Hello");
  await visit.page.getByRole("button", { name: "React or reply" }).click();
  assert.equal(await focused(visit.page), "👍");
  await visit.page.keyboard.press("Escape");
  assert.equal(await focused(visit.page), "React or reply");
  await visit.page.keyboard.press("Escape");
  assert.equal(await focused(visit.page), "Open chat. Unread messages: 0".slice(0, 9));
});

test("new messages are announced", async () => {
  const visit = await (await world.visit()).open();
  world.server.say(world.server.last, "Good morning");
  await visit.sees("Good morning");
  world.server.say(world.server.last, "Your kettle is here");
  await until(async () => (await visit.page.locator("[aria-live=polite]").textContent()) === "Ana: Your kettle is here", () => "not announced");
});

test("targets are 44 pixels", async () => {
  const visit = await full({ name: "targets" });
  const small = await visit.page.locator("relais-chat").evaluate((host) =>
    [...host.shadowRoot!.querySelectorAll<HTMLElement>("button, .button, .item[href], input, select, textarea")]
      .filter((e) => e.getClientRects().length && !e.matches("label input"))
      .map((e) => ({ name: e.outerHTML.slice(0, 120), box: e.getBoundingClientRect() }))
      .filter(({ box }) => box.height < 44 || box.width < 44)
      .map(({ name, box }) => `${Math.round(box.width)}×${Math.round(box.height)} ${name}`),
  );
  assert.deepEqual(small, []);
});

test("nothing moves for those who do not want it", async () => {
  const visit = await (await world.visit({ browser: { reducedMotion: "reduce" } })).open();
  world.server.tell(world.server.last, { type: "typing", active: true, author: { role: "agent" } });
  await visit.page.getByText("Support is typing…").waitFor();
  assert.equal(await visit.page.locator(".typist i").first().evaluate((e) => getComputedStyle(e).animationName), "none");
});

test("every language is spoken, Arabic from right to left", async () => {
  const titles: Record<string, string> = { en: "Chat with us", "fr-CH": "Écrivez-nous", de: "Schreiben Sie uns", es: "Escríbanos", ja: "お問い合わせ", "zh-Hans": "联系我们", ar: "تحدث معنا", xx: "Chat with us" };
  for (const [locale, title] of Object.entries(titles)) {
    const visit = await world.visit({ script: { locale } });
    await visit.launcher.click();
    await visit.page.getByRole("heading", { name: title }).waitFor();
    assert.equal(await visit.page.locator(".root").getAttribute("dir"), locale === "ar" ? "rtl" : "ltr");
    await visit.page.close();
  }
});

test("an input method's Enter sends nothing", async () => {
  const visit = await (await world.visit()).open();
  await visit.field.fill("にほん");
  await visit.field.dispatchEvent("keydown", { key: "Enter", isComposing: true });
  assert.deepEqual(await visit.texts(), []);
  await visit.field.press("Enter");
  await visit.sees("にほん");
});
