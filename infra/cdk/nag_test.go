package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNag reads cdk-nag's report: every rule of AwsSolutions is followed, or
// its suppression names a test that proves the reason.
func TestNag(t *testing.T) {
	for _, d := range stages() {
		for _, stack := range d.stacks() {
			t.Run(stack, func(t *testing.T) {
				findings := report(t, d.out, stack)
				least := 10 // the widget's has 14
				if stack == watchName(d.Stage) {
					least = 1 // there are rules for its topic alone
				}
				if len(findings) < least {
					t.Fatalf("the report has %d findings: did the pack run?", len(findings))
				}
				for _, f := range findings {
					rule, path, compliance, reason := f[0], f[1], f[2], f[3]
					switch compliance {
					case "Compliant", "N/A":
					case "Suppressed":
						checkEvidence(t, rule+" at "+path, reason)
					default:
						t.Errorf("%s at %s: %s: %s", rule, path, compliance, f[5])
					}
				}
			})
		}
	}
}

func report(t *testing.T, out, stack string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(out, "AwsSolutions-"+stack+"-NagReport.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// checkEvidence wants "…. Evidence: <file> <function>", both of which exist.
func checkEvidence(t *testing.T, where, reason string) {
	t.Helper()
	why, evidence, ok := strings.Cut(reason, ". Evidence: ")
	file, function, two := strings.Cut(evidence, " ")
	if !ok || !two || len(why) < 30 {
		t.Errorf("%s is suppressed without reason and evidence: %q", where, reason)
		return
	}
	text, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil || !strings.Contains(string(text), "func "+function+"(") {
		t.Errorf("%s is suppressed with evidence that does not exist: %s", where, evidence)
	}
}
