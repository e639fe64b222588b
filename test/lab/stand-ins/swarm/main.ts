import { setTimeout as delay } from "node:timers/promises";
import { hostAndPort } from "../http-client.ts";
import { logError, logInfo, messageOf } from "../log.ts";
import { serveApi } from "./api.ts";
import { Cluster } from "./cluster.ts";
import { type Command, durationText, parseCommandLine } from "./command-line.ts";
import { discoveryAddress, listNodes, Registration } from "./consul.ts";

const help = `Usage: swarm [OPTIONS] COMMAND [arg...]

A Docker-native clustering system (stand-in for tests)

Commands:
  manage, m   Manage a docker cluster
  join, j     Join a docker cluster
  list, l     List nodes in a cluster
`;

async function main(): Promise<void> {
  // PID 1 has no default reaction to signals.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
  process.on("unhandledRejection", (reason) => logError(`unexpected: ${messageOf(reason)}`));
  process.on("uncaughtException", (error) => logError(`unexpected: ${error.stack ?? error.message}`));
  const command = parseCommandLine(process.argv.slice(2), process.env);
  if (command.name === "help") process.stdout.write(help);
  else if (command.name === "version") process.stdout.write("swarm version 1.2.9 (stand-in)\n");
  else if (command.name === "list") {
    for (const node of (await listNodes(discoveryAddress(command.discovery))).nodes) process.stdout.write(`${node}\n`);
    process.exit(0);
  } else if (command.name === "join") await join(command);
  else if (command.name === "manage") await manage(command);
}

async function manage(command: Extract<Command, { name: "manage" }>): Promise<void> {
  logInfo("Initializing discovery without TLS");
  const cluster = new Cluster(command.strategy, command.engine);
  for (const address of command.hosts) {
    const { host, port } = hostAndPort(address);
    const server = serveApi(cluster);
    server.once("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    });
    server.listen(port, host === "" ? undefined : host, () =>
      logInfo("Listening for HTTP", { addr: address, proto: "tcp" }),
    );
  }
  await cluster.follow(discoveryAddress(command.discovery));
}

async function join({ discovery, address, heartbeat, ttl }: Extract<Command, { name: "join" }>): Promise<void> {
  logInfo("Initializing discovery without TLS");
  const registration = new Registration(discoveryAddress(discovery), address, ttl / 1000);
  const message = `Registering on the discovery service every ${durationText(heartbeat)}...`;
  for (;;) {
    logInfo(message, { addr: address, discovery });
    try {
      await registration.renew();
      await delay(heartbeat);
    } catch (error) {
      logError(messageOf(error), { addr: address });
      // consul may be on its way: the node is to be there soon after it
      await delay(Math.min(heartbeat, 2000));
    }
  }
}

main().catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
