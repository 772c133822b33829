# Both servers in one image; SERVICE_MODE names the one that a container becomes.
#   docker build -t voice-stack .
#   docker build -t voice-stack:cuda --build-arg TORCH_BACKEND=cuda .
# What changes rarely comes first: a change in the package installs nothing else again.

FROM python:3.11-slim-bookworm AS base
# espeak-ng is for VITS models that speak phonemes; Piper brings its own.
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng tini \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1


FROM base AS torch
# One of coqui-tts's needs (monotonic-alignment-search) has wheels for amd64 alone.
RUN if [ "$(dpkg --print-architecture)" != amd64 ]; then \
        apt-get update && apt-get install -y --no-install-recommends g++ && apt-get clean; \
    fi
# Compiled is later, and in parallel, what is left then.
ENV PIP_COMPILE=0
ARG TORCH_BACKEND=auto
ARG TORCH_VERSION
ARG TORCH_INDEX_URL
COPY scripts/install_torch.sh /build/
RUN --mount=type=cache,target=/root/.cache \
    python -m venv /opt/venv \
    && bash /build/install_torch.sh /opt/venv/bin/python


# Reads pyproject.toml, of which little concerns what is installed: only a change of that counts.
FROM base AS requirements
COPY pyproject.toml scripts/list_requirements.py /build/
RUN python /build/list_requirements.py /build/pyproject.toml all >/build/requirements.txt


FROM torch AS dependencies
COPY --from=requirements /build/requirements.txt /build/
# A build of torch for CUDA 13 leaves CTranslate2 without the library of CUDA 12 that it opens.
RUN --mount=type=cache,target=/root/.cache \
    pip install --quiet -r /build/requirements.txt \
    && if python -c 'import sys, torch; sys.exit(torch.version.cuda is None)'; then \
        pip install --quiet nvidia-cublas-cu12; \
    fi \
    && pip check
COPY scripts/list_licences.sh scripts/slim_environment.sh /build/
RUN --mount=type=cache,target=/root/.cache \
    bash /build/list_licences.sh /opt/venv /build/LICENCES.md \
    && bash /build/slim_environment.sh /opt/venv


FROM base AS package
RUN --mount=type=cache,target=/root/.cache \
    pip install --quiet --target /build/tools 'hatchling>=1.27'
COPY pyproject.toml README.md LICENSE /build/source/
COPY wyoming_voice_stack /build/source/wyoming_voice_stack
RUN PYTHONPATH=/build/tools pip wheel --quiet --no-deps --no-build-isolation \
    --wheel-dir /build/wheels /build/source


FROM base AS production
RUN useradd --uid 1000 --user-group --home-dir /app --no-create-home --shell /usr/sbin/nologin speech \
    && install -d -o speech -g speech /app/models /app/voices
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=dependencies /build/LICENCES.md /usr/share/doc/wyoming-voice-stack/
# CTranslate2 looks for CUDA's libraries as any program does, not where pip puts them.
RUN find /opt/venv/lib -type d -path '*/nvidia/*/lib' >/etc/ld.so.conf.d/nvidia-pip.conf && ldconfig

ENV HOME=/app \
    MODELS_DIR=/app/models \
    VOICES_DIR=/app/voices \
    XDG_CACHE_HOME=/tmp/cache \
    NUMBA_CACHE_DIR=/tmp/numba \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app

COPY --chmod=755 scripts/entrypoint.sh scripts/accept_coqui_license.sh /usr/local/bin/
# 1 accepts the Coqui Public Model License of XTTS for who runs the image; 0 leaves that to them.
ARG ACCEPT_COQUI_LICENSE=1
RUN case "$ACCEPT_COQUI_LICENSE" in \
        1) accept_coqui_license.sh xtts_v2 ;; \
        0) ;; \
        *) echo "ACCEPT_COQUI_LICENSE='$ACCEPT_COQUI_LICENSE' is neither 1 nor 0." >&2; exit 64 ;; \
    esac

# One layer for the package alone: a new version is a download of one megabyte.
ARG VERSION=0.1.0
RUN --mount=type=bind,from=package,source=/build/wheels,target=/build/wheels \
    pip --quiet --no-cache-dir --python /opt/venv/bin/python install --no-deps --no-index /build/wheels/*.whl \
    && if [ "$(wyoming-voice-stack --version)" != "$VERSION" ]; then \
        echo "VERSION=$VERSION is not the version of the package." >&2; exit 65; \
    fi
ARG REVISION
LABEL org.opencontainers.image.title="wyoming-voice-stack" \
    org.opencontainers.image.description="Speech to text (Whisper) and text to speech (XTTS, VITS, Piper) for Home Assistant, over the Wyoming protocol" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.licenses="MIT AND Apache-2.0 AND BSD-3-Clause AND GPL-3.0-or-later AND MPL-2.0" \
    wyoming-voice-stack.coqui-license="Coqui Public Model License (CPML) of the XTTS weights: non-commercial use only, https://tts-hub.github.io/cpml" \
    wyoming-voice-stack.coqui-license.accepted="$ACCEPT_COQUI_LICENSE"

USER speech
VOLUME ["/app/models", "/app/voices"]
EXPOSE 5001 5002
# The first start may have to fetch a model of two gigabytes.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30m --retries=3 \
    CMD ["wyoming-voice-stack", "health", "--ready"]
ENTRYPOINT ["tini", "--", "entrypoint.sh"]
