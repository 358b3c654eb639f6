.PHONY: check test local demo golden

check: ; .ci/run
test:  ; go test ./...
local: ; go run ./infra/local
demo:  ; go run ./infra/local demo
golden: ; go test ./events ./functions/... -update
