// `npm run bench [-- --write] [W1 W2 …]`: bundles what measures and runs it.
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "rolldown";

const folder = `dist.new-bench-${process.pid}`;
await build({
  input: { bench: "bench/bench.ts" },
  platform: "node",
  external: [/^node:/, "ssh2"],
  logLevel: "warn",
  output: { dir: folder, format: "esm", entryFileNames: "[name].js" },
});
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const { bench } = await import(pathToFileURL(resolve(folder, "bench.js")).href);
process.exitCode = await bench(process.argv.slice(2));
