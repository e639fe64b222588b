// Bundles the engine into a handful of files, so that `play --version` reads one of them and not four hundred. What
// the entry imports lazily stays in files of its own. ssh2 and nunjucks look for optional parts at run time, so they
// are left where npm puts them. The new bundle takes the old one's place at once: a run may be using it.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { build } from "rolldown";

const fresh = `dist.new-${process.pid}`;
const old = `dist.old-${process.pid}`;
await build({
  input: { main: "engine/cli/main.ts" },
  platform: "node",
  external: [/^node:/, "ssh2", "nunjucks"],
  logLevel: "warn",
  output: { dir: fresh, format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", minify: true },
});
mkdirSync("dist", { recursive: true });
renameSync("dist", old);
renameSync(fresh, "dist");
rmSync(old, { recursive: true });
