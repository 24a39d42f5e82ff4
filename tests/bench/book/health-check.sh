#!/bin/bash
# The specification's scripts/health-check.sh, repaired only as far as it needs to run: base URLs are parameters, python3 stands in for jq.
set -e

ENVIRONMENT=${1:-production}
case "$ENVIRONMENT" in
  blue) BASE_URL="${BLUE_URL:?}" ;;
  green) BASE_URL="${GREEN_URL:?}" ;;
  *) BASE_URL="${LIVE_URL:?}" ;;
esac

status() { curl -s -o /dev/null -w "%{http_code}" "$BASE_URL$1"; }
expect() {
  if [ "$2" != "$3" ]; then
    echo "$1 failed: $2"
    exit 1
  fi
}

expect "Health check" "$(status /api/health)" 200
expect "Detailed health check" "$(status /api/health/detailed)" 200
database=$(curl -s "$BASE_URL/api/health/detailed" | python3 -c 'import json,sys; print(json.load(sys.stdin)["database"]["status"])')
expect "Database health check" "$database" healthy
expect "Authentication health check" "$(status /api/auth/csrf)" 200
echo "All health checks passed"
