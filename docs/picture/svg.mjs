// Draws a terminal's text, read from standard input, as SVG: the colours of its escape sequences, nothing else.
const colours = {
  30: "#6e7681",
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#76e3ea",
  37: "#e6edf3",
  91: "#ffa198",
  95: "#e2c5ff",
};
const columns = 100;
const size = { font: 13, line: 18, character: 7.8, edge: 16 };

let text = "";
for await (const chunk of process.stdin) text += chunk;

const rows = [];
let style = {};
for (const line of text.trimEnd().split("\n")) {
  let row = [];
  let width = 0;
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      for (const code of codes.split(";").map(Number)) style = styled(style, code);
      continue;
    }
    for (const character of part) {
      if (width === columns) {
        rows.push(row);
        row = [];
        width = 0;
      }
      const last = row.at(-1);
      if (last && last.style === style) last.text += character;
      else row.push({ style, text: character, column: width });
      width++;
    }
  }
  rows.push(row);
}

const height = rows.length * size.line + 2 * size.edge;
const width = Math.ceil(columns * size.character + 2 * size.edge);
const body = rows.flatMap((row, index) => {
  const y = size.edge + index * size.line + size.font;
  return row
    .filter((run) => run.text.trim() !== "")
    .map((run) => {
      const x = (size.edge + run.column * size.character).toFixed(1);
      const fill = run.style.colour ? ` fill="${run.style.colour}"` : "";
      const look = `${run.style.dim ? ' opacity="0.65"' : ""}${run.style.bold ? ' font-weight="bold"' : ""}`;
      return `<text x="${x}" y="${y}"${fill}${look}>${escaped(run.text)}</text>`;
    });
});
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="${size.font}" fill="#e6edf3" xml:space="preserve">
${body.join("\n")}
</g></svg>
`);

function styled(before, code) {
  if (code === 0) return {};
  if (code === 1) return { ...before, bold: true };
  if (code === 2) return { ...before, dim: true };
  if (code === 22) return { ...before, bold: false, dim: false };
  if (code === 39) return { ...before, colour: undefined };
  return code in colours ? { ...before, colour: colours[code] } : before;
}

function escaped(plain) {
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
