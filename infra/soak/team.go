package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/child"
)

// awsRegion is any region that local mode takes.
const awsRegion = "us-east-1"

// queues is a client of a child's SQS, as an integrator has it.
func queues(c *child.Child) *sqs.Client {
	return sqs.New(sqs.Options{Region: awsRegion, BaseEndpoint: &c.AWS, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})
}

// visibility is for how many seconds a consumer has what it received.
const visibility = 5

// breath is how long a team is silent in a conversation after it said something there.
// WhatsApp takes one message in six seconds from one business to one customer.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
func (d *desk) breath() time.Duration {
	if d.channel == "whatsapp" {
		return 7 * time.Second
	}
	return 3 * time.Second
}

// A consumer takes events from one queue, as the contract asks it to; now and then it
// dies, before it has applied what it received, or before it has deleted it.
type consumer struct {
	queue  string
	random *rand.Rand
	soak   *soak
}

// run consumes until ctx is done.
func (c *consumer) run(ctx context.Context) {
	for ctx.Err() == nil {
		now := c.soak.child.Load()
		if now == nil || !c.receive(ctx, now) {
			sleep(ctx, 100*time.Millisecond)
		}
	}
}

// receive takes a batch; it says whether there was an answer.
func (c *consumer) receive(ctx context.Context, now *child.Child) bool {
	client, url := queues(now), now.Queues[c.queue]
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10,
		WaitTimeSeconds: 2, VisibilityTimeout: visibility})
	if err != nil {
		return false
	}
	if len(out.Messages) > 0 {
		c.soak.moved.Store(time.Now().UnixNano())
	}
	for _, m := range out.Messages {
		fate := c.random.IntN(400)
		if fate == 0 && c.soak.dying() { // before
			return true
		}
		var e events.Event
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
			c.soak.ledger.note(unexpected, "%s holds %.200q", c.queue, aws.ToString(m.Body))
		} else {
			c.soak.ledger.deliver(c.queue, e)
			c.soak.answer(ctx, e)
		}
		if fate == 1 && c.soak.dying() { // after
			return true
		}
		done := &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}
		if _, err := client.DeleteMessage(ctx, done); err != nil {
			return false
		}
	}
	return true
}

// dying says whether consumers die at this time, and counts it.
func (s *soak) dying() bool {
	if s.calm.Load() {
		return false
	}
	s.count.deaths.Add(1)
	return true
}

// A desk is what a team knows of a conversation. Whoever holds its lock asks.
type desk struct {
	sync.Mutex
	id      string
	channel string
	poster  int
	spoke   time.Time
	asked   map[int]bool // the numbers that were answered, for as long as they can come again
}

// desk is that of a poster's conversation; nil while nobody has heard of it.
func (s *soak) desk(poster int, conversation, channel string) *desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.desks[poster] == nil && conversation != "" {
		s.desks[poster] = &desk{id: conversation, channel: channel, poster: poster, asked: map[int]bool{}}
	}
	return s.desks[poster]
}

// proactive begins the numbers of what is said without having been asked.
const proactive = 1_000_000

// answer says something to some of what customers write. An event that comes again is
// answered again, with the same key.
func (s *soak) answer(ctx context.Context, e events.Event) {
	var poster, number int
	if n, err := fmt.Sscanf(customerText(e), "hear%dx%de", &poster, &number); n != 2 || err != nil {
		return
	}
	d := s.desk(poster, e.Subject, e.Channel)
	d.Lock()
	defer d.Unlock()
	fresh := time.Since(d.spoke) > d.breath() && !s.calm.Load()
	if e.Channel == captive || !fresh && !d.asked[number] {
		return
	}
	d.asked[number] = true
	s.say(ctx, d, number)
}

// initiate lets the team speak up by itself until ctx is done.
func (s *soak) initiate(ctx, work context.Context, random *rand.Rand) {
	for n := proactive; ctx.Err() == nil; n++ {
		sleep(ctx, time.Duration(200+random.IntN(500))*time.Millisecond)
		if d := s.desk(random.IntN(s.posters), "", ""); d != nil && d.TryLock() {
			if time.Since(d.spoke) > d.breath() {
				s.say(work, d, n)
			}
			d.Unlock()
		}
	}
}

// say asks for a message until it is promised, over SQS or over HTTP: one way for each
// conversation, because there is no order between the two.
func (s *soak) say(ctx context.Context, d *desk, number int) {
	key := fmt.Sprintf("say%dx%de", d.poster, number)
	h := fnv.New32()
	h.Write([]byte(key))
	o := events.Outbound{IdempotencyKey: key, To: events.To{Conversation: d.id},
		Content: []events.Content{events.NewText("Answer " + key)}}
	if h.Sum32()%8 == 0 {
		o.Policy = events.AtLeastOnce
	}
	body, err := json.Marshal(o)
	if err != nil {
		return // it is texts
	}
	s.ledger.ask(key, asked{conversation: d.id, repeats: o.Policy == events.AtLeastOnce})
	for ctx.Err() == nil {
		now := s.child.Load()
		if now != nil && d.poster%2 == 0 && s.put(ctx, now, now.Outbound, d.id, key, key, string(body)) {
			break
		}
		if now != nil && d.poster%2 == 1 && s.request(ctx, now, key, body) {
			break
		}
		sleep(ctx, 200*time.Millisecond)
	}
	d.spoke = time.Now()
}

// put sends a body to a queue, and says whether it was taken. The key is what the
// ledger knows it by; "" is a message of which nothing is to come.
func (s *soak) put(ctx context.Context, now *child.Child, url, group, dedup, key, body string) bool {
	out, err := queues(now).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body,
		MessageGroupId: &group, MessageDeduplicationId: &dedup})
	if err != nil {
		return false
	}
	if key != "" {
		s.ledger.promise(key, aws.ToString(out.MessageId))
	}
	return true
}

// request asks over HTTP, and says whether it was accepted.
func (s *soak) request(ctx context.Context, now *child.Child, key string, body []byte) bool {
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + now.Token}}
	status, answer := s.do(ctx, http.MethodPost, now.URL+"/v1/messages", header, body)
	switch {
	case status/100 == 2:
		s.ledger.promise(key, "")
		return true
	case status/100 == 4 && status != http.StatusTooManyRequests:
		s.ledger.note(refused, "%s was answered %d %s", key, status, answer)
		return true
	}
	return false
}
