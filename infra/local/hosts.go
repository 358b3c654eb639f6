package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// hosts are the names under which a listener is asked for. A web page anywhere can
// give its own name this machine's address, and its browser then reads what is here as
// the page's own (DNS rebinding); the Host it sends is the only sign of it.
type hosts struct {
	port  string
	names []string // with port
	more  []string // with any port: in front of them stands a tunnel or a container
	any   bool     // it listens at all addresses: each is as good as a name, for no page can rebind one
}

// hostsOf are those of l, which was asked to listen at address, and more names.
func hostsOf(l net.Listener, address string, more []string) hosts {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // a listener's own
	name, _, _ := net.SplitHostPort(address)           // it listens there
	ip, err := netip.ParseAddr(name)
	all := name == "" || err == nil && ip.IsUnspecified()
	return hosts{port: port, names: []string{"127.0.0.1", "localhost", "::1", name}, more: more, any: all}
}

// admit says whether a request's Host is one of h.
func (h hosts) admit(host string) bool {
	u, err := url.Parse("http://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" {
		return false
	}
	name, port := u.Hostname(), u.Port()
	is := func(known string) bool { return strings.EqualFold(known, name) }
	if _, err := netip.ParseAddr(name); err == nil && h.any || slices.ContainsFunc(h.more, is) {
		return true
	}
	return (port == h.port || port == "" && h.port == "80") && slices.ContainsFunc(h.names, is)
}

// only lets in what was meant for h.
func (h hosts) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.admit(r.Host) {
			forbid(w, fmt.Sprintf("the request is for the host %q, which is not this machine's: "+
				"it may be a web page's that is to read what is here. Ask 127.0.0.1:%s or localhost:%s, or start with --host and the name", r.Host, h.port, h.port))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forbid answers so that people, and AWS's clients, read why.
func forbid(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	json.NewEncoder(w).Encode(map[string]string{"__type": "AccessDeniedException", "message": why})
}

// noPages keeps web pages from the AWS endpoint, whose clients are programs. What a page
// may do in AWS it may do here: post a form to the bucket, whose policy decides.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
func noPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" && !uploads(r) {
			forbid(w, "a web page asks, "+r.Header.Get("Origin")+"; it may only post a form to the bucket, as in AWS")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// uploads says whether r is the upload of a form, or a browser asks whether it may be.
func uploads(r *http.Request) bool {
	if r.URL.RawQuery != "" || r.Header.Get("X-Amz-Target") != "" {
		return false
	}
	if r.Method == http.MethodOptions {
		return r.Header.Get("Access-Control-Request-Method") == http.MethodPost
	}
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// ownPages lets in what this machine's own pages ask for, and what a person opens: the
// pages tell the API's token, and vouch for anybody.
func ownPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		opened := site == "" || site == "none" || site == "same-origin" || r.Header.Get("Sec-Fetch-Dest") == "document"
		if !opened || origin != "" && origin != "http://"+r.Host {
			forbid(w, "another page asks, "+origin+"; only this machine's own may")
			return
		}
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		w.Header().Set("X-Frame-Options", "DENY")
		next.ServeHTTP(w, r)
	})
}
