import { mkdirSync } from "node:fs";
import { after, afterEach, before, test } from "node:test";
import type { Content } from "../src/content";
import { until, World, type Visit, type Wish } from "./browser";
import { buttons, cards, choice, form, quick, schedule } from "./offers";

let world: World;
before(async () => {
  world = await World.open();
  mkdirSync("screenshots", { recursive: true });
});
after(() => world.close());
afterEach(() => world.leave());

async function shoot(name: string, visit: Visit): Promise<void> {
  await visit.page.mouse.move(0, 0);
  await visit.page.waitForTimeout(300); // for the caret's and the fonts' sake
  await visit.page.screenshot({ path: `screenshots/${name}.png`, caret: "hide", animations: "disabled" });
}

async function talk(wish: Wish, ...lines: (string | Content[])[]): Promise<Visit> {
  // The same sources give the same pictures.
  const visit = await (await world.visit({ at: "2026-09-14T10:05:00Z", ...wish })).open();
  const thread = world.server.last;
  for (const [i, line] of lines.entries()) {
    if (typeof line === "string" && i % 2 === 0) await visit.write(line);
    else world.server.say(thread, line);
    await until(async () => (await visit.log.locator(".message:not(.sending)").count()) === i + 1, () => `line ${i + 1} is missing`);
  }
  return visit;
}

const picture: () => Content = () => ({ kind: "media", media: { type: "image", url: world.server.origin + "/picture.svg", alt: "A green kettle", width: 320, height: 200, caption: "This one?" } });

test("closed with a badge", async () => {
  const visit = await talk({ name: "closed" }, "Hello");
  await visit.page.keyboard.press("Escape");
  for (const text of ["Hello!", "How can I help?", "Are you still there?"]) world.server.say(world.server.last, text);
  await visit.page.locator(".badge", { hasText: "3" }).waitFor();
  await shoot("closed", visit);
});

test("nothing said yet", async () => shoot("empty", await talk({ name: "empty" })));

test("a conversation", async () => {
  const visit = await talk({ name: "conversation" }, "Hello, do you still have the green kettle?", "Hello! Let me have a look.", "It was in the window last week: https://shop.example.com/kettles", [picture()], "Yes, that one!", [{ kind: "text", text: { body: "We have two left:\n- 0.8 litres, 29 €\n- 1.7 litres, 39 €", entities: [{ type: "bold", offset: 8, length: 3 }] } }]);
  const thread = world.server.last;
  world.server.put(thread, { type: "reaction", seq: 0, id: world.server.find(thread, false).id, emoji: "👍", mine: true });
  await visit.page.getByRole("button", { name: "React or reply" }).last().click();
  await visit.page.getByRole("button", { name: "Reply", exact: true }).last().click();
  await visit.write("The small one, please");
  world.server.tell(thread, { type: "read", upTo: thread.seq });
  world.server.tell(thread, { type: "typing", active: true, author: { role: "agent", name: "Ana" } });
  await visit.page.getByText("Ana is typing…").waitFor();
  await shoot("conversation", visit);
});

test("choices", async () => {
  const visit = await talk({ name: "choices" }, "Do you have spare lids?", [choice], "Glass, please", [buttons], "And the green kettle?", [quick]);
  await visit.page.getByRole("button", { name: "I come to the shop" }).click();
  await shoot("choices", visit);
  const list = await talk({ name: "list" }, "Do you have spare lids?", [choice]);
  await list.page.getByRole("button", { name: "Show the lids" }).click();
  await shoot("list", list);
  const several = await talk({ name: "several", browser: { colorScheme: "dark" } }, "I need two", [{ kind: "choice", choice: { ...choice.choice!, multiple: true } }]);
  await several.page.getByRole("button", { name: "Show the lids" }).click();
  for (const lid of ["Steel lid", "Copper lid"]) await several.page.getByLabel(lid).check();
  await shoot("several", several);
});

test("a carousel", async () => shoot("carousel", await talk({ name: "carousel" }, "Which kettles are there?", [cards(world.server.origin + "/picture.svg")])));

test("a form", async () => {
  const visit = await talk({ name: "form" }, "Please send it to me", [form]);
  await visit.page.getByLabel("E-mail").fill("ada@");
  await visit.page.getByRole("button", { name: "Next" }).click();
  await shoot("form", visit);
});

test("a time picker", async () => {
  const visit = await talk({ name: "times" }, "When can I come?", [schedule]);
  await visit.page.getByText("07:15").first().click();
  await shoot("times", visit);
});

test("commerce", async () => {
  const price = (amount: number) => ({ amount, currency: "EUR" });
  const payment: Content = { kind: "payment", payment: { reference: "p-1", title: "Your order", amount: price(3650), url: "https://shop.example.com/pay", lines: [{ label: "Small kettle", amount: price(2900) }, { label: "Glass lid", amount: price(850) }, { label: "Coupon", amount: price(-100) }] } };
  const file: Content = { kind: "media", media: { type: "file", name: "terms of sale.pdf", bytes: 184_311, url: "https://media.example.com/terms" } };
  const link: Content = { kind: "link", link: { url: "https://shop.example.com/care", title: "Caring for your kettle", text: "How to keep it bright" } };
  const contact: Content = { kind: "contacts", contacts: [{ name: "Depot", company: "Kettles and lids", phones: [{ value: "+44 20 7946 0000" }] }] };
  await shoot("commerce", await talk({ name: "commerce" }, "I take both", [payment, file, link, contact]));
});

test("an upload", async () => {
  const visit = await talk({ name: "upload" }, "Here is my bill", "Thank you.");
  await visit.page.route("**/bucket", () => {}); // stays on its way
  await visit.page.locator("input[type=file]").setInputFiles({ name: "holiday photograph.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(400_000) });
  await visit.page.evaluate(() => {
    const upload = window.Relais!.client.uploads[0]!;
    upload.progress = 0.6;
    window.Relais!.client.discard(""); // draws again
  });
  await visit.page.locator("input[type=file]").setInputFiles({ name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(1_100_000) });
  await visit.page.getByText("Too large to send").waitFor();
  await shoot("upload", visit);
  await visit.page.unrouteAll();
});

test("dark", async () => {
  const visit = await talk({ name: "dark", browser: { colorScheme: "dark" } }, "Hello, is the kettle still there?", "Yes, two of them. See https://shop.example.com/kettles", "Good!", [quick, buttons]);
  await shoot("dark", visit);
});

test("arabic", async () => {
  const offer: Content = { kind: "choice", choice: { text: "كيف تفضل الاستلام؟", options: [{ id: "a", label: "بالبريد" }, { id: "b", label: "من المتجر" }] } };
  const visit = await talk({ name: "arabic", script: { locale: "ar" } }, "مرحبا، هل الإبريق الأخضر متوفر؟", "نعم، بقي منه اثنان (Kettle 1.7 L).", "أريد واحدا", [offer]);
  await shoot("arabic", visit);
});

test("offline", async () => {
  const visit = await talk({ name: "offline" }, "Hello", "Hello, how can I help?");
  world.server.faults.down = true;
  world.server.cut();
  await visit.write("Is the green one still there?");
  await visit.page.getByText("No connection.").waitFor();
  await shoot("offline", visit);
  world.server.faults.down = false;
});

test("small screen", async () => {
  const visit = await talk({ name: "small", browser: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 } }, "Hello, is the kettle still there?", "Yes, two of them.", "Good!", [quick]);
  await shoot("small", visit);
});

test("japanese", async () => {
  const visit = await talk({ name: "japanese", script: { locale: "ja" } }, "緑のやかんはまだありますか？", "はい、二つ残っています。");
  await shoot("japanese", visit);
});
