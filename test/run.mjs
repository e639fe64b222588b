// The one test command: every check and every layer of tests, one after the other, and one line at the end that
// counts all of them. Nothing is left out in silence: a layer that cannot run here fails and says why.
//
//   npm test                       all layers, but those on demand
//   npm test -- unit host          these
//   npm test -- unit -t censor     what follows the names goes to vitest
import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";

/**
 * Stages, one after the other; each is lanes of layers that run side by side, in the order of their lane: much of a
 * host's work is waiting. Fifty hosts take a small machine whole, and so does unit.
 *
 * Layers of vitest are its projects (vitest.config.ts).
 */
const stages = [
  [
    [
      { name: "machine", run: () => command("bash", ["test/machine.sh"]) },
      { name: "build", run: () => command("npm", ["run", "--silent", "build"]) },
      { name: "types", run: () => command("npx", ["tsc", "--noEmit"]) },
      { name: "lint", run: () => command("npx", ["biome", "check", "--error-on-warnings", "."]) },
      { name: "shell", run: () => command("shellcheck", shellFiles()) },
      vitestLayer("unit"),
    ],
  ],
  [[{ name: "images", run: (prefix) => command("./play", ["lab", "build"], prefix) }], [vitestLayer("terminal")]],
  [[vitestLayer("fleet")]],
  [["host", "modules", "parity"].map(vitestLayer), ["scenario", "swarm"].map(vitestLayer)],
  [[{ ...vitestLayer("trials"), onDemand: true }]],
];

const words = process.argv.slice(2);
const known = new Set(stages.flat(2).map((layer) => layer.name));
const names = [];
while (known.has(words[0])) names.push(words.shift());
const vitestArguments = words;
if (names.length === 0 && vitestArguments.length > 0) {
  process.stderr.write(`there is no layer ${vitestArguments[0]}; layers: ${[...known].join(", ")}\n`);
  process.exit(2);
}

const totals = { passed: 0, failed: 0 };
const summary = [];
const failures = [];
for (const stage of stages) {
  const lanes = stage.map((lane) => lane.filter(isChosen)).filter((lane) => lane.length > 0);
  await Promise.all(lanes.map((lane) => inTurn(lane, lanes.length > 1)));
}

for (const each of failures) process.stdout.write(`${each}\n`);
process.stdout.write(`\n${summary.join("\n")}\n`);
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

function isChosen(layer) {
  return names.length === 0 ? !layer.onDemand : names.includes(layer.name);
}

/** One layer after the other. */
async function inTurn(lane, beside) {
  for (const layer of lane) await pass(layer, beside ? `${layer.name.padEnd(8)} │ ` : "");
}

/** Runs a layer and counts it; the prefix tells its lines from those of another that runs beside it. */
async function pass(layer, prefix = "") {
  const began = Date.now();
  process.stdout.write(`\n━━ ${layer.name}\n`);
  const { passed, failed, details } = await layer.run(prefix);
  totals.passed += passed;
  totals.failed += failed;
  const line = `${layer.name.padEnd(10)} ${passed} passed, ${failed} failed, ${duration(Date.now() - began)}`;
  summary.push(line);
  process.stdout.write(`━━ ${line}\n`);
  if (failed > 0) failures.push(`\n━━ failed in ${layer.name}\n${details}`);
}

function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A check that is one program: passed or failed as a whole; the end of what it said is kept. */
async function command(program, args, prefix = "") {
  let said = "";
  const code = await new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["inherit", "pipe", "pipe"] });
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      createInterface({ input: stream }).on("line", (line) => {
        said = `${said}${line}\n`.slice(-8000);
        target.write(`${prefix}${line}\n`);
      });
    }
    child.on("error", (error) => {
      said += `${program}: ${error.message}\n`;
      process.stdout.write(`${program}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (status) => resolve(status ?? 1));
  });
  return code === 0 ? { passed: 1, failed: 0, details: "" } : { passed: 0, failed: 1, details: said.trimEnd() };
}

/** All shell scripts of the tree, those of roles and images too: by their name or their first line. */
function shellFiles() {
  return [...filesBelow(".")].filter((file) => file.endsWith(".sh") || /^#!.*\b(?:ba|da)?sh\b/.test(firstLine(file)));
}

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) yield relative(".", path);
    else if (entry.isDirectory() && ![".git", ".play", "node_modules", "dist"].includes(entry.name))
      yield* filesBelow(path);
  }
}

function firstLine(file) {
  const buffer = Buffer.alloc(80);
  const descriptor = openSync(file, "r");
  const length = readSync(descriptor, buffer);
  closeSync(descriptor);
  return buffer.toString("latin1", 0, length).split("\n", 1)[0] ?? "";
}

function vitestLayer(name) {
  return { name, run: (prefix) => vitest(name, prefix) };
}

/** Runs one project of vitest; what did not even load counts as failed too. */
async function vitest(project, prefix) {
  const file = join("dist", `${project}.json`);
  rmSync(file, { force: true });
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const code = await new Promise((resolve) => {
    const output = prefix === "" ? "inherit" : "pipe";
    const child = spawn("npx", ["vitest", ...args, ...vitestArguments], { stdio: ["inherit", output, output] });
    child.on("error", () => resolve(1)).on("close", (status) => resolve(status ?? 1));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        if (line !== "") process.stdout.write(`${prefix}${line}\n`);
      });
    }
  });
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, details: "vitest ended without a report" };
  }
  const failed = report.testResults.flatMap((each) => {
    const place = relative(".", each.name);
    const tests = each.assertionResults.filter((test) => test.status === "failed");
    if (tests.length === 0) return each.status === "failed" ? [`${place}\n${indented(each.message)}`] : [];
    return tests.map((test) => `${place}: ${test.fullName}\n${indented(test.failureMessages.join("\n"))}`);
  });
  if (failed.length === 0 && code !== 0) failed.push(`vitest ended with ${code}: see above`);
  return { passed: report.numPassedTests, failed: failed.length, details: failed.join("\n") };
}

function indented(text) {
  return text
    .split("\n")
    .slice(0, 30)
    .map((line) => `    ${line}`)
    .join("\n");
}
