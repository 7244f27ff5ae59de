# The server (API, console), its one-shot jobs and, in docker-compose.yml, Azurite: one image, several commands.
# Build from the root of the repository:  docker build -f infra/server.Dockerfile -t sessionshot-server:0.1.0 .

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The `node` package pins Node for clones; this image already is that Node, so its 190 MB are dropped again.
RUN npm ci --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node

FROM dependencies AS console
COPY tsconfig.json vite.config.ts ./
COPY client client
COPY shared shared
COPY server server
RUN node node_modules/vite/bin/vite.js build

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Volumes take their owner from the folder they cover at first use: these must exist and belong to the user.
RUN mkdir -p /data /keys/private /keys/public /keys/server /definitions /tokens/runner-1 /tokens/runner-2 \
 && chown -R 10001:10001 /data /keys /definitions /tokens
COPY --from=dependencies /app/node_modules node_modules
COPY --from=console /app/dist dist
COPY package.json ./
COPY shared shared
COPY server server
# Only for the one-shot job that makes the pool's key pair.
COPY runner runner
COPY infra/rabbitmq infra/rabbitmq
USER 10001:10001
EXPOSE 4180
# No compile step: Node runs the TypeScript as written.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4180/healthz', { signal: AbortSignal.timeout(4000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/cli/main.ts", "server"]
