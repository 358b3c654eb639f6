// Package files answers signed links to stored media with a redirect to the file. Whoever
// asks by HEAD is told its type and size: S3 refuses that at an address signed for GET.
package files

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/media"
)

// A Handler is the function behind /v1/media/{digest}.
type Handler struct {
	Files *media.Files
	Log   *slog.Logger
	Now   func() time.Time
}

// New is the function that answers links.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Ingress)
	if err != nil {
		return nil, err
	}
	return &Handler{Files: media.New(c, e), Log: e.Log(name), Now: e.Now}, nil
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Invoke answers one request.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	r, err := lambdahttp.Request(payload, 0, h.Now())
	if err != nil {
		return refuse(http.StatusBadRequest, "malformed request")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return refuse(http.StatusMethodNotAllowed, "a file is read by GET or HEAD")
	}
	if err := h.Files.LoadKey(ctx); err != nil {
		h.Log.Error("cannot check links", "error", err.Error())
		return refuse(http.StatusServiceUnavailable, "try again")
	}
	id, q := media.Digest(lambdahttp.Account(r.Path)), r.Query()
	if !digest.MatchString(id) || !h.Files.Check(id, q.Get("expires"), q.Get("signature")) {
		return refuse(http.StatusForbidden, "the link is not valid, or not any more")
	}
	if r.Method == http.MethodHead {
		return h.describe(ctx, id)
	}
	address, err := h.Files.Presign(ctx, id)
	if err != nil {
		h.Log.Error("cannot lead to a file", "error", err.Error())
		return refuse(http.StatusServiceUnavailable, "try again")
	}
	return lambdahttp.Response(channel.Response{Status: http.StatusFound}, map[string]string{"location": address,
		"cache-control": "private, max-age=600", "referrer-policy": "no-referrer"})
}

// describe answers HEAD as GET would where the redirect leads.
func (h *Handler) describe(ctx context.Context, id string) ([]byte, error) {
	mime, size, found, err := h.Files.Stat(ctx, id)
	if err != nil {
		h.Log.Error("cannot look at a file", "error", err.Error())
		return refuse(http.StatusServiceUnavailable, "try again")
	}
	if !found {
		return refuse(http.StatusNotFound, "the file is not kept any more")
	}
	return lambdahttp.Response(channel.Response{}, map[string]string{
		"content-type": mime, "content-length": strconv.FormatInt(size, 10), "content-disposition": "attachment",
		"cache-control": "private, max-age=600", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"})
}

// refuse answers with a problem (RFC 9457).
func refuse(status int, detail string) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"type": "about:blank", "status": status, "title": http.StatusText(status),
		"detail": detail})
	if err != nil {
		return nil, err
	}
	return lambdahttp.Response(channel.Response{Status: status, ContentType: "application/problem+json",
		Body: string(body)}, nil)
}
