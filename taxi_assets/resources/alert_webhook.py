"""Where alerts go, as a resource."""

from dagster import ConfigurableResource
from pydantic import Field

from taxi_assets.resources.slack import Alert, send


class AlertWebhook(ConfigurableResource[None]):
    """A webhook that takes Slack's messages. Its URL lets anybody post there, and is never printed; empty: no alerts.

    `ui_url` is where people open Dagster's UI.
    """

    url: str = Field(repr=False)
    ui_url: str

    @property
    def is_set(self) -> bool:
        return bool(self.url)

    def run_url(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.ui_url.rstrip('/')}/runs/{run_id}"

    def send(self, alert: Alert) -> None:
        """Raises TaxiError when it could not be delivered."""
        send(alert, self.url)
