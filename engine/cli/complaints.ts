/** How commander tells of a command line that it cannot understand: in the shape of all other errors. */
export const complaints = {
  outputError: (text: string, write: (text: string) => void): void => {
    const [summary = "", ...rest] = text
      .replace(/^error: /, "")
      .trim()
      .split("\n");
    const near = /Did you mean (\S+)\?/.exec(rest.join(" "))?.[1];
    write(`[ERROR]: ${summary}\n  hint: ${near ? `Did you mean '${near}'?` : "--help shows all flags."}\n`);
  },
};
