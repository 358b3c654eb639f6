package publisher

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

const bucket = "widget"

// A rig is the function on an emulated AWS that allows it only what it may, and
// CloudFormation, which hears its answers.
type rig struct {
	t       *testing.T
	objects *s3.Client // the administrator's
	handler function.Handler
	files   map[string]string // beside the executable
	refused bool              // AWS refuses the function
	status  int               // what CloudFormation answers
	heard   []map[string]any
	address string
	caching map[string]string // by file: what it was put with, which the emulation does not keep
	logs    bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, files: map[string]string{"relais.js": "let chat", "client.js": "let client"}, status: http.StatusOK,
		caching: map[string]string{}}
	fake, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)),
		Authorize: r.allows})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fake.Close() })
	config := func(principal string) aws.Config {
		return cloud.Budget{Attempts: 1}.Apply(aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://aws.local"),
			HTTPClient:  r.noting(fake.HTTPClient()),
			Credentials: credentials.NewStaticCredentialsProvider(principal, "local", "")})
	}
	r.objects = cloud.NewClients(config("admin")).S3
	if _, err := r.objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	formation := httptest.NewTLSServer(http.HandlerFunc(r.hear))
	t.Cleanup(formation.Close)
	r.address = formation.URL + "/answer?X-Amz-Signature=secret"
	r.handler, err = New("publisher", function.Env{
		Getenv:   func(name string) string { return map[string]string{names.EnvBucket: bucket}[name] },
		ReadFile: r.read,
		AWS:      func(cloud.Budget) (aws.Config, error) { return config("publisher"), nil },
		Out:      &r.logs, Now: time.Now, HTTP: formation.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// noting reads what is sent to AWS.
func (r *rig) noting(next aws.HTTPClient) doer {
	return func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPut {
			r.caching[path.Base(req.URL.Path)] = req.Header.Get("Cache-Control")
		}
		return next.Do(req)
	}
}

// allows the function what the topology grants it.
func (r *rig) allows(principal, action, resource string) bool {
	return principal != "publisher" || !r.refused && strings.HasPrefix(resource, "s3/"+bucket+"/") &&
		(action == "s3:PutObject" || action == "s3:DeleteObject")
}

func (r *rig) read(name string) ([]byte, error) {
	text, ok := r.files[name]
	if !ok {
		return nil, os.ErrNotExist
	}
	return []byte(text), nil
}

// hear is the bucket of answers. What its address was signed for has no type.
func (r *rig) hear(w http.ResponseWriter, req *http.Request) {
	var answer map[string]any
	text, err := io.ReadAll(req.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil || req.Method != http.MethodPut || req.Header.Get("Content-Type") != "" ||
		req.URL.Query().Get("X-Amz-Signature") != "secret" {
		r.t.Errorf("CloudFormation was told %s %v %s", req.Method, req.Header, text)
	}
	r.heard = append(r.heard, answer)
	w.WriteHeader(r.status)
}

// ask is one request of CloudFormation's, whose members are in fields.
func (r *rig) ask(kind string, fields map[string]any) error {
	r.t.Helper()
	doc := map[string]any{"RequestType": kind, "RequestId": "request-1", "ResponseURL": r.address,
		"ResourceType": "Custom::Widget", "LogicalResourceId": "Widget",
		"StackId":            "arn:aws:cloudformation:us-east-1:111111111111:stack/relais/1",
		"ResourceProperties": props("relais.js", "client.js")}
	maps.Copy(doc, fields)
	payload, err := json.Marshal(doc)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = r.handler.Invoke(r.t.Context(), payload)
	return err
}

// props are what the template says; CloudFormation adds the function's ARN.
func props(files ...string) map[string]any {
	return map[string]any{"ServiceToken": "arn:aws:lambda:us-east-1:111111111111:function:relais-publisher",
		"Files": files, "Digest": "d1",
		"ContentType": "text/javascript; charset=utf-8", "CacheControl": "public, max-age=3600"}
}

// told compares the last answer; the reason of a failure must name the cause.
func (r *rig) told(status, cause string) {
	r.t.Helper()
	if len(r.heard) == 0 {
		r.t.Fatal("CloudFormation was told nothing")
	}
	got := maps.Clone(r.heard[len(r.heard)-1])
	reason, _ := got["Reason"].(string)
	delete(got, "Reason")
	want := map[string]any{"Status": status, "RequestId": "request-1", "LogicalResourceId": "Widget",
		"PhysicalResourceId": "widget",
		"StackId":            "arn:aws:cloudformation:us-east-1:111111111111:stack/relais/1"}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("CloudFormation was told (-want +got):\n%s", diff)
	}
	if !strings.Contains(reason, cause) || (cause == "") != (reason == "") {
		r.t.Errorf("the reason is %q, want one that names %q", reason, cause)
	}
}

// stored is what is in the bucket, and how it is served.
func (r *rig) stored() map[string]string {
	r.t.Helper()
	out, err := r.objects.ListObjectsV2(r.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	if err != nil {
		r.t.Fatal(err)
	}
	all := map[string]string{}
	for _, o := range out.Contents {
		got, err := r.objects.GetObject(r.t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: o.Key})
		if err != nil {
			r.t.Fatal(err)
		}
		text, err := io.ReadAll(got.Body)
		if err != nil {
			r.t.Fatal(err)
		}
		all[*o.Key] = string(text) + " | " + aws.ToString(got.ContentType) + " | " + r.caching[*o.Key]
	}
	return all
}

const served = " | text/javascript; charset=utf-8 | public, max-age=3600"

// TestLife follows a deployment: the files come, change, and leave a bucket that can go.
func TestLife(t *testing.T) {
	r := newRig(t)
	steps := []struct {
		kind   string
		fields map[string]any
		chat   string // what relais.js is by then
		want   map[string]string
	}{
		{"Create", nil, "let chat", map[string]string{"relais.js": "let chat" + served, "client.js": "let client" + served}},
		{"Update", map[string]any{"PhysicalResourceId": "widget", "OldResourceProperties": props("relais.js", "client.js")},
			"let better",
			map[string]string{"relais.js": "let better" + served, "client.js": "let client" + served}},
		{"Update", map[string]any{"PhysicalResourceId": "widget", "ResourceProperties": props("relais.js"),
			"OldResourceProperties": props("relais.js", "client.js")},
			"let alone", map[string]string{"relais.js": "let alone" + served}},
		{"Delete", map[string]any{"PhysicalResourceId": "widget"}, "let alone", map[string]string{}},
		// CloudFormation may ask again
		{"Delete", map[string]any{"PhysicalResourceId": "widget"}, "let alone", map[string]string{}},
	}
	for _, s := range steps {
		r.files["relais.js"] = s.chat
		if err := r.ask(s.kind, s.fields); err != nil {
			t.Fatal(err)
		}
		r.told("SUCCESS", "")
		if diff := cmp.Diff(s.want, r.stored()); diff != "" {
			t.Errorf("after %s the bucket has (-want +got):\n%s", s.kind, diff)
		}
	}
	if _, err := r.objects.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Errorf("the bucket cannot go: %v", err)
	}
	if len(r.heard) != len(steps) {
		t.Errorf("%d answers to %d requests", len(r.heard), len(steps))
	}
}

// TestFailures: whatever goes wrong, CloudFormation hears why, and does not wait.
func TestFailures(t *testing.T) {
	for _, x := range []struct {
		name, kind string
		fields     map[string]any
		refused    bool
		cause      string
	}{
		{"AWS refuses to put", "Create", nil, true, "put relais.js: "},
		{"AWS refuses to put again", "Update", map[string]any{"OldResourceProperties": props("relais.js")}, true,
			"put relais.js: "},
		{"AWS refuses to remove", "Delete", nil, true, "remove relais.js: "},
		{"no such file", "Create", map[string]any{"ResourceProperties": props("other.js")}, false, "read other.js: "},
		{"a file from elsewhere", "Create", map[string]any{"ResourceProperties": props("../../proc/self/environ")}, false,
			"no file beside the executable"},
		{"no such request", "Rename", nil, false, `unknown request type "Rename"`},
		{"no request", "", nil, false, `unknown request type ""`},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newRig(t)
			r.refused = x.refused
			if err := r.ask(x.kind, x.fields); err != nil {
				t.Fatal(err)
			}
			r.told("FAILED", x.cause)
			if got := r.stored(); len(got) > 0 {
				t.Errorf("the bucket has %v", slices.Collect(maps.Keys(got)))
			}
			if log := r.logs.String(); !strings.Contains(log, "cannot publish") || strings.Contains(log, "secret") {
				t.Errorf("the log says %s", log)
			}
		})
	}
}

// TestUnheard: where CloudFormation cannot be told, the invocation fails, so that
// Lambda tries again, and the address stays out of the logs.
func TestUnheard(t *testing.T) {
	r := newRig(t)
	r.status = http.StatusForbidden
	if err := r.ask("Create", nil); err == nil || err.Error() != "tell CloudFormation: answered 403" {
		t.Errorf("answered %v", err)
	}
	for _, address := range []string{"http://127.0.0.1/?X-Amz-Signature=secret", "https://host:secret"} {
		if err := r.ask("Create", map[string]any{"ResponseURL": address}); err == nil ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: answered %v", address, err)
		}
	}
	if _, err := r.handler.Invoke(t.Context(), []byte("[]")); err == nil {
		t.Error("no error for what is no request")
	}
}

// TestStuck: what takes too long ends while there is time to say so.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := doer(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		var told string
		formation := doer(func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			told = string(text)
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
		})
		h := &Handler{Bucket: bucket, HTTP: formation, Log: slog.New(slog.DiscardHandler),
			ReadFile: func(string) ([]byte, error) { return nil, nil },
			Objects: cloud.NewClients(cloud.Work.Apply(aws.Config{Region: "us-east-1", HTTPClient: never,
				Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})).S3}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		const order = `{"RequestType":"Create","ResponseURL":"https://formation",` +
			`"ResourceProperties":{"Files":["relais.js"]}}`
		if _, err := h.Invoke(ctx, []byte(order)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 30*time.Second-answerTimeout || !strings.Contains(told, `"Status":"FAILED"`) {
			t.Errorf("after %v CloudFormation was told %s", took, told)
		}
	})
}

// A doer answers requests.
type doer func(*http.Request) (*http.Response, error)

func (f doer) Do(r *http.Request) (*http.Response, error) { return f(r) }
