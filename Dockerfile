# One image for web, worker and beat; docker-compose.yml says which it is.
# docker build --build-arg BASE=IMAGE: the same Python from a registry of your own.
ARG BASE=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
FROM $BASE

LABEL org.opencontainers.image.title="Bowline" \
    org.opencontainers.image.description="Onboards AWS accounts into Spinnaker" \
    org.opencontainers.image.version="1.0.0" \
    org.opencontainers.image.licenses="Apache-2.0"

# Without the last two, threads leave holes in memory that the process keeps.
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/app/collected \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app

# script/image gives the time of the commit. pip then compiles modules by their content, and
# the order of sets does not change, so that two builds of one commit can be compared.
ARG SOURCE_DATE_EPOCH
COPY requirements.txt ./
RUN PYTHONHASHSEED=0 pip install --no-cache-dir --disable-pip-version-check --require-hashes \
    -r requirements.txt

COPY manage.py SECURITY.md ./
COPY accounts accounts/
COPY bowline bowline/
COPY deploy/entrypoint deploy/gunicorn.conf.py deploy/
COPY docs docs/
COPY onboarding onboarding/
COPY static static/
COPY templates templates/

# The key signs nothing while files are collected, and is not kept in the image.
RUN SECRET_KEY=unused python manage.py collectstatic --no-input --verbosity 0 \
    && useradd --system --uid 10001 --no-create-home --no-log-init bowline \
    && install --directory --owner bowline var
# A number, so that Kubernetes sees that it is not root.
USER 10001

EXPOSE 8000
ENTRYPOINT ["/app/deploy/entrypoint"]
CMD ["gunicorn", "bowline.wsgi", "--config", "deploy/gunicorn.conf.py"]
