import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../../engine/host/connect.ts";
import { type Connection, HostError, type RequestOptions, type Script } from "../../../engine/host/contract.ts";
import type { Event } from "../../../engine/run/events.ts";
import { runIn, runText } from "./play.ts";

/** Connections that lose a request: before it is sent, or when its answer should come. */
function losing(lose: (script: Script, options?: RequestOptions) => "before" | "after" | undefined): typeof connect {
  return (target, options): Connection => {
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
          async request(script, more) {
            const how = lose(script, more);
            if (how === "before") throw new HostError("connection-lost", "The connection was lost.", false);
            const reply = await session.request(script, more);
            if (how === "after") throw new HostError("connection-lost", "The connection was lost.", true);
            return reply;
          },
        };
      },
    };
  };
}

/** Loses the n-th request of a kind. */
function losingOne(kind: RequestOptions["kind"], how: "before" | "after", which = 1): typeof connect {
  let count = 0;
  return losing((_script, options) => (options?.kind === kind && ++count === which ? how : undefined));
}

describe("a connection that is lost", () => {
  const folder = "- hosts: all\n  tasks: [{name: a, file: {path: '{{ dir }}/a', state: directory}}]\n";

  test("a look is repeated", async () => {
    const done = await runText(folder, { connect: losingOne("probe", "after") });
    expect(done.lines, done.output).toEqual(["h1 changed a"]);
  });

  test("a change is looked at and planned anew: what is there already is this task's change, with its handlers", async () => {
    const text = `
- hosts: all
  tasks: [{name: a, file: {path: '{{ dir }}/a', state: directory}, notify: b}]
  handlers: [{name: b, debug: {msg: ran}}]
`;
    const done = await runText(text, { connect: losingOne("step", "after") });
    expect(done.lines, done.output).toEqual(["h1 changed a", "h1 ok handler b"]);
  });

  test("a change that had not been sent is made", async () => {
    const done = await runText(folder, { connect: losingOne("step", "before") });
    expect(done.lines, done.output).toEqual(["h1 changed a"]);
  });

  test("an action that was sent is not run twice", async () => {
    const done = await runText("- hosts: all\n  tasks: [{name: a, shell: 'echo x >> {{ dir }}/n'}]\n", {
      connect: losingOne("command", "after"),
    });
    expect(done.lines, done.output).toEqual(["h1 failed a"]);
    expect(done.results[0]?.value["msg"]).toMatch(/may have run/);
  });
});

describe("an interruption", () => {
  test("the first lets the task under way end, then the run reports", async () => {
    const interrupt = new AbortController();
    const done = await runText(
      `
- hosts: all
  tasks:
    - {name: a, command: "true"}
    - {name: b, command: "true"}
`,
      {
        interrupt: interrupt.signal,
        connect: losing((_script, options) => {
          if (options?.kind === "command") interrupt.abort();
          return undefined;
        }),
      },
    );
    expect(done.lines, done.output).toEqual(["h1 changed a"]);
    expect(done.exitCode).toBe(99);
    expect(done.events.at(-1)?.type).toBe("run-end");
  });

  test("the second cuts a command that hangs", async () => {
    const cut = new AbortController();
    const started = (event: Event) => event.type === "host-start";
    const done = await runText("- hosts: all\n  tasks: [{name: a, command: sleep 600}]\n", {
      cut: cut.signal,
      connect: losing((_script, options) => {
        if (options?.kind === "command") setTimeout(() => cut.abort(), 100);
        return undefined;
      }),
    });
    expect(done.events.filter(started).length).toBe(1);
    expect(done.exitCode).toBe(99);
  });
});

describe("handlers of a run that ended early", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "play-marks-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const play = `
- hosts: all
  tasks:
    - {name: a, copy: {content: x, dest: "{{ dir }}/a"}, notify: h}
    - {name: b, fail: {msg: x}, when: stop | default(false)}
  handlers:
    - {name: h, shell: "echo ran >> {{ dir }}/ran"}
`;

  test("are run by the next one, once", async () => {
    const first = await runIn(folder, play, { handlerMarks: true, extraVars: { stop: true } });
    expect(first.lines, first.output).toEqual(["h1 changed a", "h1 failed b"]);
    const check = await runIn(folder, play, { handlerMarks: true, check: true });
    expect(check.lines, check.output).toEqual(["h1 ok a", "h1 skipped b", "h1 unknown handler h"]);
    const second = await runIn(folder, play, { handlerMarks: true });
    expect(second.lines, second.output).toEqual(["h1 ok a", "h1 skipped b", "h1 changed handler h"]);
    const third = await runIn(folder, play, { handlerMarks: true });
    expect(third.lines, third.output).toEqual(["h1 ok a", "h1 skipped b"]);
    expect(readFileSync(join(folder, "work", "ran"), "utf8")).toBe("ran\n");
  });

  test("a change that did not come about leaves no mark", async () => {
    const failing = `
- hosts: all
  tasks:
    - {name: a, command: "false", notify: h, ignore_errors: true}
    - {name: c, command: "true", notify: h, changed_when: false}
  handlers:
    - {name: h, debug: {msg: x}}
`;
    const first = await runIn(folder, failing, { handlerMarks: true });
    expect(first.lines, first.output).toEqual(["h1 failed a ignored", "h1 ok c"]);
    const second = await runIn(folder, failing, { handlerMarks: true });
    expect(second.lines, second.output).toEqual(["h1 failed a ignored", "h1 ok c"]);
  });

  test("one that includes tasks leaves no mark once they came in", async () => {
    const including = `
- hosts: all
  tasks:
    - {name: a, copy: {content: x, dest: "{{ dir }}/b"}, notify: h}
  handlers:
    - {name: h, include_tasks: h.yml}
`;
    const options = { handlerMarks: true, files: { "h.yml": "- {name: from file, debug: {msg: x}}" } };
    const first = await runIn(folder, including, options);
    expect(first.lines, first.output).toEqual(["h1 changed a", "included h.yml for h1", "h1 ok handler from file"]);
    const second = await runIn(folder, including, options);
    expect(second.lines, second.output).toEqual(["h1 ok a"]);
  });
});
