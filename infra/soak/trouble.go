package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/relais-dev/relais/infra/local/child"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/play"
)

// start runs local mode on what it kept, and writes down what platforms are called with.
func (s *soak) start(disk int64) error {
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	o := s.options
	o.Calls, o.Disk = writer, disk
	s.reading.Go(func() { s.readCalls(reader) })
	c, err := child.Start(o)
	writer.Close() // the child has its own
	if err != nil {
		s.reading.Wait()
		return err
	}
	s.child.Store(c)
	s.count.starts.Add(1)
	return nil
}

// readCalls writes down what the platforms of one child are called with. A line that is
// cut off is a call that had no effect.
func (s *soak) readCalls(r *os.File) {
	defer r.Close()
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var c outside.Call
		if err := json.Unmarshal(line, &c); err != nil {
			s.ledger.note(unexpected, "a platform's call that cannot be read: %v", err)
			continue
		}
		strike(s.calling)
		if c.Fault != "" {
			s.count.played.Add(1)
		}
		s.ledger.say(c)
	}
}

// kill ends the child, and waits for the last that it told.
func (s *soak) kill() {
	c := s.child.Swap(nil)
	if c == nil {
		return
	}
	c.Kill()
	s.reading.Wait()
	s.count.kills.Add(1)
}

// killing kills the child at random moments and starts it again, now and then on a
// disk that is about to be full, until ctx is done.
func (s *soak) killing(ctx context.Context, random *rand.Rand) error {
	for {
		sleep(ctx, 200*time.Millisecond+time.Duration(random.ExpFloat64()*float64(s.between)))
		s.aim(ctx, random)
		if ctx.Err() != nil {
			return nil
		}
		s.kill()
		if err := s.start(0); err != nil {
			return fmt.Errorf("start again after a kill: %w", err)
		}
		if random.IntN(4) > 0 {
			continue
		}
		size := s.kept() // after it was compacted
		s.kill()
		s.count.full.Add(1)
		if err := s.start(size + random.Int64N(96<<10)); err != nil { // full before it had begun
			if err := s.start(0); err != nil {
				return fmt.Errorf("start again after a full disk: %w", err)
			}
		}
	}
}

// aim waits, for some seconds, for the moment to kill: any, or while a platform's call
// or a webhook is under way, where most is half done.
func (s *soak) aim(ctx context.Context, random *rand.Rand) {
	moment := []chan struct{}{nil, s.calling, s.posting}[random.IntN(3)]
	if moment == nil {
		return
	}
	select {
	case <-moment:
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
	}
	sleep(ctx, time.Duration(random.IntN(2500))*time.Microsecond)
}

// strike tells whoever aims that the moment is now.
func strike(moment chan struct{}) {
	select {
	case moment <- struct{}{}:
	default:
	}
}

// kept is the size of the largest file that the child keeps.
func (s *soak) kept() int64 {
	var largest int64
	filepath.Walk(s.options.Data, func(_ string, f os.FileInfo, err error) error {
		if err == nil && f.Mode().IsRegular() {
			largest = max(largest, f.Size())
		}
		return nil // a file that went away is no matter
	})
	return largest
}

// failing makes platforms fail until ctx is done.
func (s *soak) failing(ctx context.Context, random *rand.Rand) {
	// A refused token costs an account minutes, so it is not among them.
	faults := []play.Fault{play.Lost, play.Lost, play.Lost, play.Down, play.Unreachable,
		play.Throttled, play.Invalid}
	for ctx.Err() == nil {
		sleep(ctx, time.Duration(100+random.IntN(700))*time.Millisecond)
		fault, platform := faults[random.IntN(len(faults))], open[random.IntN(len(open))]
		if c := s.child.Load(); c != nil {
			form := url.Values{"channel": {platform}, "fault": {string(fault)}}.Encode()
			header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			s.do(ctx, http.MethodPost, c.URL+"/platforms/fail", header, []byte(form))
		}
	}
}

// confined is the destination of the captive's messages.
const confined = "shop"

// captivity deletes a destination's queue while it is empty, lets events pile up that
// wait for it, and lets integrators make their mistakes meanwhile, again and again. The
// next start creates the queue anew.
func (s *soak) captivity(ctx context.Context, p *poster) {
	for round := 0; ctx.Err() == nil; round++ {
		s.writes(ctx, p, 2+p.random.IntN(4))
		if s.delivered(ctx, p.number) {
			if c := s.child.Load(); c != nil && s.deleteQueue(ctx, c) {
				s.count.deletions.Add(1)
				s.writes(ctx, p, 5)
			}
		}
		s.mistakes(ctx, round, p)
		sleep(ctx, time.Duration(500+p.random.IntN(3000))*time.Millisecond)
	}
}

// writes posts messages of the captive, each until it is acknowledged: one that is stored
// and was not answered could lie in the queue when that is deleted.
func (s *soak) writes(ctx context.Context, p *poster, n int) {
	for range n {
		for w := p.write(); ctx.Err() == nil && !p.insist(ctx, w); {
		}
		sleep(ctx, apart)
	}
}

// delivered waits, for some seconds, until all that a poster posted has arrived: what is
// in a queue goes with it.
func (s *soak) delivered(ctx context.Context, poster int) bool {
	for range 40 {
		if s.ledger.arrived(poster) {
			return true
		}
		sleep(ctx, 250*time.Millisecond)
	}
	return false
}

func (s *soak) deleteQueue(ctx context.Context, c *child.Child) bool {
	url := c.Queues[confined]
	_, err := queues(c).DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	return err == nil
}

// plausible are mistakes on the queue that takes requests, each of which must be told
// to be rejected: what names a conversation where a ring would, what has a key and
// nothing to say, what is no request at all.
var plausible = []string{
	`{"idempotencyKey":"KEY","conversation":"CONVERSATION","content":[{"kind":"text","text":{"body":"Answer KEY"}}]}`,
	`{"ring":"CONVERSATION","idempotencyKey":"KEY","content":[{"kind":"text","text":{"body":"Answer KEY"}}]}`,
	`{"conversation":"CONVERSATION"}`,
	`{"idempotencyKey":"KEY","to":{"conversation":"CONVERSATION"},"content":[]}`,
	`{"verb":"dance","to":{"conversation":"CONVERSATION"}}`,
	`no JSON`,
}

// mistakes makes each of the plausible once, and rings on every queue of Relais for
// what that queue does not serve. Nothing may be said or lost by it.
func (s *soak) mistakes(ctx context.Context, round int, p *poster) {
	c := s.child.Load()
	desk := s.desk(p.number, "", "")
	if c == nil || desk == nil {
		return
	}
	for i, form := range plausible {
		key := fmt.Sprintf("say%dx%de", p.number, 2*proactive+round*100+i)
		body := strings.NewReplacer("KEY", key, "CONVERSATION", desk.id).Replace(form)
		s.ledger.ask(key, asked{conversation: "mistakes", mistake: true})
		for ctx.Err() == nil && !s.put(ctx, c, c.Outbound, "desk", key, key, body) {
			sleep(ctx, 200*time.Millisecond)
			if now := s.child.Load(); now != nil {
				c = now
			}
		}
	}
	for i, body := range []string{`{"ring":"%s"}`, `{"ring":"media:%s"}`, `{"ring":"out:%s"}`, `{"ring":"bulk:%s"}`} {
		for _, queue := range []string{names.Outbound, names.Bulk, names.Media, names.Ingress} {
			url := strings.Replace(c.Outbound, names.Outbound, queue, 1)
			s.put(ctx, c, url, desk.id, fmt.Sprintf("mistake %d %d", round, i), "", fmt.Sprintf(body, desk.id))
		}
	}
	s.count.rounds.Add(1)
}

// arrived says whether all is delivered that was acknowledged to a poster.
func (l *ledger) arrived(poster int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.heard {
		if h.poster == poster && h.sequence == 0 && h.acknowledged {
			return false
		}
	}
	return true
}

// deadLetters looks for events that a destination gave up on: consumers that die leave
// an event far less often than that takes.
func (s *soak) deadLetters(ctx context.Context) {
	c := s.child.Load()
	for name, url := range c.Queues {
		dead := strings.TrimSuffix(url, ".fifo") + names.DeadSuffix + ".fifo"
		out, err := queues(c).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &dead,
			AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			s.ledger.note(lost, "the dead letters of %s cannot be seen: %v", name, err)
		} else if n := out.Attributes["ApproximateNumberOfMessages"]; n != "0" {
			s.ledger.note(lost, "%s events are among the dead letters of %s", n, name)
		}
	}
}
