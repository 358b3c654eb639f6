// Package publisher puts the widget's files, which stand beside the executable, into
// the bucket that pages load them from. CloudFormation asks for it as a custom
// resource: when a deployment brings other files, and before it deletes the bucket.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
package publisher

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outhttp"
)

// The function has 30 seconds. Work ends early enough for CloudFormation to be told
// even then: without an answer it waits.
const (
	workTimeout   = 20 * time.Second
	answerTimeout = 8 * time.Second
)

// resourceID is what CloudFormation calls the files; there is one set of them.
const resourceID = "widget"

// A Handler publishes files.
type Handler struct {
	Objects  *s3.Client
	Bucket   string
	ReadFile func(string) ([]byte, error)
	HTTP     channel.Doer
	Log      *slog.Logger
}

// New is the function that publishes files.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	return &Handler{Objects: c.S3, Bucket: e.Getenv(names.EnvBucket), ReadFile: e.ReadFile,
		HTTP: outhttp.New(e.HTTP, answerTimeout, nil), Log: e.Log(name)}, nil
}

// A request is what CloudFormation asks.
type request struct {
	cfn.Event
	ResourceProperties    properties
	OldResourceProperties properties // of an update
}

// Properties are the template's. A digest of the files is among them, so that
// another content is an update.
type properties struct {
	Files        []string
	ContentType  string
	CacheControl string
}

// Invoke does what CloudFormation asks and tells it how that went. An error says
// that it could not be told: Lambda tries twice more, and all of it can be repeated.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(payload, &r); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	answer := cfn.NewResponse(&r.Event)
	answer.PhysicalResourceID, answer.Status = cmp.Or(r.PhysicalResourceID, resourceID), cfn.StatusSuccess
	if err := h.serve(ctx, r); err != nil {
		h.Log.Error("cannot publish", "request", string(r.RequestType), "error", err.Error())
		answer.Status, answer.Reason = cfn.StatusFailed, err.Error()
	}
	if err := h.tell(ctx, r.ResponseURL, answer); err != nil {
		return nil, fmt.Errorf("tell CloudFormation: %w", err)
	}
	return nil, nil
}

func (h *Handler) serve(ctx context.Context, r request) error {
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	files := r.ResourceProperties.Files
	switch r.RequestType {
	case cfn.RequestCreate:
		return h.put(ctx, r.ResourceProperties)
	case cfn.RequestUpdate:
		if err := h.put(ctx, r.ResourceProperties); err != nil {
			return err
		}
		return h.remove(ctx,
			slices.DeleteFunc(r.OldResourceProperties.Files, func(name string) bool { return slices.Contains(files, name) }))
	case cfn.RequestDelete:
		return h.remove(ctx, files)
	}
	return fmt.Errorf("unknown request type %q", r.RequestType)
}

// put stores each file as it is served. Only what stands beside the executable is a
// file: whoever may invoke the function could else have it publish its credentials.
func (h *Handler) put(ctx context.Context, p properties) error {
	for _, name := range p.Files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%q is no file beside the executable", name)
		}
		text, err := h.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if _, err := h.Objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &h.Bucket, Key: &name, Body: bytes.NewReader(text),
			ContentType: &p.ContentType, CacheControl: &p.CacheControl}); err != nil {
			return fmt.Errorf("put %s: %w", name, err)
		}
	}
	return nil
}

// remove takes files away; one that is not there is no error.
func (h *Handler) remove(ctx context.Context, files []string) error {
	for _, name := range files {
		if _, err := h.Objects.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &h.Bucket, Key: &name}); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return nil
}

// tell puts the answer where CloudFormation looks for it. The address is a secret,
// and signed for a body without a type.
func (h *Handler) tell(ctx context.Context, address string, answer *cfn.Response) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("malformed address")
	}
	resp, err := h.HTTP.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	return nil
}
