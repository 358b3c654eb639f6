package functions_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
	"github.com/relais-dev/relais/shared/webhook"
)

// room is what a webhook function may allocate for one body, in bytes: Lambda gives it
// 512 MB, and the request itself and the runtime need some.
const room = 384 << 20

// TestMemoryAtTheCap: no body that a channel takes costs more memory than
// its function has, wherever in a sample a batch stands. The largest number of
// elements that is parsed is tried with a tenth of it, in a tenth of the room.
func TestMemoryAtTheCap(t *testing.T) {
	for _, ch := range functions.Channels() {
		set, err := sample.Read(filepath.Join("channels", ch.Name))
		if err != nil {
			t.Fatal(err)
		}
		size := ch.MaxBody
		if size == 0 {
			size = channel.DefaultMaxBody
		}
		tried := map[string]bool{}
		for _, s := range set.Samples {
			for _, at := range arrays(s.Request.Body) {
				place := string(s.Request.Body[max(0, at-16):at])
				if tried[place] {
					continue
				}
				tried[place] = true
				check := func(what string, size, room int) {
					t.Helper()
					r := s.Request
					r.Body = filled(r.Body, at, what, size)
					if used := allocated(func() { _, _ = webhook.Parse(ch, set.Account, r) }); used > uint64(room) {
						t.Fatalf("%s %s: %q filled with %d KiB of %s allocates %d MiB, want at most %d", ch.Name, s.Name, place,
							size>>10, what, used>>20, room>>20)
					}
				}
				tenth := min(size, 3*webhook.MaxValues/10)
				check("{}", tenth, room/10*tenth/(3*webhook.MaxValues/10))
				if size > 3*webhook.MaxValues { // refused before it is parsed
					check("{}", size, 1<<20)
				}
			}
		}
		r := set.Samples[0].Request
		for _, body := range [][]byte{bytes.Repeat([]byte("["), size), bytes.Repeat([]byte(`{"a":`), size/5),
			bytes.Repeat([]byte("<a>"), size/3),
			[]byte(`{"a":"` + strings.Repeat(`\u0000`, size/6) + `"}`), bytes.Repeat([]byte("a=b&"), size/4),
			bytes.Repeat([]byte("%"), size)} {
			r.Body = body
			if used := allocated(func() { _, _ = webhook.Parse(ch, set.Account, r) }); used > room/2 {
				t.Errorf("%s: %d KiB of %q allocate %d MiB", ch.Name, len(body)>>10, body[:6], used>>20)
			}
		}
	}
}

// arrays are the places behind each opening bracket of a JSON body.
func arrays(body []byte) (at []int) {
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return at
		}
		if token == json.Delim('[') {
			at = append(at, int(d.InputOffset()))
		}
	}
}

// filled is body with size bytes of one element in the array that begins at a place.
func filled(body []byte, at int, element string, size int) []byte {
	n := max(1, (size-len(body))/(len(element)+1))
	more := strings.Repeat(element+",", n-1) + element
	if rest := bytes.TrimSpace(body[at:]); len(rest) > 0 && rest[0] != ']' {
		more += ","
	}
	return slices.Concat(body[:at], []byte(more), body[at:])
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
