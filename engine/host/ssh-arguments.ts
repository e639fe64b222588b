/** Words as a shell would split them: blanks, both quotes, backslash. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g;
  for (const [word] of text.matchAll(pattern)) {
    words.push(
      word.replace(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, (_, escaped, double, single) =>
        double !== undefined ? double.replace(/\\(["\\$`])/g, "$1") : (escaped ?? single),
      ),
    );
  }
  return words;
}

/** Options as ssh_config names them, in lower case; the first value of each counts, but IdentityFile collects. */
export type SshOptions = { readonly [key: string]: readonly string[] };

const SHORT: { readonly [flag: string]: string } = {
  "-J": "proxyjump",
  "-p": "port",
  "-l": "user",
  "-i": "identityfile",
};

/** The options in ssh's arguments that mean something to a client library; `configFile` is that of `-F`. */
export function parseSshArguments(text: string): { options: SshOptions; configFile: string | undefined } {
  const options: { [key: string]: string[] } = {};
  let configFile: string | undefined;
  const put = (key: string, value: string): void => {
    options[key] ??= [];
    if (options[key].length === 0 || key === "identityfile") options[key].push(value);
  };
  const words = splitWords(text);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const flag = word.slice(0, 2);
    const takesValue = flag === "-o" || flag === "-F" || flag in SHORT;
    if (!takesValue) continue;
    const value = word.length > 2 ? word.slice(2) : (words[++at] ?? "");
    if (flag === "-F") configFile = value;
    else if (flag === "-o") {
      const [, key = "", setting = ""] = /^\s*(\w+)\s*(?:=|\s)\s*([\s\S]*)$/.exec(value) ?? [];
      if (key) put(key.toLowerCase(), setting.replace(/^"(.*)"$/, "$1"));
    } else put(SHORT[flag] ?? "", value);
  }
  return { options, configFile };
}
