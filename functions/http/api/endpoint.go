package api

import (
	"context"
	_ "embed" // for the document
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/access"
)

// An endpoint is one thing that callers can ask for: how to ask, what serves it, and
// what the document says of it.
type endpoint struct {
	method, path string // "GET", "/v1/messages/{message}"
	serve        func(*Handler, context.Context, request) (answer, error)
	scopes       []access.Scope // one of them is needed; with none, every known caller may
	only         bool           // it only shows something, though its method says otherwise
	unmasked     bool           // it shows who people are to those who may see that, which is recorded

	operation string // its name in generated clients
	summary   string
	query     []parameter
	key       bool   // takes the header Idempotency-Key
	body      string // definition of what it takes, or ""
	success   int
	answer    string // definition of what it answers, or ""
	refuses   []kind // besides what follows from the above
}

// A parameter is one of a query.
type parameter struct{ name, about string }

// endpoints are all there are, in the order of the document.
func endpoints() []endpoint {
	speaks := []access.Scope{access.Reply, access.Outreach} // which one, the message says
	return []endpoint{
		{method: http.MethodPost, path: "/v1/messages", serve: (*Handler).send, scopes: speaks,
			operation: "sendMessage", summary: "Send a message to a conversation, a contact or an identity", key: true,
			body: "Addressed", success: http.StatusAccepted, answer: "Acceptance", refuses: []kind{missing, conflict, stale}},
		{method: http.MethodGet, path: "/v1/messages/{message}", serve: (*Handler).message, scopes: reads(),
			operation: "getMessage", summary: "Tell what became of a message", success: http.StatusOK, answer: "Delivery"},
		{method: http.MethodGet, path: "/v1/conversations", serve: (*Handler).list, scopes: reads(),
			operation: "listConversations", summary: "List conversations by who holds them, in one of two orders",
			query: listParameters(), success: http.StatusOK, answer: "ConversationPage", refuses: []kind{invalid}},
		{method: http.MethodGet, path: "/v1/conversations/{conversation}", serve: (*Handler).conversation, scopes: reads(),
			operation: "getConversation", summary: "Tell what is known of a conversation", success: http.StatusOK,
			answer: "ConversationState"},
		{method: http.MethodPost, path: "/v1/conversations/{conversation}/messages", serve: (*Handler).reply, scopes: speaks,
			operation: "sendToConversation", summary: "Send a message to a conversation", key: true,
			body: "Draft", success: http.StatusAccepted, answer: "Acceptance", refuses: []kind{conflict, stale}},
		{method: http.MethodGet, path: "/v1/conversations/{conversation}/messages", serve: (*Handler).history,
			scopes: reads(), unmasked: true,
			operation: "listEvents", summary: "List a conversation's events by their sequence", query: historyParameters(),
			success: http.StatusOK, answer: "EventPage", refuses: []kind{invalid}},
		{method: http.MethodPost, path: "/v1/conversations/{conversation}/actions", serve: (*Handler).act,
			scopes:    []access.Scope{access.Reply},
			operation: "act", summary: "Do what is no message: show typing, mark as read, react, edit, delete", key: true,
			body: "ActionDraft", success: http.StatusAccepted, answer: "ActionAcceptance"},
		{method: http.MethodPost, path: "/v1/conversations/{conversation}/commands", serve: (*Handler).command,
			scopes:    []access.Scope{access.Reply, access.Manage}, // which one, the command says
			operation: "command", summary: "Change how a conversation is handled, and hear at once what came of it", key: true,
			body: "CommandDraft", success: http.StatusOK, answer: "Outcome", refuses: []kind{stale}},
		{method: http.MethodPost, path: "/v1/destinations/{destination}/next", serve: (*Handler).next,
			scopes:    []access.Scope{access.Reply},
			operation: "next", summary: "Give an agent the conversation that has waited longest and is nobody's",
			body: "Claim", success: http.StatusOK, answer: "ClaimOutcome", refuses: []kind{stale}},
		{method: http.MethodPost, path: "/v1/render", serve: (*Handler).render, scopes: reads(), only: true,
			operation: "render", summary: "Show what a message would become on channels; nothing is stored or sent",
			body: "RenderRequest", success: http.StatusOK, answer: "Rendered", refuses: []kind{missing}},
		{method: http.MethodGet, path: "/v1/channels", serve: (*Handler).channels, scopes: reads(),
			operation: "listChannels", summary: "List what each channel can, or what can be said in one conversation",
			query: abilityParameters(), success: http.StatusOK, answer: "ChannelList", refuses: []kind{invalid, missing}},
		{method: http.MethodGet, path: "/v1/audit", serve: (*Handler).audit, scopes: []access.Scope{access.Admin},
			operation: "listAudit", summary: "List who changed something on a day, or read who people are",
			query: auditParameters(), success: http.StatusOK, answer: "AuditPage", refuses: []kind{invalid}},
		{method: http.MethodGet, path: "/v1/openapi.json", serve: (*Handler).document,
			operation: "getDocument", summary: "This document", success: http.StatusOK},
	}
}

func reads() []access.Scope { return []access.Scope{access.Read} }

// idForms are the forms of the ids that stand in paths, by their parameter.
var idForms = map[string]*regexp.Regexp{
	"{conversation}": regexp.MustCompile(`^cnv_[a-z2-7]{26}$`),
	"{destination}":  regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}$`),
	"{message}":      regexp.MustCompile(`^msg_[a-z2-7]{26}$`),
}

// find is the endpoint for a method and a path as sent, and the id in the path.
func find(method, path string) (endpoint, string, error) {
	var allowed []string
	for _, e := range endpoints() {
		id, ok := match(e.path, path)
		if ok && e.method == method {
			return e, id, nil
		}
		if ok {
			allowed = append(allowed, e.method)
		}
	}
	if allowed == nil {
		return endpoint{}, "", missing.because("no such path, or an id that is none")
	}
	slices.Sort(allowed)
	p := notAllowed.because("see the header Allow")
	p.header = map[string]string{"allow": strings.Join(allowed, ", ")}
	return endpoint{}, "", p
}

// match says whether a path has a pattern, and what stands in its parameter.
func match(pattern, path string) (id string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return "", false
	}
	for i := range want {
		if form := idForms[want[i]]; form != nil {
			if id = got[i]; !form.MatchString(id) {
				return "", false
			}
		} else if want[i] != got[i] {
			return "", false
		}
	}
	return id, true
}

//go:embed openapi.json
var openAPI []byte

// document is the OpenAPI document of the endpoints.
func (h *Handler) document(context.Context, request) (answer, error) {
	return answer{status: http.StatusOK, body: json.RawMessage(openAPI)}, nil
}
