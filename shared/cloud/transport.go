package cloud

import (
	"net/http"
	"time"
)

// keepConnections outlives the gap between webhooks of a quiet account: a new
// TLS connection costs more CPU than the rest of the invocation.
func keepConnections(t *http.Transport) {
	t.MaxIdleConns = idleConnections
	t.MaxIdleConnsPerHost = idleConnections
	t.IdleConnTimeout = 10 * time.Minute
}
