import { statSync } from "node:fs";
import { Type } from "@sinclair/typebox";
import { Unknown } from "../source/value.ts";
import { choice, flag, optional, path, text } from "./argument-types.ts";
import { type Effect, type Look, ModuleFailure, type Plan, stateModule } from "./contract.ts";
import { type SourceFile, sourceBytes } from "./controller-files.ts";
import { landFile } from "./land-file.ts";
import { attributeArguments, attributeRefusals } from "./ownership.ts";
import { baseName } from "./path-names.ts";
import { pathUnknown } from "./paths.ts";

const args = Type.Object({
  src: path("A template of the controller, in UTF-8."),
  dest: path("The file on the host."),
  backup: flag("Keep the replaced file under another name."),
  force: flag("Replace a file whose content differs.", true),
  follow: flag("Look through a link at dest."),
  validate: optional(text("A command with %s that must accept the new file before it is used.")),
  newline_sequence: choice(["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"], "How lines end.", { default: "\n" }),
  trim_blocks: flag("Take away the newline after a block.", true),
  lstrip_blocks: flag("Take away white space before a block."),
  block_start_string: text("Begins a block.", { default: "{%" }),
  block_end_string: text("Ends a block.", { default: "%}" }),
  variable_start_string: text("Begins an expression.", { default: "{{" }),
  variable_end_string: text("Ends an expression.", { default: "}}" }),
  comment_start_string: text("Begins a comment.", { default: "{#" }),
  comment_end_string: text("Ends a comment.", { default: "#}" }),
  output_encoding: choice(["utf-8"], "The encoding of the file.", { default: "utf-8" }),
  ...attributeArguments,
});

export default stateModule<typeof args, SourceFile>({
  name: "template",
  summary: "Render a template of the controller into a file on the host.",
  collection: "ansible.builtin.template",
  args,
  unsupported: attributeRefusals,
  example: "- ansible.builtin.template:\n    src: motd.j2\n    dest: /etc/motd\n    mode: '0644'\n",
  returns: { dest: "the file on the host", checksum: "SHA-1 of the rendered text" },

  prepare(args, context): SourceFile | Unknown {
    const found = context.findFile(args.src, "templates");
    const { mode } = statSync(found);
    if (statSync(found).isDirectory()) throw new ModuleFailure(`The template ${args.src} is a directory.`);
    const rendered = context.renderText(context.readFile(found).toString(), {
      file: found,
      trimBlocks: args.trim_blocks,
      lstripBlocks: args.lstrip_blocks,
      newlineSequence: args.newline_sequence.replaceAll("\\n", "\n").replaceAll("\\r", "\r"),
      variableStart: args.variable_start_string,
      variableEnd: args.variable_end_string,
      blockStart: args.block_start_string,
      blockEnd: args.block_end_string,
      commentStart: args.comment_start_string,
      commentEnd: args.comment_end_string,
      from: { askedFor: args.src, destination: args.dest },
    });
    if (rendered instanceof Unknown) return rendered;
    return { ...sourceBytes(Buffer.from(rendered), baseName(found)), mode: mode & 0o7777 };
  },

  *look(args, _context, prepared): Look<Plan> {
    return yield* landFile(args, prepared);
  },

  outcome(args): readonly Effect[] {
    return args.dest.startsWith("/") ? [pathUnknown(args.dest, `the text of ${args.dest} is known after the run`)] : [];
  },
});
