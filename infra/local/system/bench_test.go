package system_test

import (
	"fmt"
	"testing"

	"github.com/relais-dev/relais/shared/lambdahttp"
)

// BenchmarkWebhook is the whole webhook function against the endpoint in
// process: payload 2.0 in, verified, parsed, committed, rung, answered. Making and
// signing the request is a few of its microseconds.
func BenchmarkWebhook(b *testing.B) {
	r := newRig(b)
	f := r.function("whatsapp")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		payload := payloadOf(b, r, message{fmt.Sprint(n % 1000), fmt.Sprintf("wamid.%d", n),
			"is it in stock, and when would it be here?", r.clock.Now()})
		reply, err := r.sys.Invoke(b.Context(), f, payload)
		if err != nil || string(reply) != `{"statusCode":200,"body":""}` {
			b.Fatalf("%s, %v", reply, err)
		}
	}
	b.ReportMetric(float64(len(r.callsOf("whatsapp")))/float64(n), "calls/op")
}

// BenchmarkRoute is a message from its ring to its destination's queue.
func BenchmarkRoute(b *testing.B) {
	r := newRig(b)
	n := 0
	for b.Loop() {
		n++
		if got := r.post(message{fmt.Sprint(n), fmt.Sprintf("wamid.%d", n), "hello", r.clock.Now()}); got != 200 {
			b.Fatal(got)
		}
		if _, err := r.sys.Poll(b.Context(), r.function("router"), 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(r.callsOf("router")))/float64(n), "router-calls/op")
}

func payloadOf(b *testing.B, r *rig, m message) []byte {
	text := body(m)
	req := r.signed(text)
	payload, err := lambdahttp.Event(req, text, "ANY /webhooks/whatsapp/{account}", "bench", r.clock.Now())
	if err != nil {
		b.Fatal(err)
	}
	return payload
}
