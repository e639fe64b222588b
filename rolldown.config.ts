import { defineConfig } from "rolldown";

// The engine becomes a handful of files, so that `play --version` reads one of them and not four hundred. What the
// entry imports lazily stays in files of its own. ssh2 looks for its optional native part at run time: not bundled.
export default defineConfig({
  input: { main: "engine/cli/main.ts" },
  platform: "node",
  external: [/^node:/, "ssh2"],
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    cleanDir: true,
  },
});
