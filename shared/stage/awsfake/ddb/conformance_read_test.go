package ddb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sorts are the range keys of items.
func sorts(items []fields) []string {
	out := []string{}
	for _, it := range items {
		out = append(out, show(it["sk"]))
	}
	return out
}

func (b *bench) query(in *dynamodb.QueryInput) *dynamodb.QueryOutput {
	b.Helper()
	in.TableName = &b.table
	out, err := b.client.Query(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	return out
}

func TestQueryRanges(t *testing.T) {
	b := open(t)
	for _, sk := range []string{"a", "a#1", "a#2", "a$", "b", "B"} {
		b.put("range", sk, nil)
	}
	b.put("range2", "a", nil)
	for condition, want := range map[string][]string{
		"pk = :p":                          {"B", "a", "a#1", "a#2", "a$", "b"},
		"pk = :p AND sk = :a":              {"a"},
		"pk = :p AND sk < :a":              {"B"},
		"pk = :p AND sk <= :a":             {"B", "a"},
		"pk = :p AND sk > :a":              {"a#1", "a#2", "a$", "b"},
		"sk >= :a AND pk = :p":             {"a", "a#1", "a#2", "a$", "b"},
		"pk = :p AND begins_with(sk, :h)":  {"a#1", "a#2"},
		"pk = :p AND sk BETWEEN :a AND :h": {"a"},
	} {
		values := fields{":p": text("range"), ":a": text("a"), ":h": text("a#")}
		for name := range values {
			if !strings.Contains(condition+" ", name) {
				delete(values, name)
			}
		}
		out := b.query(&dynamodb.QueryInput{KeyConditionExpression: &condition, ExpressionAttributeValues: values,
			ConsistentRead: aws.Bool(true)})
		b.same(condition, want, sorts(out.Items))
		out = b.query(&dynamodb.QueryInput{KeyConditionExpression: &condition, ExpressionAttributeValues: values,
			ScanIndexForward: aws.Bool(false)})
		slices.Reverse(want)
		b.same(condition+" backwards", want, sorts(out.Items))
	}
}

func TestPaging(t *testing.T) {
	b := open(t)
	for i := range 25 {
		b.put("page", fmt.Sprintf("%02d", i), fields{"n": num(i)})
	}
	for _, forward := range []bool{true, false} {
		in := &dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :p"),
			ExpressionAttributeValues: fields{":p": text("page")}, Limit: aws.Int32(10), ScanIndexForward: &forward}
		var all []string
		pages := 0
		for pages < 9 {
			out := b.query(in)
			pages++
			all = append(all, sorts(out.Items)...)
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				break
			}
		}
		if !forward {
			slices.Reverse(all)
		}
		if len(all) != 25 || pages != 3 || !slices.IsSorted(all) {
			t.Errorf("forward %v: %d items on %d pages: %v", forward, len(all), pages, all)
		}
	}
	filtered := b.query(&dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :p"),
		FilterExpression: aws.String("n > :n"), ExpressionAttributeValues: fields{":p": text("page"), ":n": num(7)},
		Limit: aws.Int32(10)})
	b.same("limit comes before the filter", []int32{2, 10}, []int32{filtered.Count, filtered.ScannedCount})
	counted := b.query(&dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: fields{":p": text("page")}, Select: "COUNT"})
	b.same("count", []any{int32(25), 0}, []any{counted.Count, len(counted.Items)})
}

func TestPageOfOneMegabyte(t *testing.T) {
	b := open(t)
	for i := range 8 {
		b.put("mb", fmt.Sprint(i), fields{"d": text(strings.Repeat("x", 200<<10))})
	}
	in := &dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: fields{":p": text("mb")}, ProjectionExpression: aws.String("pk, sk")}
	first := b.query(in)
	if in.ExclusiveStartKey = first.LastEvaluatedKey; in.ExclusiveStartKey == nil {
		t.Fatalf("all %d items came on one page", first.Count)
	}
	second := b.query(in)
	if first.Count+second.Count != 8 || second.LastEvaluatedKey != nil {
		t.Errorf("%d items, then %d and %v", first.Count, second.Count, second.LastEvaluatedKey)
	}
}

func TestSparseLocalIndex(t *testing.T) {
	b := open(t)
	for i, pend := range []int{100, 9, -3, 20} {
		b.put("lsi", fmt.Sprint(i), fields{"pend": num(pend), "body": text("kept in the table")})
	}
	b.put("lsi", "done", fields{"body": text("not in the index")})
	in := &dynamodb.QueryInput{IndexName: aws.String("pending"), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :p"), ExpressionAttributeValues: fields{":p": text("lsi")}}
	out := b.query(in)
	b.same("numeric order", []string{"2", "1", "3", "0"}, sorts(out.Items))
	b.same("only keys", map[string]string{"pend": "-3"}, plain(out.Items[0]))

	in.Select = "ALL_ATTRIBUTES"
	b.same("fetched", map[string]string{"pend": "-3", "body": "kept in the table"}, plain(b.query(in).Items[0]))
	in.Select, in.ProjectionExpression = "", aws.String("body")
	b.same("fetched one", map[string]string{"body": "kept in the table"}, plain(b.query(in).Items[0]))
	in.ProjectionExpression = nil

	in.Limit = aws.Int32(1)
	first := b.query(in)
	b.same("place to go on", map[string]string{"pend": "-3"}, plain(first.LastEvaluatedKey))
	in.ExclusiveStartKey, in.Limit = first.LastEvaluatedKey, nil
	b.same("the rest", []string{"1", "3", "0"}, sorts(b.query(in).Items))
	in.ExclusiveStartKey = nil

	if _, err := b.update("lsi", "2", "REMOVE pend", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.update("lsi", "0", "SET pend = :n", fields{":n": num(10)}); err != nil {
		t.Fatal(err)
	}
	b.same("after clearing one and moving one", []string{"1", "0", "3"}, sorts(b.query(in).Items))
	in.KeyConditionExpression = aws.String("pk = :p AND pend BETWEEN :a AND :b")
	in.ExpressionAttributeValues = fields{":p": text("lsi"), ":a": num(10),
		":b": &types.AttributeValueMemberN{Value: "20.0"}}
	b.same("range", []string{"0", "3"}, sorts(b.query(in).Items))
}

func TestSparseGlobalIndex(t *testing.T) {
	b := open(t)
	for i, due := range []int{100, 9, -3, 20, 9} {
		b.put(fmt.Sprintf("gsi%d", i), "x", fields{"lane": text("0"), "due": num(due), "label": text("l"),
			"body": text("b")})
	}
	b.put("gsi9", "x", fields{"lane": text("0"), "label": text("no due")})
	in := &dynamodb.QueryInput{IndexName: aws.String("due"),
		KeyConditionExpression: aws.String("lane = :s AND due <= :now"), ExpressionAttributeValues: fields{":s": text("0"),
			":now": num(20)}, Limit: aws.Int32(2)}
	var due []string
	for {
		out := b.query(in)
		for _, it := range out.Items {
			due = append(due, show(it["due"]))
			b.same("only keys", []string{"due", "lane"}, names(plain(it)))
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			break
		}
		if len(in.ExclusiveStartKey) != 4 {
			t.Fatalf("LastEvaluatedKey %v has not the keys of index and table", in.ExclusiveStartKey)
		}
	}
	b.same("numeric order", []string{"-3", "9", "9", "20"}, due)

	named := b.query(&dynamodb.QueryInput{IndexName: aws.String("named"), KeyConditionExpression: aws.String("lane = :s"),
		ExpressionAttributeValues: fields{":s": text("0")}})
	if len(named.Items) != 6 {
		t.Errorf("index named has %d items, want 6", len(named.Items))
	}
	b.same("included attribute", []string{"label", "lane"}, names(plain(named.Items[0])))

	in.ExclusiveStartKey, in.ConsistentRead = nil, aws.Bool(true)
	_, err := b.client.Query(t.Context(), in)
	b.refused("consistent read", "ValidationException", err)
	in.ConsistentRead, in.Select = nil, "ALL_ATTRIBUTES"
	_, err = b.client.Query(t.Context(), in)
	b.refused("attributes not projected", "ValidationException", err)
}

func names(m map[string]string) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestQueryRefusals(t *testing.T) {
	b := open(t)
	values := fields{":p": text("x"), ":n": num(1)}
	for _, condition := range []string{"begins_with(pk, :p)", "sk = :p", "pk = :p OR sk = :p", "pk = :p AND sk <> :p",
		"pk = :p AND body = :p", "pk = :n", "pk > :p",
		"pk = :p AND sk = :n", "pk = :p AND sk > :p AND sk < :p", "NOT pk = :p", "pk = sk"} {
		used := fields{}
		for name, v := range values {
			if strings.Contains(condition, name) {
				used[name] = v
			}
		}
		if len(used) == 0 {
			used = nil
		}
		_, err := b.client.Query(t.Context(), &dynamodb.QueryInput{TableName: &b.table, KeyConditionExpression: &condition,
			ExpressionAttributeValues: used})
		b.refused(condition, "ValidationException", err)
	}
	for name, in := range map[string]*dynamodb.QueryInput{
		"filter on a key":   {FilterExpression: aws.String("sk = :p")},
		"unknown index":     {IndexName: aws.String("nowhere")},
		"limit of zero":     {Limit: aws.Int32(0)},
		"half a start":      {ExclusiveStartKey: fields{"pk": text("x")}},
		"foreign start":     {ExclusiveStartKey: key("other", "x")},
		"reserved word":     {ProjectionExpression: aws.String("status")},
		"overlapping paths": {ProjectionExpression: aws.String("a, a.b")},
	} {
		in.TableName, in.KeyConditionExpression, in.ExpressionAttributeValues = &b.table, aws.String("pk = :p"),
			fields{":p": text("x")}
		_, err := b.client.Query(t.Context(), in)
		b.refused(name, "ValidationException", err)
	}
}

func TestScanSegments(t *testing.T) {
	b := open(t)
	for i := range 40 {
		b.put(fmt.Sprintf("seg%d", i), "x", nil)
	}
	seen := map[string]int{}
	for segment := range int32(4) {
		in := &dynamodb.ScanInput{TableName: &b.table, Segment: &segment, TotalSegments: aws.Int32(4), Limit: aws.Int32(3)}
		for {
			out, err := b.client.Scan(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range out.Items {
				seen[show(it["pk"])]++
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				break
			}
		}
	}
	for i := range 40 {
		if n := seen[fmt.Sprintf("seg%d", i)]; n != 1 {
			t.Errorf("item %d was seen %d times", i, n)
		}
	}
}

func TestBatches(t *testing.T) {
	b := open(t)
	b.put("batch", "old", nil)
	requests := []types.WriteRequest{{DeleteRequest: &types.DeleteRequest{Key: key("batch", "old")}}}
	var wanted []fields
	for i := range 24 {
		requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: key("batch", fmt.Sprint(i))}})
		wanted = append(wanted, key("batch", fmt.Sprint(i)))
	}
	out, err := b.client.BatchWriteItem(t.Context(),
		&dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{b.table: requests}})
	if err != nil || len(out.UnprocessedItems) != 0 {
		t.Fatalf("write: %v, %v", out, err)
	}
	got, err := b.client.BatchGetItem(t.Context(),
		&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{b.table: {Keys: append(wanted,
			key("batch", "old"))}}})
	if err != nil || len(got.Responses[b.table]) != 24 || len(got.UnprocessedKeys) != 0 {
		t.Fatalf("get: %d items, %v", len(got.Responses[b.table]), err)
	}
	requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: key("batch", "26th")}})
	_, err = b.client.BatchWriteItem(t.Context(),
		&dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{b.table: requests}})
	b.refused("26 items", "ValidationException", err)
	requests = []types.WriteRequest{requests[1], requests[1]}
	_, err = b.client.BatchWriteItem(t.Context(),
		&dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{b.table: requests}})
	b.refused("twice the same", "ValidationException", err)
	_, err = b.client.BatchGetItem(t.Context(),
		&dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{b.table: {Keys: []fields{wanted[0],
			wanted[0]}}}})
	b.refused("twice the same key", "ValidationException", err)
}

func TestTimeToLive(t *testing.T) {
	b := open(t)
	describe := func() types.TimeToLiveDescription {
		out, err := b.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &b.table})
		if err != nil {
			t.Fatal(err)
		}
		return *out.TimeToLiveDescription
	}
	b.same("before", types.TimeToLiveStatusDisabled, describe().TimeToLiveStatus)
	enable := &dynamodb.UpdateTimeToLiveInput{TableName: &b.table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(true)}}
	if _, err := b.client.UpdateTimeToLive(t.Context(), enable); err != nil {
		t.Fatal(err)
	}
	after := describe()
	if !strings.HasPrefix(string(after.TimeToLiveStatus), "ENABL") || aws.ToString(after.AttributeName) != "ttl" {
		t.Errorf("after: %v %v", after.TimeToLiveStatus, aws.ToString(after.AttributeName))
	}
	_, err := b.client.UpdateTimeToLive(t.Context(), enable)
	b.refused("twice", "ValidationException", err)
}

func TestTables(t *testing.T) {
	b := open(t)
	_, err := b.client.CreateTable(t.Context(), tableInput(b.table))
	b.refused("same table again", "ResourceInUseException", err)
	out, err := b.client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &b.table})
	if err != nil {
		t.Fatal(err)
	}
	table := out.Table
	b.same("shape", []any{types.TableStatusActive, types.BillingModePayPerRequest, 1, 2, types.IndexStatusActive},
		[]any{table.TableStatus, table.BillingModeSummary.BillingMode, len(table.LocalSecondaryIndexes),
			len(table.GlobalSecondaryIndexes), table.GlobalSecondaryIndexes[0].IndexStatus})
	list, err := b.client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if err != nil || !slices.Contains(list.TableNames, b.table) {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := b.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &b.table}); err != nil {
		t.Fatal(err)
	}
	_, err = b.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &b.table, Item: key("x", "y")})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) {
		t.Errorf("put into a deleted table: %v", err)
	}
}
