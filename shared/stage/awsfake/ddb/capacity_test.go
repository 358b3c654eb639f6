package ddb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
)

const tableBody = `{"TableName":"cost","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"pend","AttributeType":"N"},{"AttributeName":"lane","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"pending","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"pend","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"lanes","KeySchema":[{"AttributeName":"lane","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`

// call performs an action on a DB; $K is the item's key, @n text of n bytes.
func call(t testing.TB, db *ddb.DB, action, body string) (reply any, units float64, err error) {
	t.Helper()
	body = strings.ReplaceAll(body, "$K", `"pk":{"S":"p"},"sk":{"S":"1"}`)
	for _, n := range []int{5000, 1500, 500} {
		body = strings.ReplaceAll(body, fmt.Sprintf("@%d", n), strings.Repeat("x", n))
	}
	reply, units, _, err = db.Call(action, []byte(body), 0)
	return reply, units, err
}

func must(t testing.TB, db *ddb.DB, action, body string) any {
	t.Helper()
	reply, _, err := call(t, db, action, body)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// The rules are at https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html; the
// steps build on each other.
func TestUnits(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	for _, step := range []struct {
		why, action, body string
		want              float64
	}{
		{"a read of nothing", "GetItem", `{"TableName":"cost","Key":{$K}}`, 0.5},
		{"a consistent read of nothing", "GetItem", `{"TableName":"cost","ConsistentRead":true,"Key":{$K}}`, 1},
		{"a deletion of nothing", "DeleteItem", `{"TableName":"cost","Key":{$K}}`, 1},
		{"a query of nothing", "Query",
			`{"TableName":"cost","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"none"}}}`, 0.5},
		{"up to 1 KB", "PutItem", `{"TableName":"cost","Item":{$K,"d":{"S":"@500"}}}`, 1},
		{"up to 2 KB", "PutItem", `{"TableName":"cost","Item":{$K,"d":{"S":"@1500"}}}`, 2},
		{"the larger of before and after", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET d = :d","ExpressionAttributeValues":{":d":{"S":"x"}}}`, 2},
		{"a new row in an index of keys", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET pend = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
			2},
		{"the index is not concerned", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET d = :d","ExpressionAttributeValues":{":d":{"S":"y"}}}`, 1},
		{"a changed index key is a deletion and an insertion", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET pend = :n","ExpressionAttributeValues":{":n":{"N":"2"}}}`,
			3},
		{"out of the index", "UpdateItem", `{"TableName":"cost","Key":{$K},"UpdateExpression":"REMOVE pend"}`, 2},
		{"a row of all attributes", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET lane = :l, d = :d","ExpressionAttributeValues":{":l":{"S":"l"},":d":{"S":"@1500"}}}`, 4},
		{"a projected attribute changes", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET d = :d","ExpressionAttributeValues":{":d":{"S":"x"}}}`, 4},
		{"nothing changes", "UpdateItem",
			`{"TableName":"cost","Key":{$K},"UpdateExpression":"SET d = :d","ExpressionAttributeValues":{":d":{"S":"x"}}}`, 1},
		{"an index read", "Query",
			`{"TableName":"cost","IndexName":"lanes","KeyConditionExpression":"lane = :p","ExpressionAttributeValues":{":p":{"S":"l"}}}`, 0.5},
		{"a transaction doubles the table's part", "TransactWriteItems",
			`{"TransactItems":[{"Update":{"TableName":"cost","Key":{$K},"UpdateExpression":"REMOVE lane"}}]}`, 3},
		{"a check in a transaction", "TransactWriteItems",
			`{"TransactItems":[{"ConditionCheck":{"TableName":"cost","Key":{$K},"ConditionExpression":"attribute_exists(pk)"}}]}`, 2},
		{"over 4 KB", "PutItem", `{"TableName":"cost","Item":{$K,"d":{"S":"@5000"}}}`, 5},
		{"a read by 4 KB", "GetItem", `{"TableName":"cost","Key":{$K}}`, 1},
		{"a projection makes it no cheaper", "GetItem",
			`{"TableName":"cost","Key":{$K},"ProjectionExpression":"pk","ConsistentRead":true}`, 2},
		{"a read in a transaction", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"cost","Key":{$K}}}]}`, 4},
		{"items of a batch are rounded up one by one", "BatchGetItem",
			`{"RequestItems":{"cost":{"Keys":[{$K},{"pk":{"S":"p"},"sk":{"S":"none"}}]}}}`, 1.5},
		{"a filter makes it no cheaper", "Query",
			`{"TableName":"cost","KeyConditionExpression":"pk = :p","FilterExpression":"d = :p","ExpressionAttributeValues":{":p":{"S":"p"}}}`, 1},
		{"a scan", "Scan", `{"TableName":"cost","ConsistentRead":true}`, 2},
	} {
		_, units, err := call(t, db, step.action, step.body)
		if err != nil {
			t.Errorf("%s: %v", step.why, err)
		}
		if units != step.want {
			t.Errorf("%s: %s cost %v units, want %v", step.why, step.action, units, step.want)
		}
	}
}

func TestFailedConditionCosts(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	must(t, db, "PutItem", `{"TableName":"cost","Item":{$K,"d":{"S":"@1500"}}}`)
	for name, c := range map[string]struct {
		action, body string
		want         float64
	}{
		"condition": {"PutItem", `{"TableName":"cost","Item":{$K},"ConditionExpression":"attribute_not_exists(pk)"}`, 2},
		"transaction": {"TransactWriteItems",
			`{"TransactItems":[{"Put":{"TableName":"cost","Item":{$K},"ConditionExpression":"attribute_not_exists(pk)"}}]}`, 4},
		"bad request": {"PutItem", `{"TableName":"cost","Item":{$K},"ConditionExpression":"frob(pk)"}`, 0},
	} {
		_, units, err := call(t, db, c.action, c.body)
		if err == nil || units != c.want {
			t.Errorf("%s: %v units and %v, want %v and a refusal", name, units, err, c.want)
		}
	}
}

func TestResource(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	for body, want := range map[string]string{
		`{"TableName":"cost","IndexName":"lanes"}`: "cost/index/lanes",
		`{"TableName":"cost"}`:                     "cost",
		`{"TableName":"elsewhere"}`:                "elsewhere",
	} {
		if _, _, got, _ := db.Call("Scan", []byte(body), 0); got != want {
			t.Errorf("%s: resource %q, want %q", body, got, want)
		}
	}
}

func TestConsumedCapacityByIndex(t *testing.T) {
	db, _ := newDB(t, time.Now, "")
	must(t, db, "CreateTable", tableBody)
	reply := must(t, db, "PutItem",
		`{"TableName":"cost","ReturnConsumedCapacity":"INDEXES","Item":{$K,"pend":{"N":"1"},"lane":{"S":"l"},"d":{"S":"@1500"}}}`)
	want := `{"ConsumedCapacity":{"TableName":"cost","Table":{"CapacityUnits":2},"LocalSecondaryIndexes":{"pending":{"CapacityUnits":1}},"GlobalSecondaryIndexes":{"lanes":{"CapacityUnits":2}},"CapacityUnits":5}}`
	if diff := cmp.Diff(want, asJSON(t, reply)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
