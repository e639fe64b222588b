import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { connect } from "../../../engine/host/connect.ts";
import type { Connection } from "../../../engine/host/contract.ts";
import { type PlayOptions, runIn } from "./play.ts";

/** Counts the requests that look. */
function counting(): { readonly connect: typeof connect; asked: number } {
  const counts = { asked: 0 };
  return Object.assign(counts, {
    connect: ((target, options): Connection => {
      const real = connect(target, options);
      return {
        target,
        forward: (address, port) => real.forward(address, port),
        reset: () => real.reset(),
        close: () => real.close(),
        async session(become) {
          const session = await real.session(become);
          return {
            process: session.process,
            upload: (content, path, more) => session.upload(content, path, more),
            download: (path, more) => session.download(path, more),
            request(script, more) {
              if (more?.kind === "probe") counts.asked++;
              return session.request(script, more);
            },
          };
        },
      };
    }) satisfies typeof connect,
  });
}

/** The same playbook with reading ahead and without it, each from an empty folder; what a user is told of both. */
async function bothWays(playbook: string, options: PlayOptions = {}): Promise<{ ahead: string[]; plain: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "play-ahead-"));
  try {
    const told = async (readAhead: boolean): Promise<string[]> => {
      rmSync(join(folder, "work"), { recursive: true, force: true });
      const record = await runIn(folder, playbook, { ...options, readAhead });
      return [...record.lines, ...record.results.map(({ host, value }) => `${host} ${JSON.stringify(value, lasting)}`)];
    };
    return { ahead: await told(true), plain: await told(false) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Leaves out what differs from run to run. */
function lasting(key: string, value: unknown): unknown {
  if (["atime", "mtime", "ctime", "inode", "start", "end", "delta", "version"].includes(key)) return undefined;
  return typeof value === "string" ? value.replace(/\.play-[\w-]+/g, "a temporary name") : value;
}

test("while nothing changes, the questions of tasks to come travel with the present one's, and none is asked twice", async () => {
  const folder = mkdtempSync(join(tmpdir(), "play-ahead-"));
  // Answers grow old after seconds, which a busy machine may take from one task to the next.
  const clock = vi.spyOn(performance, "now").mockReturnValue(1);
  try {
    const play = `
- hosts: all
  tasks:
${["a", "b", "c", "d", "e"].map((name) => `    - {name: ${name}, file: {path: "{{ dir }}/${name}", state: directory}}`).join("\n")}
`;
    await runIn(folder, play);
    const on = counting();
    const ahead = await runIn(folder, play, { connect: on.connect });
    const off = counting();
    const plain = await runIn(folder, play, { connect: off.connect, readAhead: false });
    expect(ahead.lines).toEqual(plain.lines);
    expect(off.asked).toBe(5);
    // The first task opens the session; from the second on they travel together.
    expect(on.asked).toBe(2);
  } finally {
    clock.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("changes at other paths leave what was read ahead", async () => {
  const folder = mkdtempSync(join(tmpdir(), "play-ahead-"));
  const clock = vi.spyOn(performance, "now").mockReturnValue(1);
  try {
    const names = Array.from({ length: 30 }, (_, at) => `d${at}`);
    const tasks = names.map((name) => `    - {name: ${name}, file: {path: "{{ dir }}/${name}", state: directory}}`);
    const counts = counting();
    const done = await runIn(folder, `- hosts: all\n  tasks:\n${tasks.join("\n")}\n`, { connect: counts.connect });
    expect(done.lines).toEqual(names.map((name) => `h1 changed ${name}`));
    // Task by task it is two each.
    expect(counts.asked).toBeLessThanOrEqual(10);
  } finally {
    clock.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Two looks first: from the second on, with the session open, the answers of what follows are there. */
const warm = `
- hosts: all
  tasks:
    - {name: one, stat: {path: "{{ dir }}/one"}}
    - {name: two, stat: {path: "{{ dir }}/two"}}
    - {name: folder, file: {path: "{{ dir }}/folder", state: directory}}
    - {name: three, stat: {path: "{{ dir }}/three"}}
    - {name: four, stat: {path: "{{ dir }}/four"}}
`;

test.each([
  ["a path", ["file: {path: '{{ dir }}/x', state: directory}"], "{{ dir }}/x"],
  ["what is below it", ["command: 'mkdir -p {{ dir }}/x/y'"], "{{ dir }}/x/y"],
  ["the number of a folder's folders", ["file: {path: '{{ dir }}/folder/x', state: directory}"], "{{ dir }}/folder"],
  [
    "a file's other name",
    [
      "copy: {content: a, dest: '{{ dir }}/x'}",
      "file: {src: '{{ dir }}/x', path: '{{ dir }}/y', state: hard}",
      "file: {path: '{{ dir }}/x', mode: '0600'}",
    ],
    "{{ dir }}/y",
  ],
  [
    "what is behind a link",
    ["file: {src: folder, path: '{{ dir }}/x', state: link}", "copy: {content: a, dest: '{{ dir }}/x/y'}"],
    "{{ dir }}/folder/y",
  ],
  ["a path that goes", ["file: {path: '{{ dir }}/folder', state: absent}"], "{{ dir }}/folder"],
])(
  "a change by one host of %s is seen by another name of the machine",
  { timeout: 300_000 },
  async (_, changes, path) => {
    const tasks = changes.map((change) => `    - {name: change, ${change}, when: inventory_hostname == "h1"}`);
    const delegated = changes.map(
      (change) => `    - {name: change, ${change}, delegate_to: h1, when: inventory_hostname == "h2"}`,
    );
    for (const lines of [tasks, delegated]) {
      const playbook = `${warm}${lines.join("\n")}\n    - {name: seen, stat: {path: "${path}", get_mime: false}}\n`;
      const { ahead, plain } = await bothWays(playbook, { hosts: ["h1", "h2"], forks: 1 });
      expect(ahead).toEqual(plain);
    }
  },
);

const name = fc.constantFrom("a", "b", "a/b", "a/b/c", "l", "l/b");
const path = name.map((each) => `"{{ dir }}/${each}"`);
const module = fc.oneof(
  fc
    .tuple(path, fc.constantFrom("directory", "absent", "touch", "file"))
    .map(([p, state]) => `file: {path: ${p}, state: ${state}}`),
  fc.tuple(path, fc.constantFrom("a", "b")).map(([p, to]) => `file: {path: ${p}, src: ${to}, state: link}`),
  fc.tuple(path, path).map(([p, src]) => `file: {path: ${p}, src: ${src}, state: hard}`),
  fc.tuple(path, fc.constantFrom("one", "two")).map(([p, content]) => `copy: {content: ${content}, dest: ${p}}`),
  fc
    .tuple(path, fc.constantFrom("one", "two"))
    .map(([p, line]) => `lineinfile: {path: ${p}, line: ${line}, create: true}`),
  path.map((p) => `stat: {path: ${p}, get_mime: false, get_attributes: false}`),
  path.map((p) => `command: "mkdir -p ${p.slice(1, -1)}"`),
);
const task = fc.record({
  module,
  more: fc.constantFrom(
    "",
    ", when: inventory_hostname == 'h1'",
    ", when: inventory_hostname == 'h2'",
    ", delegate_to: h1",
  ),
});
const looped = fc.array(name, { minLength: 2, maxLength: 4 }).map((names) => ({
  module: `copy: {content: three, dest: "{{ dir }}/{{ item }}"}`,
  more: `, loop: [${names.join(", ")}]`,
}));

/** As many others as asked for: `PLAY_PROPERTY_RUNS=100 npx vitest run --project unit -t "whatever a playbook"`. */
const runs = process.env["PLAY_PROPERTY_RUNS"];

test("whatever a playbook does, reading ahead tells of it as task by task does", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 4, arbitrary: task }, { weight: 1, arbitrary: looped }), {
        minLength: 3,
        maxLength: 9,
      }),
      async (tasks) => {
        const lines = tasks.map(
          ({ module, more }, at) => `    - {name: task ${at}, ${module}${more}, ignore_errors: true}`,
        );
        const { ahead, plain } = await bothWays(`${warm}${lines.join("\n")}\n`, { hosts: ["h1", "h2"], forks: 1 });
        expect(ahead).toEqual(plain);
      },
    ),
    runs === undefined ? { numRuns: 8, seed: 42 } : { numRuns: Number(runs) },
  );
});
