package main

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/stage/play"
)

// platformsPath is where the platforms show themselves.
const platformsPath = "/platforms"

// platformPages shows the platforms: write as a customer, see each call that a
// platform received and what it answered, make it fail.
//
//	GET  /platforms            all calls, a form to write
//	POST /platforms/say        channel, text
//	POST /platforms/fail       channel, fault: the next call fails so
//	GET  /platforms/calls.json the calls, for programs
func platformPages(s *system.System) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+platformsPath, func(w http.ResponseWriter, r *http.Request) { showPlatforms(w, r, s) })
	mux.HandleFunc("GET "+platformsPath+"/calls.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(callsOf(s, r.FormValue("channel")))
	})
	mux.HandleFunc("POST "+platformsPath+"/say", func(w http.ResponseWriter, r *http.Request) {
		if status, err := s.Say(r.Context(), r.FormValue("channel"), r.FormValue("text")); err != nil || status/100 != 2 {
			http.Error(w, "the message was not taken; see the log", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, platformsPath+"?channel="+template.URLQueryEscaper(r.FormValue("channel")), http.StatusSeeOther)
	})
	mux.HandleFunc("POST "+platformsPath+"/fail", func(w http.ResponseWriter, r *http.Request) {
		if err := s.World.Fail(r.FormValue("channel"), play.Fault(r.FormValue("fault"))); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, platformsPath+"?channel="+template.URLQueryEscaper(r.FormValue("channel")), http.StatusSeeOther)
	})
	return sameOrigin(mux)
}

// sameOrigin keeps other pages in the same browser from writing here.
func sameOrigin(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(next)
}

// A shownCall is a call as people read it.
type shownCall struct {
	At      string `json:"at"`
	Channel string `json:"channel"`
	Call    string `json:"call"`
	Body    string `json:"body"`
	Fault   string `json:"fault,omitempty"`
	Status  int    `json:"status"`
	Answer  string `json:"answer"`
}

func callsOf(s *system.System, name string) []shownCall {
	list := []shownCall{}
	for _, c := range s.World.Calls(name) {
		list = append(list, shownCall{At: c.At.Format("15:04:05.000"), Channel: c.Channel,
			Call: c.Request.Method + " " + c.Request.Host + maskPath(c.Request.Path),
			Body: readable(c.Request.Body), Fault: string(c.Fault), Status: c.Answer.Status, Answer: readable(c.Answer.Body)})
	}
	return list
}

// readable is a body with JSON indented, and without what is not text.
func readable(body []byte) string {
	const most = 4000
	var b bytes.Buffer
	switch {
	case json.Indent(&b, body, "", "  ") == nil:
	case utf8.Valid(body):
		b.Reset()
		b.Write(body)
	default:
		return "(not text)"
	}
	return short(strings.ToValidUTF8(b.String(), "�"), most)
}

func showPlatforms(w http.ResponseWriter, r *http.Request, s *system.System) {
	var channels []string
	for _, ch := range functions.Channels() {
		if s.System.Config.Has(ch.Name) {
			channels = append(channels, ch.Name)
		}
	}
	name := r.FormValue("channel")
	calls := callsOf(s, name)
	slices.Reverse(calls)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
	platformsPage.Execute(w, map[string]any{"Channels": channels, "Channel": name, "Calls": calls,
		"Faults": play.Faults()})
}

var platformsPage = template.Must(template.New("platforms").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Relais: platforms</title>
<style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a;background:#fff}
form{display:inline-flex;gap:.5rem;margin:0 1rem .5rem 0;flex-wrap:wrap}
input,select,button{font:inherit;padding:.35rem .5rem}
article{border-top:1px solid #ccc;padding:.75rem 0}
pre{background:#f4f4f4;padding:.5rem;overflow:auto;max-height:20rem;margin:.25rem 0}
.bad{color:#a40000}
@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#262626}.bad{color:#ff9b9b}}
</style></head><body>
<h1>Platforms</h1>
<p>These are played: nothing leaves this machine. Write as a customer, see what each platform received, or make its next call fail.</p>
<form method="post" action="/platforms/say"><label>Channel <select name="channel">{{range .Channels}}<option{{if eq . $.Channel}} selected{{end}}>{{.}}</option>{{end}}</select></label>
<label>A customer writes <input name="text" required value="Hello?" size="30"></label><button>Send</button></form>
<form method="post" action="/platforms/fail"><label>Channel <select name="channel">{{range .Channels}}<option{{if eq . $.Channel}} selected{{end}}>{{.}}</option>{{end}}</select></label>
<label>The next call fails <select name="fault">{{range .Faults}}<option>{{.}}</option>{{end}}</select></label><button>Set</button></form>
<p>Calls{{with .Channel}} of {{.}} (<a href="/platforms">all</a>){{end}}, newest first. <a href="/platforms?channel={{.Channel}}">Reload</a></p>
{{range .Calls}}<article><strong>{{.Channel}}</strong> {{.At}} <code>{{.Call}}</code> → <span{{if ge .Status 400}} class="bad"{{end}}>{{.Status}}</span>{{with .Fault}} <em class="bad">{{.}}</em>{{end}}
<pre>{{.Body}}</pre><details><summary>answer</summary><pre>{{.Answer}}</pre></details></article>
{{else}}<p>No calls yet.</p>{{end}}
</body></html>
`))
