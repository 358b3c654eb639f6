package main

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
)

// ask is a request to base for a host, with headers; it returns the status and the body.
func ask(t *testing.T, method, url, host, body string, header ...string) (int, string) {
	t.Helper()
	resp, text := fetch(t, method, url, "", body, append([]string{"Host", host}, header...)...)
	return resp.StatusCode, text
}

// TestRebinding: a page whose name was led to this machine reads nothing on any route of either port.
func TestRebinding(t *testing.T) {
	out, _ := up(t)
	at := addresses(t, out.String())
	base, aws := at.URL, at.AWS
	paths := []string{"/", "/nothing", "/page/token?user=ana", "/page/page.js", "/platforms", "/platforms/calls.json",
		"/widget/relais.js", "/socket"}
	config, err := topology.Load(configFile, functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range topology.New(config, names.Local, functions.Channels()).Functions {
		if _, path, routed := strings.Cut(f.Route, " "); routed {
			before, _, _ := strings.Cut(path, "{")
			paths = append(paths, before+"demo")
		}
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	for _, path := range paths {
		for _, host := range []string{"evil.example", "evil.example:" + port, "127.0.0.1.evil.example:" + port,
			"127.0.0.1:1",
			"localhost", "evil.example@127.0.0.1:" + port, "169.254.1.1:" + port} {
			for _, method := range []string{"GET", "POST"} {
				status, text := ask(t, method, base+path, host, "")
				if status != http.StatusForbidden || !strings.Contains(text, "--host") {
					t.Errorf("%s %s for %s is answered %d %s", method, path, host, status, text)
				}
			}
		}
		for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "LOCALHOST:" + port, "[::1]:" + port} {
			if status, text := ask(t, "GET", base+path, host, ""); status == http.StatusForbidden && strings.Contains(text,
				"--host") {
				t.Errorf("%s for %s is answered %d %s", path, host, status, text)
			}
		}
	}
	queue := `{"QueueUrl":"` + at.Queues["support"] + `"}`
	for path, x := range map[string][2]string{"/": {"AmazonSQS.ReceiveMessage", queue},
		"/?":      {"secretsmanager.ListSecrets", "{}"},
		"/relais": {}, "/relais/raw/x": {}} {
		status, text := ask(t, "POST", aws+path, "evil.example", x[1], "X-Amz-Target", x[0])
		if status != http.StatusForbidden || !strings.Contains(text, "--host") {
			t.Errorf("the AWS endpoint answers %s %s %d %s", path, x[0], status, text)
		}
	}
}

// TestHosts: a listener goes by the loopback's names, its own and those it is given.
func TestHosts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, x := range []struct {
		address string
		more    []string
		host    string
		want    bool
	}{
		{"desk.lan:" + port, nil, "desk.lan:" + port, true},
		{"desk.lan:" + port, nil, "desk.lan", false},
		{"127.0.0.1:0", nil, "192.168.1.7:" + port, false},
		{"0.0.0.0:0", nil, "192.168.1.7:" + port, true}, // no page can rebind an address
		{":0", nil, "[fe80::1]:" + port, true},
		{"0.0.0.0:0", nil, "evil.example:" + port, false},
		{"127.0.0.1:0", []string{"host.docker.internal"}, "host.docker.internal:4566", true},
		{"127.0.0.1:0", []string{"host.docker.internal"}, "x.host.docker.internal:4566", false},
		{"127.0.0.1:0", nil, "", false},
		{"127.0.0.1:0", nil, ":" + port, false},
	} {
		if got := hostsOf(l, x.address, x.more).admit(x.host); got != x.want {
			t.Errorf("%q at %s with %v: %t", x.host, x.address, x.more, got)
		}
	}
}

// TestForeignPages: what a page of another origin asks of 127.0.0.1 tells it nothing and
// does nothing; the bucket takes forms from any page, as in AWS.
func TestForeignPages(t *testing.T) {
	out, _ := up(t)
	at := addresses(t, out.String())
	base, aws := at.URL, at.AWS
	for _, path := range []string{"/", "/page/token?user=ana", "/platforms", "/platforms/calls.json"} {
		for _, header := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site",
			"cross-site"},
			{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "iframe"}} {
			status, text := ask(t, "GET", base+path, "", "", header...)
			if status != http.StatusForbidden || len(text) > 300 {
				t.Errorf("%s with %v is answered %d %s", path, header, status, text)
			}
		}
		for _, header := range [][]string{{"Origin", base}, {"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "same-origin"},
			{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}} {
			if status, _ := ask(t, "GET", base+path, "", "", header...); status != http.StatusOK {
				t.Errorf("%s with %v is answered %d", path, header, status)
			}
		}
	}
	const page = "https://evil.example"
	for _, x := range [][]string{{"GET", "/relais"}, {"GET", "/relais/raw/x"}, {"PUT", "/relais/media/x"},
		{"POST", "/relais?delete", "Content-Type", "text/plain"}, {"OPTIONS", "/relais", "Access-Control-Request-Method",
			"PUT"},
		{"POST", "/", "X-Amz-Target", "AmazonSQS.ListQueues"}} {
		resp, text := fetch(t, x[0], aws+x[1], "", "", append([]string{"Origin", page}, x[2:]...)...)
		allowed := resp.Header.Get("Access-Control-Allow-Origin")
		if resp.StatusCode != http.StatusForbidden || allowed != "" || !strings.Contains(text, "web page") {
			t.Errorf("%v is answered %d %s", x, resp.StatusCode, text)
		}
	}
	for _, x := range [][]string{{"OPTIONS", "/relais", "Access-Control-Request-Method", "POST"},
		{"POST", "/relais", "Content-Type", "multipart/form-data; boundary=x"}} {
		resp, text := fetch(t, x[0], aws+x[1], "", "", append([]string{"Origin", page}, x[2:]...)...)
		if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%v is answered %d %s", x, resp.StatusCode, text)
		}
	}
}
