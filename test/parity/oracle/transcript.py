"""Callback plugin: tells what ansible-playbook does as one JSON object a line, in the words of play's own events."""

import json
import os

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: transcript
    type: aggregate
    short_description: one JSON object a line
    description: Writes events to the file that PARITY_EVENTS names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "transcript"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.file = open(os.environ["PARITY_EVENTS"], "w", encoding="utf-8")

    def tell(self, kind, **fields):
        text = json.dumps({"type": kind, **fields}, cls=AnsibleJSONEncoder)
        self.file.write(text + "\n")
        self.file.flush()

    def v2_playbook_on_play_start(self, play):
        self.tell("play", play=play.get_name().strip())

    def v2_playbook_on_no_hosts_matched(self):
        self.tell("no-hosts-matched")

    def v2_playbook_on_no_hosts_remaining(self):
        self.tell("no-hosts-remaining")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.tell("task", task=task.get_name().strip(), handler=False)

    def v2_playbook_on_handler_task_start(self, task):
        self.tell("task", task=task.get_name().strip(), handler=True)

    def v2_playbook_on_include(self, included_file):
        item = self._get_item_label(included_file._vars)
        hosts = [host.name for host in included_file._hosts]
        self.tell("included", file=included_file._filename, hosts=hosts, item=item)

    def v2_playbook_on_stats(self, stats):
        for host in sorted(stats.processed):
            self.tell("recap", host=host, counts=stats.summarize(host))
        self.tell("stats", custom=stats.custom)

    def result(self, kind, result, status, ignored=False):
        value = dict(result._result)
        if status == "ok" and value.get("changed"):
            status = "changed"
        self.tell(
            kind,
            host=result._host.get_name(),
            task=result._task.get_name().strip(),
            module=result._task.action,
            status=status,
            ignored=ignored,
            value=value,
        )

    def v2_runner_on_ok(self, result):
        self.result("result", result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result("result", result, "failed", ignore_errors)

    def v2_runner_on_skipped(self, result):
        self.result("result", result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.result("result", result, "unreachable", bool(result._task.ignore_unreachable))

    def v2_runner_retry(self, result):
        self.tell("retry", host=result._host.get_name(), value=dict(result._result))

    def v2_runner_item_on_ok(self, result):
        self.result("item", result, "ok")

    def v2_runner_item_on_failed(self, result):
        self.result("item", result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self.result("item", result, "skipped")
