package main

import (
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

//go:embed page
var pageFiles embed.FS

// pagePath is where the page's own files are.
const pagePath = "/page/"

// A pageHandler is the web page of a brand on this machine: the widget, and a server
// that vouches for the brand's users.
type pageHandler struct {
	sys   *system.System
	index *template.Template
	files http.Handler
}

func newPage(s *system.System) (*pageHandler, error) {
	index, err := template.ParseFS(pageFiles, "page/index.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(pageFiles, "page")
	return &pageHandler{s, index, http.StripPrefix(pagePath, http.FileServerFS(files))}, err
}

// home shows the page, with text beside the chat.
func (p *pageHandler) home(w http.ResponseWriter, r *http.Request, text string) {
	p.harden(w, r)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := p.index.Execute(w, text); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// ServeHTTP answers what the page loads.
func (p *pageHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.harden(w, r)
	if r.URL.Path == pagePath+"token" {
		p.token(w, r.URL.Query().Get("user"))
		return
	}
	p.files.ServeHTTP(w, r)
}

// harden sets the strictest policy that the widget works under, so that the page shows it does:
// only files and uploads come from the AWS endpoint beside it.
func (p *pageHandler) harden(w http.ResponseWriter, r *http.Request) {
	host, aws := r.Host, strings.TrimSuffix(p.sys.QueueURL(""), "/"+awsfake.Account+"/relais-.fifo")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https: "+aws+
			"; media-src 'self' blob: https: "+aws+"; connect-src 'self' ws://"+host+" "+aws+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

// token vouches for whoever asks: on a laptop everybody may be everybody.
func (p *pageHandler) token(w http.ResponseWriter, user string) {
	set, err := p.sys.Samples(inapp.Name)
	var keys []inapp.UserKey
	if err == nil {
		err = json.Unmarshal([]byte(set.Account.Value("user_keys")), &keys)
	}
	if err != nil || len(keys) == 0 || !inapp.ValidUser(user) {
		http.Error(w, "no token for this user", http.StatusBadRequest)
		return
	}
	name := strings.ToUpper(user[:1]) + user[1:]
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"external_id": user, "name": name,
		"exp": p.sys.Now().Add(time.Hour).Unix()})
	t.Header["kid"] = keys[0].ID
	text, err := t.SignedString([]byte(keys[0].Key))
	if err != nil {
		http.Error(w, "no token for this user", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(text))
}
