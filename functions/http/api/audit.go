package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/store"
)

// recordTimeout bounds writing a record: callers wait for it.
const recordTimeout = 2 * time.Second

// recorded is a once it is written down who got it. Calls that change something are,
// whatever their outcome: also those that were refused for lack of a scope, since a
// caller who tries doors is what one reads an audit for. Who is not known has no name to
// write down, and strangers must not fill the table.
//
// A change that cannot be recorded is answered all the same: it has happened, a 503 would
// deny it, and who sends again without a key would do it twice. Its record goes to the
// log. Of a read nothing has happened yet: without a record it is not given.
func (h *Handler) recorded(ctx context.Context, e endpoint, r request, a answer) (answer, error) {
	if !e.changes() && !(e.unmasked && r.May(access.PII) && a.status < http.StatusBadRequest) {
		return a, nil
	}
	doc, err := json.Marshal(h.recordOf(e, r, a))
	if err != nil {
		return answer{}, err
	}
	// Whether the caller still listens does not matter any more.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err = h.Audit.Add(ctx, h.Now(), doc)
	if err != nil && e.changes() {
		h.Log.Error("a change is not in the audit, but here", "record", string(doc), "error", err.Error())
		return a, nil
	}
	return a, err
}

func (h *Handler) recordOf(e endpoint, r request, a answer) events.AuditRecord {
	record := events.AuditRecord{Time: h.Now(), Principal: r.Principal, Operation: e.operation, ID: r.id, Made: a.made,
		Source: r.source, Status: a.status}
	if key := givenKey(r); e.key && key != "" {
		sum := sha256.Sum256([]byte(key))
		record.KeySHA256 = hex.EncodeToString(sum[:])
	}
	return record
}

// givenKey is the idempotency key of a request that may have been refused: the header's,
// or the body's.
func givenKey(r request) string {
	if key := idempotencyKey(r); key != "" {
		return key
	}
	var body struct {
		IdempotencyKey string `json:"idempotencyKey"`
	}
	_ = json.Unmarshal(r.Body, &body) // a body that is none has no key
	return body.IdempotencyKey
}

// changes says whether a call of e is one that changes something.
func (e endpoint) changes() bool { return e.method != http.MethodGet && !e.only }

// auditPage is how many records a page has.
const auditPage = 100

func auditParameters() []parameter {
	return []parameter{
		{"day", "Which day, in UTC: 2026-08-01. Today when absent."},
		{"cursor", "The cursor of the page before; absent for the first page. It goes with the same day."},
	}
}

// audit lists what was done on a day.
func (h *Handler) audit(ctx context.Context, r request) (answer, error) {
	q := r.Query()
	day := q.Get("day")
	if day == "" {
		day = h.Now().UTC().Format(time.DateOnly)
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return answer{}, fault("day", "must be a day such as 2026-08-01")
	}
	page, err := h.Audit.Day(ctx, day, q.Get("cursor"), auditPage)
	if errors.Is(err, store.ErrCursor) {
		return answer{}, fault("cursor", "must be the cursor of a page of this day")
	}
	if err != nil {
		return answer{}, err
	}
	out := events.AuditPage{Items: make([]events.AuditRecord, len(page.Records)), Cursor: page.Cursor}
	for i, doc := range page.Records {
		if err := json.Unmarshal(doc, &out.Items[i]); err != nil {
			return answer{}, fmt.Errorf("a record of %s: %w", day, err)
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}
