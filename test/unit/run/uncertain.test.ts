import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Unknown } from "../../../engine/source/value.ts";
import { type PlayRecord, runIn } from "./play.ts";

/** Steps of which only the run can say whether they change anything, by a pip that installs once. */

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "play-uncertain-"));
  const pip = `#!/bin/sh
case $1 in
  list) echo six==1.0 ;;
  install) [ -e '${folder}/done' ] || { : > '${folder}/done'; echo 'Successfully installed six-1.1'; } ;;
esac
`;
  writeFileSync(join(folder, "pip"), pip, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const play = (options: { check?: boolean }): Promise<PlayRecord> =>
  runIn(
    folder,
    `
- hosts: all
  tasks:
    - {name: a, pip: {name: six, state: latest, executable: "${folder}/pip"}, register: r}
    - {name: b, debug: {msg: "{{ r is changed }}"}}
`,
    options,
  );

test("check mode calls it unknown, and does nothing", async () => {
  const checked = await play({ check: true });
  expect(checked.of("a")["h1"]?.unknown).toBe("pip finds out then what is missing");
  expect(checked.of("b")["h1"]?.value["msg"]).toBeInstanceOf(Unknown);
});

test("the run says what came of it", async () => {
  expect((await play({})).of("a")["h1"]?.status).toBe("changed");
  expect((await play({})).of("a")["h1"]?.status).toBe("ok");
});
