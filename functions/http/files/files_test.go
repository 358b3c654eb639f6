package files

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

const (
	origin = "https://relais.example"
	bucket = "relais"
	mine   = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	other  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

// A rig is the function on an emulated AWS that allows it only what it may.
type rig struct {
	t     *testing.T
	clock *awsfake.Clock
	aws   *awsfake.Server
	logs  bytes.Buffer
}

// allowed is what the topology grants the function.
var allowed = map[string]bool{"secretsmanager:GetSecretValue secret/relais/local/link-key": true,
	"s3:GetObject s3/relais/media/" + mine: true}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: awsfake.NewClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))}
	var err error
	r.aws, err = awsfake.New(awsfake.Options{Clock: r.clock, Authorize: func(principal, action, resource string) bool {
		return principal != "files" || allowed[action+" "+resource]
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.aws.Close() })
	return r
}

// withKey stores the key of links and a file.
func (r *rig) withKey() *rig {
	r.t.Helper()
	cfg := r.config("admin")
	if _, err := secretsmanager.NewFromConfig(cfg).CreateSecret(r.t.Context(),
		&secretsmanager.CreateSecretInput{Name: aws.String(names.LinkKey(names.Local)),
			SecretString: aws.String("a key of links that is long enough")}); err != nil {
		r.t.Fatal(err)
	}
	objects := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := objects.CreateBucket(r.t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := objects.PutObject(r.t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket),
		Key:  aws.String(media.Prefix + mine),
		Body: strings.NewReader("a photo"), ContentType: aws.String("image/jpeg")}); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func (r *rig) config(principal string) aws.Config {
	b := cloud.Work
	b.Backoff = 0
	return b.Apply(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://aws.local"),
		HTTPClient:  r.aws.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider(principal, "local", "")})
}

// env is where principal runs.
func (r *rig) env(principal string) function.Env {
	vars := map[string]string{names.EnvBucket: bucket, names.EnvLinkKey: names.LinkKey(names.Local),
		names.EnvPublicURL: origin}
	return function.Env{Getenv: func(name string) string { return vars[name] }, Out: &r.logs, Now: r.clock.Now,
		AWS: func(cloud.Budget) (aws.Config, error) { return r.config(principal), nil }}
}

// link is what the media function makes.
func (r *rig) link(digest string) *url.URL {
	r.t.Helper()
	e := r.env("admin")
	c, err := e.Clients(cloud.Work)
	if err != nil {
		r.t.Fatal(err)
	}
	f := media.New(c, e)
	if err := f.LoadKey(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	u, err := url.Parse(f.Link(digest))
	if err != nil {
		r.t.Fatal(err)
	}
	return u
}

// An answer is what API Gateway is told.
type answer struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// open asks a new instance of the function for what is at u.
func (r *rig) open(u *url.URL) answer { return r.ask("GET", u) }

func (r *rig) ask(method string, u *url.URL) answer {
	r.t.Helper()
	h, err := New("files", r.env("files"))
	if err != nil {
		r.t.Fatal(err)
	}
	payload, err := lambdahttp.Event(httptest.NewRequest(method, u.String(), nil), nil, "ANY /v1/media/{digest}", "r1",
		r.clock.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := h.Invoke(r.t.Context(), payload)
	if err != nil {
		r.t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		r.t.Fatal(err)
	}
	return a
}

// with is u with one parameter replaced.
func with(u *url.URL, name, value string) *url.URL {
	changed, q := *u, u.Query()
	q.Set(name, value)
	changed.RawQuery = q.Encode()
	return &changed
}

// at is u with another file's path.
func at(u *url.URL, digest string) *url.URL {
	changed := *u
	changed.Path = "/v1/media/" + digest
	return &changed
}

// TestLinks: a link that we made leads to its file while it lasts; any other leads
// nowhere, and does not say whether there is a file.
func TestLinks(t *testing.T) {
	r := newRig(t).withKey()
	good := r.link(mine)
	tail := good.Query().Get("signature")
	for _, x := range []struct {
		name  string
		link  *url.URL
		later time.Duration
		want  int
	}{
		{"ours", good, 0, 302},
		{"ours, with its extension", r.link(mine + ".jpg"), 0, 302},
		{"with a path behind", at(good, mine+".jpg/x"), 0, 403},
		{"ours, in its last second", good, media.LinkLife - time.Second, 302},
		{"expired", good, media.LinkLife, 403},
		{"lengthened", with(good, "expires", "4102444800"), 0, 403},
		{"lengthened beyond numbers", with(good, "expires", "99999999999999999999"), 0, 403},
		{"forged", with(good, "signature", "A"+tail[1:]), 0, 403},
		{"cut short", with(good, "signature", tail[:len(tail)-1]), 0, 403},
		{"unsigned", with(good, "signature", ""), 0, 403},
		{"without parameters", &url.URL{Scheme: "https", Host: "relais.example", Path: good.Path}, 0, 403},
		{"another file's signature", with(good, "signature", r.link(other).Query().Get("signature")), 0, 403},
		{"another file's path", at(good, other), 0, 403},
		{"in capitals", at(good, strings.ToUpper(mine)), 0, 403},
		{"no digest", at(good, "account.json"), 0, 403},
		{"a path within", at(good, "..%2Fraw%2F"+mine), 0, 403},
	} {
		t.Run(x.name, func(t *testing.T) {
			r.clock.Advance(x.later)
			defer r.clock.Advance(-x.later)
			a := r.open(x.link)
			switch {
			case a.StatusCode != x.want:
				t.Errorf("status %d, want %d: %s", a.StatusCode, x.want, a.Body)
			case x.want == 302:
				checkRedirect(t, a)
			case a.Headers["location"] != "" || !strings.Contains(a.Body, `"detail":"the link is not valid, or not any more"`):
				t.Errorf("refused with %v %s", a.Headers, a.Body)
			}
		})
	}
}

// TestHead: who looks before it loads, as platforms and players do, is told what a file is.
func TestHead(t *testing.T) {
	r := newRig(t).withKey()
	a := r.ask("HEAD", r.link(mine))
	want := map[string]string{"content-type": "image/jpeg", "content-length": "7", "content-disposition": "attachment",
		"cache-control": "private, max-age=600", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
	if diff := cmp.Diff(want, a.Headers); a.StatusCode != 200 || a.Body != "" || diff != "" {
		t.Errorf("answered %d %q %s", a.StatusCode, a.Body, diff)
	}
	for name, x := range map[string]struct {
		method string
		link   *url.URL
		want   int
	}{
		"a forged link":      {"HEAD", with(r.link(mine), "signature", "x"), 403},
		"a file that is not": {"HEAD", r.link(other), 404},
		"another method":     {"POST", r.link(mine), 405},
	} {
		if a := r.ask(x.method, x.link); a.StatusCode != x.want || a.Headers["content-length"] != "" {
			t.Errorf("%s: answered %d %v, want %d", name, a.StatusCode, a.Headers, x.want)
		}
	}
}

// checkRedirect wants an address in the bucket that works for minutes, whose file
// a browser saves instead of showing it, and that is not told to the next page.
func checkRedirect(t *testing.T, a answer) {
	t.Helper()
	u, err := url.Parse(a.Headers["location"])
	if err != nil {
		t.Fatal(err)
	}
	got := []string{u.Host, strings.TrimPrefix(u.Path, "/"+bucket), u.Query().Get("X-Amz-Expires"),
		u.Query().Get("response-content-disposition"), a.Headers["referrer-policy"], a.Headers["cache-control"]}
	want := []string{"aws.local", "/" + media.Prefix + mine, "900", "attachment", "no-referrer", "private, max-age=600"}
	if diff := cmp.Diff(want, got); diff != "" || u.Query().Get("X-Amz-Signature") == "" {
		t.Errorf("the redirect to %s (-want +got):\n%s", u, diff)
	}
}

// TestWithoutKey: nothing is opened while the key cannot be read, whoever signed.
func TestWithoutKey(t *testing.T) {
	signed := newRig(t).withKey().link(mine)
	r := newRig(t)
	if a := r.open(signed); a.StatusCode != 503 || a.Headers["location"] != "" {
		t.Errorf("answered %d %v", a.StatusCode, a.Headers)
	}
	if log := r.logs.String(); !strings.Contains(log, "cannot check links") || strings.Contains(log, "signature") {
		t.Errorf("the log says %s", log)
	}
}

// TestMalformed: what is no request is told so.
func TestMalformed(t *testing.T) {
	h, err := New("files", newRig(t).env("files"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.Invoke(t.Context(), []byte(`[]`))
	if err != nil || !strings.Contains(string(out), `"statusCode":400`) {
		t.Errorf("answered %s, %v", out, err)
	}
}
