import { describe, expect, it } from "vitest";
import { readHeader } from "../../../engine/template/header.ts";
import { createTemplar } from "../../../engine/template/templar.ts";
import { contextOf } from "./context.ts";

const templar = createTemplar(contextOf({ a: 1 }));
const render = (text: string) => templar.renderText(text, { file: "x.j2", trimBlocks: true, newlineSequence: "\n" });
const block = "a\n  {% if a %}\ny\n  {% endif %}\n";

// What ansible-core 2.19 writes for the same files.
const rendered: [string, string][] = [
  [`#jinja2: trim_blocks:False\n${block}`, "a\n  \ny\n  \n"],
  [`#jinja2:lstrip_blocks: True, trim_blocks: True\n${block}`, "a\ny\n"],
  [`#jinja2:lstrip_blocks:True\n#jinja2:trim_blocks:False\n${block}`, "#jinja2:trim_blocks:False\na\ny\n"],
  [`\n#jinja2: lstrip_blocks: True\nx\n`, "\n#jinja2: lstrip_blocks: True\nx\n"],
  [`# jinja2: lstrip_blocks: True\nx\n`, "# jinja2: lstrip_blocks: True\nx\n"],
  ["#jinja2:variable_start_string:'[%', variable_end_string:'%]'\n[% a %] {{ x }}\n", "1 {{ x }}\n"],
  [
    "#jinja2: block_start_string: \"<%\", block_end_string: \"%>\", comment_start_string:'<#', comment_end_string:'#>'\n<% if a %>{{ a }}<% endif %><# c #>{# #}\n",
    "1{# #}\n",
  ],
  ["#jinja2: newline_sequence: '\\r\\n'\na\nb\n", "a\r\nb\n"],
  ["#jinja2: keep_trailing_newline: False\na\n\n", "a\n\n"],
  ["#jinja2: trim_blocks: False\r\na\r\n{% if a %}\r\nb\r\n{% endif %}\r\n", "a\n\nb\n"],
];

describe("the first line of a template", () => {
  it.each(rendered)("%j", (text, result) => {
    expect(render(text)).toBe(result);
  });

  it.each([
    ["#jinja2: trim_blocks: 'true'\nx", "'trim_blocks' in the line #jinja2: must be True or False"],
    ["#jinja2: trim_blocks: true\nx", "'trim_blocks' in the line #jinja2: must be True or False"],
    ["#jinja2: variable_start_string: 1\nx", "'variable_start_string' in the line #jinja2: must be a text in quotes"],
    ["#jinja2: nope: True\nx", "the line #jinja2: has no setting 'nope'"],
    ["#jinja2: trim_blocks\nx", "'trim_blocks' in the line #jinja2: is no setting"],
    ["#jinja2: trim_blocks: True,\nx", "'' in the line #jinja2: is no setting"],
    ["#jinja2: trim_blocks: True", "nothing follows the line #jinja2:"],
  ])("%j is refused", (text, message) => {
    expect(() => readHeader(text)).toThrow(message);
    expect(() => render(text)).toThrow(message);
  });

  it("counts as a line in messages", () => {
    expect(() => render("#jinja2: trim_blocks: False\na\n{{ nope }}\n")).toThrow(
      expect.objectContaining({ diagnostics: [expect.objectContaining({ at: { file: "x.j2", line: 3, column: 4 } })] }),
    );
  });
});
