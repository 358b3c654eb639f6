package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/smithy-go"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/outbox"
)

// problems is where kinds of problems are described.
const problems = "https://relais.dev/problems/"

// A kind of problem is the same for all requests that have it.
type kind struct {
	name   string // last element of the type's URI
	status int
	title  string
}

// The kinds of problems.
var (
	malformed    = kind{"malformed", http.StatusBadRequest, "The request cannot be read"}
	unauthorised = kind{"unauthorised", http.StatusUnauthorized, "The caller is not known"}
	forbidden    = kind{"forbidden", http.StatusForbidden, "The caller may not do this"}
	missing      = kind{"not-found", http.StatusNotFound, "There is no such thing"}
	notAllowed   = kind{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not for this path"}
	conflict     = kind{"conflict", http.StatusConflict, "The request contradicts an earlier one, or comes too late"}
	stale        = kind{"stale", http.StatusConflict, "The conversation is not as the request takes it to be"}
	closed       = kind{"window-closed", http.StatusConflict, "The channel allows no free message now"}
	withdrawn    = kind{"consent", http.StatusConflict, "The customer does not want to be written to"}
	oversize     = kind{"too-large", http.StatusRequestEntityTooLarge, "The request or its answer is too large"}
	notJSON      = kind{"media-type", http.StatusUnsupportedMediaType, "The body is not said to be JSON"}
	invalid      = kind{"invalid", http.StatusUnprocessableEntity, "The request is not valid"}
	lossy        = kind{"loss", http.StatusUnprocessableEntity, "The channel cannot show the message well enough"}
	unreachable  = kind{"unreachable", http.StatusUnprocessableEntity, "The recipient cannot be addressed"}
	broken       = kind{"internal", http.StatusInternalServerError, "Relais failed"}
	unavailable  = kind{"unavailable", http.StatusServiceUnavailable, "Relais cannot do this now"}
)

// A problem is the error of a request that gets no answer. Its text is public.
type problem struct {
	events.Problem
	header map[string]string
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func (k kind) because(detail string) *problem {
	return &problem{Problem: events.Problem{Type: problems + k.name, Title: k.title, Status: k.status, Detail: detail}}
}

// faulty says that places of the request are wrong.
func faulty(faults events.Faults) *problem {
	p := invalid.because("see faults")
	p.Class, p.Faults = events.ClassContent, faults[:min(len(faults), events.MaxFaults)]
	return p
}

// fault is one wrong place.
func fault(path, message string) *problem {
	return faulty(events.Faults{{Path: path, Message: message}})
}

// busy is the problem of a request that others kept from being done.
func busy(detail string) *problem {
	p := unavailable.because(detail)
	p.header = map[string]string{"retry-after": "1"}
	return p
}

// refuse is the answer to a request that failed. What is not meant for callers is
// logged.
func (h *Handler) refuse(err error) answer {
	var p *problem
	var r *outbox.Refusal
	var call *smithy.OperationError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &r):
		p = refusal(r)
	case errors.As(err, &call), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		h.Log.Error("cannot answer now", "error", err.Error())
		p = busy("try again")
	default:
		h.Log.Error("cannot answer", "error", err.Error())
		p = broken.because("the operators can see why")
	}
	return answer{status: p.Status, header: p.header, body: p.Problem}
}

// refusal is the problem of a message or action that the outbox does not take.
func refusal(r *outbox.Refusal) *problem {
	k := invalid
	switch {
	case r.HTTP == http.StatusNotFound:
		k = missing
	case r.HTTP == http.StatusRequestEntityTooLarge:
		k = oversize
	case r.HTTP == http.StatusConflict && r.Class == events.ClassWindow:
		k = closed
	case r.HTTP == http.StatusConflict && r.Class == events.ClassConsent:
		k = withdrawn
	case r.Stale:
		k = stale
	case r.HTTP == http.StatusConflict:
		k = conflict
	case r.Rendering != nil:
		k = lossy
	case r.Class == events.ClassRecipient:
		k = unreachable
	}
	p := k.because(r.Title)
	p.Class, p.Remedy, p.Rendering = r.Class, r.Remedy, r.Rendering
	p.Faults = r.Faults[:min(len(r.Faults), events.MaxFaults)]
	return p
}
