import { describe, expect, test } from "vitest";
import { goal } from "../../../engine/modules/compose-goal.ts";
import {
  decodeProject,
  type Project,
  projectState,
  readDefinitions,
  serviceEffect,
  withNeeds,
} from "../../../engine/modules/compose-project.ts";
import { commandWords } from "../../../engine/modules/container-differences.ts";
import { agrees, bind, bytes, nanoseconds, ports } from "../../../engine/modules/container-options.ts";
import { engineOf, inspectQuery, objectEffect } from "../../../engine/modules/docker.ts";
import { projectName } from "../../../engine/modules/docker_compose.ts";
import { fullName } from "../../../engine/modules/docker_image.ts";
import { Unknown } from "../../../engine/source/value.ts";
import { answer, predicted, reply } from "./answers.ts";

const args = { tls: false, validate_certs: false, api_version: "auto", timeout: 60, debug: false };
const local = engineOf(args, { environment: {} });
const manager = engineOf({ ...args, docker_host: "tcp://10.0.0.1:8333" }, { environment: {} });

describe("which engine", () => {
  test.each([
    [undefined, {}, "", []],
    ["unix:///var/run/docker.sock", {}, "", []],
    ["tcp://h:1", { DOCKER_HOST: "tcp://other:2" }, "tcp://h:1", ["-H", "tcp://h:1"]],
    [undefined, { DOCKER_HOST: "tcp://other:2" }, "tcp://other:2", ["-H", "tcp://other:2"]],
  ])("%s %o", (host, environment, address, options) => {
    const engine = engineOf({ ...args, ...(host === undefined ? {} : { docker_host: host }) }, { environment });
    expect([engine.address, engine.options]).toEqual([address, options]);
  });
});

describe("an engine that is not there", () => {
  const missing = (data: string) => reply(`${data}\n`, 97, "docker is not installed on the host\n");
  const query = inspectQuery(local, "network", "n");
  const package_ = { opens: ["command", "engine"], because: "the package docker.io" };
  test("is a failure", () =>
    expect(() => answer(query, missing("empty"))).toThrow("docker is not installed on the host"));
  test("over nothing, with its package to come, is an empty engine", () => {
    expect(answer(query, missing("empty"), predicted(package_))).toEqual({ found: undefined });
  });
  test("over data it is unknown what it has", () => {
    expect(answer(query, missing("data"), predicted(package_))).toBeInstanceOf(Unknown);
  });
  test("at another address it is unknown", () => {
    expect(answer(inspectQuery(manager, "network", "n"), missing("empty"), predicted(package_))).toBeInstanceOf(
      Unknown,
    );
  });
  test("a predicted network is there", () => {
    const effect = objectEffect(local, "network", "n", { Name: "n" });
    expect(answer(query, missing("empty"), predicted(package_, effect))).toEqual({ found: { Name: "n" } });
  });
  test("a daemon that does not answer is a failure, and not `absent`", () => {
    const down = reply(
      "\ndata\n",
      1,
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n",
    );
    expect(() => answer(query, down)).toThrow("Cannot connect");
  });
  test("what the engine does not have is absent", () => {
    expect(answer(query, reply("\ndata\n", 1, "Error: No such network: n\n"))).toEqual({ found: undefined });
  });
});

test.each([
  ["nginx", "latest", "nginx:latest"],
  ["nginx:1", "latest", "nginx:1"],
  ["host:5000/nginx", "v2", "host:5000/nginx:v2"],
  ["nginx@sha256:ab", "latest", "nginx@sha256:ab"],
])("the image %s, %s is %s", (name, tag, full) => expect(fullName(name, tag)).toBe(full));

test.each([
  ["80", [":->80/tcp"]],
  ["8080:80", [":8080->80/tcp"]],
  ["127.0.0.1:53:53/udp", ["127.0.0.1:53->53/udp"]],
  ["0.0.0.0:1:2", [":1->2/tcp"]],
  ["9000-9001:90-91", [":9000->90/tcp", ":9001->91/tcp"]],
])("the port %s", (port, expected) => expect(ports([port])).toEqual(expected));

test.each([
  ["/a:/b", "/a:/b:rw"],
  ["/a:/b:ro", "/a:/b:ro"],
  ["v:/b:z,ro", "v:/b:ro,z"],
  ["/b", "/b"],
])("the volume %s", (volume, expected) => expect(bind(volume)).toBe(expected));

test.each([
  ["512m", 2 ** 29],
  ["1G", 2 ** 30],
  ["100", 100],
  ["unlimited", -1],
  ["1.5k", 1536],
])("%s bytes", (text, count) => expect(bytes(text)).toBe(count));
test.each([
  ["1m30s", 90e9],
  ["500ms", 5e8],
  ["10", 10],
])("%s lasts", (text, count) => expect(nanoseconds(text)).toBe(count));
test("a command's words", () => expect(commandWords(`sh -c 'echo "a b"' x`)).toEqual(["sh", "-c", 'echo "a b"', "x"]));

test.each([
  ["value", "strict", "a", "a", true],
  ["list", "strict", ["a", "b"], ["b", "a"], false],
  ["set", "strict", ["a", "b"], ["b", "a"], true],
  ["set", "allow_more_present", ["a"], ["b", "a"], true],
  ["set", "strict", ["a"], ["b", "a"], false],
  ["dict", "allow_more_present", { a: "1" }, { a: "1", b: "2" }, true],
  ["dict", "strict", { a: "1" }, { a: "1", b: "2" }, false],
  ["dict", "ignore", { a: "1" }, {}, true],
] as const)("%s %s %o %o", (sort, how, wanted, is, same) =>
  expect(agrees(sort, how, structuredClone(wanted) as never, structuredClone(is) as never)).toBe(same),
);

describe("compose", () => {
  const file =
    "version: '2'\nservices:\n  web: {image: a, depends_on: [db], scale: 3}\n  db: {image: b, links: ['cache:c']}\n  cache: {image: c, container_name: cc}\n";
  const services = readDefinitions([file]);
  const project: Project = {
    engine: local,
    name: "shop",
    directory: "/srv/shop",
    files: ["/srv/shop/env.yml"],
    stdin: file,
    envFile: undefined,
    environment: {},
  };
  const container = (service: string, number: number, running: boolean, hash: string) =>
    JSON.stringify({
      Id: `${service}${number}`,
      Name: `/shop_${service}_${number}`,
      State: { Running: running },
      Config: {
        Labels: {
          "com.docker.compose.service": service,
          "com.docker.compose.container-number": String(number),
          "com.docker.compose.config-hash": hash,
        },
      },
    });
  const state = (...lines: string[]) =>
    decodeProject(reply(`${lines.join("\n")}\n#=hashes=#\nweb h1\ndb h2\ncache h3\n`));
  const base = { recreate: "smart", stopped: false, restarted: false } as const;

  test("what a file says", () => {
    expect(services.get("web")).toEqual({ scale: 3, needs: ["db"], containerName: undefined });
    expect(services.get("cache")?.containerName).toBe("cc");
    expect(withNeeds(["web"], services)).toEqual(["cache", "db", "web"]);
  });
  test("a folder's name as a project's", () => expect(projectName("/srv/My Shop.2")).toBe("myshop2"));
  test("a file that is no YAML", () => expect(() => readDefinitions(["a: [b"])).toThrow("The compose file is no YAML"));

  test.each([
    [
      "all as it should be",
      [container("db", 1, true, "h2")],
      {},
      { certain: false, missing: 0, diverged: [], idle: [] },
    ],
    ["none", [], {}, { certain: true, missing: 1 }],
    ["a stopped one", [container("db", 1, false, "h2")], {}, { certain: true }],
    [
      "another definition",
      [container("db", 1, true, "old")],
      {},
      { certain: false, diverged: [expect.objectContaining({ id: "db1" })] },
    ],
    [
      "another definition, left alone",
      [container("db", 1, true, "old")],
      { recreate: "never" as const },
      { diverged: [] },
    ],
    [
      "one too many",
      [container("db", 1, true, "h2"), container("db", 2, true, "h2")],
      {},
      { surplus: [expect.objectContaining({ number: 2 })] },
    ],
    ["fewer than the scale", [container("db", 1, true, "h2")], { scale: { db: 2 } }, { missing: 1 }],
    ["to be stopped", [container("db", 1, true, "h2")], { stopped: true }, { certain: true }],
    ["stopped as it should be", [container("db", 1, false, "h2")], { stopped: true }, { certain: false }],
  ])("%s", (_, containers, more, expected) => {
    expect(goal({ ...base, ...more }, "db", services.get("db"), state(...containers))).toMatchObject(expected);
  });

  test.each([
    ["running", true],
    ["stopped", false],
  ])("a %s one whose network was taken away is made anew, not started", (_, running) => {
    const networked = (networks: object) => {
      const one = JSON.parse(container("db", 1, running, "h2"));
      return JSON.stringify({ ...one, HostConfig: { NetworkMode: "net" }, NetworkSettings: { Networks: networks } });
    };
    const detached = state(networked({}));
    const attached = state(networked({ net: {} }));
    const anew = { certain: true, idle: [], diverged: [expect.objectContaining({ id: "db1" })] };
    expect(goal(base, "db", services.get("db"), detached)).toMatchObject(anew);
    expect(goal(base, "db", services.get("db"), attached)).toMatchObject({ diverged: [], certain: !running });
  });

  test("a service that is predicted to be up is", () => {
    const query = projectState(project, { extras: false, predicted: false });
    const seen = answer(
      query,
      reply("#=hashes=#\nweb h1\ndb h2\n"),
      predicted(serviceEffect(project, "db", { count: 1, running: true })),
    );
    if (seen instanceof Unknown) throw new Error("known");
    expect(goal(base, "db", services.get("db"), seen)).toMatchObject({ certain: false, diverged: [], doubtful: false });
  });
  test("one-off containers do not count", () => {
    const one = JSON.parse(container("db", 1, true, "h2"));
    one.Config.Labels["com.docker.compose.oneoff"] = "True";
    expect(state(JSON.stringify(one)).containers).toEqual([]);
  });
  test("a definition that compose refuses", () => {
    expect(decodeProject(reply("#=hashes=#\n#=failed=#\nUnsupported config option\n"))).toMatchObject({
      hashes: undefined,
      failure: "Unsupported config option",
    });
  });
});
