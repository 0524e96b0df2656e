# Serves a model without PyTorch: docs/serving.md says how.
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN python -m venv /gatewise \
 && /gatewise/bin/pip install --no-cache-dir -c /source/constraints.txt -C cmake.define.GATEWISE_KERNELS=ON '/source[serve]' \
 && /gatewise/bin/pip uninstall -y pip

FROM python:3.13-slim
COPY --from=build /gatewise /gatewise
USER 65534
EXPOSE 8000
ENTRYPOINT ["/gatewise/bin/gatewise", "serve", "/model", "--host", "0.0.0.0"]
