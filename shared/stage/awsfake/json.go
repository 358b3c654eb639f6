package awsfake

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/sqs"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// maxBody bounds a JSON request; DynamoDB's limit of 16 MB is the largest.
const maxBody = 16 << 20

// callerGone is the status under which a call is observed whose caller did not wait for the answer.
const callerGone = 499

// A permission is an action and the resource it is asked for.
type permission struct {
	action, resource string
	leading          string // the partition key of the item, or of the query, that is asked for; "" of none
}

// allowed asks for a permission, as IAM does with the condition key dynamodb:LeadingKeys.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (s *Server) allowed(principal string, p permission) bool {
	o := s.options
	return (o.Authorize == nil || o.Authorize(principal, p.action, p.resource)) &&
		(o.AuthorizeKey == nil || !strings.HasPrefix(p.action, "dynamodb:") || o.AuthorizeKey(principal, p.action,
			p.resource, p.leading))
}

// An operation is a JSON request on its way.
type operation struct {
	service     string // IAM's prefix
	contentType string
	action      string
	body        []byte
	permissions []permission // the call's own first
	run         func(context.Context) (reply any, units float64, err error)
}

func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request, target string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		wire.WriteError(w, "application/x-amz-json-1.0", wire.Errorf("com.amazon.coral.service#SerializationException",
			"the request could not be read, or is larger than %d bytes", maxBody))
		return
	}
	op := s.operation(r, target, body)
	if op == nil {
		wire.WriteError(w, "application/x-amz-json-1.1", wire.UnknownOperation(target))
		return
	}
	call := Call{Principal: principal(r), Action: op.service + ":" + op.action, Resource: op.permissions[0].resource,
		Units: 1}
	status := s.perform(w, r, op, &call)
	if s.options.Observe != nil {
		call.Status = status
		s.options.Observe(call)
	}
}

// operation finds who answers a target; nil when nobody does.
func (s *Server) operation(r *http.Request, target string, body []byte) *operation {
	service, action, _ := strings.Cut(target, ".")
	op := &operation{contentType: "application/x-amz-json-1.0", action: action, body: body}
	switch service {
	case "DynamoDB_20120810":
		op.service = "dynamodb"
		op.permissions = tablePermissions(action, body, s.tables.PartitionKey)
		op.run = func(context.Context) (any, float64, error) {
			reply, units, _, err := s.tables.Call(action, body, s.skies.behind(principal(r), action))
			return reply, units, err
		}
	case "AmazonSQS":
		op.service = "sqs"
		resource, name := sqs.Resource(action, body)
		op.permissions = []permission{{name, resource, ""}}
		op.run = func(ctx context.Context) (any, float64, error) {
			from := sqs.Caller{BaseURL: baseURL(r), TraceHeader: r.Header.Get("X-Amzn-Trace-Id")}
			return s.queues.Call(ctx, action, body, from)
		}
	case "secretsmanager":
		op.service, op.contentType = "secretsmanager", "application/x-amz-json-1.1"
		resource := s.secrets.Resource(body)
		op.permissions = []permission{{"secretsmanager:" + action, resource, ""}}
		op.run = func(context.Context) (any, float64, error) {
			reply, err := s.secrets.Call(action, body)
			return reply, 1, err
		}
	default:
		return nil
	}
	return op
}

// perform asks for permission, runs the operation, spoils the answer where a fault wants that, and returns the status.
func (s *Server) perform(w http.ResponseWriter, r *http.Request, op *operation, call *Call) int {
	for _, p := range op.permissions {
		if !s.allowed(call.Principal, p) {
			call.Resource = p.resource
			return refuse(w, op, denied(call.Principal, p.action, p.resource))
		}
	}
	fault := s.intercept(*call)
	if fault != nil && !fault.Applied {
		return refuse(w, op, fault.error())
	}
	if fault == nil {
		if e := s.skies.strike(*call, len(op.permissions)); e != nil {
			return refuse(w, op, e)
		}
	}
	reply, units, err := op.run(r.Context())
	call.Units = units
	if r.Context().Err() != nil {
		return callerGone
	}
	if fault != nil {
		return refuse(w, op, fault.error())
	}
	if err == nil {
		err = wire.WriteReply(w, op.contentType, reply)
	}
	if err != nil {
		return refuse(w, op, err)
	}
	return http.StatusOK
}

func (s *Server) intercept(c Call) *Fault {
	if s.options.Intercept == nil {
		return nil
	}
	return s.options.Intercept(c)
}

// refuse writes an error and returns its status.
func refuse(w http.ResponseWriter, op *operation, err error) int {
	wire.WriteError(w, op.contentType, err)
	if e := (*wire.Error)(nil); errors.As(err, &e) {
		return e.StatusCode()
	}
	return http.StatusInternalServerError
}

func denied(principal, action, resource string) *wire.Error {
	e := wire.Errorf("com.amazon.coral.service#AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s", principal, action, resource)
	e.Status = http.StatusForbidden
	return e
}

func (f *Fault) error() *wire.Error {
	e := &wire.Error{Status: f.Status, Type: f.Code, Message: "this failure was asked for by a test"}
	if e.Status == 0 {
		e.Status = http.StatusInternalServerError
	}
	if e.Type == "" {
		e.Type = "InternalServerError"
	}
	return e
}
