package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// people are, by channel, what names the customer of the doubles in a webhook. The
// last two characters become the poster's number, so that each has a conversation of
// its own.
var people = map[string][]string{
	"whatsapp":  {"15550100099", "US.500000000000000000077"},
	"telegram":  {"7000000001"},
	"line":      {"U1111111111111111111111111111111a"},
	"viber":     {"01234567890"},
	"sms":       {"447700900123"},
	"messenger": {"7000000000000001"},
	"zalo":      {"6142000000000000001", "979000000000000001"},
	"signal":    {"+15550001111", "0f0e0d0c-0000-4000-8000-000000000001"},
	"custom":    {"room-7", "u-55"},
	captive:     {"alice.demo", "c0ffee"},
}

// open are the channels of the posters, in turn.
var open = []string{"whatsapp", "telegram", "line", "viber", "sms", "messenger", "zalo", "signal", "custom"}

// captive is the channel whose customers' messages go to the queue that is deleted
// now and then. One poster has it for itself.
const captive = "kik"

// A poster is a platform that posts what one customer writes, one message after the
// other. What gets no answer it posts again, mostly; now and then it repeats what was
// answered.
type poster struct {
	number   int
	channel  channel.Channel
	platform play.Platform
	account  channel.Account
	random   *rand.Rand
	soak     *soak

	written int
}

// webhook is a message as the platform posts it. Its body stays the same when it is
// posted again; where it goes and its signature do not.
type webhook struct {
	text    string
	request channel.Request
}

// write is the next message of the customer.
func (p *poster) write() webhook {
	p.written++
	text, n := fmt.Sprintf("hear%dx%de", p.number, p.written), p.written
	if p.channel.Name != "signal" { // whose ids are times within a conversation, and cannot lie in the future
		n += p.number * 1e8
	}
	r := p.platform.Customer(p.account, text, n, p.soak.tick())
	for _, name := range people[p.channel.Name] {
		own := fmt.Sprintf("%s%02d", name[:len(name)-2], p.number)
		r.Body = bytes.ReplaceAll(r.Body, []byte(name), []byte(own))
	}
	p.soak.ledger.post(text, p.number, p.written)
	return webhook{text, r}
}

// tick is the time, which is never the same twice: platforms make ids of it.
func (s *soak) tick() time.Time {
	for {
		last := s.ticked.Load()
		now := max(time.Now().UnixMilli(), last+1)
		if s.ticked.CompareAndSwap(last, now) {
			return time.UnixMilli(now)
		}
	}
}

// burst is how many messages a customer writes at a time, on average.
const burst = 4

// apart is the time between two messages of a customer. Where the platform counts in
// seconds, as WhatsApp does, their order is that of arrival, which API Gateway tells in
// milliseconds. No platform is nearer than that.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
const apart = 2 * time.Millisecond

// run posts until ctx is done or the count is reached: bursts, with a pause for each message.
func (p *poster) run(ctx context.Context, pause time.Duration, count *atomic.Int64) {
	for ctx.Err() == nil {
		n := 1 + p.random.IntN(2*burst-1)
		for range n {
			if count.Add(-1) < 0 {
				return
			}
			w := p.write()
			if p.insist(ctx, w) && p.random.IntN(10) == 0 {
				p.post(ctx, w)
			}
			sleep(ctx, apart)
		}
		sleep(ctx, time.Duration(p.random.Int64N(int64(2*pause)*int64(n))))
	}
}

// insist posts w until it is answered, or the platform has had enough.
func (p *poster) insist(ctx context.Context, w webhook) bool {
	for ctx.Err() == nil {
		if p.post(ctx, w) {
			return true
		}
		if p.random.IntN(12) == 0 {
			return false
		}
		sleep(ctx, time.Duration(50+p.random.IntN(300))*time.Millisecond)
	}
	return false
}

// post says whether w was acknowledged.
func (p *poster) post(ctx context.Context, w webhook) bool {
	c := p.soak.child.Load()
	if c == nil {
		return false
	}
	account, r := p.account, w.request
	account.URL = c.Webhook(p.channel.Name)
	r.Header, r.Received = r.Header.Clone(), time.Now()
	if r.Path == "" {
		r.Path = sample.Path(p.channel.Name)
	}
	p.platform.Sign(account, &r)
	strike(p.soak.posting)
	url := account.URL
	if r.RawQuery != "" {
		url += "?" + r.RawQuery
	}
	status, answer := p.soak.do(ctx, r.Method, url, r.Header, r.Body)
	switch {
	case status/100 == 2:
		p.soak.ledger.acknowledge(w.text)
		return true
	case status/100 == 4 && status != http.StatusTooManyRequests:
		p.soak.ledger.note(refused, "%q of %s was answered %d %s", w.text, p.channel.Name, status, answer)
	case status != 0:
		p.soak.count.broken.Add(1)
	default:
		p.soak.count.unanswered.Add(1)
	}
	return false
}

// do makes a request. Without an answer, the whole of it, the status is 0.
func (s *soak) do(ctx context.Context, method, url string, header http.Header, body []byte) (int, string) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	r.Header = header
	resp, err := s.web.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
