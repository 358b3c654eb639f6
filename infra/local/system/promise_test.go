package system_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/store"
)

// refusing makes a destination's queue refuse everything, as a key that is not
// allowed any more does.
func refusing(destination string) func(awsfake.Call) *awsfake.Fault {
	return func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "sqs:SendMessage" && strings.HasSuffix(c.Resource, "-"+destination+".fifo") {
			return &awsfake.Fault{Status: 403, Code: "KMS.AccessDeniedException"}
		}
		return nil
	}
}

// put sends a body to a queue of ours, as whoever may send there can.
func (r *rig) put(queue, group, dedup, body string) (id string) {
	r.t.Helper()
	c := sqs.NewFromConfig(r.sys.ConfigOf("integrator", cloud.Work))
	out, err := c.SendMessage(r.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(r.sys.QueueURL(queue)),
		MessageBody:    &body,
		MessageGroupId: &group, MessageDeduplicationId: &dedup})
	if err != nil {
		r.t.Fatal(err)
	}
	return aws.ToString(out.MessageId)
}

// bodies takes the messages that wait in a queue.
func (r *rig) bodies(queue string) []string {
	r.t.Helper()
	c := sqs.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work))
	var list []string
	for {
		out, err := c.ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.sys.QueueURL(queue)),
			MaxNumberOfMessages: 10})
		if err != nil {
			r.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return list
		}
		for _, m := range out.Messages {
			list = append(list, aws.ToString(m.Body))
			if _, err := c.DeleteMessage(r.t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String(r.sys.QueueURL(queue)),
				ReceiptHandle: m.ReceiptHandle}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// TestNoMistakeConsumesEvents: while a destination refuses, acknowledged events wait.
// Whatever stands on the queues of ours, none of them is deleted or lost, and each
// mistake is told.
func TestNoMistakeConsumesEvents(t *testing.T) {
	d := newDesk(t, `{"channels":["whatsapp","telegram"],"destinations":{"support":{},"ops":{}},"default":"support","rules":[
		{"name":"ops","when":"event.type == 'send.rejected.v1'","to":["ops"]}]}`)
	e := d.writes("telegram", "Hello?")
	d.breaks(refusing("support"))
	for i := range 5 {
		d.customer("telegram", fmt.Sprint("waiting ", i))
	}
	d.drain()
	content := `"content":[{"kind":"text","text":{"body":"Yes?"}}]`
	mistakes := map[string]int{ // and how many rejections each makes; a key names one request, on whatever queue it comes
		`{"idempotencyKey":"k1","conversation":"` + e.Subject + `",` + content + `}`: 1,
		`{"conversation":"` + e.Subject + `"}`:                                       1,
		`{"ring":"` + e.Subject + `"}`:                                               0,
		`{"ring":"` + e.Subject + `","idempotencyKey":"k2",` + content + `}`:         1,
		`{"ring":"` + string(store.MediaLane(e.Subject)) + `"}`:                      0,
		`{"ring":"` + string(store.BulkLane(e.Subject)) + `"}`:                       0,
		`{"ring":"` + string(store.ReplyLane(e.Subject)) + `"}`:                      0,
		`{"ring":""}`: 1, `{"ring":5}`: 1, `[]`: 1,
		`no JSON`: 1, `null`: 1, `""`: 1,
		`{"verb":5}`: 1, `{"verb":"dance"}`: 1,
	}
	want := 0
	for i, body := range slices.Sorted(func(yield func(string) bool) {
		for b := range mistakes {
			if !yield(b) {
				return
			}
		}
	}) {
		want += mistakes[body]
		d.put(names.Outbound, "desk", fmt.Sprint("mistake", i), body)
		d.put(names.Bulk, "desk", fmt.Sprint("bulk", i), body)
		d.put(names.Media, "desk", fmt.Sprint("media", i), body)
		d.put(names.Ingress, "desk", fmt.Sprint("ingress", i), body)
		d.put(names.Ingress, e.Subject, fmt.Sprint("ring", i), body)
		d.drain()
	}
	d.breaks(nil)
	d.settle()
	var sequences []string
	for _, x := range d.received("support") {
		sequences = append(sequences, strings.TrimLeft(x.Sequence, "0"))
	}
	if diff := cmp.Diff([]string{"2", "3", "4", "5", "6"}, sequences); diff != "" {
		t.Errorf("acknowledged while the destination refused (-want +got)\n%s", diff)
	}
	rejected := d.received("ops")
	if want = 2*want - 2; len(rejected) != want {
		t.Errorf("%d rejections, want %d: %v", len(rejected), want, outcomes(rejected))
	}
	for _, x := range rejected {
		if x.Data.Rejection.QueueMessage == "" {
			t.Errorf("a rejection that nobody can match: %+v", x.Data.Rejection)
		}
	}
	for queue, n := range map[string]int{names.Outbound: 3, names.Bulk: 3, names.Media: len(mistakes) - 1,
		names.Ingress: 2*len(mistakes) - 1} {
		if got := d.bodies(queue + names.DeadSuffix); len(got) != n {
			t.Errorf("%d dead letters of %s, want %d: %q", len(got), queue, n, got)
		}
	}
}

// TestRingBeforeItsTime: whoever rings for a message that waits for its time does not
// make it be said.
func TestRingBeforeItsTime(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	o := say(e, "k1", "later")
	o.Constraints = &events.Constraints{NotBefore: d.clock.Now().Add(5 * time.Hour)}
	d.ask(o)
	d.drain()
	d.put(names.Outbound, "x", "x", `{"ring":"`+string(store.LaterLane(events.OutboundID("k1")))+`"}`)
	d.drain()
	if n := d.said("telegram", `"later"`); n != 0 {
		t.Errorf("said %d times, hours early", n)
	}
	d.clock.Advance(5 * time.Hour)
	d.sweeps(3)
	if n := d.said("telegram", `"later"`); n != 1 {
		t.Errorf("said %d times when it was due", n)
	}
}

// TestLaterThanTheRetention: a message for a time after the end of the retention is said.
func TestLaterThanTheRetention(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	o := say(e, "k1", "much later")
	o.Constraints = &events.Constraints{NotBefore: d.clock.Now().Add(40 * 24 * time.Hour)}
	d.ask(o)
	d.drain()
	for range 41 {
		d.clock.Advance(24 * time.Hour)
		d.sweeps(2)
	}
	if n := d.said("telegram", `"much later"`); n != 1 {
		t.Errorf("said %d times: it was accepted", n)
	}
	d.received("support")
	o.IdempotencyKey, o.Constraints = "k2", &events.Constraints{NotBefore: d.clock.Now().Add(400 * 24 * time.Hour)}
	d.ask(o)
	d.drain()
	if got := outcomes(d.received("support")); len(got) != 1 || got[0] != "rejected content" {
		t.Errorf("asked for in more than a year: %v", got)
	}
}

// TestRefusedAccountIsTold: what waits for an account whose credentials are refused is
// given up after a week, and told.
func TestRefusedAccountIsTold(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.fail("telegram", slices.Repeat([]play.Fault{play.Expired}, 2000)...)
	d.ask(say(e, "k1", "hi"))
	d.drain()
	told := []string{}
	for range 35 {
		for range 24 {
			d.clock.Advance(time.Hour)
			d.sweeps(1)
		}
		told = append(told, outcomes(d.received("support"))...)
	}
	if !slices.Contains(told, "failed auth") {
		t.Errorf("after 35 days of a refused token, told %v", told)
	}
}

// TestPatienceBeginsWhenDue: a message for later that meets a full quota when it is
// due is tried again, as one for now would be.
func TestPatienceBeginsWhenDue(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	o := say(e, "k1", "later")
	o.Constraints = &events.Constraints{NotBefore: d.clock.Now().Add(48 * time.Hour)}
	d.ask(o)
	d.drain()
	d.fail("telegram", play.Throttled)
	d.clock.Advance(48 * time.Hour)
	d.sweeps(10)
	if n := d.said("telegram", `"later"`); n != 1 {
		t.Errorf("said %d times, told %v", n, outcomes(d.received("support")))
	}
}

// TestMissingBody: the large body of an event is gone from the bucket. That event is
// quarantined in its place, and those behind it go on.
func TestMissingBody(t *testing.T) {
	r := newRig(t)
	r.breaks(refusing("support"))
	large := r.bigMessage()
	r.post(message{"1", "wamid.1", "one", r.clock.Now()}, large, message{"1", "wamid.3", "three",
		r.clock.Now().Add(2 * time.Second)})
	r.drain()
	c := s3.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work), func(o *s3.Options) { o.UsePathStyle = true })
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(system.Bucket),
		Prefix: aws.String("raw/")})
	if err != nil || len(list.Contents) == 0 {
		t.Fatalf("no large body in the bucket (%v)", err)
	}
	for _, o := range list.Contents {
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(system.Bucket),
			Key: o.Key}); err != nil {
			t.Fatal(err)
		}
	}
	r.breaks(nil)
	r.settle()
	if diff := cmp.Diff([]string{"one", string(events.IngestQuarantined), "three"}, r.texts("support")); diff != "" {
		t.Errorf("%s\n%s", diff, r.logs)
	}
}

// bigMessage is a text that no item takes, whatever it is compressed with.
func (r *rig) bigMessage() message {
	var b strings.Builder
	state := uint64(1)
	for b.Len() < 700<<10 {
		state = state*6364136223846793005 + 1442695040888963407
		fmt.Fprintf(&b, "%016x", state)
	}
	return message{"1", "wamid.2", b.String(), r.clock.Now().Add(time.Second)}
}

// TestFinishedBodiesMayGo: a large body is tagged when its event is finished, and not
// before: the bucket's rule goes by the tag.
func TestFinishedBodiesMayGo(t *testing.T) {
	r := newRig(t)
	r.breaks(refusing("support"))
	r.post(r.bigMessage())
	r.drain()
	c := s3.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work), func(o *s3.Options) { o.UsePathStyle = true })
	tags := func() int {
		list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(system.Bucket),
			Prefix: aws.String("raw/")})
		if err != nil || len(list.Contents) != 1 {
			t.Fatalf("%d bodies (%v)", len(list.Contents), err)
		}
		out, err := c.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: aws.String(system.Bucket),
			Key: list.Contents[0].Key})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.TagSet)
	}
	if n := tags(); n != 0 {
		t.Errorf("%d tags while the event is unfinished", n)
	}
	r.breaks(nil)
	r.settle()
	if n := tags(); n != 1 {
		t.Errorf("%d tags when the event is finished", n)
	}
}

// TestOneOverload: while rings for events are held back because the ingress queue is
// behind, messages that are due are said and files are fetched.
func TestOneOverload(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	o := say(e, "k1", "due")
	o.Constraints = &events.Constraints{NotBefore: d.clock.Now().Add(time.Hour)}
	d.ask(o)
	d.drain()
	c := sqs.NewFromConfig(d.sys.ConfigOf(system.Admin, cloud.Work))
	for i := range 110 {
		var entries []sqstypes.SendMessageBatchRequestEntry
		for j := range 10 {
			id := fmt.Sprintf("%d-%d", i, j)
			entries = append(entries, sqstypes.SendMessageBatchRequestEntry{Id: &id, MessageBody: aws.String(`{"ring":"x"}`),
				MessageGroupId: &id, MessageDeduplicationId: &id})
		}
		if _, err := c.SendMessageBatch(t.Context(),
			&sqs.SendMessageBatchInput{QueueUrl: aws.String(d.sys.QueueURL(names.Ingress)), Entries: entries}); err != nil {
			t.Fatal(err)
		}
	}
	d.clock.Advance(time.Hour + time.Minute)
	if err := d.sys.Tick(context.Background(), d.function("sweeper")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sys.Poll(context.Background(), d.function("sender"), 0); err != nil {
		t.Fatal(err)
	}
	if n := d.said("telegram", `"due"`); n != 1 {
		t.Errorf("said %d times while the ingress queue is behind", n)
	}
}

// TestTwoRoutersServeOneEach: two routers serve one destination each of an event at the
// same time. It is finished.
func TestTwoRoutersServeOneEach(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.1", "order", r.clock.Now()})
	conversation, inner, puts := events.ConversationID("whatsapp", "demo", "1"), false, 0
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal != "router" || c.Action != "sqs:SendMessage" {
			return nil
		}
		shop := strings.HasSuffix(c.Resource, "-shop.fifo")
		if puts++; puts == 1 { // the first router is about to serve the shop
			inner = true
			r.directly("router", conversation)
			inner = false
		}
		if inner == shop { // the second serves support alone, the first the shop
			return &awsfake.Fault{Status: 503}
		}
		return nil
	})
	r.drain()
	r.breaks(nil)
	r.settle()
	if shop, support := r.texts("shop"), r.texts("support"); len(shop) == 0 || len(support) == 0 {
		t.Errorf("shop %v, support %v", shop, support)
	}
	r.nothingWaits()
}

// nothingWaits: no item is in the index of unfinished work.
func (r *rig) nothingWaits() {
	r.t.Helper()
	db := dynamodb.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work))
	out, err := db.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(names.Table(names.Local)),
		FilterExpression: aws.String("attribute_exists(" + names.AttrOrder + ") OR attribute_exists(" +
			names.AttrBucket + ") OR attribute_exists(" + names.AttrBlocked + ")")})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, it := range out.Items {
		r.t.Errorf("unfinished: %v", it)
	}
}

// TestClockSetBack: answers are said in the order in which they were accepted,
// whatever the clock does in between.
func TestClockSetBack(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.fail("telegram", play.Throttled)
	for i, text := range []string{"one", "two", "three"} {
		d.ask(say(e, fmt.Sprint("k", i), text))
		if i == 0 {
			d.drain()
		}
		d.clock.Advance(-10 * time.Second)
	}
	d.drain()
	d.clock.Advance(time.Minute)
	d.sweeps(5)
	var said []string
	for _, c := range d.taken("telegram", `"text"`) {
		var body struct{ Text string }
		if json.Unmarshal(c.Request.Body, &body) == nil && c.Answer.OK() {
			said = append(said, body.Text)
		}
	}
	if diff := cmp.Diff([]string{"one", "two", "three"}, said); diff != "" {
		t.Error(diff)
	}
}

// TestNoCharacters: what is no character, in any string of a webhook, holds up nothing.
func TestNoCharacters(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.1", "a\uffffb\ufffec\x00d", r.clock.Now()})
	r.post(message{"1", "wamid.2", "two", r.clock.Now().Add(time.Second)})
	r.drain()
	if diff := cmp.Diff([]string{"a\ufffdb\ufffdc\x00d", "two"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestPermanentRefusal: a destination that refuses one message for ever gets a
// quarantine event under its sequence, and what is behind it.
func TestPermanentRefusal(t *testing.T) {
	for _, code := range []string{"InvalidMessageContents", "InvalidParameterValue", "UnsupportedOperation"} {
		r := newRig(t)
		r.post(message{"1", "wamid.1", "poison", r.clock.Now()}, message{"1", "wamid.2", "two",
			r.clock.Now().Add(time.Second)})
		sends := 0
		r.breaks(func(c awsfake.Call) *awsfake.Fault {
			if c.Action != "sqs:SendMessage" || !strings.HasSuffix(c.Resource, "-support.fifo") {
				return nil
			}
			if sends++; sends <= 2 {
				return &awsfake.Fault{Status: 400, Code: code}
			}
			return nil
		})
		r.drain()
		got := r.received("support")
		if len(got) != 2 || got[0].Type != events.IngestQuarantined || got[0].Sequence != events.FormatSequence(1) ||
			text(got[1]) != "two" {
			t.Errorf("%s: received %v", code, got)
		}
	}
}

// TestBlockedDestinationCostsTheSame: a destination that refuses costs its conversation
// as much per further message when 400 wait as when 10 do.
func TestBlockedDestinationCostsTheSame(t *testing.T) {
	r := newRig(t)
	r.breaks(refusing("support"))
	post := func(n int) {
		for i := range n {
			r.clock.Advance(time.Second)
			at := r.clock.Now()
			r.post(message{"1", fmt.Sprint("wamid.", at.UnixNano(), i), "hello", at})
		}
		r.drain()
	}
	units := func() (sum float64) {
		r.callsOf("router")
		post(1)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range r.calls {
			if c.Principal == "router" {
				sum += c.Units
			}
		}
		return sum
	}
	post(10)
	few := units()
	post(400)
	if many := units(); many > few {
		t.Errorf("%.1f units for a further message when 10 wait, %.1f when 400 do", few, many)
	}
	r.breaks(nil)
	r.settle()
	if got := r.texts("support"); len(got) != 412 {
		t.Errorf("%d events arrived, want 412", len(got))
	}
	r.nothingWaits()
}

// TestTwoBlockedDestinations: destinations refuse and recover apart from each other.
// Each gets all it is owed, in order.
func TestTwoBlockedDestinations(t *testing.T) {
	r := newRig(t)
	both := func(c awsfake.Call) *awsfake.Fault {
		if f := refusing("support")(c); f != nil {
			return f
		}
		return refusing("shop")(c)
	}
	n := 0
	post := func(count int) {
		for range count {
			n++
			r.clock.Advance(time.Second)
			r.post(message{"1", fmt.Sprint("wamid.", n), fmt.Sprint("order ", n), r.clock.Now()})
		}
		r.drain()
	}
	post(2)
	r.breaks(refusing("support"))
	post(2)
	r.breaks(both)
	post(2)
	r.breaks(refusing("shop"))
	post(2)
	r.breaks(nil)
	post(2)
	r.settle()
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint("order ", i+1))
	}
	for _, destination := range []string{"support", "shop"} {
		if diff := cmp.Diff(want, r.texts(destination)); diff != "" {
			t.Errorf("%s: %s", destination, diff)
		}
	}
	r.nothingWaits()
}

// TestTransientErrorCostsSeconds: one refused call stalls a conversation for seconds,
// not for a visibility timeout, in both directions.
func TestTransientErrorCostsSeconds(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	for _, x := range []struct{ principal, action string }{{"router", "dynamodb:Query"}, {"sender", "dynamodb:GetItem"}} {
		once := true
		d.breaks(func(c awsfake.Call) *awsfake.Fault {
			if c.Principal == x.principal && c.Action == x.action && once {
				once = false
				return &awsfake.Fault{Status: 400, Code: "Broken"}
			}
			return nil
		})
		d.ask(say(e, x.principal, "said after "+x.principal))
		d.drain()
		d.breaks(nil)
		d.clock.Advance(3 * time.Second)
		d.drain()
		if got := outcomes(d.received("support")); len(got) != 1 || got[0] != "echo said after "+x.principal {
			t.Errorf("three seconds after an error of the %s: %v", x.principal, got)
		}
	}
}

// TestLanesAreAllThatCanBeLeft: no role may delete anything of a conversation.
func TestLanesAreAllThatCanBeLeft(t *testing.T) {
	r := newRig(t, func(o *system.Options) { o.Config.Channels = nil })
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	conversation := events.ConversationID("whatsapp", "demo", "1")
	for _, f := range r.sys.Functions {
		db := dynamodb.NewFromConfig(r.sys.ConfigOf(f.Name, cloud.Work))
		for _, sort := range []string{"state", "evt_x"} {
			_, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(names.Table(names.Local)),
				Key: map[string]types.AttributeValue{names.AttrPartition: &types.AttributeValueMemberS{Value: conversation},
					names.AttrSort: &types.AttributeValueMemberS{Value: sort}}})
			if err == nil || !strings.Contains(err.Error(), "AccessDenied") {
				t.Errorf("%s may delete %s of a conversation (%v)", f.Name, sort, err)
			}
		}
	}
}
