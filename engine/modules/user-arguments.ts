import { Type } from "@sinclair/typebox";
import { choice, flag, integer, list, maybeFlag, number, optional, path, text } from "./argument-types.ts";

/** What the module `user` takes. */
export const userArguments = Type.Object({
  name: text("The user."),
  state: choice(["present", "absent"], "Whether there should be one.", { default: "present" }),
  uid: optional(integer("Number.")),
  non_unique: flag("The number may be another user's too."),
  group: optional(text("Primary group.")),
  groups: optional(list(Type.String(), "Supplementary groups; an empty list: none.")),
  append: flag("Leave it in other groups too."),
  comment: optional(text("Full name.")),
  shell: optional(path("Login shell.")),
  home: optional(path("Home folder.")),
  create_home: flag("Make the home folder.", true),
  move_home: flag("Move the old home folder to a new place."),
  skeleton: optional(path("What a new home folder is copied from.")),
  system: flag("With a number from the system's range."),
  password: optional(text("Hash of the password; `!` or `*`: none that works.")),
  update_password: choice(["always", "on_create"], "When the password is set.", { default: "always" }),
  password_lock: maybeFlag("Whether the password is locked."),
  password_expire_min: optional(integer("Days between changes of the password.")),
  password_expire_max: optional(integer("Days after which it must be changed.")),
  password_expire_warn: optional(integer("Days of warning before that.")),
  password_expire_account_disable: optional(
    integer("Days after its password has run out until the account is closed."),
  ),
  uid_min: optional(integer("The least number that a new account may get.")),
  uid_max: optional(integer("The greatest.")),
  expires: optional(number("Seconds since 1970 when the account ends; negative: never.")),
  umask: optional(text("Permissions that a new home folder lacks.")),
  generate_ssh_key: flag("Make a key pair in its home folder, unless there is one."),
  ssh_key_bits: optional(integer("Size of that key.")),
  ssh_key_type: text("Its type.", { default: "rsa" }),
  ssh_key_file: optional(path("Where, relative to the home folder; else `.ssh/id_TYPE`.")),
  ssh_key_comment: optional(text("Its comment.")),
  ssh_key_passphrase: optional(text("Its passphrase.")),
  remove: flag("With absent: the home folder goes too."),
  force: flag("With absent: even while the user is logged in. Else an existing key is replaced."),
  local: flag("Accepted: the host's own database is what is always changed."),
});

export type UserArguments = (typeof userArguments)["static"];
