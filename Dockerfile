# The gateway as an image: GraphiQL from a Node stage, packages checked against requirements.lock, no tools of ours at the end.

FROM node:24-bookworm-slim AS graphiql
WORKDIR /src/app/api/graphiql
COPY app/api/graphiql/package.json app/api/graphiql/package-lock.json app/api/graphiql/.npmrc ./
RUN npm ci --ignore-scripts
COPY app/api/graphiql/ ./
RUN node build.mjs

FROM python:3.11-slim-bookworm AS venv
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
# The lock holds the test tools too. All of it is fetched and checked by hash into a folder, and from that folder alone the
# project's own dependencies are taken: exactly the locked files, and none that only tests need.
COPY requirements.lock ./
RUN pip wheel --quiet --require-hashes --no-deps -r requirements.lock -w /wheels
COPY pyproject.toml README.md LICENSE ./
COPY app/ app/
COPY --from=graphiql /src/app/api/static app/api/static
RUN pip wheel --quiet --no-deps -w /wheels . \
 && /opt/venv/bin/pip install --quiet --no-index --find-links /wheels 'credit-notes[otel]' \
 && /opt/venv/bin/pip uninstall --quiet --yes setuptools pip

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gateway
COPY --from=venv /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000
# http.client, since urllib would ask a proxy of the environment; python, since the image has no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["credit-notes"]
# Any address but loopback is refused unless CREDIT_NOTES_OPEN=yes: without keys or issuers (docs/identity.md) it asks nobody who they are. Say yes only where
# the port is published on loopback alone, as compose.yaml does, or where something in front decides who may come in.
CMD ["serve", "--host", "0.0.0.0"]
