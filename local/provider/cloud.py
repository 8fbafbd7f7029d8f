"""Calls the AWS emulator through botocore: with one endpoint, made-up credentials, and nothing of the user's own AWS configuration."""

# botocore publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import os
import re
import threading
from collections.abc import Mapping
from typing import Any

from local.provider import models

ATTEMPTS = 8
"""The attempts at a request, the first included: a call that is throttled five times in a row still succeeds."""

_NOT_FOUND = re.compile(r"not.?found|no.?such|non.?exist|not.?exist|404", re.IGNORECASE)
"""The error codes by which AWS's services say that something doesn't exist: NoSuchBucket, InvalidVpcID.NotFound, NonExistentQueue, …"""


class CloudError(Exception):
    """The emulator refused a request."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation} was refused: {code}: {message}")
        # ECS has no error code for a task definition that doesn't exist.
        self.not_found = bool(_NOT_FOUND.search(code)) or message.startswith("Unable to describe task definition")


class Cloud:
    """The emulator at an endpoint. Requests may be sent from several threads."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None

    def send(self, operation: str, parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Send one request, such as `ecs:CreateService` with botocore's name of the service, and return the answer.

        Raises:
            CloudError: it was refused, or the emulator can't be reached.
        """
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        service, _, name = operation.partition(":")
        try:
            return getattr(self._client(service, region), xform_name(name))(**parameters)
        except ClientError as error:
            answer: Any = error.response
            raise CloudError(operation, answer["Error"]["Code"], answer["Error"].get("Message", "")) from None
        except BotoCoreError as error:
            raise CloudError(operation, type(error).__name__, str(error)) from None

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._new_client(service, region)
            return self._clients[service, region]

    def _new_client(self, service: str, region: str) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        if self._session is None:
            self._session = Session()
            for name, value in {"config_file": os.devnull, "credentials_file": os.devnull, "profile": None}.items():
                self._session.set_config_variable(name, value)
            self._session.register_component("data_loader", models.loader())
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                s3={"addressing_style": "path"},
                inject_host_prefix=False,
                proxies={},
            ),
        )
