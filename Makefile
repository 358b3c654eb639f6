.PHONY: check test thorough local demo mutants soak golden synth diff deploy

check: ; .ci/run
test:  ; go test ./...
thorough: ; RELAIS_THOROUGH=1 go test -timeout 30m ./infra/local/system ./functions
local: ; go run ./infra/local
demo:  ; go run ./infra/local demo

# Load and kill for SOAK, then judge (PROOF.md). SEED=N draws the same again.
SOAK ?= 20m
SEED ?= 0
soak:  ; go run ./infra/soak --for $(SOAK) --seed $(SEED)

golden:
	go test ./events ./functions/... ./infra/cdk -update
	go test ./infra/local/system -run README -update

# CloudFormation, for `make deploy STAGE=prod` and the like. Needs Node; see infra/README.md.
STAGE ?= dev
cdk := npx --yes aws-cdk@2.1148.1
synth:  ; $(cdk) synth --quiet --context stage=$(STAGE)
diff:   ; $(cdk) diff --all --context stage=$(STAGE)
deploy: ; $(cdk) deploy --all --context stage=$(STAGE)

# Breaks the code on purpose, in a hundred ways, and looks whether a test notices.
mutants: ; go run ./infra/mutants
