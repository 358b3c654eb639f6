// Checks the types, then writes the files that are served and published to the
// folder named, or to dist. The same sources give the same bytes.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here);
const out = process.argv[2] ?? "dist";

const target = "es2022";

const style = {
  name: "style",
  setup: (to) =>
    to.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    }),
};

/** strings are those of a language, from its source file. */
async function strings(path) {
  const { code } = await transform(readFileSync(path, "utf8"), { loader: "ts", format: "esm" });
  return (await import("data:text/javascript," + encodeURIComponent(code)))[basename(path, ".ts")];
}

// Every language has the keys of English: the others go without them, for a fifth of their size.
const languages = {
  name: "languages",
  setup: (to) =>
    to.onLoad({ filter: /locales.(ar|de|es|fr|ja|zh)\.ts$/ }, async ({ path }) => {
      const [keys, own] = [Object.keys(await strings("src/locales/en.ts")), await strings(path)];
      const values = JSON.stringify(keys.map((key) => own[key]));
      return { contents: `import { like } from "./en"; export const ${basename(path, ".ts")} = like(${values});`, loader: "js" };
    }),
};

const tsc = (...args) => execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), ...args], { stdio: "inherit" });

/** types writes what a user of client.js may know, in one file: what client.ts exports, and what that speaks of. */
function types() {
  const dir = "node_modules/.types";
  rmSync(dir, { recursive: true, force: true });
  tsc("-p", ".", "--noEmit", "false", "--emitDeclarationOnly", "--declaration", "--outDir", dir, "--rootDir", "src");
  const modules = ["content", "wire", "http", "uploads", "timeline", "uplink", "client"];
  const text = modules.map((name) => readFileSync(`${dir}/${name}.d.ts`, "utf8")).join("");
  const own = text.replace(/^(import|export( type)? [{*]).*;\n/gm, "");
  const parts = own.split(/^(?=\/\*\*|(?<!\*\/\n)export )/m).filter((part) => /^export (declare )?(interface|type|class|function) \w/m.test(part));
  const named = new Map(parts.map((part) => [/^export (?:declare )?\w+ (\w+)/m.exec(part)[1], part]));
  const wanted = new Set(["RelaisClient", "Problem"]);
  for (const name of wanted) for (const [other] of named) if (new RegExp(`\\b${other}\\b`).test(code(named.get(name)))) wanted.add(other);
  return [...named].filter(([name]) => wanted.has(name)).map(([, part]) => part).join("");
}

/** code is a declaration without its comments. */
function code(declaration) {
  return declaration.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
}

tsc("-p", ".");
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "client.d.ts"), types());
const shared = { bundle: true, minify: true, target, charset: "utf8", legalComments: "none", plugins: [style, languages] };
await build({ ...shared, entryPoints: ["src/main.ts"], outfile: join(out, "relais.js"), format: "iife" });
await build({ ...shared, entryPoints: ["src/client.ts"], outfile: join(out, "client.js"), format: "esm" });
