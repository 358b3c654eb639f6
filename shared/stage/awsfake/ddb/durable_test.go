package ddb_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := wire.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A watch is a time that tests move.
type watch struct{ at time.Time }

func (w *watch) now() time.Time { return w.at }

func newWatch() *watch { return &watch{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func TestRestart(t *testing.T) {
	dir, w := t.TempDir(), newWatch()
	db, log := newDB(t, w.now, dir)
	must(t, db, "CreateTable", tableBody)
	must(t, db, "UpdateTimeToLive",
		`{"TableName":"cost","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`)
	must(t, db, "PutItem",
		`{"TableName":"cost","Item":{$K,"pend":{"N":"1.5"},"lane":{"S":"l"},"bin":{"B":"AAH/"},"set":{"NS":["1","2"]},"deep":{"M":{"l":{"L":[{"BOOL":true},{"NULL":true}]}}},"uni":{"S":"żółć \"🎉\"\n"}}}`)
	must(t, db, "PutItem", `{"TableName":"cost","Item":{"pk":{"S":"a/b"},"sk":{"S":"\u0000"}}}`)
	must(t, db, "PutItem", `{"TableName":"cost","Item":{"pk":{"S":"gone"},"sk":{"S":"x"}}}`)
	must(t, db, "DeleteItem", `{"TableName":"cost","Key":{"pk":{"S":"gone"},"sk":{"S":"x"}}}`)
	add := `{"ClientRequestToken":"token","TransactItems":[{"Update":{"TableName":"cost","Key":{"pk":{"S":"n"},"sk":{"S":"n"}},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`
	must(t, db, "TransactWriteItems", add)
	must(t, db, "CreateTable", strings.Replace(tableBody, `"cost"`, `"dropped"`, 1))
	must(t, db, "PutItem", `{"TableName":"dropped","Item":{$K}}`)
	must(t, db, "DeleteTable", `{"TableName":"dropped"}`)
	questions := []string{"ListTables {}", `Scan {"TableName":"cost"}`, `DescribeTable {"TableName":"cost"}`,
		`DescribeTimeToLive {"TableName":"cost"}`,
		`Query {"TableName":"cost","IndexName":"pending","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`}
	before := answers(t, db, questions)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	db, _ = newDB(t, w.now, dir)
	if diff := cmp.Diff(before, answers(t, db, questions)); diff != "" {
		t.Errorf("after the restart (-before +after):\n%s", diff)
	}
	must(t, db, "TransactWriteItems", add)
	if diff := cmp.Diff(before, answers(t, db, questions)); diff != "" {
		t.Errorf("the transaction was repeated after the restart (-before +after):\n%s", diff)
	}
}

func answers(t *testing.T, db *ddb.DB, questions []string) []string {
	t.Helper()
	var out []string
	for _, q := range questions {
		action, body, _ := strings.Cut(q, " ")
		out = append(out, asJSON(t, must(t, db, action, body)))
	}
	return out
}

func TestTokenLastsTenMinutes(t *testing.T) {
	w := newWatch()
	db, _ := newDB(t, w.now, "")
	must(t, db, "CreateTable", tableBody)
	add := `{"ClientRequestToken":"token","TransactItems":[{"Update":{"TableName":"cost","Key":{$K},"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`
	for _, step := range []struct {
		later time.Duration
		want  int
	}{{0, 1}, {9 * time.Minute, 1}, {time.Minute + time.Second, 2}, {time.Minute, 2}} {
		w.at = w.at.Add(step.later)
		must(t, db, "TransactWriteItems", add)
		want := fmt.Sprintf(`{"Item":{"n":{"N":"%d"}}}`, step.want)
		if diff := cmp.Diff(want, asJSON(t, must(t, db, "GetItem",
			`{"TableName":"cost","Key":{$K},"ProjectionExpression":"n"}`))); diff != "" {
			t.Errorf("%v later (-want +got):\n%s", step.later, diff)
		}
	}
}

func TestFailedTransactionDoesNotSpendItsToken(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	body := `{"ClientRequestToken":"token","TransactItems":[{"Update":{"TableName":"cost","Key":{$K},"UpdateExpression":"ADD n :n","ConditionExpression":"attribute_exists(pk)","ExpressionAttributeValues":{":n":{"N":"1"}}}}]}`
	if _, _, err := call(t, db, "TransactWriteItems", body); err == nil {
		t.Fatal("the condition held without an item")
	}
	must(t, db, "PutItem", `{"TableName":"cost","Item":{$K}}`)
	must(t, db, "TransactWriteItems", body)
	if got := asJSON(t, must(t, db, "GetItem",
		`{"TableName":"cost","Key":{$K},"ProjectionExpression":"n"}`)); got != `{"Item":{"n":{"N":"1"}}}` {
		t.Errorf("after the retry: %s", got)
	}
}

func TestExpiry(t *testing.T) {
	dir, w := t.TempDir(), newWatch()
	db, log := newDB(t, w.now, dir)
	must(t, db, "CreateTable", tableBody)
	must(t, db, "PutItem",
		fmt.Sprintf(`{"TableName":"cost","Item":{"pk":{"S":"before"},"sk":{"S":"1"},"lane":{"S":"l"},"ttl":{"N":"%d"}}}`,
			w.at.Unix()+60))
	must(t, db, "UpdateTimeToLive",
		`{"TableName":"cost","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`)
	for pk, ttl := range map[string]string{
		"soon":     fmt.Sprintf(`{"N":"%d"}`, w.at.Unix()+60),
		"later":    fmt.Sprintf(`{"N":"%d"}`, w.at.Unix()+600),
		"text":     fmt.Sprintf(`{"S":"%d"}`, w.at.Unix()),
		"ancient":  `{"N":"1000"}`, // over five years ago: AWS takes it for a mistake
		"faraway":  `{"N":"99999999999999999999"}`,
		"extended": fmt.Sprintf(`{"N":"%d"}`, w.at.Unix()+60),
	} {
		must(t, db, "PutItem",
			fmt.Sprintf(`{"TableName":"cost","Item":{"pk":{"S":%q},"sk":{"S":"1"},"lane":{"S":"l"},"ttl":%s}}`, pk, ttl))
	}
	must(t, db, "UpdateItem",
		fmt.Sprintf(`{"TableName":"cost","Key":{"pk":{"S":"extended"},"sk":{"S":"1"}},"UpdateExpression":"SET #t = :t","ExpressionAttributeNames":{"#t":"ttl"},"ExpressionAttributeValues":{":t":{"N":"%d"}}}`, w.at.Unix()+600))
	expect := func(when string, want int) {
		t.Helper()
		for _, body := range []string{`{"TableName":"cost","Select":"COUNT"}`,
			`{"TableName":"cost","IndexName":"lanes","Select":"COUNT"}`} {
			var got struct{ Count int }
			if err := json.Unmarshal([]byte(asJSON(t, must(t, db, "Scan", body))), &got); err != nil {
				t.Fatal(err)
			}
			if got.Count != want {
				t.Errorf("%s: %d items in %s, want %d", when, got.Count, body, want)
			}
		}
	}
	w.at = w.at.Add(61 * time.Second)
	expect("just expired, still readable", 7)
	w.at = w.at.Add(5 * time.Second)
	expect("deleted", 5)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	db, _ = newDB(t, w.now, dir)
	expect("after a restart", 5)
	w.at = w.at.Add(10 * time.Minute)
	expect("ten minutes on", 3)
}

func TestWhatIsNotEmulatedIsRefused(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	for body, want := range map[string]string{
		`UpdateTable {}`:      "UnknownOperationException",
		`ExecuteStatement {}`: "UnknownOperationException",
		`PutItem {"TableName":"cost","Item":{$K},"Expected":{}}`:                          "ValidationException",
		`PutItem {"TableName":"cost","Item":{$K},"ReturnItemCollectionMetrics":"SIZE"}`:   "ValidationException",
		`CreateTable {"TableName":"stream","StreamSpecification":{"StreamEnabled":true}}`: "ValidationException",
		`PutItem {"TableName":"cost","Item":{$K,"x":{"Q":"?"}}}`:                          "ValidationException",
		`PutItem not json`: "SerializationException",
		`Query {"TableName":"cost","KeyConditions":{}}`: "ValidationException",
		`PutItem {"TableName":"cost","Item":{$K,"x":` + strings.Repeat(`{"L":[`, 40) + strings.Repeat(`]}`,
			40) + `}}`: "ValidationException",
	} {
		action, body, _ := strings.Cut(body, " ")
		_, _, err := call(t, db, action, body)
		e, ok := err.(*wire.Error)
		if !ok || e.Code() != want {
			t.Errorf("%s %.60s: got %v, want %s", action, body, err, want)
		}
	}
}
