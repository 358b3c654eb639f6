package exam

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"maps"
	"math"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// Bench measures Verify and Parse of the samples text and batch and of the longest
// one. Beside it, in the same run, it measures what any receiver must do: HMAC-SHA256
// of the body and decoding it with the standard library (JSON into a struct of its
// shape). Metrics: "x-of-base", the ratio of both, which a busy machine disturbs
// little; "ns" and "base-ns" per delivery; "allocs" per delivery.
func Bench(b *testing.B, ch channel.Channel, p play.Platform) {
	c := candidate{ch, p}
	set := read(b, c)
	c = withKeys(c, set)
	for _, s := range benchmarked(set) {
		b.Run(s.Name, func(b *testing.B) {
			base := baseOf(s.Request.Body)
			ours := func() {
				if err := c.Verify(set.Account, s.Request); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Parse(set.Account, s.Request); err != nil {
					b.Fatal(err)
				}
			}
			ratio(b, base, ours)
			b.ReportMetric(testing.AllocsPerRun(100, ours), "allocs")
		})
	}
	benchOutbound(b, c, set)
}

// benchOutbound measures what a message costs before the network: "fit" plans a
// text, a choice and a carousel of the contract, "send" renders a text and hands it
// to the double.
func benchOutbound(b *testing.B, c candidate, set sample.Set) {
	all, err := samples.Outbound()
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range all {
		if !slices.Contains([]string{"text", "text.long", "choice.14", "cards.12"}, o.Name) {
			continue
		}
		b.Run("fit/"+o.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan(c, o)
			}
		})
	}
	b.Run("send", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := simple(c, set, newRecorder(c, set)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchmarked(set sample.Set) []sample.Sample {
	all := deliveries(set)
	longest := slices.MaxFunc(all, func(x, y sample.Sample) int { return len(x.Request.Body) - len(y.Request.Body) })
	return slices.DeleteFunc(all, func(s sample.Sample) bool {
		return s.Name != "text" && s.Name != "batch" && s.Name != longest.Name
	})
}

// ratio runs base and ours in turns, in blocks of about 2 ms, so that a noisy
// machine disturbs both alike, and reports the median over the pairs of blocks.
func ratio(b *testing.B, base, ours func()) {
	block := func(f func(), n int) float64 {
		start := time.Now()
		for range n {
			f()
		}
		return float64(time.Since(start)) / float64(n)
	}
	size := func(f func()) int { return max(1, int(2e6/max(block(f, 10), 1))) }
	baseSize, ourSize := size(base), size(ours)
	var ratios, baseTimes, ourTimes []float64
	for b.Loop() {
		before := block(base, baseSize)
		mine := block(ours, ourSize)
		mean := (before + block(base, baseSize)) / 2
		ratios, baseTimes, ourTimes = append(ratios, mine/mean), append(baseTimes, mean), append(ourTimes, mine)
	}
	b.ReportMetric(median(ratios), "x-of-base")
	b.ReportMetric(median(baseTimes), "base-ns")
	b.ReportMetric(median(ourTimes), "ns")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// baseOf is the work no receiver can avoid, done the plain way.
func baseOf(body []byte) func() {
	key := []byte("a key of 32 bytes for every base")
	decode := decoderOf(body)
	return func() {
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		mac.Sum(nil)
		decode()
	}
}

// node is any XML element.
type node struct {
	Text  string `xml:",chardata"`
	Nodes []node `xml:",any"`
}

func decoderOf(body []byte) func() {
	var v any
	if json.Unmarshal(body, &v) == nil {
		shape := shapeOf(v)
		return func() { _ = json.Unmarshal(body, reflect.New(shape).Interface()) }
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return func() { _ = xml.Unmarshal(body, new(node)) }
	}
	return func() { _, _ = url.ParseQuery(string(body)) }
}

// shapeOf is the type a developer would write for v: structs, slices of the first
// element's shape, and scalars. Reflection is unavoidable: the fields are data.
func shapeOf(v any) reflect.Type {
	switch v := v.(type) {
	case map[string]any:
		var fields []reflect.StructField
		for i, name := range slices.Sorted(maps.Keys(v)) {
			tag := reflect.StructTag(`json:` + strconv.Quote(name))
			fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: shapeOf(v[name]), Tag: tag})
		}
		return reflect.StructOf(fields)
	case []any:
		if len(v) > 0 {
			return reflect.SliceOf(shapeOf(v[0]))
		}
	case string, bool:
		return reflect.TypeOf(v)
	case float64:
		if v == math.Trunc(v) {
			return reflect.TypeFor[int64]()
		}
		return reflect.TypeFor[float64]()
	}
	return reflect.TypeFor[any]()
}
