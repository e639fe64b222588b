import { connect } from "../../engine/host/connect.ts";
import type { Connection, Script, Session } from "../../engine/host/contract.ts";
import { sh } from "../../engine/host/script.ts";
import type { Event } from "../../engine/run/events.ts";
import type { Dict } from "../../engine/source/value.ts";
import {
  type LawCase,
  onHost,
  type Play,
  playAll,
  resultsOf,
  type Stage,
  startingStates,
  tasksOf,
} from "./law-runs.ts";

/*
 * Law 5: what a task runs on its host is killed, at one place after the other. A place is where a simple command of a
 * step's script is about to run, in functions, subshells and substitutions too. There bash's DEBUG trap counts, in a
 * file that all steps of the task share, and from the wanted place on it kills the script with all its children, so
 * that no trap of the script's own cleans up. Steps that come later in the same task are killed at once.
 */

/** Where the counts are kept on the host. */
const counts = "/run/law-places";

const never = 1_000_000;

const counting = sh`_at() { printf . >>"$_count"; read -r _places <"$_count"; [ "\${#_places}" -lt "$_stop" ] || kill -9 0; }
set -T
trap _at DEBUG
eval "$_step"`;

/** At how many places each case can be interrupted; the host is then as after an undisturbed run. */
export async function countPlaces(stage: Stage, cases: readonly LawCase[]): Promise<Map<LawCase, number>> {
  await onHost(stage.host, fresh);
  const tracker = new Tracker(cases);
  tracker.stop = () => never;
  const tasks = cases.flatMap((each) => tasksOf(each, false));
  await playAll(stage, [{ name: "count", tasks }], {
    connect: tracker.connect,
    reporters: [{ report: (event) => tracker.follow(event) }],
  });
  const places = new Map<LawCase, number>();
  const lines = await onHost(
    stage.host,
    `cd ${counts} && for f in *; do [ ! -e "$f" ] || echo "$f $(wc -c <"$f")"; done`,
  );
  for (const line of lines.trim().split("\n")) {
    const [index, count] = line.split(" ");
    const found = cases[Number(index)];
    if (found && count !== undefined) places.set(found, Number(count));
  }
  return places;
}

/** What the run after an interruption did not bring to its state, or failed at. */
export interface Broken {
  /** The place, unless there is a limit and the case has more places than that. */
  readonly round: number;
  readonly what: string;
}

/**
 * A round for each place, or at most as many rounds as the limit says, each case's places spread evenly over them and
 * its last one among them: the starting states, a play whose every task is killed at its place, the same play
 * undisturbed, a look. All in one run, so that it costs one connection.
 */
export async function interruptEverywhere(
  stage: Stage,
  places: ReadonlyMap<LawCase, number>,
  state: { readonly look: string; readonly wanted: string },
  limit = Number.POSITIVE_INFINITY,
): Promise<Broken[]> {
  const cases = [...places.keys()];
  const count = (each: LawCase) => places.get(each) ?? 0;
  const last = Math.min(limit, Math.max(0, ...places.values()));
  const at = (round: number) => cases.filter((each) => count(each) >= round);
  const plays = Array.from({ length: last }, (_, index): Play[] => {
    const some = at(index + 1);
    const tasks = some.flatMap((each) => tasksOf(each, false));
    return [
      { name: "reset", tasks: [rawTask(`${fresh}\n${startingStates(some)}`)] },
      { name: `interrupted ${index + 1}`, tasks },
      { name: `completed ${index + 1}`, tasks },
      { name: "look", tasks: [rawTask(state.look)] },
    ];
  });
  const tracker = new Tracker(cases);
  const broken: Broken[] = [];
  let events: Event[] = [];
  const conclude = () => {
    const results = resultsOf(events);
    for (const each of at(round)) {
      const message = results.get(each.name)?.message;
      if (message !== "") broken.push({ round, what: `${each.name}: ${message ?? "not run"}` });
    }
  };
  let round = 0;
  let play = "";
  await playAll(stage, plays.flat(), {
    connect: tracker.connect,
    reporters: [
      {
        report(event) {
          if (event.type === "play-start") {
            if (play.startsWith("completed")) conclude();
            events = [];
            play = event.play;
            const number = /^interrupted (\d+)$/.exec(play)?.[1];
            if (number !== undefined) round = Number(number);
            const stop = (each: LawCase) => Math.ceil((round * Math.max(count(each), last)) / last);
            tracker.stop = number === undefined ? undefined : stop;
          }
          tracker.follow(event);
          events.push(event);
          if (play === "look" && event.type === "result") {
            const found = String(event.result.value["stdout"]);
            for (const what of differences(state.wanted, found)) broken.push({ round, what });
          }
          if (play === "reset" && event.type === "result" && event.result.status === "failed") {
            broken.push({ round, what: `no starting state: ${String(event.result.value["stderr"])}` });
          }
        },
      },
    ],
  });
  if (round !== last) broken.push({ round, what: `ended before round ${last}` });
  return broken;
}

const fresh = `rm -rf ${counts}; mkdir -m 1777 ${counts}`;

/** Shell as a task, with the PATH of `onHost`; nothing in it is a template. */
function rawTask(script: string): Dict {
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return { name: "raw", raw: `{% raw %}${path}; export PATH\n${script}{% endraw %}` };
}

/** Follows a run, and lets the steps of the task that is under way be counted and killed. */
class Tracker {
  /** From which place on a case's steps are killed; undefined: they are left alone. */
  stop: ((each: LawCase) => number) | undefined;
  #task: LawCase | undefined;
  readonly #cases: readonly LawCase[];

  constructor(cases: readonly LawCase[]) {
    this.#cases = cases;
  }

  follow(event: Event): void {
    if (event.type === "play-start") this.#task = undefined;
    if (event.type === "task-start") this.#task = this.#cases.find(({ name }) => name === event.task);
  }

  readonly connect: typeof connect = (target, options) => {
    const connection = connect(target, options);
    const wrapped: Connection = {
      target: connection.target,
      session: async (become) => this.#session(await connection.session(become)),
      forward: (address, port) => connection.forward(address, port),
      reset: () => connection.reset(),
      close: () => connection.close(),
    };
    return wrapped;
  };

  #session(session: Session): Session {
    return {
      process: session.process,
      request: (script, options = {}) =>
        session.request(options.kind === "step" ? this.#counted(script) : script, options),
      upload: (content, path, options) => session.upload(content, path, options),
      download: (path, options) => session.download(path, options),
    };
  }

  #counted(script: Script): Script {
    // The run's lease on the host is no step of the task's.
    if (this.stop === undefined || this.#task === undefined || script.text.includes("/lease")) return script;
    const count = `${counts}/${this.#cases.indexOf(this.#task)}`;
    return sh`_step=${script.text} _stop=${this.stop(this.#task)} _count=${count}
export _step _stop _count
exec setsid bash --posix -c ${counting.text}`;
  }
}

/** Lines that only one of two texts has, with a sign. */
function differences(before: string, after: string): string[] {
  const old = before.trim().split("\n");
  const now = after.trim().split("\n");
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ];
}
