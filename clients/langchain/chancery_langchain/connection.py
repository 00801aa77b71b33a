"""What both need: a client, made when it is first used and kept."""

from __future__ import annotations

from chancery_client import Chancery
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr


class Connected(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    address: str
    key: SecretStr = Field(repr=False)
    timeout: float = 600.0
    tries: int = 4
    _client: Chancery | None = PrivateAttr(default=None)

    @property
    def client(self) -> Chancery:
        if self._client is None:
            key = self.key.get_secret_value()
            self._client = Chancery(self.address, key, timeout=self.timeout, tries=self.tries)
        return self._client
