"""Desktop notifications of what happens at a control plane."""

from __future__ import annotations

import html
import threading
from importlib import import_module
from typing import Any

from configedge.cli.output import first_line, note, summary

# Every push leaves all nodes behind for a moment; in a large fleet, until about all of them have told of it.
_PATIENCE_S = 10.0
_HEARTBEATS = 2


class Desktop:
    """Tells the user's desktop; where there is none it says so once, and no more."""

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._works = True
        self._sending = threading.Lock()
        self._patience_s = patience_s
        self._behind: threading.Timer | None = None
        self._late = 0
        self._lost = 0

    def commit(self, data: dict[str, Any]) -> None:
        names = ", ".join(dict.fromkeys(f"{one['namespace']}/{one['name']}" for one in data["changes"])) or "no bundle"
        self.send("Pushed", f"{names} by {first_line(data['author'])}: {summary(data['message'])}")

    def refused(self, data: dict[str, Any]) -> None:
        self.send("Refused", f"{data['bundle']} by {data['subject']}: {data['code']} {data['detail']}", urgent=True)

    def fleet(self, nodes: dict[str, Any]) -> None:
        """Nodes that are lost are told at once, and nodes that stay behind after a while."""
        lost, behind = int(nodes.get("lost", 0)), int(nodes.get("behind", 0))
        if lost > self._lost:
            self.send("Nodes are silent", f"{lost} of {nodes.get('total', '?')} nodes", urgent=True)
        self._lost = lost
        if behind <= self._late:
            # All of them were told of, or have caught up.
            self._late = behind
            self._forget()
        elif self._behind is None:
            # A control plane of an older version does not say how often nodes report.
            patience_s = max(self._patience_s, _HEARTBEATS * float(nodes.get("next_s", 0)))
            self._behind = threading.Timer(patience_s, self._stayed_behind, [nodes])
            self._behind.daemon = True
            self._behind.start()

    def send(self, title: str, text: str, urgent: bool = False) -> None:
        with self._sending:
            if self._works:
                why = _send(f"ConfigEdge: {title}", html.escape(first_line(text))[:300], urgent)
                self._works = why is None
                if why:
                    note(f"no desktop notifications: {why}")

    def _stayed_behind(self, nodes: dict[str, Any]) -> None:
        self._behind = None
        self._late = int(nodes["behind"])
        self.send("Nodes fall behind", f"{nodes['behind']} of {nodes.get('total', '?')} nodes", urgent=True)

    def _forget(self) -> None:
        if self._behind is not None:
            self._behind.cancel()
            self._behind = None


def _send(title: str, text: str, urgent: bool) -> str | None:
    """Why it could not be sent; None if it was."""
    try:
        # Its own log would go to the terminal.
        import_module("loguru").logger.disable("notifypy")
        notifypy = import_module("notifypy")
    except ImportError:
        return "notify-py is not installed (pip install 'configedge[desktop]')"
    try:
        notification = notifypy.Notify(
            default_notification_title=title,
            default_notification_message=text,
            default_notification_application_name="ConfigEdge",
            default_notification_urgency="critical" if urgent else "normal",
        )
        return None if notification.send(block=True) else "there is no desktop that takes them"
    # Whatever a desktop does must not end the watch.
    except Exception as error:
        return f"there is no desktop that takes them ({type(error).__name__})"
