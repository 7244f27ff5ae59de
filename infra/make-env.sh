#!/bin/sh
# Prints a `.env` with fresh random secrets for docker-compose.yml:   sh infra/make-env.sh > .env && chmod 600 .env
set -eu

# 32 random bytes as hex: safe in a URL, an environment file and a shell.
random_hex() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

echo "POSTGRES_PASSWORD=$(random_hex)"
echo "RABBITMQ_SERVER_PASSWORD=$(random_hex)"
echo "RABBITMQ_RUNNER_PASSWORD=$(random_hex)"
echo "BLOB_ACCOUNT_KEY=$(head -c 64 /dev/urandom | base64 | tr -d '\n')"
