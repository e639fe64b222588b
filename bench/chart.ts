/** One row of bars: how many times longer than play each of the others takes. */
export interface Bars {
  readonly label: string;
  readonly ratios: readonly { readonly name: string; readonly value: number; readonly atLeast: boolean }[];
}

const colours: { readonly [name: string]: string } = { mitogen: "#c2712b", ansible: "#4a6fa5" };
const bar = 9;
const row = 2 * bar + 10;
const left = 120;
const width = 760;

/** A picture of bars on a logarithmic scale, from 1 (as long as play) upwards. */
export function chart(rows: readonly Bars[]): string {
  const most = Math.max(10, ...rows.flatMap(({ ratios }) => ratios.map(({ value }) => value).filter(Number.isFinite)));
  const x = (ratio: number) => left + (Math.log(Math.max(1, ratio)) / Math.log(most)) * (width - left - 70);
  const height = rows.length * row + 50;
  const ticks = [1, 3, 10, 30, 100, 300].filter((each) => each <= most);
  const lines = ticks.map(
    (each) =>
      `<line x1="${round(x(each))}" y1="30" x2="${round(x(each))}" y2="${height - 14}" stroke="#8886"/>` +
      `<text x="${round(x(each))}" y="${height - 2}" text-anchor="middle">${each}×</text>`,
  );
  const bars = rows.flatMap(({ label, ratios }, at) => {
    const top = 34 + at * row;
    return [
      `<text x="${left - 8}" y="${top + bar + 4}" text-anchor="end">${label}</text>`,
      ...ratios
        .filter(({ value }) => Number.isFinite(value))
        .map(({ name, value, atLeast }, which) => {
          const y = top + which * (bar + 1);
          const text = `${atLeast ? "&gt; " : ""}${value.toFixed(1)}×`;
          return (
            `<rect x="${left}" y="${y}" width="${round(Math.max(1, x(value) - left))}" height="${bar}" fill="${colours[name] ?? "#888"}"/>` +
            `<text x="${round(x(value) + 4)}" y="${y + bar}">${text}</text>`
          );
        }),
    ];
  });
  const legend = Object.entries(colours).map(
    ([name, colour], at) =>
      `<rect x="${left + at * 110}" y="8" width="10" height="10" fill="${colour}"/>` +
      `<text x="${left + 14 + at * 110}" y="17">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#888">
<title>How many times longer than play the others take</title>
${[...legend, ...lines, ...bars].join("\n")}
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
