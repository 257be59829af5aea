"""Judges manifests of Kubernetes: containers that are as good as the machine they run on."""

from __future__ import annotations

import re

from cwelens.checks.checker import Checker
from cwelens.checks.config_records import add
from cwelens.syntax.configs.reader import Config, Entry

_RULE = "needless-privileges"
# What a container gets of its machine, with what it can do then.
_SHARED = {
    "hostPID": "the container sees every process of the machine",
    "hostIPC": "the container shares the memory of the machine's processes",
    "hostNetwork": "the container listens and connects as the machine itself",
}
# Capabilities that are as good as root on the machine.
_POWERS = frozenset(("ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF"))
_OF_MACHINE = re.compile(
    r"^/$|^/(?:etc|root|proc|boot)/?$|^/var/lib/kubelet|docker\.sock$|containerd\.sock$|crio\.sock$"
)
# What watches or serves the machine itself runs on each one.
_OF_EACH_MACHINE = "DaemonSet"


def check(checker: Checker, config: Config) -> None:
    """What the containers of a manifest may do that they need not."""
    agents = any(e.name == "kind" and e.value == _OF_EACH_MACHINE for e in config.entries)
    for entry in config.entries:
        reason, definite = _of(entry)
        if not reason:
            continue
        needed = "what runs on each machine need not see it" if agents else "the program runs without it"
        add(checker, config, entry, _RULE, reason, "" if definite and not agents else needed)
    for element in config.elements:
        if element.below[-2:] == ("capabilities", "add") and element.value.upper() in _POWERS:
            reason = f"`{element.value}` is as good as root on the machine"
            add(
                checker,
                config,
                element,
                _RULE,
                reason,
                "what runs on each machine need not see it" if agents else "",
            )


def _of(entry: Entry) -> tuple[str, bool]:
    """What an entry gives a container, and whether no program of its own needs that; "" for nothing."""
    name, value = entry.name, entry.value.lower()
    if value == "true":
        if name == "privileged":
            return "a privileged container is root on the machine", True
        if name == "allowPrivilegeEscalation":
            return "programs in the container can become root", True
        if name in _SHARED:
            return _SHARED[name], name != "hostNetwork"
    if name == "runAsUser" and value == "0":
        return "the program runs as root in its container", True
    if name == "runAsNonRoot" and value == "false":
        return "the program may run as root in its container", False
    if name == "path" and "hostPath" in entry.below and _OF_MACHINE.search(entry.value):
        return f"the container can change `{entry.value}` of the machine", True
    return "", False
