import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** faults are what axe-core finds serious or critical on a page, with what it frames. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    return (await axe.run({ runOnly })).violations;
  }, rules);
  const grave = found.filter((v) => v.impact === "serious" || v.impact === "critical");
  return grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + " " + n.failureSummary).join("\n")}`);
}
