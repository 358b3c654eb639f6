// Package webhook is the way in: it takes a platform's request as API Gateway
// hands it over, and answers 2xx if and only if every event in it is committed.
//
// The order of work is a contract: bound the body, find the account by its path
// id, have its secret or refuse, take the exact bytes, verify, parse, commit,
// ring, answer. Nothing is stored, queued or logged of a request that does not
// verify.
package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
)

// A Handler is the webhook function of one channel. It is safe for concurrent
// events.
type Handler struct {
	Channel  channel.Channel
	Accounts *secret.Accounts
	Mailbox  mailbox.Mailbox
	Receipts *store.Receipts
	Spill    *queue.Queue
	Keys     *Keys
	Record   bool // no destination wants receipts: they are noted, and make no event
	Log      *slog.Logger
	Metrics  *observe.Metrics
	Now      func() time.Time
}

// New is the webhook function of ch.
func New(ch channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Ingress)
	if err != nil {
		return nil, err
	}
	webhooks := e.Getenv(names.EnvPublicURL) + "/webhooks/" + ch.Name + "/"
	log, metrics := e.Log(ch.Name), e.Metrics(ch.Name)
	return &Handler{Channel: ch, Accounts: secret.NewAccounts(c.Secrets, e.Getenv(names.EnvSecrets), webhooks, e.Now),
		Mailbox: mailbox.New(c, e, metrics, log), Receipts: store.NewReceipts(e.Store(c)), Spill: e.Queue(c, names.EnvSpill),
		Record: e.Getenv(names.EnvReceipts) == "record",
		Keys:   &Keys{HTTP: outhttp.New(e.HTTP, keysTimeout, nil), Now: e.Now, Log: log},
		Log:    log, Metrics: metrics, Now: e.Now}, nil
}

// refused is what every outsider hears who does not prove to be the platform:
// the same for a wrong signature and for an account that does not exist.
const refused = `{"error":"not found or not authorized"}`

// again is what the platform hears that is to send the same once more.
const again = `{"error":"try again"}`

// keysTimeout bounds the fetch of public keys while a platform waits.
const keysTimeout = 1500 * time.Millisecond

// Invoke handles one API Gateway event, payload format 2.0.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	start := h.Now()
	r, err := lambdahttp.Request(payload, h.maxBody(), start)
	var resp channel.Response
	switch {
	case errors.Is(err, lambdahttp.ErrTooLarge):
		resp = h.reject(http.StatusRequestEntityTooLarge, "too_large", `{"error":"body too large"}`)
	case err != nil:
		resp = h.reject(http.StatusBadRequest, "bad_request", `{"error":"malformed request"}`)
	default:
		resp = h.serve(ctx, r)
	}
	h.Metrics.Milliseconds(observe.AckLatency, h.Now().Sub(start))
	h.Metrics.Flush()
	return lambdahttp.Response(resp, h.extraHeaders(resp.Status))
}

func (h *Handler) maxBody() int {
	if h.Channel.MaxBody > 0 {
		return h.Channel.MaxBody
	}
	return channel.DefaultMaxBody
}

func (h *Handler) extraHeaders(status int) map[string]string {
	switch status {
	case http.StatusMethodNotAllowed:
		if h.Channel.Handshake == nil {
			return map[string]string{"allow": "POST"}
		}
		return map[string]string{"allow": "GET, POST"}
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return map[string]string{"retry-after": "5"}
	}
	return nil
}

func (h *Handler) serve(ctx context.Context, r channel.Request) channel.Response {
	if r.Method != http.MethodPost && (r.Method != http.MethodGet || h.Channel.Handshake == nil) {
		return h.reject(http.StatusMethodNotAllowed, "method", `{"error":"method not allowed"}`)
	}
	id := lambdahttp.Account(r.Path)
	account, err := h.Accounts.Account(ctx, id)
	if errors.Is(err, secret.ErrUnknown) {
		return h.reject(http.StatusNotFound, "unknown_account", refused)
	}
	if errors.Is(err, secret.ErrBusy) { // the account may exist: a platform must not hear that it does not
		return h.reject(http.StatusTooManyRequests, "unknown_flood", again)
	}
	if errors.Is(err, secret.ErrUnusable) {
		h.Log.Error("account has no usable secret, so it does not answer", "channel", h.Channel.Name, "account", id, "error",
			err.Error())
		return h.reject(http.StatusUnauthorized, channel.NoSecret, refused)
	}
	if err != nil {
		return h.unavailable("read account", err, id)
	}
	if name, missing := h.Channel.Missing(account); missing {
		h.Log.Error("account has no usable secret, so it does not answer", "channel", h.Channel.Name, "account", id,
			"credential", name)
		return h.reject(http.StatusUnauthorized, channel.NoSecret, refused)
	}
	if resp, ok := h.handshake(ctx, account, r); ok {
		return resp
	}
	if r.Method != http.MethodPost {
		return h.reject(http.StatusUnauthorized, channel.NoSignature, refused)
	}
	account, r, err = h.verify(ctx, account, r)
	if errors.Is(err, errKeys) { // anybody can bring this about, so it is told to no log
		return h.reject(http.StatusServiceUnavailable, channel.NoKeys, again)
	}
	if err != nil {
		return h.reject(http.StatusUnauthorized, channel.RefusalReason(err), refused)
	}
	return h.accept(ctx, account, r)
}

// handshake answers a platform that asks whether the URL is ours. An operator who
// has just changed the token is not refused for the old one.
func (h *Handler) handshake(ctx context.Context, a channel.Account, r channel.Request) (channel.Response, bool) {
	if h.Channel.Handshake == nil {
		return channel.Response{}, false
	}
	resp, ok := h.Channel.Handshake(a, r)
	if !ok || resp.Status < http.StatusBadRequest {
		return resp, ok
	}
	if fresh, newer := h.refetch(ctx, a.ID); newer {
		return h.Channel.Handshake(fresh, r)
	}
	return resp, ok
}

// verify tries once more with fresh credentials and keys: they may have been
// rotated since they were read. That the host of the keys does not answer is no
// refusal: some platforms never repeat what was refused.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
func (h *Handler) verify(ctx context.Context, a channel.Account, r channel.Request) (channel.Account, channel.Request,
	error) {
	r, err := h.withKeys(ctx, a, r, keysTTL)
	if err != nil {
		return a, r, err
	}
	refusal := h.Channel.Verify(a, r)
	if refusal == nil {
		return a, r, nil
	}
	fresh, newer := h.refetch(ctx, a.ID)
	if newer {
		a = fresh
	}
	if r.Keys != nil {
		if r, err = h.withKeys(ctx, a, r, keysRefetch); err != nil {
			return a, r, err
		}
		newer = true
	}
	if !newer {
		return a, r, refusal
	}
	return a, r, h.Channel.Verify(a, r)
}

func (h *Handler) withKeys(ctx context.Context, a channel.Account, r channel.Request,
	age time.Duration) (channel.Request, error) {
	if h.Channel.Keys == nil {
		return r, nil
	}
	address := h.Channel.Keys(a, r)
	if address == "" {
		return r, nil
	}
	var err error
	r.Keys, err = h.Keys.Get(ctx, address, age)
	return r, err
}

// refetch reads an account's credentials again, where that is due and they are
// usable.
func (h *Handler) refetch(ctx context.Context, id string) (channel.Account, bool) {
	fresh, ok := h.Accounts.Refetch(ctx, id)
	if _, missing := h.Channel.Missing(fresh); !ok || missing {
		return channel.Account{}, false
	}
	return fresh, true
}

func (h *Handler) accept(ctx context.Context, a channel.Account, r channel.Request) channel.Response {
	evs, err := Parse(h.Channel, a, r)
	if err != nil {
		evs = []events.Event{h.quarantine(a, r, err)}
	}
	if h.Record {
		evs = h.record(ctx, evs)
	}
	items, err := itemsOf(evs, r)
	if err != nil {
		return h.unavailable("encode events", err, a.ID)
	}
	receipt, err := h.commit(ctx, items)
	if err != nil {
		return h.unavailable("commit", err, a.ID)
	}
	h.Metrics.Count(observe.Accepted, receipt.New)
	h.Metrics.Count(observe.Duplicates, receipt.Duplicates)
	if h.Channel.Ack == nil {
		return channel.Response{}
	}
	return h.Channel.Ack(a, r, receipt)
}

// record notes receipts where nobody wants to hear of them, and returns the other
// events. A receipt that cannot be noted now becomes an event like all others.
func (h *Handler) record(ctx context.Context, evs []events.Event) []events.Event {
	return slices.DeleteFunc(evs, func(e events.Event) bool {
		if !e.IsReceipt() {
			return false
		}
		var err error
		if e.Data.Status != nil {
			_, err = h.Receipts.Receive(ctx, e.Data.Status, e.Time)
		} else {
			err = h.Receipts.Mark(ctx, &e)
		}
		if err == nil {
			h.Metrics.Count(observe.Receipts, 1)
		}
		return err == nil
	})
}

// quarantine is the event of a verified request that could not be parsed. It
// goes the way of every event, its raw body beside it, so it is stored, seen by
// the default destination, and counted with an alarm.
func (h *Handler) quarantine(a channel.Account, r channel.Request, reason error) events.Event {
	sum := sha256.Sum256(r.Body)
	digest := hex.EncodeToString(sum[:])
	e := events.Event{Type: events.IngestQuarantined, Key: "quarantine:" + digest,
		Data: events.Data{Quarantine: &events.Quarantine{Reason: "parse", Detail: reason.Error(), SHA256: digest,
			Size: len(r.Body)}}}
	channel.Complete(&e, h.Channel.Name, a.ID, r.Received)
	h.Metrics.Count(observe.Quarantined, 1)
	h.Log.Error("quarantined a request that verified and could not be parsed", "channel", h.Channel.Name, "account", a.ID,
		"event", e.ID, "conversation", e.Subject, "reason", reason.Error(), "sha256", digest, "bytes", len(r.Body))
	return e
}

func itemsOf(evs []events.Event, r channel.Request) ([]store.Item, error) {
	items := make([]store.Item, len(evs))
	for i := range evs {
		raw := evs[i].Raw
		if raw == nil {
			raw = r.Body
		}
		it, err := store.NewItem(&evs[i], raw, i)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		items[i] = it
	}
	return items, nil
}

func (h *Handler) reject(status int, reason, body string) channel.Response {
	h.Metrics.CountBy(observe.Rejected, "reason", reason, 1)
	return channel.Response{Status: status, ContentType: "application/json", Body: body}
}

// unavailable makes the platform come again: nothing is promised.
func (h *Handler) unavailable(what string, err error, account string) channel.Response {
	h.Log.Error("could not accept a webhook, the platform is told to retry", "channel", h.Channel.Name, "account",
		account, "step", what, "error", err.Error())
	h.Metrics.Count(observe.Refused, 1)
	return channel.Response{Status: http.StatusServiceUnavailable, ContentType: "application/json", Body: again}
}
