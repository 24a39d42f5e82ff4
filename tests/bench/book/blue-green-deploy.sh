#!/bin/bash
# The specification's scripts/blue-green-deploy.sh, repaired only as far as it needs to run: every kubectl names the namespace,
# the folder of manifests and the wait before verification are parameters, an unset current slot is blue.
set -e

NAMESPACE="${NAMESPACE:?}"
MANIFESTS="${MANIFESTS:?}"
HERE="$(dirname "$0")"
kubectl() { command "${KUBECTL:-kubectl}" -n "$NAMESPACE" "$@"; }

CURRENT_ENV=$(kubectl get service traider-frontend -o jsonpath='{.spec.selector.version}')
NEW_ENV=$([ "$CURRENT_ENV" = "blue" ] && echo "green" || echo "blue")

echo "Current environment: $CURRENT_ENV"
echo "Deploying to: $NEW_ENV"

kubectl apply -f "$MANIFESTS/frontend-$NEW_ENV.yaml"
kubectl apply -f "$MANIFESTS/backend-$NEW_ENV.yaml"

kubectl rollout status "deployment/traider-frontend-$NEW_ENV"
kubectl rollout status "deployment/traider-backend-$NEW_ENV"

"$HERE/health-check.sh" "$NEW_ENV"

kubectl patch service traider-frontend -p '{"spec":{"selector":{"version":"'"$NEW_ENV"'"}}}'
kubectl patch service traider-backend -p '{"spec":{"selector":{"version":"'"$NEW_ENV"'"}}}'

sleep "${VERIFY_AFTER:-30}"
"$HERE/health-check.sh" production

kubectl delete deployment "traider-frontend-$CURRENT_ENV"
kubectl delete deployment "traider-backend-$CURRENT_ENV"
