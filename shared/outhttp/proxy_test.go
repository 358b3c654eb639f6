package outhttp

import (
	"net/http"
	"testing"
)

// TestNoProxy: through a proxy, the guard would see the proxy's address and no other.
func TestNoProxy(t *testing.T) {
	if guarded.(*http.Transport).Proxy != nil {
		t.Error("the guarded transport asks for a proxy")
	}
}
