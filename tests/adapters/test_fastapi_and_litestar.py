"""The dependency for FastAPI and the guard for Litestar: they never take nobody for somebody."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from litestar import Litestar, get

from signedin.adapters import fastapi, litestar
from signedin.middleware import Signedin
from signedin.testing import StandIn


def a_fastapi_app():
    app, all_guarded = FastAPI(), APIRouter(dependencies=[Depends(fastapi.signed_in)])

    @app.get("/orders")
    async def orders(who: fastapi.Who):
        return who.account

    @all_guarded.get("/things")
    async def things():
        return "things"

    app.include_router(all_guarded)
    return app


def a_litestar_app():
    @get("/orders", sync_to_thread=False)
    def orders(who: litestar.Who) -> str:
        return who.account

    @get("/things", guards=[litestar.signed_in], sync_to_thread=False)
    def things() -> str:
        return "things"

    return Litestar([orders, things], dependencies=litestar.WHO)


APPS = {"fastapi": a_fastapi_app, "litestar": a_litestar_app}


def answered(app, path, headers=None):
    async def ask():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example.org") as http:
            return await http.get(path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.guide("D12")
@pytest.mark.parametrize("framework", APPS)
@pytest.mark.parametrize("path", ["/orders", "/things"])
def test_on_a_path_that_is_open_to_everybody_it_is_still_somebody_or_nobody(framework, path):
    service = StandIn()
    closed = Signedin(APPS[framework](), service.client())
    assert answered(closed, path, service.sign_in().headers).status_code == 200
    opened = Signedin(APPS[framework](), service.client(), open_paths=["/*"])
    answer = answered(opened, path)
    assert answer.status_code == 401


@pytest.mark.guide("D12")
@pytest.mark.parametrize("framework", APPS)
@pytest.mark.parametrize("path", ["/orders", "/things"])
def test_without_the_middleware_nobody_is_let_in(framework, path):
    answer = answered(APPS[framework](), path, StandIn().sign_in().headers)
    assert answer.status_code == 500
