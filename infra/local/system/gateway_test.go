package system_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A stub stands in for a function.
type stub func(context.Context, []byte) ([]byte, error)

// Invoke calls it.
func (f stub) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

// TestGatewayLimits: what API Gateway or Lambda would not take reaches no function.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func TestGatewayLimits(t *testing.T) {
	r := newRig(t)
	asked := 0
	r.sys.Swap("whatsapp", stub(func(context.Context, []byte) ([]byte, error) {
		asked++
		return []byte(`{"statusCode":204}`), nil
	}))
	const mb = 1 << 20
	for _, x := range []struct {
		name, kind, header string
		body, want         int
	}{
		{"small", "text/plain", "", 10, 204},
		{"headers that fit", "text/plain", strings.Repeat("h", 10_000), 10, 204},
		{"headers that do not", "text/plain", strings.Repeat("h", 10_240), 10, 431},
		{"text that fits an event", "text/plain", "", 6*mb - 2000, 204},
		{"text that does not", "text/plain", "", 6 * mb, 413},
		{"bytes that fit an event as base64", "image/png", "", 4 * mb, 204},
		{"bytes that do not", "image/png", "", 5 * mb, 413},
		{"a form is bytes", "application/x-www-form-urlencoded", "", 5 * mb, 413},
		{"over what the gateway reads", "text/plain", "", 10*mb + 1, 413},
	} {
		req := httptest.NewRequest("POST", "/webhooks/whatsapp/demo", bytes.NewReader(bytes.Repeat([]byte("x"), x.body)))
		req.Header.Set("Content-Type", x.kind)
		req.Header.Set("X-Long", x.header)
		before := asked
		status, text := r.do(req)
		if status != x.want || asked-before != map[bool]int{true: 1}[x.want == 204] {
			t.Errorf("%s: answered %d %s after %d invocations, want %d", x.name, status, text, asked-before, x.want)
		}
	}
}

// TestGatewayAnswers: what becomes of a function's answer, or of none.
func TestGatewayAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.sys.Close()
		whole := r.function("whatsapp").Timeout
		const broken = `500 {"message":"Internal Server Error"} `
		says := func(text string) stub {
			return func(context.Context, []byte) ([]byte, error) { return []byte(text), nil }
		}
		for _, x := range []struct {
			name string
			f    stub
			want string
		}{
			{"an answer", says(`{"statusCode":202,"body":"ok"}`), "202 ok 0s"},
			{"base64", says(`{"statusCode":200,"body":"b2s=","isBase64Encoded":true}`), "200 ok 0s"},
			{"an error", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("broken") }, broken + "0s"},
			{"a larger answer than Lambda passes on", says(`{"statusCode":200,"body":"` + strings.Repeat("x", 6<<20) + `"}`),
				broken + "0s"},
			{"its own timeout", func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}, broken + whole.String()},
			{"killed at its timeout", func(context.Context, []byte) ([]byte, error) {
				time.Sleep(time.Hour)
				return nil, nil
			}, broken + whole.String()},
		} {
			r.sys.Swap("whatsapp", x.f)
			began := time.Now()
			status, text := r.do(httptest.NewRequest("POST", "/webhooks/whatsapp/demo", strings.NewReader("x")))
			if got := fmt.Sprintf("%d %s %s", status, text, time.Since(began)); got != x.want {
				t.Errorf("%s: %s, want %s", x.name, got, x.want)
			}
		}
		time.Sleep(time.Hour) // until the last has ended
	})
}
