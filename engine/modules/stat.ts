import { Type } from "@sinclair/typebox";
import { type Dict, dict } from "../source/value.ts";
import { choice, flag, path } from "./argument-types.ts";
import { ask, type Look, type Plan, stateModule } from "./contract.ts";
import { remotePath } from "./path-names.ts";
import { lookAt } from "./paths.ts";
import { checksumAlgorithms, predictedDetails, statDetails, statFacts } from "./stat-facts.ts";

// A state module that never changes anything: so it sees predictions, is read ahead, and loops in one round trip.
export default stateModule({
  name: "stat",
  summary: "Tell what is at a path.",
  collection: "ansible.builtin.stat",
  args: Type.Object({
    path: path("The path to look at."),
    follow: flag("Look through links."),
    get_checksum: flag("Tell the digest of a regular file.", true),
    checksum_algorithm: choice(checksumAlgorithms, "Which digest.", { default: "sha1" }),
    get_mime: flag("Tell the type of the content (needs file(1) on the host).", true),
    get_attributes: flag("Tell the attributes (needs lsattr(1) on the host).", true),
  }),
  argAliases: {
    dest: "path",
    name: "path",
    checksum: "checksum_algorithm",
    checksum_algo: "checksum_algorithm",
    mime: "get_mime",
    "mime-type": "get_mime",
    mime_type: "get_mime",
    attr: "get_attributes",
    attributes: "get_attributes",
  },
  unsupported: { get_selinux_context: "SELinux contexts are not read", get_md5: "use checksum_algorithm" },
  example: "- ansible.builtin.stat:\n    path: /etc/passwd\n  register: passwd\n",
  returns: { stat: "exists, and where it does: mode, size, owner, checksum …" },

  *look(args): Look<Plan> {
    if (args.path === "") return { result: dict([["stat", dict([["exists", false]])]]) };
    const path = yield* remotePath(args.path);
    const state = yield* lookAt(path, { follow: args.follow, times: true });
    if (!state.exists) return { result: dict([["stat", dict([["exists", false]])]]) };
    const checksum = args.get_checksum ? args.checksum_algorithm : undefined;
    const facts: Dict = { exists: true, ...statFacts({ ...state, path: args.path }) };
    if (state.inode === 0) {
      const full = yield* lookAt(path, { follow: args.follow, times: true });
      Object.assign(facts, predictedDetails(full.exists ? full : state, checksum));
    } else {
      const details = yield* ask(
        statDetails(state, { ...(checksum ? { checksum } : {}), mime: args.get_mime, attributes: args.get_attributes }),
      );
      const [atime, mtime, ctime] = details.times;
      facts["atime"] = atime ?? state.atime;
      facts["mtime"] = mtime ?? state.mtime;
      facts["ctime"] = ctime ?? state.ctime;
      facts["blocks"] = details.blocks;
      facts["block_size"] = details.blockSize;
      facts["device_type"] = details.deviceType;
      facts["readable"] = details.readable;
      facts["writeable"] = details.writeable;
      facts["executable"] = details.executable;
      if (state.type === "link") {
        facts["lnk_target"] = state.target ?? "";
        facts["lnk_source"] = details.source ?? "";
      }
      if (details.checksum !== undefined) facts["checksum"] = details.checksum;
      const [mime, charset] = (details.mime ?? "unknown; charset=unknown").split("; charset=");
      if (args.get_mime) {
        facts["mimetype"] = mime ?? "unknown";
        facts["charset"] = charset ?? "unknown";
      }
      if (details.attributes !== undefined) facts["attr_flags"] = details.attributes.replaceAll("-", "");
    }
    return { result: dict([["stat", facts]]) };
  },
});
