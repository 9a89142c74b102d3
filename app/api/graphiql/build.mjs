// Bundles GraphiQL into ../static: page.html and assets/, every asset but LICENSES.txt named by its own hash.
// Usage: node build.mjs [stamp]. The folder appears whole or not at all; `stamp` is kept in it for build.sh to compare.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "..", "static");
const ASSETS = "graphiql"; // relative to /graphql, so that a path prefix in front of the gateway does no harm; graphiql_page.py mounts it

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
};

const fresh = mkdtempSync(join(HERE, "node_modules", ".static-")); // ignored by git, and on the target's file system
try {
  chmodSync(fresh, 0o755); // an image's user reads it too
  const metafiles = await bundle(join(fresh, "assets"));
  writeFileSync(join(fresh, "assets", "LICENSES.txt"), licences(metafiles));
  writeFileSync(join(fresh, "stamp"), process.argv[2] ?? "");
  publish(fresh);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

async function bundle(outdir) {
  const common = {
    absWorkingDir: HERE,
    outdir,
    bundle: true,
    minify: true,
    metafile: true,
    target: "es2022",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    legalComments: "eof",
    loader: { ".ttf": "file" },
    logLevel: "warning",
  };
  const workers = await build({ ...common, entryPoints: WORKERS, format: "iife" });
  const names = Object.fromEntries(Object.entries(WORKERS).map(([label, source]) => [label, written(workers, source).name]));
  const page = await build({
    ...common,
    entryPoints: ["main.jsx"],
    format: "esm",
    splitting: true,
    jsx: "automatic",
    keepNames: true, // an icon's title, which a screen reader speaks, is its function's name
    define: { "process.env.NODE_ENV": '"production"', WORKERS: JSON.stringify(names) },
    external: ["graphql-ws"], // asked for only where a subscription address is given
  });
  const script = written(page, "main.jsx");
  const style = basename(page.metafile.outputs[script.path].cssBundle);
  // A style sheet is also written for each script loaded on demand; nothing loads those, main's holds all rules.
  for (const file of readdirSync(outdir)) if (file.endsWith(".css") && file !== style) rmSync(join(outdir, file));
  const html = readFileSync(join(HERE, "page.html"), "utf8");
  const filled = html.replace("{{SCRIPT}}", `${ASSETS}/${script.name}`).replace("{{STYLE}}", `${ASSETS}/${style}`);
  writeFileSync(join(outdir, "..", "page.html"), filled);
  return [workers.metafile, page.metafile];
}

// esbuild names an entry by the path it found, so a package's file is known by its end.
function written({ metafile }, source) {
  const path = Object.keys(metafile.outputs).find((output) => metafile.outputs[output].entryPoint?.endsWith(source));
  if (!path) throw new Error(`nothing was written for ${source}`);
  return { path, name: basename(path) };
}

// The texts of every package that ended up in a bundle; a package that ships none is named with what it declares.
function licences(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(inputs.map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  return [...folders].sort().map(licence).join("\n\n");
}

function licence(folder) {
  const { name, version, license, author, repository } = JSON.parse(readFileSync(join(HERE, folder, "package.json"), "utf8"));
  const texts = readdirSync(join(HERE, folder))
    .filter((file) => /^(licen[sc]e|copying|notice|thirdpartynotices)/i.test(file))
    .map((file) => readFileSync(join(HERE, folder, file), "utf8").trim());
  const declared = [author?.name ?? author, repository?.url ?? repository].filter(Boolean).join(", ");
  const title = `${name} ${version} (${license})`;
  return [`${"=".repeat(72)}\n${title}`, ...(texts.length ? texts : [`No text in the package. ${declared}`])].join("\n\n");
}

// Two renames: a reader sees the old folder, none for an instant, or the new one; never half of one.
function publish(folder) {
  const old = mkdtempSync(join(HERE, "node_modules", ".static-"));
  if (existsSync(TARGET)) renameSync(TARGET, join(old, "static"));
  renameSync(folder, TARGET);
  rmSync(old, { recursive: true, force: true });
}
