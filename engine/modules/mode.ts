/** `0644` for permission bits. */
export function octal(bits: number): string {
  return `0${bits.toString(8).padStart(3, "0")}`;
}

/**
 * The permission bits that an octal or symbolic spec makes of the current ones, as chmod(1) would. Without a class
 * (`+x`) the umask is honoured.
 */
export function resolveMode(
  spec: string,
  current: number,
  options: { readonly directory: boolean; readonly umask?: number },
): number {
  if (/^[0-7]+$/.test(spec)) return Number.parseInt(spec, 8) & 0o7777;
  let bits = current;
  for (const clause of spec.split(",")) {
    const who = /^[ugoa]*/.exec(clause)?.[0] ?? "";
    const mask = who === "" ? 0o7777 & ~(options.umask ?? 0o022) : 0o7777;
    const classes = who === "" || who.includes("a") ? "ugo" : who;
    for (const [, operator, permissions = ""] of clause.slice(who.length).matchAll(/([-+=])([rwxXstugo]*)/g)) {
      let on = 0;
      let whole = 0;
      for (const each of classes) {
        on |= bitsOf(each, permissions, bits, options.directory);
        whole |= { u: 0o4700, g: 0o2070, o: 0o1007 }[each] ?? 0;
      }
      on &= mask;
      if (operator === "+") bits |= on;
      else if (operator === "-") bits &= ~on;
      // A folder keeps setuid and setgid unless they are named, as GNU chmod does it.
      else bits = (bits & ~(options.directory ? whole & ~0o6000 : whole)) | on;
    }
  }
  return bits;
}

const shifts: { readonly [who: string]: number } = { u: 6, g: 3, o: 0 };

function bitsOf(who: string, permissions: string, current: number, directory: boolean): number {
  const shift = shifts[who] ?? 0;
  let bits = 0;
  for (const each of permissions) {
    if (each === "r") bits |= 4 << shift;
    else if (each === "w") bits |= 2 << shift;
    else if (each === "x") bits |= 1 << shift;
    else if (each === "X") bits |= directory || (current & 0o111) !== 0 ? 1 << shift : 0;
    else if (each === "s") bits |= { u: 0o4000, g: 0o2000 }[who] ?? 0;
    else if (each === "t") bits |= 0o1000;
    else bits |= ((current >> (shifts[each] ?? 0)) & 7) << shift;
  }
  return bits;
}
