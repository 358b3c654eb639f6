// Checks the tests' types, bundles them and runs them: two files at a time, in headless Chromium.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const out = "node_modules/.tests";
const only = process.argv.slice(2);
const files = readdirSync("test").filter((name) => name.endsWith(".test.ts") && (!only.length || only.some((part) => name.includes(part))));
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "test"], { stdio: "inherit" });
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: files.map((name) => "test/" + name),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  external: ["/client.js"], // which the page loads, not the test
  sourcemap: "inline",
});
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-concurrency=2", ...files.map((name) => `${out}/${name.replace(/ts$/, "mjs")}`)], { stdio: "inherit" });
process.exit(status ?? 1);
