#!/bin/sh
# Builds both images, pushes them with their bill of materials and provenance, and signs what was pushed, by its digest.
#
#   sh infra/publish-images.sh REGISTRY/OWNER     needs docker with buildx, cosign, and a login at the registry
#
# Signed without a key, by the identity that cosign asks for (Sigstore), or by COSIGN_KEY where it is set. Who pulls verifies:
#
#   cosign verify --certificate-identity WHO --certificate-oidc-issuer WHERE REGISTRY/OWNER/sessionshot-server@sha256:…
set -eu

target=${1:-}
case $target in
  '' | -* | */ | *[!A-Za-z0-9./:_-]*)
    echo 'Usage: sh infra/publish-images.sh REGISTRY/OWNER' >&2
    exit 64
    ;;
esac
cd "$(dirname "$0")/.."
if [ -n "$(git status --porcelain)" ]; then
  echo 'There are changes that no commit has: an image of them could not be made again. Commit them first.' >&2
  exit 65
fi
version=$(node -p "require('./package.json').version")
made=$(mktemp)
trap 'rm -f "$made"' EXIT

for name in server runner; do
  image=$target/sessionshot-$name
  docker buildx build --platform linux/amd64,linux/arm64 --file "infra/$name.Dockerfile" --tag "$image:$version" \
    --label "org.opencontainers.image.revision=$(git rev-parse HEAD)" --label "org.opencontainers.image.version=$version" \
    --provenance mode=max --sbom true --pull --push --metadata-file "$made" .
  digest=$(node -p "JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8'))['containerimage.digest'] ?? ''" "$made")
  case $digest in
    sha256:????????????????????????????????????????????????????????????????) ;;
    *)
      echo "The builder named no digest for $image: nothing of it was signed." >&2
      exit 70
      ;;
  esac
  cosign sign --yes ${COSIGN_KEY:+--key "$COSIGN_KEY"} "$image@$digest"
  echo "$image@$digest"
done
