package channel_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
)

type decoded struct {
	ID     string            `json:"id"`
	Count  int64             `json:"count"`
	Share  float64           `json:"share"`
	Bot    bool              `json:"bot"`
	Active *bool             `json:"active"`
	Names  []string          `json:"names"`
	Labels map[string]string `json:"labels"`
	Inner  *decoded          `json:"inner"`
	List   []decoded         `json:"list"`
	Raw    json.RawMessage   `json:"raw"`
	inherited
}

type inherited struct {
	Title string `json:"title"`
}

func TestDecode(t *testing.T) {
	yes := true
	for body, want := range map[string]decoded{
		`{"id":1,"title":"t"}`:                      {ID: "1", inherited: inherited{"t"}},
		`{"id":12345678901234567890}`:               {ID: "12345678901234567890"},
		`{"id":true,"title":2}`:                     {inherited: inherited{"2"}},
		`{"id":{"x":1},"count":"7"}`:                {Count: 7},
		`{"id":"a","count":7.0,"share":"1.5"}`:      {ID: "a", Count: 7, Share: 1.5},
		`{"id":"a","count":7.5,"share":true}`:       {ID: "a"},
		`{"id":"a","count":"many","share":[2]}`:     {ID: "a", Share: 2},
		`{"id":"a","count":99999999999999999999}`:   {ID: "a"},
		`{"id":"a","bot":"true","active":1}`:        {ID: "a", Bot: true, Active: &yes},
		`{"id":"a","bot":"perhaps","active":[]}`:    {ID: "a"},
		`{"id":"a","names":"n"}`:                    {ID: "a", Names: []string{"n"}},
		`{"id":"a","names":["n",1,{},null]}`:        {ID: "a", Names: []string{"n", "1", "", ""}},
		`{"id":"a","names":{"n":1}}`:                {ID: "a"},
		`{"id":"a","labels":{"n":1,"m":[]}}`:        {ID: "a", Labels: map[string]string{"n": "1"}},
		`{"id":"a","inner":[{"id":2}]}`:             {ID: "a", Inner: &decoded{ID: "2"}},
		`{"id":"a","inner":5,"list":{"id":2}}`:      {ID: "a", List: []decoded{{ID: "2"}}},
		`{"id":"a","list":[5,{"id":2}]}`:            {ID: "a", List: []decoded{{}, {ID: "2"}}},
		`{"id":1,"raw":{"b":"<&>","a":[ 1,2]}}`:     {ID: "1", Raw: json.RawMessage(`{"b":"<&>","a":[ 1,2]}`)},
		`{"ID":1,"Title":3,"unknown":{"id":false}}`: {ID: "1", inherited: inherited{"3"}},
		`{"id":"a","count":null,"inner":null}`:      {ID: "a"},
	} {
		var got decoded
		if err := channel.Decode([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(decoded{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat(`{"id":1,"inner":`, 200) + "1" + strings.Repeat("}", 200)
	var got decoded
	if err := channel.Decode([]byte(deep), &got); err != nil || got.ID != "1" {
		t.Errorf("what nests deeply: %v, id %q", err, got.ID)
	}
	for _, body := range []string{``, `{`, `"x"`, `5`, `true`, `[]`, `[5]`, `[{"id":"a"}]`, `[{"id":1}]`,
		`{"id":"a"} x`} {
		var got decoded
		if channel.Decode([]byte(body), &got) == nil {
			t.Errorf("%q is read as %+v", body, got)
		}
	}
}

func TestUnix(t *testing.T) {
	second := time.Date(2026, 8, 3, 17, 20, 0, 0, time.UTC)
	for n, want := range map[int64]time.Time{
		1785777600: second, 1785777600000: second, 1785777600123: second.Add(123 * time.Millisecond),
		0: {}, -1: {}, 1: {}, 178577760: {}, 178577760012: {}, 1785777600123456: {}, 1 << 62: {},
	} {
		if got := channel.Unix(n); !got.Equal(want) {
			t.Errorf("Unix(%d) = %s, want %s", n, got, want)
		}
	}
	if got := channel.UnixText("1785777600"); !got.Equal(second) {
		t.Errorf("UnixText = %s", got)
	}
	for _, text := range []string{"", "soon", "1.785777600e9", "99999999999999999999"} {
		if got := channel.UnixText(text); !got.IsZero() {
			t.Errorf("UnixText(%q) = %s", text, got)
		}
	}
}

func TestText(t *testing.T) {
	for body, want := range map[string]channel.Text{
		`"a\u00e9"`: "aé", `9007199254740993`: "9007199254740993", `true`: "true", `null`: "", `""`: "", `1.50`: "1.50",
		`{}`: "", `[]`: "", `["a"]`: "",
	} {
		got := channel.Text("before")
		if err := json.Unmarshal([]byte(body), &got); err != nil || got != want {
			t.Errorf("%s is read as %q, %v", body, got, err)
		}
	}
}
