# edge-runtime for JetPack 7 (Ubuntu 24.04, Python 3.12), installed offline from `make wheelhouse BOARD_PYTHON=3.12`.
# Not yet built on a board. How to build and run it: README.md beside this file.
# JetPack 7 runs the containers of ARM servers: CUDA and TensorRT come with this one; without the GPU, ubuntu:24.04 will do.
ARG BASE=nvcr.io/nvidia/tensorrt:25.08-py3
FROM ${BASE}

# The one step that may need a network, skipped where the image can make virtual environments.
RUN python3 -c 'import ensurepip' 2>/dev/null || { \
        apt-get update \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    }

# System packages stay visible: TensorRT's Python module is one of them.
RUN python3 -m venv --system-site-packages /opt/edge-runtime
ENV PATH=/opt/edge-runtime/bin:${PATH}

# An onnxruntime_gpu wheel for this JetPack, where one lies in the wheelhouse, takes the place of the one for the CPU.
RUN --mount=type=bind,target=/wheelhouse \
    pip install --no-cache-dir --no-index --find-links /wheelhouse 'edge-codesign[serve,images,sign,mqtt]' \
    && if ls /wheelhouse/onnxruntime_gpu-*.whl >/dev/null 2>&1; then \
        pip uninstall --yes onnxruntime \
        && pip install --no-cache-dir --no-deps /wheelhouse/onnxruntime_gpu-*.whl; \
    fi \
    && edge-runtime --version

# Nobody in particular; at run time --user names the host's edge-runtime, whom its powerd knows.
USER 65534:65534
VOLUME /var/lib/edge-runtime
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python3", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=5)"]
ENTRYPOINT ["edge-runtime"]
CMD ["serve"]
