import { command } from "./command.ts";

// A reader that goes away (`play … | head`) must not end a run in the middle of a change: the run goes on unread, as
// ansible-playbook's does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
// What escapes every command is a bug of play, and is told as one.
process.on("uncaughtException", async (error) => {
  process.exitCode = 250;
  const { showFailure } = await import("./screen.ts");
  showFailure(error);
  process.exit(250);
});

process.exitCode = await command(process.argv.slice(2));
