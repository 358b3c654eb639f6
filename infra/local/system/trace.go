package system

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxRecursion is how often a function may be invoked in one chain. What would invoke it once more is refused.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
const maxRecursion = 16

// ErrRecursiveLoop is Lambda's refusal of a batch that comes from too many invocations of the same function. Its
// messages become visible again, until their queue gives them up.
var ErrRecursiveLoop = errors.New("RecursiveInvocationException: recursive loop detected")

// A trace is what Lambda knows of where an invocation comes from. SDKs send it along with their calls, SQS keeps it
// with the message, and so it reaches the next invocation.
type trace struct {
	root    string
	lineage map[string]int // how often each function was invoked since the root
}

// newTrace begins a chain.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func newTrace() trace {
	var id [16]byte
	rand.Read(id[:])
	s := hex.EncodeToString(id[:])
	return trace{root: "1-" + s[:8] + "-" + s[8:]}
}

// lineageID is how a function is called in a lineage.
func lineageID(function string) string {
	h := fnv.New32a()
	h.Write([]byte(function)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// next is the trace of an invocation of function that t led to.
func (t trace) next(function string) trace {
	lineage := maps.Clone(t.lineage)
	if lineage == nil {
		lineage = map[string]int{}
	}
	lineage[lineageID(function)]++
	return trace{t.root, lineage}
}

// invocations is how often function was invoked.
func (t trace) invocations(function string) int { return t.lineage[lineageID(function)] }

// header is the value of X-Amzn-Trace-Id.
func (t trace) header() string {
	var list []string
	for _, id := range slices.Sorted(maps.Keys(t.lineage)) {
		list = append(list, id+":"+strconv.Itoa(t.lineage[id]))
	}
	return "Root=" + t.root + ";Parent=" + t.root[len(t.root)-16:] + ";Sampled=0;Lineage=" + strings.Join(list, "|")
}

// parseTrace reads what header wrote, or what an SDK made of it. Others may write what they like: what cannot be read
// is left out.
func parseTrace(header string) trace {
	t := trace{lineage: map[string]int{}}
	if plain, err := url.PathUnescape(header); err == nil {
		header = plain
	}
	for field := range strings.SplitSeq(header, ";") {
		switch name, value, _ := strings.Cut(field, "="); name {
		case "Root":
			t.root = value
		case "Lineage":
			for entry := range strings.SplitSeq(value, "|") {
				id, count, _ := strings.Cut(entry, ":")
				if n, err := strconv.Atoi(count); err == nil {
					t.lineage[id] = n
				}
			}
		}
	}
	if len(t.root) < 16 {
		t.root = newTrace().root
	}
	return t
}

// traceOf is the trace of a batch. Lambda gives an invocation one: what any of its messages went through counts for
// all that the invocation sends.
func traceOf(messages []types.Message) trace {
	batch := newTrace()
	batch.lineage = map[string]int{}
	for _, m := range messages {
		header := m.Attributes[string(types.MessageSystemAttributeNameAWSTraceHeader)]
		if header == "" {
			continue
		}
		t := parseTrace(header)
		batch.root = t.root
		for id, n := range t.lineage {
			batch.lineage[id] = max(batch.lineage[id], n)
		}
	}
	return batch
}

// Consuming is a context for the calls that a Lambda function of an integrator makes when it is invoked with messages.
// It is refused with ErrRecursiveLoop where Lambda would not invoke it.
func Consuming(ctx context.Context, function string, messages []types.Message) (context.Context, error) {
	t := traceOf(messages).next(function)
	if t.invocations(function) > maxRecursion {
		return nil, ErrRecursiveLoop
	}
	return context.WithValue(ctx, invocationKey{}, &invocation{trace: t, over: make(chan struct{})}), nil
}

// recursionDetection takes the place of the SDK's middleware of that name, which reads the trace from the environment:
// here many functions share one. Where a function's configuration goes without, this goes with it.
type recursionDetection struct{}

const recursionDetectionID = "RecursionDetection"

func (recursionDetection) ID() string { return recursionDetectionID }

// HandleBuild adds the trace of the invocation that makes the call.
func (recursionDetection) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
	middleware.BuildOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		if i := invocationOf(ctx); i != nil {
			r.Header.Set("X-Amzn-Trace-Id", i.trace.header())
		}
	}
	return next.HandleBuild(ctx, in)
}

func traceCalls(stack *middleware.Stack) error {
	if _, ok := stack.Build.Get(recursionDetectionID); !ok {
		return nil
	}
	_, err := stack.Build.Swap(recursionDetectionID, recursionDetection{})
	return err
}
