package ddb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

const staleTable = `{"TableName":"messages","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"S"},
		{"AttributeName":"n","AttributeType":"N"}],
	"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","Projection":{"ProjectionType":"KEYS_ONLY"},
		"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","Projection":{"ProjectionType":"KEYS_ONLY"},
		"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]}]}`

// TestBehind: what a read sees that misses n writes of what it reads.
func TestBehind(t *testing.T) {
	now := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	log, err := keep.Open("")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(func() time.Time { return now }, log, "us-east-1", "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	call := func(action, body string, behind int) (items string) {
		t.Helper()
		reply, _, _, err := d.Call(action, []byte(body), behind)
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		b, err := json.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Items []struct{ S, N map[string]string }
		}
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, it := range out.Items {
			list = append(list, it.S["S"]+it.N["N"])
		}
		return strings.Join(list, " ")
	}
	put := func(p, s string, n int) {
		const put = `{"TableName":"messages","Item":{"p":{"S":%q},"s":{"S":%q},"n":{"N":"%d"}}}`
		call("PutItem", fmt.Sprintf(put, p, s, n), 0)
	}
	call("CreateTable", staleTable, 0)
	put("x", "a", 1)
	put("x", "c", 3)
	now = now.Add(time.Minute)
	put("x", "b", 2)
	put("y", "q", 9) // another partition: no reader of x misses it
	put("x", "c", 5)
	call("DeleteItem", `{"TableName":"messages","Key":{"p":{"S":"x"},"s":{"S":"a"}}}`, 0)

	for _, x := range []struct {
		behind                int
		forward, back, global string
	}{
		{0, "b2 c5", "c5 b2", "b2 c5"},
		{1, "a1 b2 c5", "c5 b2 a1", "a1 b2 c5"},
		{2, "a1 b2 c3", "c3 b2 a1", "a1 b2 c3"},
		{3, "a1 c3", "c3 a1", "a1 c3"},
		{4, "a1 c3", "c3 a1", "a1 c3"}, // the first two are old
	} {
		of := func(more string) string {
			const query = `{"TableName":"messages","KeyConditionExpression":"p = :p",` +
				`"ExpressionAttributeValues":{":p":{"S":"x"}}`
			return call("Query", query+more+`}`, x.behind)
		}
		want := map[string]string{"forward": x.forward, "back": x.back, "local": x.forward, "global": x.global,
			"one": x.forward[:2], "last": x.back[:2], "consistent": "b2 c5"}
		got := map[string]string{"forward": of(""), "back": of(`,"ScanIndexForward":false`),
			"local": of(`,"IndexName":"local"`), "global": of(`,"IndexName":"global"`), "one": of(`,"Limit":1`),
			"last": of(`,"Limit":1,"ScanIndexForward":false`), "consistent": of(`,"ConsistentRead":true`)}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d behind: %s", x.behind, d)
		}
	}
}
