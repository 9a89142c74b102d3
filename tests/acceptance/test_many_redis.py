"""The gateway over a Redis of many parts: it writes once, reads, and loses no more than the part that is away."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from app.accounts_file import demo_accounts
from app.gateway.accounts import tag
from app.sandbox.server import Addresses
from app.secret import Secret
from app.settings import Settings
from tests.support.console import running_command
from tests.support.demo import UNPAID, invoice_id
from tests.support.redis_cluster import RedisCluster
from tests.support.running import GatewayClient, Json, SandboxControl, asking, controlling, serving

SECRET = {"CREDIT_NOTES_SECRET": "0123456789abcdef" * 2}
NOTE = "query($id: ID!) { creditNote(id: $id) { id total { amount } } }"
LIST = "{ creditNotes(first: 3) { nodes { id } sources { complete } } }"


def issue(gateway: GatewayClient, account: str, key: str) -> Json:
    credit = {"total": {"amount": "1.00", "currency": "USD"}}
    return gateway.issue(account, invoice_id("chargebee-demo", UNPAID), credit, idempotencyKey=key)


def writes_once_and_reads(issuing: GatewayClient, repeating: GatewayClient, sandbox: SandboxControl) -> None:
    before = sandbox.calls("chargebee", "POST")
    issued, again = (issue(gateway, "chargebee-demo", "key") for gateway in (issuing, repeating))
    assert (issued["outcome"], issued["replayed"], issued["errors"]) == ("APPLIED", False, [])
    assert (again["replayed"], again["creditNote"]["id"]) == (True, issued["creditNote"]["id"])
    assert sandbox.calls("chargebee", "POST") == before + 1
    read = repeating.gql(NOTE, id=issued["creditNote"]["id"])["creditNote"]
    assert read == {"id": issued["creditNote"]["id"], "total": {"amount": "1.00"}}
    assert [source["complete"] for source in repeating.gql(LIST)["creditNotes"]["sources"]] == [True] * 3


def test_over_a_cluster_a_note_is_issued_once_and_read_back(redis_cluster: RedisCluster) -> None:
    environment = {**SECRET, "CREDIT_NOTES_REDIS_URL": redis_cluster.url}
    with (
        running_command("serve", "--port", "0", environment=environment) as child,
        controlling(child.address("sandbox")) as sandbox,
        asking(child.address("GraphiQL")) as gateway,
    ):
        ready = gateway.http.get("/readyz").json()
        assert ready == {
            "status": "ok",
            "store": {"kind": "redis", "reachable": True, "keptOnDisk": True, "mayEvict": False},
            "notes": [],
        }
        writes_once_and_reads(gateway, gateway, sandbox)
    assert "Traceback" not in child.printed


@pytest.mark.parametrize("servers", ["redis_cluster", "redis_guarded"])
def test_what_one_gateway_has_issued_the_other_knows(request: pytest.FixtureRequest, addresses: Addresses, servers: str) -> None:
    accounts = {name: replace(one, tenant=uuid.uuid4().hex) for name, one in demo_accounts(addresses.providers).items()}
    settings = Settings(redis_url=Secret(request.getfixturevalue(servers).url), accounts=accounts)
    with controlling(addresses.control) as sandbox, serving(settings) as one, serving(settings) as other:
        sandbox.reset()
        writes_once_and_reads(one, other, sandbox)


def test_with_one_master_dead_only_the_accounts_it_holds_are_not_written_to(
    redis_cluster: RedisCluster, addresses: Addresses, control: SandboxControl
) -> None:
    control.reset()
    demo = demo_accounts(addresses.providers)["chargebee-demo"]
    accounts = [replace(demo, name=f"account-{number}", tenant=uuid.uuid4().hex) for number in range(20)]
    dead, living = redis_cluster.masters[:2]
    lost, kept = (next(one.name for one in accounts if redis_cluster.holder(tag(one)) is master) for master in (dead, living))
    settings = Settings(
        redis_url=Secret(redis_cluster.url), accounts={one.name: one for one in accounts if one.name in {lost, kept}}
    )
    with serving(settings) as gateway:
        assert issue(gateway, lost, "before")["outcome"] == "APPLIED"
        with redis_cluster.without(dead):
            refused, issued = issue(gateway, lost, "meanwhile"), issue(gateway, kept, "meanwhile")
            assert (refused["outcome"], [error["code"] for error in refused["errors"]]) == ("NOT_APPLIED", ["GATEWAY_UNAVAILABLE"])
            assert (issued["outcome"], issued["errors"]) == ("APPLIED", [])
            assert control.calls("chargebee", "POST") == 2
            assert [source["complete"] for source in gateway.gql(LIST)["creditNotes"]["sources"]] == [True, True]
            assert gateway.http.get("/readyz").json() == {
                "status": "degraded",
                "store": {"kind": "redis", "reachable": True},
                "notes": ["writes refused for some accounts: 1 of 3 masters of the Redis Cluster out of reach"],
            }
        again, before = issue(gateway, lost, "meanwhile"), issue(gateway, lost, "before")
        assert (again["outcome"], again["replayed"], before["replayed"]) == ("APPLIED", False, True)
        assert control.calls("chargebee", "POST") == 3
