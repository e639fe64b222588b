/** Python's `str.capitalize`. */
export function capitalize(value: string): string {
  const [first = "", ...rest] = value;
  const large = first.toUpperCase();
  return large.slice(0, first.length) + (large.slice(first.length) + rest.join("")).toLowerCase();
}

/** Python's `str.title`: a letter after anything that is no letter starts a word. */
export function titleCase(value: string): string {
  return value.replace(/\p{L}+/gu, capitalize);
}

/** Python's `str.swapcase`. */
export function swapCase(value: string): string {
  return [...value].map((each) => (each === each.toUpperCase() ? each.toLowerCase() : each.toUpperCase())).join("");
}
