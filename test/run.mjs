// The one test command: every check and every layer of tests, one after the other, and one line at the end that
// counts all of them. Nothing is left out in silence: a layer that cannot run here fails and says why.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const only = process.argv.slice(2);
const layers = [
  { name: "build", command: ["npm", ["run", "--silent", "build"]] },
  { name: "types", command: ["npx", ["tsc", "--noEmit"]] },
  { name: "lint", command: ["npx", ["biome", "check", "--error-on-warnings", "."]] },
  { name: "shell", run: shellcheck },
  ...["unit", "host", "fleet", "modules", "scenario", "parity", "swarm"].map((name) => ({
    name,
    run: () => vitest(name),
  })),
  { name: "trials", onDemand: true, run: () => vitest("trials") },
].filter((layer) => (only.length === 0 ? !layer.onDemand : only.includes(layer.name)));

let passed = 0;
let failed = 0;
const failures = [];

for (const layer of layers) {
  const began = Date.now();
  process.stdout.write(`\n━━ ${layer.name}\n`);
  const counts = layer.run ? await layer.run() : await exitCode(...layer.command).then(asCount);
  passed += counts.passed;
  failed += counts.failed;
  if (counts.failed > 0) failures.push(`${layer.name}: ${counts.failed}`);
  process.stdout.write(
    `━━ ${layer.name}: ${counts.passed} passed, ${counts.failed} failed, ${Math.round((Date.now() - began) / 1000)} s\n`,
  );
}

if (failures.length > 0) process.stdout.write(`\nfailed: ${failures.join("; ")}\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function asCount(code) {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function exitCode(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
    child.on("error", (error) => {
      process.stdout.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function shellcheck() {
  return exitCode("shellcheck", ["play", ".ci/run"]).then(asCount);
}

/** Runs one project of vitest; what did not even load counts as failed too. */
async function vitest(project) {
  const file = join("dist", `${project}.json`);
  rmSync(file, { force: true });
  const code = await exitCode("npx", [
    "vitest",
    "run",
    "--project",
    project,
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const brokenFiles = report.testResults.filter(
    (each) => each.status === "failed" && !each.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failedTests = report.numFailedTests + brokenFiles;
  return { passed: report.numPassedTests, failed: code !== 0 && failedTests === 0 ? 1 : failedTests };
}
