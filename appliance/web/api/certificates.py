"""Certificates: made, requested, imported, chosen, trusted (D2-SE-21, 23, 40..43, N13.9)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime
import re
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.certificates.facts import Facts
from appliance.certificates.pair import CertificateError, Pair
from appliance.certificates.reading import read_pem, read_pkcs12
from appliance.text import _
from appliance.web.asking import ask
from appliance.web.errors import ApiError, FieldError
from appliance.web.guard import requester
from appliance.web.reading import not_found, read_body
from appliance.web.routing import Route

_ERRORS = ("certificates.id_taken", "certificates.bad_id", "certificates.full", "supervisor_away")
_PEM = 131_072
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CertificateAnswer(BaseModel):
    """A key with its certificates (its own first); a request has none yet."""

    id: str
    kind: Literal["device", "certificate", "request"]
    chain: list[Facts]
    requested: bool
    used_by: list[str]


class AuthorityAnswer(BaseModel):
    """A trusted authority."""

    id: str
    facts: Facts


class UseAnswer(BaseModel):
    """What a service shows: the chosen certificate, or another one because of `reason`."""

    service: str
    title: str
    chosen: str
    shown: str
    reason: str


class CertificatesAnswer(BaseModel):
    """All of it; `most` certificates and as many authorities fit."""

    certificates: list[CertificateAnswer]
    authorities: list[AuthorityAnswer]
    services: list[UseAnswer]
    most: int


class SubjectBody(_Strict):
    """Whom it is for; `names` are host names and addresses."""

    id: str = Field(max_length=64)
    key_kind: Literal["p256", "p384", "rsa2048", "rsa3072"] = "p256"
    common_name: str = Field(max_length=200)
    names: list[Annotated[str, Field(max_length=253)]] = Field(default=[], max_length=64)
    organisation: str = Field("", max_length=200)
    unit: str = Field("", max_length=200)
    locality: str = Field("", max_length=200)
    state: str = Field("", max_length=200)
    country: str = Field("", max_length=2)


class CreateBody(SubjectBody):
    """A certificate that is signed by itself, for so many days."""

    days: int = Field(365, ge=1, le=3650)


class ImportBody(_Strict):
    """PEM texts, or a PKCS#12 file in base64; without a key it answers a request made here."""

    id: str = Field("", max_length=64)
    pem: str = Field("", max_length=_PEM)
    key: str = Field("", max_length=_PEM)
    pkcs12: str = Field("", max_length=_PEM * 2)
    passphrase: str = Field("", max_length=1024)


class AuthorityBody(_Strict):
    """The certificate of an authority as PEM."""

    id: str = Field(max_length=64)
    pem: str = Field(max_length=_PEM)


class UseBody(_Strict):
    """The certificate a service shows from now on."""

    id: str = Field(max_length=64)


class RequestAnswer(BaseModel):
    """The request (PKCS#10) as PEM, to be sent to an authority."""

    request: str


class ImportedAnswer(BaseModel):
    """The id of what was imported."""

    id: str


def routes() -> list[Route]:
    """Routes of this subject."""
    right, tag, base = Permission.NETWORK, "certificates", "/api/v1/certificates"
    return [
        Route("GET", base, get_certificates, right, "Certificates and trusted authorities", tag,
              answer=CertificatesAnswer, errors=("supervisor_away",)),
        Route("POST", f"{base}/create", post_create, right, "Make a self-signed certificate", tag,
              body=CreateBody, status=204, errors=(*_ERRORS, "certificates.subject")),
        Route("POST", f"{base}/request", post_request, right,
              "Make a key and a request to an authority", tag, body=SubjectBody,
              answer=RequestAnswer, errors=(*_ERRORS, "certificates.subject")),
        Route("POST", f"{base}/import", post_import, right,
              "Import a certificate with its key, or what an authority sent", tag,
              body=ImportBody, answer=ImportedAnswer, body_bytes=6 * _PEM,
              errors=(*_ERRORS, "certificates.passphrase", "certificates.no_key",
                      "certificates.mismatch", "certificates.chain", "certificates.expired",
                      "certificates.not_yet_valid", "certificates.weak_key")),
        Route("GET", f"{base}/{{name}}/file", get_file, right,
              "Certificates, or the request, as PEM; never the key", tag,
              answer_type="application/x-pem-file",
              errors=("certificates.unknown", "supervisor_away")),
        Route("DELETE", f"{base}/{{name}}", delete_certificate, right, "Delete a certificate", tag,
              status=204,
              errors=("certificates.in_use", "certificates.unknown", "supervisor_away")),
        Route("POST", f"{base}/authorities", post_authority, right, "Trust an authority", tag,
              body=AuthorityBody, status=204, body_bytes=2 * _PEM,
              errors=(*_ERRORS, "certificates.not_authority")),
        Route("DELETE", f"{base}/authorities/{{name}}", delete_authority, right,
              "Trust an authority no longer", tag, status=204,
              errors=("certificates.unknown", "supervisor_away")),
        Route("PUT", f"{base}/services/{{service}}", put_use, right,
              "Choose the certificate a service shows", tag, body=UseBody, status=204,
              errors=("certificates.unknown", "certificates.purpose", "supervisor_away")),
    ]  # fmt: skip


def _name(request: web.Request) -> str:
    name = request.match_info["name"]
    if not _NAME.fullmatch(name):
        raise not_found()
    return name


async def get_certificates(request: web.Request) -> web.Response:
    """Answer what there is."""
    return web.json_response(await ask(request, "certificates.list"))


async def post_create(request: web.Request) -> web.Response:
    """Make one."""
    body = await read_body(request, CreateBody)
    await ask(request, "certificates.create", actor=requester(request), **body.model_dump())
    return web.Response(status=204)


async def post_request(request: web.Request) -> web.Response:
    """Make a request."""
    body = await read_body(request, SubjectBody)
    answer = await ask(
        request, "certificates.request", actor=requester(request), **body.model_dump()
    )
    return web.json_response(answer)


async def post_import(request: web.Request) -> web.Response:
    """Read what was sent here, where nothing is owned, and hand on what is right."""
    body = await read_body(request, ImportBody)
    actor = requester(request)
    if not body.pkcs12 and "PRIVATE KEY-----" not in body.pem + body.key:
        pem = body.pem or body.key
        answer = await ask(request, "certificates.complete", pem=pem or "-", actor=actor)
        return web.json_response({"id": answer["id"]})
    try:
        pair = await asyncio.to_thread(_read, body)
    except CertificateError as error:
        fields = [FieldError(error.field, error.code, error.text)] if error.field else []
        raise ApiError(422, error.code, error.text, fields) from None
    await ask(
        request,
        "certificates.add",
        id=body.id,
        key=pair.key_pem(),
        chain=pair.chain_pem(),
        actor=actor,
    )
    return web.json_response({"id": body.id})


def _read(body: ImportBody) -> Pair:
    now = datetime.datetime.now(datetime.UTC)
    if not body.pkcs12:
        return read_pem(body.pem, body.key, body.passphrase, now)
    try:
        data = base64.b64decode(body.pkcs12, validate=True)
    except binascii.Error:
        raise CertificateError("not_pkcs12", _("This is not base64."), "pkcs12") from None
    return read_pkcs12(data, body.passphrase, now)


async def get_file(request: web.Request) -> web.Response:
    """Answer the text to save."""
    name = _name(request)
    answer = await ask(request, "certificates.text", id=name)
    return web.Response(
        text=answer["pem"],
        content_type="application/x-pem-file",
        headers={"Content-Disposition": f'attachment; filename="{name}.pem"'},
    )


async def delete_certificate(request: web.Request) -> web.Response:
    """Forget one."""
    name = _name(request)
    await ask(request, "certificates.remove", id=name, actor=requester(request))
    return web.Response(status=204)


async def post_authority(request: web.Request) -> web.Response:
    """Trust."""
    body = await read_body(request, AuthorityBody)
    await ask(request, "certificates.trust", actor=requester(request), **body.model_dump())
    return web.Response(status=204)


async def delete_authority(request: web.Request) -> web.Response:
    """Trust no longer."""
    name = _name(request)
    await ask(request, "certificates.distrust", id=name, actor=requester(request))
    return web.Response(status=204)


async def put_use(request: web.Request) -> web.Response:
    """Choose."""
    body = await read_body(request, UseBody)
    service = request.match_info["service"]
    await ask(request, "certificates.use", service=service, id=body.id, actor=requester(request))
    return web.Response(status=204)
