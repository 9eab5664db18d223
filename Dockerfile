# One image for all processes but GPU workers with a card (Dockerfile.gpu); docker-compose.yml says which
# command each runs.
ARG PYTHON=python:3.11.15-slim-trixie

# Every package with its hash, and what the one that comes as source is built with.
FROM ${PYTHON} AS wheels
# `observability`: what traces and reports of errors need; docs/operations.md.
ARG EXTRAS=
WORKDIR /locks
COPY requirements*.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-build.lock \
    && pip wheel --no-cache-dir --disable-pip-version-check --require-hashes --no-build-isolation --no-deps \
       --only-binary :all: --no-binary pyvips --wheel-dir /wheels -r requirements${EXTRAS:+-}${EXTRAS}.lock

FROM ${PYTHON}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

# The folders are volumes of docker-compose.yml: `provision` writes to two, maintenance keeps its clock
# in one, packages are made in one.
RUN useradd --create-home --uid 1000 s3 && useradd --create-home --uid 1001 s3-worker \
    && install -d -o s3 -g s3 /etc/seaweedfs /etc/valkey /clock \
    && install -d -o s3-worker -g s3-worker /packing
WORKDIR /srv/s3

# Before the code, so that a change of code does not install everything again.
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps /wheels/*.whl

COPY manage.py ./
COPY s3project s3project
COPY users users
COPY jobs jobs
COPY docs/openapi.yaml docs/

USER 1000
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--backlog", "1024", "--http", "1", "--no-ws", "--no-access-log", "--respawn-failed-workers", "--workers-kill-timeout", "5", "s3project.wsgi:application"]
