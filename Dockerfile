# Both servers in one image; SERVICE_MODE selects the one that a container runs.
#   docker build -t voice-stack .
#   docker build --build-arg TORCH_BACKEND=cuda -t voice-stack:cuda .
# Layers that rarely change come first, so a change in the package reinstalls nothing else.

FROM python:3.11-slim-bookworm AS base
# espeak-ng is for VITS models that speak phonemes; piper-tts brings its own, for Piper and Kokoro.
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng tini \
    && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1


FROM base AS torch
# A dependency of coqui-tts (monotonic-alignment-search) has wheels for amd64 only.
RUN if [ "$(dpkg --print-architecture)" != amd64 ]; then \
        apt-get update && apt-get install -y --no-install-recommends g++ && apt-get clean; \
    fi
# Bytecode is compiled later, in parallel, for what remains.
ENV PIP_COMPILE=0
ARG TORCH_BACKEND=auto
ARG TORCH_VERSION
ARG TORCH_INDEX_URL
COPY scripts/install_torch.sh /build/
RUN --mount=type=cache,target=/root/.cache \
    python -m venv /opt/venv \
    && bash /build/install_torch.sh /opt/venv/bin/python


FROM torch AS dependencies
COPY scripts/image-requirements.txt /build/
# Versions and hashes of all packages but torch; `pip check` finds what is missing.
# A torch build for CUDA 13 does not install the CUDA 12 library that CTranslate2 loads; 12.8 is the first
# release for the cards of 2025.
RUN --mount=type=cache,target=/root/.cache \
    pip install --quiet --require-hashes --no-deps -r /build/image-requirements.txt \
    && if python -c 'import sys, torch; sys.exit(torch.version.cuda is None)'; then \
        pip install --quiet 'nvidia-cublas-cu12>=12.8'; \
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
# CTranslate2 finds CUDA's libraries by the system linker, not where pip installs them.
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

COPY --chmod=755 scripts/entrypoint.sh scripts/accept_coqui_license.sh scripts/health_check.sh /usr/local/bin/
# 1 accepts the Coqui Public Model License of XTTS in the image; 0 leaves that to the user.
ARG ACCEPT_COQUI_LICENSE=1
RUN case "$ACCEPT_COQUI_LICENSE" in \
        1) accept_coqui_license.sh xtts_v2 ;; \
        0) ;; \
        *) echo "ACCEPT_COQUI_LICENSE='$ACCEPT_COQUI_LICENSE' is neither 1 nor 0." >&2; exit 64 ;; \
    esac

# A separate layer for the package: a new version downloads only one megabyte.
ARG VERSION=0.1.0
RUN --mount=type=bind,from=package,source=/build/wheels,target=/build/wheels \
    pip --quiet --no-cache-dir --python /opt/venv/bin/python install --no-deps --no-index /build/wheels/*.whl \
    && if [ "$(wyoming-voice-stack --version)" != "$VERSION" ]; then \
        echo "VERSION=$VERSION is not the version of the package." >&2; exit 65; \
    fi
ARG REVISION
LABEL org.opencontainers.image.title="wyoming-voice-stack" \
    org.opencontainers.image.description="Speech to text (Whisper) and text to speech (XTTS, VITS, Kokoro, Piper) for Home Assistant, over the Wyoming protocol" \
    org.opencontainers.image.url="https://gitlab.com/your-group/voice-stack" \
    org.opencontainers.image.source="https://gitlab.com/your-group/voice-stack" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.licenses="MIT AND Apache-2.0 AND BSD-3-Clause AND GPL-3.0-or-later AND MPL-2.0" \
    wyoming-voice-stack.coqui-license="Coqui Public Model License (CPML) of the XTTS weights: non-commercial use only, https://tts-hub.github.io/cpml" \
    wyoming-voice-stack.coqui-license.accepted="$ACCEPT_COQUI_LICENSE"

USER speech
VOLUME ["/app/models", "/app/voices"]
EXPOSE 5001 5002
# The first start may have to download a model of two gigabytes. --start-interval would need Docker 25.
HEALTHCHECK --interval=5s --timeout=10s --start-period=30m --retries=18 \
    CMD ["health_check.sh"]
ENTRYPOINT ["tini", "--", "entrypoint.sh"]
