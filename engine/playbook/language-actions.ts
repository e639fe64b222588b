/** An action that is a part of the language, not a module: what it takes and does, for its checks and for `play doc`. */
export interface LanguageAction {
  readonly summary: string;
  /** What its value is where it is a text. */
  readonly freeForm: string;
  readonly args: { readonly [name: string]: string };
  readonly example: string;
}

const ofRoles = {
  name: "The role: a name that is looked for in roles_path, or a path.",
  role: "The same as name.",
  tasks_from: "The file of its tasks to take instead of main.",
  vars_from: "The file of its vars to take instead of main.",
  defaults_from: "The file of its defaults to take instead of main.",
  handlers_from: "The file of its handlers to take instead of main.",
  public: "Whether its vars and defaults are there for the tasks that follow.",
  allow_duplicates: "Whether it runs again where it has run before with the same variables; true unless said.",
  rolespec_validate: "Whether its variables are checked against its argument_specs; true unless said.",
};

const apply = "Keywords that hold for every task that is brought, as they would on a block.";

/** Task-level actions that load something, with the arguments each takes. */
export const includes: { readonly [action: string]: LanguageAction } = {
  include_tasks: {
    summary: "Brings the tasks of a file when it is reached, for each host and each item of a loop.",
    freeForm: "the file",
    args: { file: "The file of tasks, beside the file that names it or in the role's tasks.", apply },
    example:
      "- ansible.builtin.include_tasks: '{{ ansible_facts.os_family | lower }}.yml'\n  loop: [one, two]\n  vars: {wanted: '{{ item }}'}\n",
  },
  import_tasks: {
    summary: "Stands for the tasks of a file, which are read before the run; its when and tags hold for each of them.",
    freeForm: "the file",
    args: { file: "The file of tasks, beside the file that names it or in the role's tasks." },
    example: "- ansible.builtin.import_tasks: install.yml\n  tags: [install]\n",
  },
  include_role: {
    summary: "Runs a role when it is reached, for each host and each item of a loop.",
    freeForm: "name=ROLE",
    args: { ...ofRoles, apply },
    example:
      "- ansible.builtin.include_role:\n    name: consul\n    tasks_from: backup\n    apply: {tags: [backup]}\n  tags: [backup]\n",
  },
  import_role: {
    summary: "Stands for the tasks of a role, which are read before the run; its when and tags hold for each of them.",
    freeForm: "name=ROLE",
    args: ofRoles,
    example: "- ansible.builtin.import_role:\n    name: consul\n  vars: {consul_port: 8501}\n",
  },
};

/** What `meta` can be asked for. */
export const metaActions: { readonly [action: string]: string } = {
  flush_handlers: "Run the handlers that are due now.",
  refresh_inventory: "Read the inventory again; hosts that are new count from the next play on.",
  noop: "Nothing.",
  clear_facts: "Forget the facts of the host, and those that set_fact with cacheable set.",
  clear_host_errors: "Take back hosts that could not be reached, and those that failed from the next play on.",
  end_play: "End the play for all its hosts.",
  end_host: "End the play for this host; it has not failed.",
  end_batch: "End the play for the hosts of this batch of serial.",
  end_role: "End this role for this host.",
  reset_connection: "Close the connection; the next task opens a new one.",
};

/** All of them, import_playbook among them, which stands in the place of a play. */
export const languageActions: { readonly [action: string]: LanguageAction } = {
  ...includes,
  import_playbook: {
    summary: "Stands for the plays of another playbook, in the place of a play.",
    freeForm: "the playbook, beside the one that names it",
    args: {},
    example: "- ansible.builtin.import_playbook: verify.yml\n  vars: {patience: 30}\n  tags: [verify]\n",
  },
  meta: {
    summary: "Asks the run itself for something, in between tasks.",
    freeForm: "what is asked for",
    args: metaActions,
    example: "- ansible.builtin.meta: flush_handlers\n\n- ansible.builtin.meta: end_host\n  when: not wanted\n",
  },
};
