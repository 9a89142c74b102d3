"""The processes of a campaign: one of sandboxes, two gateways, one Redis on disk. All but the sandboxes die and come back."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.faults.plan import TIMINGS, Plan
from tests.support.console import COMMAND, own_environment, running_command
from tests.support.redis_server import RedisServer, free_port

ROOT = Path(__file__).parents[2]
PROVIDERS = ("chargebee", "vcita", "zenskar")
ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")
LONGEST_START_S = 60
ACCOUNTS = """
[accounts.chargebee]
provider = "chargebee"
base_url = "{chargebee}"
site = "campaign"
api_key = {{ env = "CAMPAIGN_KEY" }}
limits = {{ per_minute = 0, concurrent = 0 }}

[accounts.vcita]
provider = "vcita"
base_url = "{vcita}"
token = {{ env = "CAMPAIGN_KEY" }}
switches = {{ refunds = "flex" }}
limits = {{ per_minute = 0, concurrent = 0 }}

[accounts.zenskar]
provider = "zenskar"
base_url = "{zenskar}"
organisation = "campaign"
api_key = {{ env = "CAMPAIGN_KEY" }}
switches = {{ void = "accepted" }}
limits = {{ per_minute = 0, concurrent = 0 }}
"""


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One gateway process after another, on the same port."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, "serve", "--port", str(self.port)], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Return once it answers."""
        assert self._process is not None
        async with httpx.AsyncClient() as http, asyncio.timeout(LONGEST_START_S):
            while True:
                try:
                    await http.get(f"{self.url}/livez")
                except httpx.TransportError:
                    assert self._process.poll() is None, self.log.read_text()[-2000:]
                    await asyncio.sleep(0.05)
                else:
                    return

    def kill(self) -> None:
        """As a crash would: whatever it was doing stays half done."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Keep the port open and do nothing, while its leases run out and its deadlines pass."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """All of them, running."""

    control: str
    addresses: dict[str, str]
    """Of the providers."""
    redis: RedisServer
    gateways: tuple[Gateway, Gateway]

    def internal_errors(self) -> int:
        """How often a gateway has said that it failed itself."""
        logs = {gateway.log for gateway in self.gateways}
        return sum(log.read_text().count('"event": "internal error"') for log in logs)


@asynccontextmanager
async def machines(plan: Plan, folder: Path) -> AsyncIterator[Machines]:
    """Start them all; end them when the block does."""
    async with AsyncExitStack() as stack:
        sandbox = await asyncio.to_thread(stack.enter_context, running_command("sandbox", "--port", "0", measured=False))
        addresses = {name: sandbox.address(name) for name in PROVIDERS}
        (folder / "redis").mkdir()
        redis = RedisServer(folder / "redis", *ON_DISK).start()
        stack.callback(redis.stop)
        config = folder / "accounts.toml"
        config.write_text(ACCOUNTS.format_map(addresses))
        gateways = _gateway(plan, config, redis, "first"), _gateway(plan, config, redis, "second")
        for gateway in gateways:
            stack.callback(gateway.kill)
            gateway.start()
        await asyncio.gather(*(gateway.ready() for gateway in gateways))
        yield Machines(control=sandbox.address("control"), addresses=addresses, redis=redis, gateways=gateways)


def _gateway(plan: Plan, config: Path, redis: RedisServer, name: str) -> Gateway:
    settings = {
        "CONFIG": str(config),
        "REDIS_URL": redis.url,
        "SECRET": "a text of thirty-two or more characters signs cursors",
        "LOG": "json",
        **TIMINGS,
    }
    command = [sys.executable, "-m", "tests.faults.broken_gateway"] if plan.breaks_commit else [str(COMMAND)]
    environment = {
        **own_environment(measured=False),
        "CAMPAIGN_KEY": "any",
        **{f"CREDIT_NOTES_{name}": value for name, value in settings.items()},
    }
    return Gateway(command=command, environment=environment, log=config.with_name(f"{name}.log"))
