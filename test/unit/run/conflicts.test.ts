import { expect, test } from "vitest";
import type { Effect } from "../../../engine/modules/contract.ts";
import { created, type PathState, pathEffect, pathUnknown, removed } from "../../../engine/modules/paths.ts";
import { outlasting, Reach } from "../../../engine/run/conflicts.ts";
import type { Asked } from "../../../engine/run/look.ts";

const newcomer = { uid: 0, gid: 0, owner: "root", group: "root", umask: 0o022 };
const absent = (path: string, real = path) => ({ exists: false, path, real, newcomer }) as const;
const file = (path: string, more: Partial<PathState & { exists: true }> = {}) => ({
  ...created(absent(path), "file"),
  ...more,
});
const made = (path: string, real = path) => pathEffect(path, created(absent(path, real), "directory"));
const path = (subject: string, more: Partial<Asked> = {}): Asked => ({
  kind: "path",
  subject,
  real: subject,
  plain: true,
  ...more,
});

test.each<[string, Effect[], Asked, boolean]>([
  ["the same path", [made("/a")], path("/a"), true],
  ["a path below", [made("/a")], path("/a/b/c"), true],
  ["a path above that is no folder", [made("/a/b/c")], path("/a"), true],
  ["a folder above", [made("/a/b/c")], path("/a", { folder: true }), false],
  ["a neighbour", [made("/a/b")], path("/a/c"), false],
  ["a name that begins the same", [made("/a/b")], path("/a/bc"), false],
  ["/", [made("/")], path("/a"), true],
  ["another name of the place that changes", [made("/l/x", "/a/x")], path("/a/x"), true],
  ["a path that is really where something changes", [made("/a/x")], path("/l/x", { real: "/a/x" }), true],
  ["a path that will be unknown", [pathUnknown("/a", "?")], path("/a/b"), true],
  ["a user, by a file", [made("/srv/x")], { kind: "user", subject: "joe" }, false],
  ["a user, by the accounts' file", [made("/etc/passwd")], { kind: "home", subject: "joe" }, true],
  ["a package, by a file", [made("/srv/x")], { kind: "package", subject: "nginx" }, true],
  ["another package", [{ kind: "package", subject: "nginx", unknown: "" }], { kind: "package", subject: "joe" }, false],
  ["a path, by a package", [{ kind: "package", subject: "nginx", unknown: "" }], path("/a"), true],
  ["a home, by a user", [{ kind: "user", subject: "joe", unknown: "" }], { kind: "home", subject: "ann" }, true],
  ["anything", [{ opens: ["*"], because: "" }], path("/a"), true],
  ["what is not opened", [{ opens: ["package"], because: "" }], path("/a"), false],
  ["nothing", [], path("/a"), false],
])("a change touches %s: %#", (_, effects, asked, touched) => {
  expect(new Reach(effects).touches([asked])).toBe(touched);
});

test.each<[string, Effect[], Asked, boolean]>([
  ["another path", [made("/a/b")], path("/a/c"), true],
  ["the folder above", [made("/a/b")], path("/a", { folder: true }), true],
  ["the path", [made("/a/b")], path("/a/b"), false],
  ["a path with its name elsewhere: a folder may be mounted twice", [made("/a/b")], path("/mnt/b/c"), false],
  ["a path that was reached through a link", [made("/a/b")], path("/l", { real: "/c", plain: false }), false],
  ["a user", [made("/a/b")], { kind: "user", subject: "joe", plain: true }, true],
  ["another path, where a file has several names", [pathEffect("/a", file("/a", { links: 2 }))], path("/c"), false],
  ["another path, where something goes", [pathEffect("/a", removed(file("/a")))], path("/c"), false],
  ["another path, where a link comes", [pathEffect("/a", file("/a", { type: "link" }))], path("/c"), false],
  ["another path, where nobody knows what comes", [pathUnknown("/a", "?")], path("/c"), false],
  ["a path, where a package comes", [{ kind: "package", subject: "x", unknown: "" }], path("/c"), false],
])("outlasting a change: %s", (_, effects, asked, stays) => {
  expect(outlasting({ effects, confined: true })?.(asked) ?? false).toBe(stays);
  expect(outlasting({ effects })).toBeUndefined();
});

test("a change that tells nothing of what it did outlasts nothing", () => {
  expect(outlasting({ effects: [], confined: true })).toBeUndefined();
  expect(outlasting(undefined)).toBeUndefined();
});
