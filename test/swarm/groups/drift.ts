import { beforeAll, describe, expect, it } from "vitest";
import { on, wholeAgain } from "../cluster.ts";
import { site, standing } from "../standing.ts";

interface Drift {
  readonly name: string;
  readonly host: string;
  readonly line: string;
  /** What `--check` has to name; the run mends the same. */
  readonly names: readonly string[];
}

// By label, not by name: a web container that is made anew gets the next number, not its old one.
const manager = "docker -H tcp://10.77.0.11:8333";
const web = `$(${manager} ps -aq --filter label=com.docker.compose.service=web)`;

const drifts: readonly Drift[] = [
  {
    name: "the overlay network removed",
    host: "swarm-01",
    line: `for each in db ${web}; do
      ${manager} network disconnect -f my-multi-host-network $each || exit 1
    done
    docker network rm my-multi-host-network`,
    names: [
      "overlay-net : Make the network, once for all hosts [swarm-01]",
      "mysql : Start the database [swarm-01]",
      "interlock-nginx : Start web containers, Interlock and nginx [swarm-01]",
    ],
  },
  {
    name: "env.yml edited by hand",
    host: "swarm-02",
    line: "echo '# by hand' >> /opt/swarm/env.yml",
    names: ["swarm-join : Describe the services in env.yml [swarm-02]"],
  },
  {
    name: "a stopped container",
    host: "swarm-01",
    line: `set -- ${web}; ${manager} stop -t 1 "$1"`,
    names: ["interlock-nginx : Start web containers, Interlock and nginx [swarm-01]"],
  },
  {
    name: "the label taken out of the drop-in",
    host: "swarm-01",
    line: "sed -i 's/ --label storage=ssd//' /etc/systemd/system/docker.service.d/swarm.conf",
    names: [
      "systemd-socket : Give the engine its options [swarm-01]",
      "systemd-socket : Restart the engine [swarm-01]",
    ],
  },
];

describe("drift", () => {
  beforeAll(standing, 1_200_000);

  // That nothing is left to change after a mend is what the next check says too: it names the next drift alone.
  const mends = async (expected: readonly string[]) => {
    const check = await site({ check: true, diff: true });
    expect(check.failures).toEqual([]);
    expect([...check.changed].sort()).toEqual([...expected].sort());
    const run = await site();
    expect(run.failures).toEqual([]);
    expect([...run.changed].sort()).toEqual([...expected].sort());
    await wholeAgain();
  };

  it.each(drifts)("$name", async ({ host, line, names }) => {
    await on(host, line);
    await mends(names);
  });

  it("all of it together", async () => {
    for (const { host, line } of drifts) await on(host, line);
    await mends([...new Set(drifts.flatMap(({ names }) => names))]);
    expect((await site()).changed).toEqual([]);
  });
});
