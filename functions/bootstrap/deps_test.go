// Package bootstrap tests what the executables link.
package bootstrap

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/relais-dev/relais/"

func deps(t *testing.T, of string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", of).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Fields(string(out))
}

// TestNoStage: what plays the world has no business in a Lambda function. It weighs,
// and a double that ships is a way to be talked to as if by a platform.
func TestNoStage(t *testing.T) {
	for _, d := range deps(t, "./...") {
		own := strings.TrimPrefix(d, module)
		stage := strings.HasPrefix(own, "shared/stage") || strings.HasSuffix(own, "/play") || own == "functions/plays"
		if stage || d == "testing" || own == "events/samples" {
			t.Errorf("an executable links %s", d)
		}
	}
}

// TestWebhooksAreLight: platforms wait for webhooks and count the seconds, so that
// theirs links nothing that only workers, pages or rules need.
func TestWebhooksAreLight(t *testing.T) {
	for _, d := range deps(t, "./webhooks") {
		own := strings.TrimPrefix(d, module)
		for _, heavy := range []string{"functions/workers", "functions/http", "functions/work",
			"functions/channels/inapp/chat",
			"functions/channels/inapp/socket", "functions/channels/inapp/publisher", "shared/route",
			"github.com/google/cel-go"} {
			if strings.HasPrefix(own, heavy) {
				t.Errorf("webhooks links %s", d)
			}
		}
	}
}
