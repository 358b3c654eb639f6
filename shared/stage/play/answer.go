package play

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// Answers says whether host, with its port if it has one, is the platform's.
func (p Platform) Answers(a channel.Account, host string) bool {
	return slices.ContainsFunc(p.APIs, func(api API) bool { return api.has(a, host) })
}

func (api API) has(a channel.Account, host string) bool {
	if slices.Contains(api.Hosts, host) {
		return true
	}
	if api.Origin == nil {
		return false
	}
	u, err := url.Parse(api.Origin(a))
	return err == nil && u.Host != "" && u.Host == host
}

// Answer is what the platform says to a call for a.
func (p Platform) Answer(a channel.Account, c Call) Answer {
	t := Taken{Call: c, Account: a, Query: c.Query()}
	api, e, ok := p.find(&t)
	switch {
	case api == nil:
		return Answer{Reply: channel.Reply{Status: http.StatusNotFound}}
	case api.Knows != nil && !api.Knows(t):
		return api.refuse(api.Unknown)
	case !ok:
		return api.refuse(e.Else)
	}
	return api.take(e, t)
}

// find is the API and the endpoint that t is for. Where no endpoint takes it, e.Else is
// what the first API of the host has to say.
func (p Platform) find(t *Taken) (found *API, e Endpoint, ok bool) {
	for i := range p.APIs {
		api := &p.APIs[i]
		if !api.has(t.Account, t.Host) {
			continue
		}
		if found == nil {
			found, e.Else = api, api.Missing
		}
		for _, end := range api.Endpoints {
			vars, fits := match(end.Path, t.Path)
			switch {
			case fits && end.Method == t.Method:
				t.Vars = vars
				return api, end, true
			case fits && !api.Method.none():
				found, e.Else, t.Vars = api, api.Method, vars
			}
		}
	}
	return found, e, false
}

// take reads t as e does and answers it.
func (api *API) take(e Endpoint, t Taken) Answer {
	for _, f := range []Fault{Expired, Throttled} { // before anybody looks at what is asked
		if r := api.fault(e, f); t.Fault == f && !r.none() {
			return api.refuse(r)
		}
	}
	outer, inner := e.split()
	if broken := t.broken(outer); len(broken) > 0 {
		return api.refuseBroken(e, broken)
	}
	var err error
	if t.Tree, err = e.Body.read(t.Call); err != nil {
		return api.refuse(first(e.Body.Else, e.Else, api.Else))
	}
	if broken := t.broken(inner); len(broken) > 0 {
		return api.refuseBroken(e, broken)
	}
	if r := api.fault(e, t.Fault); !r.none() {
		return api.refuse(r)
	}
	return e.Answer(t)
}

// split parts the rules about address and headers, which hold before a body is read,
// from those about the body.
func (e Endpoint) split() (outer, inner []Rule) {
	for _, r := range e.Rules {
		if r.Source == "" {
			r.Source = e.Docs
		}
		if strings.Contains(r.At, ":") {
			outer = append(outer, r)
		} else {
			inner = append(inner, r)
		}
	}
	return outer, inner
}

// fault is how e refuses on request. With an expired token a caller is a stranger,
// where nothing else is said.
func (api *API) fault(e Endpoint, f Fault) Refusal {
	if r, own := e.Faults[f]; own {
		return r
	}
	if _, has := api.Faults[f]; f == Expired && !has {
		return api.Unknown
	}
	return api.Faults[f]
}

func (api *API) refuseBroken(e Endpoint, broken []Broken) Answer {
	return api.Write(first(broken[0].Else, e.Else, api.Else), broken)
}

func (api *API) refuse(r Refusal) Answer { return api.Write(r, nil) }

func first(list ...Refusal) Refusal {
	for _, r := range list {
		if !r.none() {
			return r
		}
	}
	return Refusal{}
}

// match says whether path is one of pattern, and what stands for its names.
func match(pattern, path string) (map[string]string, bool) {
	vars := map[string]string{}
	for {
		literal, rest, named := strings.Cut(pattern, "{")
		tail, ok := strings.CutPrefix(path, literal)
		if !ok || !named {
			return vars, ok && tail == ""
		}
		name, after, _ := strings.Cut(rest, "}")
		end := len(tail)
		if i := strings.Index(tail, "/"); i >= 0 && !strings.HasSuffix(name, "...") {
			end = i
		}
		if next, _, _ := strings.Cut(after, "{"); next != "" && next[0] != '/' { // {phone}:send
			if i := strings.Index(tail[:end], next); i >= 0 {
				end = i
			}
		}
		value, err := url.PathUnescape(tail[:end])
		if err != nil || value == "" {
			return nil, false
		}
		vars[strings.TrimSuffix(name, "...")] = value
		pattern, path = after, tail[end:]
	}
}

// Reply is an answer of any type, with nothing posted.
func Reply(status int, contentType string, body []byte) Answer {
	a := Answer{Reply: channel.Reply{Status: status, Header: http.Header{}, Body: body}}
	if contentType != "" {
		a.Header.Set("Content-Type", contentType)
	}
	return a
}

// Text is an answer of JSON that is written already; the verbs are Sprintf's.
func Text(status int, format string, args ...any) Answer {
	body := format
	if len(args) > 0 {
		body = fmt.Sprintf(format, args...)
	}
	return Reply(status, "application/json", []byte(body))
}

// Value is an answer of v as JSON.
func Value(status int, v any) Answer {
	body, _ := channel.JSON(v) // what plays answer can be written
	return Reply(status, "application/json", body)
}

// Picture is the answer where a customer's picture is asked for.
func Picture(Taken) Answer { return Reply(http.StatusOK, "image/jpeg", []byte("a picture")) }

// Says answers every call with the same JSON.
func Says(status int, body string) func(Taken) Answer {
	return func(Taken) Answer { return Text(status, "%s", body) }
}

// Post is a webhook of JSON, unsigned, to the address of a's channel.
func Post(platform string, a channel.Account, v any) channel.Request {
	body, _ := channel.JSON(v) // what plays post can be written
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/" + platform + "/" + a.ID,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
	}
}
