import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../../engine/host/connect.ts";
import { type Connection, HostError, type Reply, type Script, type Session } from "../../../engine/host/contract.ts";
import { sh } from "../../../engine/host/script.ts";
import type { Joint } from "../../../engine/modules/joint.ts";
import { JointRequests } from "../../../engine/run/joint-requests.ts";
import { runIn } from "./play.ts";

const answer = (text: string, status = 0): Reply => ({ status, stdout: Buffer.from(text), stderr: Buffer.alloc(0) });

/** A session that answers with the script it was sent. */
function echoing(sent: string[], reply: (text: string) => Reply = answer): Session {
  const nothing = () => Promise.reject(new Error("not used"));
  return {
    process: "1",
    upload: nothing,
    download: nothing,
    async request(script) {
      sent.push(script.text);
      return reply(script.text);
    },
  };
}

/** A part that joins by blanks; one that says `alone` has to go alone after all. */
function part(word: string, key = "words", size = 1): { script: Script; joint: Joint } {
  const joint: Joint & { word: string } = {
    key,
    size,
    word,
    join: (parts) => {
      const words = (parts as (Joint & { word: string })[]).map((each) => each.word);
      return {
        script: sh`echo ${words}`,
        split: (reply) =>
          words.map((each) => (reply.status === 0 && each !== "alone" ? answer(`joined ${each}`) : undefined)),
      };
    },
  };
  return { script: sh`echo ${word}`, joint };
}

describe("requests of the same moment", () => {
  let sent: string[];
  let joint: JointRequests;
  beforeEach(() => {
    sent = [];
    joint = new JointRequests();
  });
  const ask = async (session: Session, parts: readonly { script: Script; joint?: Joint }[], timeout?: number) =>
    (
      await Promise.all(
        parts.map((each) =>
          joint.request(session, {
            ...each,
            options: { kind: "probe", ...(timeout === undefined ? {} : { timeout }) },
          }),
        ),
      )
    ).map(({ stdout }) => stdout.toString());

  test("travel as one, and each has its own answer", async () => {
    expect(await ask(echoing(sent), [part("a"), part("b")])).toEqual(["joined a", "joined b"]);
    expect(sent).toEqual(["echo 'a' 'b'"]);
  });

  test("of another kind travel apart; one is sent as it is", async () => {
    await ask(echoing(sent), [part("a"), part("b", "other"), part("c"), { script: sh`echo d` }]);
    expect(sent.toSorted()).toEqual(["echo 'a' 'c'", "echo 'b'", "echo d"]);
  });

  test("with a time of their own go alone", async () => {
    await ask(echoing(sent), [part("a"), part("b")], 5);
    expect(sent).toEqual(["echo 'a'", "echo 'b'"]);
  });

  test("that cannot be answered together go alone", async () => {
    expect(await ask(echoing(sent), [part("a"), part("alone")])).toEqual(["joined a", "echo 'alone'"]);
    expect(sent).toEqual(["echo 'a' 'alone'", "echo 'alone'"]);
  });

  test("all go alone where the one script failed", async () => {
    const failing = echoing(sent, (text) => answer(text, text.includes("'b'") ? 1 : 0));
    expect(await ask(failing, [part("a"), part("b")])).toEqual(["echo 'a'", "echo 'b'"]);
  });

  test("make no script that is too large", async () => {
    await ask(echoing(sent), [part("a", "words", 100_000), part("b", "words", 100_000), part("c")]);
    expect(sent).toEqual(["echo 'a'", "echo 'b' 'c'"]);
    sent.length = 0;
    await ask(
      echoing(sent),
      Array.from({ length: 900 }, (_, at) => part(String(at))),
    );
    expect(sent).toHaveLength(3);
  });

  test("are lost together", async () => {
    const losing = echoing(sent, () => {
      throw new HostError("connection-lost", "The connection was lost.", true);
    });
    const requests = [part("a"), part("b")].map((each) => joint.request(losing, { ...each, options: {} }));
    expect((await Promise.allSettled(requests)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });
});

describe("files that a playbook writes", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "play-joint-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Counts the steps; the first joint one is lost after it was sent, if so. */
  function counting(lose = false): { readonly connect: typeof connect; steps: number } {
    const counts = { steps: 0 };
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
              async request(script, more) {
                const reply = await session.request(script, more);
                if (more?.kind === "step" && /\bmv\b/.test(script.text)) {
                  if (++counts.steps === 1 && lose) throw new HostError("connection-lost", "Lost.", true);
                }
                return reply;
              },
            };
          },
        };
      }) satisfies typeof connect,
    });
  }

  const loop = `
- hosts: all
  tasks:
    - name: files
      copy: {content: "{{ item }}\\n", dest: "{{ dir }}/{{ item }}", mode: "0640"}
      loop: [a, b, c, d, it's]
`;

  test("in a loop land by one request", async () => {
    const all = counting();
    const done = await runIn(folder, loop, { connect: all.connect });
    expect(done.results[0]?.status, done.output).toBe("changed");
    expect(all.steps).toBe(1);
    expect(readFileSync(join(folder, "work/it's"), "utf8")).toBe("it's\n");
    expect(readdirSync(join(folder, "work")).sort()).toEqual(["a", "b", "c", "d", "it's"]);
    const again = await runIn(folder, loop, { connect: all.connect });
    expect(again.results[0]?.status).toBe("ok");
    expect(all.steps).toBe(1);
  });

  test("are planned anew where the connection was lost meanwhile", async () => {
    const done = await runIn(folder, loop, { connect: counting(true).connect });
    expect(done.results[0]?.status, done.output).toBe("changed"); // they had landed, and by this task
    expect(readdirSync(join(folder, "work")).sort()).toEqual(["a", "b", "c", "d", "it's"]);
  });

  test("where one cannot land the others do, and it tells why", async () => {
    mkdirSync(join(folder, "work"));
    const done = await runIn(folder, loop.replace("it's", "'none/e'"));
    const failed = done.events.flatMap((event) =>
      event.type === "item-result" && event.result.status === "failed" ? [event.result] : [],
    );
    expect(failed.map(({ item }) => item)).toEqual(["none/e"]);
    expect(readdirSync(join(folder, "work")).sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("of a folder land by one request a folder", async () => {
    for (const name of ["a", "b", "below/c", "below/d"]) {
      mkdirSync(join(folder, "files/tree/below"), { recursive: true });
      writeFileSync(join(folder, "files/tree", name), `${name}\n`);
    }
    const all = counting();
    const play = "- hosts: all\n  tasks: [{name: tree, copy: {src: tree/, dest: '{{ dir }}/to'}}]\n";
    const done = await runIn(folder, play, { connect: all.connect });
    expect(done.lines, done.output).toEqual(["h1 changed tree"]);
    expect(all.steps).toBe(2);
    expect(readFileSync(join(folder, "work/to/below/d"), "utf8")).toBe("below/d\n");
  });
});
