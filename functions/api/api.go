// Package api is the HTTP API for integrators: they send messages, ask what became
// of them, and read conversations.
package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Handler is the function behind ANY /v1/{proxy+}.
type Handler struct {
	Outbox   *outbox.Outbox
	Table    *store.Table
	Files    *media.Files
	Outbound *queue.Queue // rings for answers, and actions
	Bulk     *queue.Queue // rings for campaign messages
	Token    string       // what a caller shows on a laptop; "" where an authoriser lets callers in
	Log      *slog.Logger
	Now      func() time.Time
}

// New is the function that answers integrators.
func New(name string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	table, files := e.Table(c), media.New(c, e)
	return &Handler{Table: table, Files: files, Outbox: &outbox.Outbox{Table: table, Channels: channels, Link: files.Link, Now: e.Now},
		Outbound: e.Queue(c, names.EnvOutbound), Bulk: e.Queue(c, names.EnvBulk), Token: e.Getenv(names.EnvAPIToken), Log: e.Log(name), Now: e.Now}, nil
}

// Invoke answers one request.
func (h *Handler) Invoke(context.Context, []byte) ([]byte, error) {
	return []byte(`{"statusCode":503,"headers":{"retry-after":"1"},"body":""}`), nil
}
