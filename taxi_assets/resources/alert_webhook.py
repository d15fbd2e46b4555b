"""The alert webhook as a resource."""

from dagster import ConfigurableResource
from pydantic import Field

from taxi_assets.resources.slack import Alert, send


class AlertWebhook(ConfigurableResource[None]):
    """A webhook that takes messages in Slack's format.

    The URL is never printed, as it lets anybody post there; an empty one means that there are no alerts. `ui_url` is
    the address at which people open Dagster's UI.
    """

    url: str = Field(repr=False)
    ui_url: str

    @property
    def is_set(self) -> bool:
        return bool(self.url)

    def run_url(self, run_id: str) -> str:
        """The address of a run's page in the UI."""
        return f"{self.ui_url.rstrip('/')}/runs/{run_id}"

    def send(self, alert: Alert) -> None:
        """Posts the alert. Raises TaxiError when it cannot be delivered."""
        send(alert, self.url)
