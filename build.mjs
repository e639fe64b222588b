// Bundles the engine into a handful of files, so that `play --version` reads one of them and not four hundred. What
// the entry imports lazily stays in files of its own. ssh2 looks for its optional native part at run time, so it is
// left where npm puts it.
import { build } from "rolldown";

await build({
  input: { main: "engine/cli/main.ts" },
  platform: "node",
  external: [/^node:/, "ssh2"],
  logLevel: "warn",
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    cleanDir: true,
  },
});
